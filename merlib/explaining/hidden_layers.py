"""LARNet's hidden layers, stage by stage: what each has computed, how large it is, how much of it is empty.

Sec. 4.2.2 calculates the mean absolute response of each stage (Fig. 3), draws the layers of the three stages (Fig. 4-6)
and sees most slots of the last one empty: its features are said to be saturated there. What a layer is, is not printed:
here each level of `models.larnet.Stage`, a residual unit with its attention modules, and the last units.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch
from torch import Tensor

from merlib.models.larnet import LARNet

EMPTY = 0.01  # of the layer's largest response: a map that nowhere reaches it is drawn as an empty slot


@torch.no_grad()
def hidden_layers(model: LARNet, inputs: Mapping[str, Tensor]) -> dict[tuple[int, str], Tensor]:
    """Return what each layer of each stage gives for `inputs`, in the order of computation.

    Parameters
    ----------
    model : LARNet
        Is in evaluation mode meanwhile.
    inputs : mapping of str to Tensor (N, 3, S, S)
        Frames, or what the network reads.

    Returns
    -------
    dict of (int, str) to Tensor (N, C, h, w)
        By the number of the stage, from 1, and the layer: ``level 1`` to ``level 3``, ``last``.
    """
    kept: dict[tuple[int, str], Tensor] = {}
    hooks = []
    for number, stage in enumerate(model.stages, 1):
        named = {f"level {index}": level for index, level in enumerate(stage.levels, 1)} | {"last": stage.last}
        for name, module in named.items():
            key = (number, name)  # bound now, since the hook runs later
            hooks.append(module.register_forward_hook(lambda _, __, out, key=key: kept.__setitem__(key, out.clone())))
    training = model.training
    try:
        model.eval()
        model(dict(inputs))
    finally:
        model.train(training)
        for hook in hooks:
            hook.remove()
    return kept


def mean_absolute_response(layers: Mapping[tuple[int, str], Tensor]) -> pd.Series:
    """Return the mean of |response| over rows, channels and places of each layer, by stage and layer (Fig. 3)."""
    values = {key: float(maps.abs().mean()) for key, maps in layers.items()}
    return pd.Series(values, name="mean absolute response").rename_axis(["stage", "layer"])


def empty_share(layers: Mapping[tuple[int, str], Tensor], below: float = EMPTY) -> pd.DataFrame:
    """Return the share of each layer's maps that are empty slots, one row a sample, one column a stage and layer.

    Parameters
    ----------
    layers : mapping
        From `hidden_layers`.
    below : float
        A map is empty when its largest |response| is below this share of the largest of all maps of the layer, of the
        same row: on the scale that all maps of a picture share, it looks like nothing.
    """
    shares = {}
    for key, maps in layers.items():
        largest = maps.abs().amax((2, 3))  # (N, C)
        whole = largest.amax(1, keepdim=True)
        shares[key] = ((largest < below * whole) | (whole == 0)).float().mean(1).numpy()
    return pd.DataFrame(shares).rename_axis(columns=["stage", "layer"])


def heat(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the heat map of a layer, the mean of |response| over channels, drawn to `size`, (N, *size) (Fig. 7)."""
    mean = maps.abs().mean(1, keepdim=True)
    return torch.nn.functional.interpolate(mean, size=size, mode="bilinear", align_corners=False)[:, 0]
