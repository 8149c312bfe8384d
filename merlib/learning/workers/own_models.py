"""The contract of a network of your own, tried on two clips before a fold is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment

if TYPE_CHECKING:
    from torch import Tensor

ROWS = 2


def check_own_network(experiment: Experiment, samples: Samples, module: str) -> None:
    """Raise unless the experiment's network takes a dict of inputs and returns logits.

    The networks of merlib are held to this contract by their tests and are not tried here.

    Parameters
    ----------
    experiment, samples
        The experiment to train, and the samples that it is trained on.
    module : str
        The module that defines the network.

    Raises
    ------
    MerlibError
        When its forward fails on two clips, or returns something else than logits (N, C), or a tuple that begins with
        them.
    """
    if module.split(".")[0] == "merlib":
        return
    import torch

    from merlib.learning.training.loop import as_tensors, needed_inputs
    from merlib.models import build_model

    model = build_model(experiment.model, classes=len(samples.classes), **experiment.options).eval()
    inputs = as_tensors(needed_inputs(model, samples), range(min(ROWS, len(samples))))
    shapes = ", ".join(f"inputs[{name!r}] {tuple(values.shape)}" for name, values in inputs.items())
    wanted = f"logits (N, {len(samples.classes)}) from forward(inputs), where inputs is a dict: {shapes}"
    try:
        with torch.no_grad():
            outputs = model(inputs)
    except MerlibError:
        raise
    except Exception as error:  # whatever the user's own network raises
        first = next(iter(inputs))
        raise MerlibError(
            f"{experiment.model}: forward failed on {len(next(iter(inputs.values())))} clips: "
            f"{type(error).__name__}: {error}.",
            f"{wanted}.",
            f"take the tensor out of the dict in forward's first line, x = inputs[{first!r}], and check its shape.",
        ) from error
    if not _begins_with_logits(outputs):
        keys = f" with {', '.join(map(repr, outputs))}" if isinstance(outputs, Mapping) else ""
        raise MerlibError(
            f"{experiment.model}: forward returns a {type(outputs).__name__}{keys}.",
            f"{wanted}; other outputs may follow them in a tuple.",
            "return the logits themselves, or a tuple (a NamedTuple, for names) whose first field they are.",
        )


def _begins_with_logits(outputs: Tensor | tuple) -> bool:
    from torch import Tensor

    first = outputs[0] if isinstance(outputs, tuple | list) and outputs else outputs
    return isinstance(first, Tensor)
