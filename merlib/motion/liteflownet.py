"""LiteFlowNet (Hui, Tang and Loy, CVPR 2018), the flow network of ASTNet Sec. 3.1 (2); 5.4 million parameters.

Two frames (N, 3, H, W), H and W multiples of 32, go through the same pyramid of features. At each level, from the
coarsest to the second finest, three steps refine the flow::

    level            1    2    3    4    5    6
    channels        32   32   64   96  128  192
    resolution       1  1/2  1/4  1/8 1/16 1/32

    matching        cost volume of the features for 7 x 7 displacements, the second frame's warped by the flow so far
    sub-pixel       features of both frames and the flow, through four convolutions
    regularisation  each vector becomes a mean of its neighbours, with weights computed from colours, features and flow

The network's unit of flow is 20 px of the full frame. Level 2 is the last; from there the flow is enlarged twofold.

Weights: ``network-default.pytorch`` of the public PyTorch conversion (GitHub sniklaus/pytorch-liteflownet; research
use only, licence terms of twhui/LiteFlowNet). Its tensors are called ``moduleFeatures.moduleTwo.0.weight``,
``moduleMatching.4.moduleMain.0.bias``, ``moduleRegularization.0.moduleDist.1.weight`` and so on (later releases of
its code say ``net`` for ``module``; both are read). The lists of the three steps go from level 2 to level 6. These
names and shapes, the colour order (BGR), the means of the colours and the order of the cost volume are taken from that
conversion's public source. We had no weights file, so agreement with its output is untested. Weights with other names
are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import MerlibError
from merlib.sources.weights import find_weights, load_state

WEIGHTS = "liteflownet"  # in the weights registry
FILE_NAME = "network-default.pytorch"
CHANNELS = (32, 32, 64, 96, 128, 192)
LEVELS = (2, 3, 4, 5, 6)
UNIT = 20.0  # pixels of the full frame
REACH = 3  # displacements -3..3 in each direction
COSTS = (2 * REACH + 1) ** 2
WINDOW = {2: 7, 3: 5, 4: 5, 5: 3, 6: 3}  # by level: side of the last kernel and of the regularisation's neighbourhood
MEANS = ((0.411618, 0.434631, 0.454253), (0.410782, 0.433645, 0.452793))  # BGR, first and second frame

_OWN_NAMES = {
    "Features": "pyramid",
    **{word: str(i) for i, word in enumerate(("One", "Two", "Thr", "Fou", "Fiv", "Six"))},
    "Matching": "matching",
    "Subpixel": "subpixel",
    "Regularization": "regularisation",
    "Feat": "adapt",
    "Upflow": "enlarge_flow",
    "Upcorr": "enlarge_costs",
    "Main": "trunk",
    "Dist": "affinity",
    "ScaleX": "average_u",
    "ScaleY": "average_v",
}


def own_name(published: str) -> str:
    """Translate a tensor's published name into this module's; names of another form are returned as they are."""
    return re.sub(r"\b(?:module|net)(\w+)", lambda match: _OWN_NAMES.get(match[1], match[0]), published)


def _conv(ins: int, outs: int, side: int | tuple[int, int] = 3, stride: int = 1) -> nn.Conv2d:
    padding = side // 2 if isinstance(side, int) else (side[0] // 2, side[1] // 2)
    return nn.Conv2d(ins, outs, side, stride, padding)


def _stack(*convolutions: nn.Module) -> nn.Sequential:
    """Return the convolutions in a row, each followed by a leaky ReLU."""
    return nn.Sequential(*(layer for conv in convolutions for layer in (conv, nn.LeakyReLU(0.1))))


def _trunk(ins: int, widths: tuple[int, ...]) -> nn.Sequential:
    return _stack(*(_conv(a, b) for a, b in zip((ins, *widths[:-1]), widths, strict=True)))


def _doubler(channels: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, channels, 4, 2, 1, bias=False, groups=channels)


def warp_back(second: Tensor, flow: Tensor) -> Tensor:
    """Warp the second picture back to the first: out(x) = second(x + flow(x)), bilinear, and zero outside.

    Parameters
    ----------
    second : Tensor (N, C, H, W)
        Picture or features.
    flow : Tensor (N, 2, H, W)
        u and v in pixels of `second`.
    """
    rows, columns = second.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(rows, device=flow.device), torch.arange(columns, device=flow.device), indexing="ij"
    )
    grid = torch.stack([(2 * (x + flow[:, 0]) + 1) / columns - 1, (2 * (y + flow[:, 1]) + 1) / rows - 1], dim=-1)
    return functional.grid_sample(second, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def cost_volume(first: Tensor, second: Tensor, step: int = 1) -> Tensor:
    """Correlate each `step`-th feature vector of the first frame with 7 x 7 vectors of the second, `step` pixels apart.

    Returns
    -------
    Tensor (N, 49, H / step, W / step)
        Mean product over channels; displacements row by row, from (-3, -3) to (3, 3) steps.
    """
    rows, columns = first.shape[-2:]
    margin = REACH * step
    second = functional.pad(second, (margin,) * 4)
    first = first[..., ::step, ::step]
    offsets = range(0, 2 * margin + 1, step)
    shifted = (second[..., dy : dy + rows : step, dx : dx + columns : step] for dy in offsets for dx in offsets)
    return torch.stack([(first * other).mean(dim=1) for other in shifted], dim=1)


class Matching(nn.Module):
    """Find, from the cost volume, how the flow at one level differs from that of the coarser level.

    At levels 2 and 3 the cost volume is computed for every second pixel only and then enlarged.
    """

    def __init__(self, level: int):
        super().__init__()
        self.step = 2 if level < 4 else 1
        self.scale = UNIT / 2 ** (level - 1)
        self.adapt = _stack(_conv(32, 64, 1)) if level == 2 else nn.Sequential()
        self.enlarge_flow = _doubler(2) if level < 6 else None
        self.enlarge_costs = _doubler(COSTS) if self.step == 2 else nn.Identity()
        self.trunk = _trunk(COSTS, (128, 64, 32)).append(_conv(32, 2, WINDOW[level]))

    def forward(self, first: Tensor, second: Tensor, flow: Tensor | None) -> Tensor:
        """Return the flow (N, 2, h, w) from features (N, C, h, w) and the flow of the level above."""
        first, second = self.adapt(first), self.adapt(second)
        if self.enlarge_flow is not None and flow is not None:
            flow = self.enlarge_flow(flow)
            second = warp_back(second, flow * self.scale)
        costs = functional.leaky_relu(cost_volume(first, second, self.step), 0.1)
        left_over = self.trunk(self.enlarge_costs(costs))
        return left_over if flow is None else flow + left_over


class Subpixel(nn.Module):
    """Refine the flow to fractions of a pixel, from the features of both frames."""

    def __init__(self, level: int):
        super().__init__()
        self.scale = UNIT / 2 ** (level - 1)
        width = 64 if level == 2 else CHANNELS[level - 1]
        self.adapt = _stack(_conv(32, 64, 1)) if level == 2 else nn.Sequential()
        self.trunk = _trunk(2 * width + 2, (128, 64, 32)).append(_conv(32, 2, WINDOW[level]))

    def forward(self, first: Tensor, second: Tensor, flow: Tensor) -> Tensor:
        """Return the refined flow (N, 2, h, w)."""
        first, second = self.adapt(first), warp_back(self.adapt(second), flow * self.scale)
        return flow + self.trunk(torch.cat([first, second, flow], dim=1))


class Regularisation(nn.Module):
    """Replace each flow vector by a weighted mean of its neighbours, so that motion is smooth within a surface."""

    def __init__(self, level: int):
        super().__init__()
        self.side = WINDOW[level]
        self.scale = UNIT / 2 ** (level - 1)
        neighbours = self.side**2
        width = 128 if level < 5 else CHANNELS[level - 1]
        self.adapt = _stack(_conv(CHANNELS[level - 1], 128, 1)) if level < 5 else nn.Sequential()
        self.trunk = _trunk(width + 3, (128, 128, 64, 64, 32, 32))
        if level < 5:  # separable where the neighbourhood is wide
            self.affinity = nn.Sequential(
                _conv(32, neighbours, (self.side, 1)), _conv(neighbours, neighbours, (1, self.side))
            )
        else:
            self.affinity = nn.Sequential(_conv(32, neighbours, self.side))
        self.average_u = nn.Conv2d(neighbours, 1, 1)
        self.average_v = nn.Conv2d(neighbours, 1, 1)

    def forward(self, frames: tuple[Tensor, Tensor], features: Tensor, flow: Tensor) -> Tensor:
        """Return the smoothed flow (N, 2, h, w) from the frames at this size and the first frame's features."""
        mismatch = (frames[0] - warp_back(frames[1], flow * self.scale)).norm(dim=1, keepdim=True).detach()
        centred = flow - flow.mean(dim=(2, 3), keepdim=True)
        distance = self.affinity(self.trunk(torch.cat([mismatch, centred, self.adapt(features)], dim=1)))
        nearness = -distance.square()
        weights = (nearness - nearness.amax(dim=1, keepdim=True)).exp()
        total = weights.sum(dim=1, keepdim=True)
        smoothed = []
        for component, average in ((flow[:, :1], self.average_u), (flow[:, 1:], self.average_v)):
            neighbours = functional.unfold(component, self.side, padding=self.side // 2).view_as(weights)
            smoothed.append(average(weights * neighbours) / total)
        return torch.cat(smoothed, dim=1)


class LiteFlowNet(nn.Module):
    """The whole network.

    It takes two BGR frames (N, 3, H, W) in 0..1, H and W multiples of 32, and returns the flow (N, 2, H / 2, W / 2) in
    pixels of the full frame.
    """

    def __init__(self) -> None:
        super().__init__()
        depth = (1, 3, 2, 2, 1, 1)
        stages = [_stack(_conv(3, 32, 7))]
        for before, width, convolutions in zip(CHANNELS, CHANNELS[1:], depth[1:], strict=False):
            stages.append(_stack(_conv(before, width, 3, 2), *(_conv(width, width) for _ in range(convolutions - 1))))
        self.pyramid = nn.ModuleList(stages)
        self.matching = nn.ModuleList(Matching(level) for level in LEVELS)
        self.subpixel = nn.ModuleList(Subpixel(level) for level in LEVELS)
        self.regularisation = nn.ModuleList(Regularisation(level) for level in LEVELS)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the flow from the first to the second frame."""
        frames, features = [], []
        for picture, means in zip((first, second), MEANS, strict=True):
            picture = picture - picture.new_tensor(means).view(1, 3, 1, 1)
            levels = [self.pyramid[0](picture)]
            sizes = [picture]
            for stage in self.pyramid[1:]:
                levels.append(stage(levels[-1]))
                size = levels[-1].shape[-2:]
                sizes.append(functional.interpolate(sizes[-1], size=size, mode="bilinear", align_corners=False))
            frames.append(sizes)
            features.append(levels)
        flow = None
        for k in reversed(range(len(LEVELS))):
            level = LEVELS[k] - 1
            one, two = features[0][level], features[1][level]
            flow = self.matching[k](one, two, flow)
            flow = self.subpixel[k](one, two, flow)
            flow = self.regularisation[k]((frames[0][level], frames[1][level]), one, flow)
        return UNIT * flow

    @torch.inference_mode()
    def flow(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the flow (H, W, 2) in pixels between two RGB frames, float (H, W, 3) in 0..1, of any size."""
        rows, columns = first.shape[:2]
        size = [-(-rows // 32) * 32, -(-columns // 32) * 32]
        device = next(self.parameters()).device
        pictures = [torch.from_numpy(f[..., ::-1].transpose(2, 0, 1).copy())[None].to(device) for f in (first, second)]
        pictures = [functional.interpolate(p, size=size, mode="bilinear", align_corners=False) for p in pictures]
        flow = functional.interpolate(self(*pictures), size=(rows, columns), mode="bilinear", align_corners=False)
        scale = flow.new_tensor([columns / size[1], rows / size[0]])
        return (flow[0].permute(1, 2, 0) * scale).cpu().numpy()


def read_published(state: Mapping[str, object]) -> LiteFlowNet:
    """Build the network from a state dict under the published names.

    Raises
    ------
    MerlibError
        When a tensor is missing, unknown or of another shape; nothing is guessed.
    """
    network = LiteFlowNet()
    own = network.state_dict()
    given = {own_name(name): tensor for name, tensor in state.items()}
    expected = f"the {len(own)} tensors of {FILE_NAME}, such as 'moduleFeatures.moduleOne.0.weight' (32, 3, 7, 7)."
    missing, unknown = sorted(own.keys() - given.keys()), sorted(given.keys() - own.keys())
    shapes = [name for name in own.keys() & given.keys() if getattr(given[name], "shape", None) != own[name].shape]
    if missing or unknown or shapes:
        first = (missing or unknown or shapes)[0]
        found = f"{len(missing)} tensors missing, {len(unknown)} unknown, {len(shapes)} of another shape"
        raise MerlibError(f"LiteFlowNet: a state dict with {found} (first {first!r}).", expected, "get that file.")
    network.load_state_dict(given)
    return network.eval()


@lru_cache(maxsize=2)
def _cached_network(path: str, changed: int, device: str) -> LiteFlowNet:
    return read_published(load_state(path)).to(device)


def load_liteflownet(device: str = "cpu") -> LiteFlowNet:
    """Return the network with its published weights, kept in memory between calls.

    Parameters
    ----------
    device : str
        PyTorch device on which it runs.

    Raises
    ------
    MerlibError
        When the file is missing, damaged, needs more than ``weights_only=True`` allows, or holds other names.
    """
    path = find_weights(WEIGHTS)
    return _cached_network(str(path), path.stat().st_mtime_ns, device)
