"""Augmentation of training rows; never applied to a test fold.

What a step does depends on what a row holds. Flow maps hold vectors: when the face is mirrored or rotated, the
directions of motion are mirrored or rotated with it (AM3F-A16). In pictures only the pixels are moved. Vectors of
features have no left and right and are not changed. Every step moves all pictures or maps of a row alike, whether it
holds one of them or a sequence.

AM3F-A16: AM3F names a horizontal flip and colour jitter without their form. ``flip`` also changes the sign of u (on
maps stretched to 0..255: u -> 255 - u, exact up to rounding); the papers' plain mirror is ``flip_plain``. That jitter
changes contrast and brightness of each channel separately, by a tenth at most, is our choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from merlib.clips.samples import DRAWN
from merlib.errors import unknown_name
from merlib.learning.training.warping import crop, pad_and_crop, rotate

JITTER = 0.1
# inputs that hold RGB in 0..1; other inputs with four axes or more, that of the rows included, are flow maps
PICTURES = frozenset({"frames", "magnified", "apex", "onset_apex"})


def kind_of(name: str, ndim: int, unit: str = "px") -> str:
    """Return ``picture``, ``flow`` or ``vector``: what an input of that name and number of axes holds.

    Flow drawn as a picture (`unit` ``rgb``) counts as a picture: when it is mirrored, its colours still stand for the
    old directions, as in the papers that augment drawn flow.

    Parameters
    ----------
    name : str
        Name of the input, such as ``flow_sequence``.
    ndim : int
        Number of axes, that of the rows included: four or more for maps and pictures (N, ..., C, H, W).
    unit : str
        Unit of the samples' flow.
    """
    if ndim < 4:
        return "vector"
    return "picture" if name in PICTURES or unit == DRAWN else "flow"


def mirror(flow, unit: str):
    """Mirror maps (..., 3, H, W), array or tensor, left to right and change the sign of u, in the flow's `unit`."""
    turned = flow.flip(-1) if isinstance(flow, Tensor) else np.flip(flow, -1).copy()
    turned[..., 0, :, :] = (255.0 if unit == "minmax255" else 0.0) - turned[..., 0, :, :]
    return turned


def _flip(rows: Tensor, unit: str, random: torch.Generator, kind: str) -> Tensor:
    if kind == "picture":
        return _flip_plain(rows, unit, random, kind)
    chosen = torch.rand(len(rows), generator=random) < 0.5
    rows[chosen] = mirror(rows[chosen], unit)
    return rows


def _flip_plain(rows: Tensor, unit: str, random: torch.Generator, kind: str) -> Tensor:
    chosen = torch.rand(len(rows), generator=random) < 0.5
    rows[chosen] = rows[chosen].flip(-1)
    return rows


def _flip_vertical(rows: Tensor, unit: str, random: torch.Generator, kind: str) -> Tensor:
    chosen = torch.rand(len(rows), generator=random) < 0.5
    turned = rows[chosen].flip(-2)
    if kind == "flow":
        turned[..., 1, :, :] = (255.0 if unit == "minmax255" else 0.0) - turned[..., 1, :, :]
    rows[chosen] = turned
    return rows


def _jitter(rows: Tensor, unit: str, random: torch.Generator, kind: str, deviation: Tensor | float = 1.0) -> Tensor:
    shape = (len(rows), *[1] * (rows.ndim - 4), rows.shape[-3], 1, 1)
    centre, span = (127.5, 127.5) if unit == "minmax255" else (0.0, deviation)
    if kind == "picture":
        centre, span = 0.5, 0.5
    contrast = 1 + JITTER * (2 * torch.rand(shape, generator=random) - 1)
    brightness = JITTER * span * (2 * torch.rand(shape, generator=random) - 1)
    return (rows - centre) * contrast + centre + brightness


STEPS: dict[str, Callable[[Tensor, str, torch.Generator, str], Tensor]] = {
    "flip": _flip,
    "flip_plain": _flip_plain,
    "flip_vertical": _flip_vertical,
    "jitter": _jitter,
    "rotate": rotate,
    "crop": crop,
    "pad_crop": pad_and_crop,
}


def deviations(train: dict[str, Tensor], steps: tuple[str, ...], unit: str) -> dict[str, Tensor]:
    """Return the standard deviation of each channel of training flow in pixels (1, ..., C, 1, 1), the unit of jitter.

    The strain of a face is about a hundredth of its flow in pixels, so one brightness for all channels would swamp it.
    The result is empty where nothing is jittered or the maps span 0..255 already.

    Parameters
    ----------
    train : dict of str to Tensor
        The training rows, before they are normalised.
    steps, unit
        As in `augment`.
    """
    if "jitter" not in steps or unit == "minmax255":
        return {}
    maps = {name: rows for name, rows in train.items() if kind_of(name, rows.ndim) == "flow"}
    axes = {name: [axis for axis in range(rows.ndim) if axis != rows.ndim - 3] for name, rows in maps.items()}
    return {name: rows.std(axes[name], keepdim=True) for name, rows in maps.items()}


def augment(
    rows: Tensor,
    steps: tuple[str, ...],
    unit: str,
    random: torch.Generator,
    kind: str = "flow",
    deviation: Tensor | float = 1.0,
) -> Tensor:
    """Return a changed copy of a training batch.

    Parameters
    ----------
    rows : Tensor (N, ..., 3, H, W)
        Flow maps with the channels u, v, strain, or RGB pictures; vectors of any shape are returned as they are.
    steps : tuple of str
        ``flip`` (half of the rows, left to right), ``flip_plain`` (the same with the sign of u unchanged),
        ``flip_vertical``, ``jitter`` (contrast and brightness of each channel by up to 10 %: of the half range for maps
        that span 0..255, of `deviation` for flow in pixels), ``rotate``, ``crop`` and ``pad_crop`` (see
        `learning.training.warping`).
    unit : {'px', 'minmax255'}
        Unit of the flow; pictures have none.
    random : torch.Generator
        Random generator on the CPU.
    kind : {'flow', 'picture', 'vector'}
        What the rows hold, see `kind_of`.
    deviation : Tensor or float
        Standard deviation of each channel of flow in pixels, over the training rows; see `deviations`.

    Raises
    ------
    MerlibError
        When a step is unknown, or cannot be done in that unit.
    """
    rows = rows.clone()
    for step in steps:
        if step not in STEPS:
            raise unknown_name("augmentation", step, STEPS)
        if kind != "vector":
            act = partial(_jitter, deviation=deviation) if step == "jitter" else STEPS[step]
            rows = act(rows, unit, random, kind)
    return rows


def augment_inputs(
    inputs: dict[str, Tensor],
    steps: tuple[str, ...],
    unit: str,
    random: torch.Generator,
    spread: Mapping[str, Tensor] = MappingProxyType({}),
) -> dict[str, Tensor]:
    """Return changed copies of all inputs of a batch; a row mirrored in one input is mirrored in all.

    Parameters are those of `augment`; `inputs` maps names to rows, each changed as `kind_of` its name says; `spread`
    maps names to deviations, see `deviations`.
    """
    state, changed = random.get_state(), {}
    kinds = {name: kind_of(name, rows.ndim, unit) for name, rows in inputs.items()}
    # vectors come first: they draw no random numbers, so the generator ends where the last changed input leaves it
    for name in sorted(inputs, key=lambda name: (kinds[name] != "vector", name)):
        random.set_state(state)
        changed[name] = augment(inputs[name], steps, unit, random, kinds[name], spread.get(name, 1.0))
    return {name: changed[name] for name in inputs}
