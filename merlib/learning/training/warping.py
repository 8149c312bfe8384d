"""Rotation and cropping of training rows: the "mirror, random rotation and clipping" of ASTNet's Sec. 4.1.

Neither angle nor size is printed. We rotate by up to `ANGLE` degrees and cut out a square with at least `SMALLEST` of
the side, which is resized to full size; every map of a row is moved alike. When a face is rotated, its motion is
rotated with it, and when it is enlarged, its motion grows. So u and v are rotated and scaled with the map, while
strain, which is dimensionless and has no direction, is only moved with it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from merlib.errors import MerlibError

ANGLE = 10.0  # degrees, either way
SMALLEST = 0.9  # side of the crop, as a share
PADDING = 4  # pixels on each side, LARNet Sec. 4.2.1


def warp(rows: Tensor, angles: Tensor, shares: Tensor, places: Tensor, kind: str = "flow", unit: str = "px") -> Tensor:
    """Rotate rows about their centre and enlarge a part of them to full size.

    Parameters
    ----------
    rows : Tensor (N, ..., C, H, W)
        Flow maps with the channels u (right), v (down) and strain, or pictures.
    angles : Tensor (N,)
        Radians, clockwise as seen.
    shares : Tensor (N,)
        Side of the part that is kept, 1 for all.
    places : Tensor (N, 2)
        Centre of that part, x and y from -1 (left, top) to 1; 0 is the middle.
    kind : {'flow', 'picture'}
        Whether the first two channels are a vector. Beyond the border there is no motion in flow in pixels; pictures
        and stretched flow take the nearest pixel.
    unit : {'px', 'minmax255'}
        Unit of the flow.

    Returns
    -------
    Tensor (N, ..., C, H, W)

    Raises
    ------
    MerlibError
        When flow stretched to 0..255 is to be rotated: its zero is not known, and therefore its direction is not.
    """
    stretched = kind == "flow" and unit == "minmax255"
    if stretched and bool((angles != 0).any()):
        raise MerlibError(
            "rotation of flow stretched to 0..255.",
            "flow in px.",
            "leave rotate out, or compute the flow from frames.",
        )
    height, width = rows.shape[-2:]
    cosine, sine = angles.cos(), angles.sin()
    # the point of the input that each point of the output is read from, in coordinates from -1 to 1
    matrix = torch.stack(
        [
            torch.stack([cosine * shares, sine * shares * height / width, places[:, 0]], -1),
            torch.stack([-sine * shares * width / height, cosine * shares, places[:, 1]], -1),
        ],
        -2,
    )
    flat = rows.reshape(len(rows), -1, height, width)
    grid = functional.affine_grid(matrix, list(flat.shape), align_corners=False)
    border = "zeros" if kind == "flow" and not stretched else "border"
    moved = functional.grid_sample(flat, grid, padding_mode=border, align_corners=False).reshape(rows.shape)
    if kind != "flow" or stretched:
        return moved
    shape = (-1, *[1] * (rows.ndim - 2))
    c, s, share = (value.reshape(shape) for value in (cosine, sine, shares))
    u, v = moved[..., 0, :, :], moved[..., 1, :, :]
    turned = torch.stack([(c * u - s * v) / share, (s * u + c * v) / share], -3)
    return torch.cat([turned, moved[..., 2:, :, :]], -3)


def rotate(rows: Tensor, unit: str, random: torch.Generator, kind: str) -> Tensor:
    """Rotate every row by an angle of its own, up to `ANGLE` degrees either way; parameters as in `augment`."""
    angles = math.radians(ANGLE) * (2 * torch.rand(len(rows), generator=random) - 1)
    return warp(rows, angles, torch.ones(len(rows)), torch.zeros(len(rows), 2), kind, unit)


def crop(rows: Tensor, unit: str, random: torch.Generator, kind: str) -> Tensor:
    """Enlarge a random part of every row, at least `SMALLEST` of its side, to full size; parameters as in `augment`."""
    shares = SMALLEST + (1 - SMALLEST) * torch.rand(len(rows), generator=random)
    places = (2 * torch.rand(len(rows), 2, generator=random) - 1) * (1 - shares)[:, None]
    return warp(rows, torch.zeros(len(rows)), shares, places, kind, unit)


def pad_and_crop(rows: Tensor, unit: str, random: torch.Generator, kind: str) -> Tensor:
    """Surround every row by `PADDING` pixels of 1 (white; no motion in flow) and cut it out again at a random place."""
    height, width = rows.shape[-2:]
    filling = 1.0 if kind == "picture" else 127.5 if unit == "minmax255" else 0.0
    padded = functional.pad(rows, (PADDING,) * 4, value=filling)
    corners = torch.randint(0, 2 * PADDING + 1, (len(rows), 2), generator=random)
    parts = [row[..., y : y + height, x : x + width] for row, (y, x) in zip(padded, corners.tolist(), strict=True)]
    return torch.stack(parts)
