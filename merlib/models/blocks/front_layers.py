"""The frozen first stages of ResNet-18, whose features UAMRN reads; computed once per clip. Sec. 4.3, UAMRN-F13."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import MerlibError
from merlib.models.blocks.resnet import ResNet18
from merlib.models.blocks.state_dicts import load_weights

POOLED = 2  # maps are averaged to 2x2


class FrontLayers(nn.Module):
    """The first three stages of ResNet-18, frozen and in inference mode even while the rest of the network is trained.

    Parameters
    ----------
    width : int
        Channels of the first stage; 64 gives 1024 features, 16 gives 256.
    seed : int
        Seed of the random weights used until `load` is called, so that cached features can be computed again.
    """

    def __init__(self, width: int = 64, seed: int = 0):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.resnet = ResNet18(classes=None, width=width, stages=3).requires_grad_(False)
        self.out_features = POOLED**2 * self.resnet.out_channels
        self.train(False)

    def train(self, mode: bool = True) -> FrontLayers:
        """Stay in inference mode: the front layers do not learn."""
        return super().train(False)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Copy ResNet-18 weights under torchvision's names (FER+, Sec. 4.3); later stages are not read."""
        load_weights("uamrn (front layers)", self.resnet, state, skip=("layer4.", "fc."))

    def forward(self, magnified: Tensor) -> Tensor:
        """Return (N, L, out_features) from `magnified` (N, L, 3, H, W)."""
        with torch.no_grad():
            maps = self.resnet(magnified.flatten(0, 1))  # (N * L, 256, 14, 14)
            return functional.adaptive_avg_pool2d(maps, POOLED).flatten(1).unflatten(0, magnified.shape[:2])


def front_features(magnified: Tensor, layers: FrontLayers, at_once: int = 2) -> Tensor:
    """Compute the features of clips once, a few clips at a time, for keeping beside the clips.

    Parameters
    ----------
    magnified : Tensor (N, L, 3, H, W)
        Each clip's apex at L magnifications.
    layers : FrontLayers
        With the weights to use.
    at_once : int
        Clips held in memory together.

    Returns
    -------
    Tensor (N, L, layers.out_features)

    Raises
    ------
    MerlibError
        When `magnified` is not (N, L, 3, H, W).
    """
    if magnified.ndim != 5 or magnified.shape[2] != 3:
        raise MerlibError(
            f"uamrn: magnified {tuple(magnified.shape)}.",
            "(N, L, 3, H, W).",
            "stack the magnified frames of each clip.",
        )
    return torch.cat([layers(part) for part in magnified.split(at_once)])
