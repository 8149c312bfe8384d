"""The check that every network makes of its input; the error names the model, the shape found and the one expected."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from merlib.errors import MerlibError


def take_input(
    model: str,
    inputs: Mapping[str, Tensor],
    name: str,
    shape: tuple[int | None, ...],
    action: str = "compute the samples in that size.",
) -> Tensor:
    """Return ``inputs[name]`` after checking the shape of one row.

    Parameters
    ----------
    model : str
        Name of the network, for the message.
    inputs : mapping of str to Tensor
        What `forward` was given.
    name : str
        The input wanted.
    shape : tuple of int or None
        Shape of one row; ``None`` accepts any size of that axis.
    action : str
        What to do about another shape.

    Raises
    ------
    MerlibError
        When the input is missing or its shape differs.
    """
    wanted = "(N, " + ", ".join("any" if size is None else str(size) for size in shape) + ")"
    if name not in inputs:
        raise MerlibError(
            f"{model}: inputs {sorted(inputs)}.", f"{name!r} {wanted}.", "hand over samples that hold it."
        )
    tensor = inputs[name]
    got = tuple(tensor.shape[1:])
    if len(got) != len(shape) or any(w is not None and w != g for w, g in zip(shape, got, strict=True)):
        raise MerlibError(
            f"{model}: input {name!r} {tuple(tensor.shape)}.",
            f"{name!r} {wanted}.",
            action,
        )
    return tensor
