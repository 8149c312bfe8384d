"""Augmentation of training rows, on flow maps; never applied to a test fold.

A16: AM3F names a horizontal flip and colour jitter without their form. A mirrored face moves the other way,
so ``flip`` also turns the sign of u (exact up to rounding on maps stretched to 0..255: u -> 255 - u); the
papers' plain mirror is ``flip_plain``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from merlib.errors import unknown_name

JITTER = 0.1


def mirror(flow, unit: str):
    """Mirror maps (..., 3, H, W) left to right and turn the sign of u; array or tensor, `unit` of the flow."""
    turned = flow.flip(-1) if isinstance(flow, Tensor) else np.flip(flow, -1).copy()
    turned[..., 0, :, :] = (255.0 if unit == "minmax255" else 0.0) - turned[..., 0, :, :]
    return turned


def _flip(flow: Tensor, unit: str, random: torch.Generator) -> Tensor:
    chosen = torch.rand(len(flow), generator=random) < 0.5
    flow[chosen] = mirror(flow[chosen], unit)
    return flow


def _flip_plain(flow: Tensor, unit: str, random: torch.Generator) -> Tensor:
    chosen = torch.rand(len(flow), generator=random) < 0.5
    flow[chosen] = flow[chosen].flip(-1)
    return flow


def _jitter(flow: Tensor, unit: str, random: torch.Generator) -> Tensor:
    shape = (*flow.shape[:-2], 1, 1)
    centre, span = (127.5, 127.5) if unit == "minmax255" else (0.0, 1.0)
    contrast = 1 + JITTER * (2 * torch.rand(shape, generator=random) - 1)
    brightness = JITTER * span * (2 * torch.rand(shape, generator=random) - 1)
    return (flow - centre) * contrast + centre + brightness


STEPS: dict[str, Callable[[Tensor, str, torch.Generator], Tensor]] = {
    "flip": _flip,
    "flip_plain": _flip_plain,
    "jitter": _jitter,
}


def augment(flow: Tensor, steps: tuple[str, ...], unit: str, random: torch.Generator) -> Tensor:
    """Return a changed copy of a training batch of flow maps.

    Parameters
    ----------
    flow : Tensor (N, ..., 3, H, W)
        Channels u, v, strain.
    steps : tuple of str
        ``flip``, ``flip_plain``, ``jitter`` (contrast and brightness of each channel by up to 10 %).
    unit : {'px', 'minmax255'}
        Unit of the flow.
    random : torch.Generator
        Source of chance, on the CPU.
    """
    flow = flow.clone()
    for step in steps:
        if step not in STEPS:
            raise unknown_name("augmentation", step, STEPS)
        flow = STEPS[step](flow, unit, random)
    return flow


def augment_inputs(
    inputs: dict[str, Tensor], steps: tuple[str, ...], unit: str, random: torch.Generator
) -> dict[str, Tensor]:
    """Return changed copies of all inputs of a batch; a row mirrored in one input is mirrored in all.

    Parameters are those of `augment`; `inputs` maps names to maps (N, ..., 3, H, W).
    """
    state, changed = random.get_state(), {}
    for name in sorted(inputs):
        random.set_state(state)
        changed[name] = augment(inputs[name], steps, unit, random)
    return {name: changed[name] for name in inputs}
