"""Where a network's training starts: its own chance, ImageNet's ResNet-18, or weights pretrained by `pretrain`.

`Experiment.start` names it. ``resnet18-imagenet`` is a file of the weights registry, known by its SHA-256; any other
start is the digest of a file that `learning.pretrain` wrote below the fold store, as tensors and a JSON record alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from merlib.errors import MerlibError
from merlib.learning.experiment import REGISTERED
from merlib.learning.store.start_files import read_start_file

if TYPE_CHECKING:
    from torch import Tensor, nn

    from merlib.clips.samples import Samples
    from merlib.learning.experiment import Experiment

PRETRAINED = "load_pretrained"


class Start(NamedTuple):
    """Weights to start from: state dict, and a record of the people and data they were trained on."""

    state: dict[str, Tensor]
    record: dict


def start_path(root: Path, digest: str) -> Path:
    """Return where the start `digest` lies, or would lie, in the fold store at `root`."""
    return Path(root) / "starts" / f"{digest}.pt"


def read_start(start: str, root: Path) -> Start:
    """Return the weights called `start`: registered ones, or those below the fold store at `root`.

    Raises
    ------
    MerlibError
        When the file is missing, damaged or another start; the message says how to get it.
    """
    if start in REGISTERED:
        from merlib.sources.weights import find_weights, load_state

        return Start(load_state(find_weights(start)), {"people": [], "notes": [f"starts from {start}"]})
    return Start(*read_start_file(start_path(root, start), start))


def check_people(experiment: Experiment, samples: Samples, start: Start) -> None:
    """Raise when a person of `samples` was seen in pretraining: ``dataset/subject`` names a person."""
    seen = sorted(set(start.record["people"]) & set(samples.groups))
    if seen:
        raise MerlibError(
            f"{experiment.label} starts from weights that saw {seen[0]} ({len(seen)} people of {samples.name}).",
            "pretraining on other people than are tested.",
            "pretrain on datasets.macro_clips, whose people carry their seed in their names.",
        )


def taker(model: nn.Module, name: str, start: str):
    """Return the method of `model`, called `name`, that takes weights such as `start` names; an error if it has none.

    An empty `start` asks for what takes pretrained weights.
    """
    method = REGISTERED.get(start, PRETRAINED)
    if not hasattr(model, method):
        raise MerlibError(f"{name} has no {method}.", "a network that can start from weights.", "such as astnet.")
    return getattr(model, method)


def begin(model: nn.Module, experiment: Experiment, state: dict[str, Tensor] | None) -> None:
    """Copy the start's weights into `model`: all but the classifier, or ResNet-18 alone where they are ImageNet's.

    Raises
    ------
    MerlibError
        When no weights were handed over, the network takes none, or shapes differ.
    """
    take = taker(model, experiment.model, experiment.start)
    if state is None:
        found = f"{experiment.label} without the weights of its start {experiment.start[:12]}."
        raise MerlibError(found, "their state dict.", "train with learning.run, or hand over read_start(...).state.")
    take(state)
