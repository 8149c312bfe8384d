"""Where a network's training starts: random weights, ResNet-18 trained on ImageNet, or weights made by `pretrain`.

`Experiment.start` names it. ``resnet18-imagenet`` is a file of the weights registry, identified by its SHA-256. Any
other start is the digest of a file that `learning.pretrain` wrote below the fold store (see `start_files`).
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
    """Raise a MerlibError when a person of `samples`, named ``dataset/subject``, was seen in pretraining."""
    seen = sorted(set(start.record["people"]) & set(samples.groups))
    if seen:
        raise MerlibError(
            f"{experiment.label} starts from weights that saw {seen[0]} ({len(seen)} people of {samples.name}).",
            "pretraining on other people than are tested.",
            "pretrain on datasets.macro_clips, whose people carry their seed in their names.",
        )


def taker(model: nn.Module, name: str, start: str):
    """Return the method by which `model` takes the weights that `start` names; for an empty `start`, pretrained ones.

    Raises
    ------
    MerlibError
        When the model, called `name`, has no such method.
    """
    method = REGISTERED.get(start, PRETRAINED)
    if not hasattr(model, method):
        raise MerlibError(f"{name} has no {method}.", "a network that can start from weights.", "such as astnet.")
    return getattr(model, method)


def begin(model: nn.Module, experiment: Experiment, state: dict[str, Tensor] | None) -> None:
    """Copy the start's weights into `model`: all but the classifier, or only the ResNet-18 if they are ImageNet's.

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
