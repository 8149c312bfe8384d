"""LARNet's hidden layers, stage by stage: what each computes, how large its responses are, how many maps are empty.

Sec. 4.2.2 calculates the mean absolute response of each stage (Fig. 3), draws the layers of the three stages (Fig. 4-6)
and finds most slots of the last one empty, from which it concludes that features are saturated there. The paper does
not say what a layer is. Here a layer is each level of `models.larnet.Stage`, a residual unit with its attention
modules, and the last units.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch
from torch import Tensor

from merlib.models.larnet import LARNet

EMPTY = 0.01  # a map is empty if it nowhere reaches this share of the layer's largest response


@torch.no_grad()
def hidden_layers(model: LARNet, inputs: Mapping[str, Tensor]) -> dict[tuple[int, str], Tensor]:
    """Return the output of each layer of each stage for `inputs`, in the order of computation.

    Parameters
    ----------
    model : LARNet
        The network; it is in evaluation mode meanwhile.
    inputs : mapping of str to Tensor (N, 3, S, S)
        What the network reads, such as frames.

    Returns
    -------
    dict of (int, str) to Tensor (N, C, h, w)
        Keys are the number of the stage, from 1, and the layer: ``level 1`` to ``level 3``, ``last``.
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
    """Return which share of each layer's maps is empty, with one row per sample and one column per stage and layer.

    Parameters
    ----------
    layers : mapping
        As `hidden_layers` returns them.
    below : float
        A map is empty when its largest |response| is below this share of the largest in all maps of the same layer and
        sample. Drawn on one scale with the other maps, it would look blank.
    """
    shares = {}
    for key, maps in layers.items():
        largest = maps.abs().amax((2, 3))  # (N, C)
        whole = largest.amax(1, keepdim=True)
        shares[key] = ((largest < below * whole) | (whole == 0)).float().mean(1).numpy()
    return pd.DataFrame(shares).rename_axis(columns=["stage", "layer"])


def heat(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a layer's heat map (Fig. 7), the mean of |response| over channels, enlarged to `size`: (N, *size)."""
    mean = maps.abs().mean(1, keepdim=True)
    return torch.nn.functional.interpolate(mean, size=size, mode="bilinear", align_corners=False)[:, 0]
