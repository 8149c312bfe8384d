"""The learned magnifier of Oh et al. (ECCV 2018) as UAMRN's and ASTNet's authors used it; 928,144 parameters.

It takes two RGB frames in [-1, 1], 384 x 384 as published (any multiples of 4 work)::

    encoder      7x7 conv 16, 3x3/2 conv 32, 3 residual blocks               (N, 32, H / 2, W / 2)
      texture    3x3/2 conv, 2 residual blocks                               (N, 32, H / 4, W / 4)
      shape      3x3 conv, 2 residual blocks                                 (N, 32, H / 2, W / 2)
    manipulator  7x7 conv + ReLU of the shapes' difference, times (factor - 1),
                 3x3 conv, 1 residual block, added to the second frame's shape
    decoder      texture enlarged twofold + 3x3 conv, beside the shape       (N, 64, H / 2, W / 2)
                 9 residual blocks, enlarged twofold, 3x3 conv 32, 7x7 conv 3

Convolutions have reflection padding and no biases. A ReLU follows each of them except the last of a residual block, the
manipulator's 3x3 and the decoder's 7x7. `factor` is the total ratio: UAMRN Eq. 2 writes 1 + alpha, the network uses
factor - 1 (UAMRN-F12).

The weights are ``learning_based_mag.pth.tar`` (GitHub weimengting/AMAN, mag_imple/). There is no licence file, so they
are linked and never redistributed. The file is a mapping whose ``state_dict`` has names with the prefix ``module.``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from merlib.errors import MerlibError
from merlib.motion.frames import check_pair, colour
from merlib.sources.weights import find_weights, load_state

SIZE = 384


def _conv(ins: int, outs: int, side: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(ins, outs, side, stride, side // 2, bias=False, padding_mode="reflect")


class ResidualBlock(nn.Module):
    """Two convolutions around a ReLU, and the input added."""

    def __init__(self, width: int):
        super().__init__()
        self.conv1, self.conv2 = _conv(width, width), _conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, width, H, W) from the same."""
        return x + self.conv2(self.conv1(x).relu())


def _blocks(count: int, width: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(width) for _ in range(count)))


class Encoder(nn.Module):
    """Split a frame into texture and shape."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.resblks = _conv(3, 16, 7), _conv(16, 32, 3, 2), _blocks(3, 32)
        self.conv1_text, self.resblks_text = _conv(32, 32, 3, 2), _blocks(2, 32)
        self.conv1_shape, self.resblks_shape = _conv(32, 32), _blocks(2, 32)

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Return texture (N, 32, H / 4, W / 4) and shape (N, 32, H / 2, W / 2)."""
        common = self.resblks(self.conv2(self.conv1(frame).relu()).relu())
        texture = self.resblks_text(self.conv1_text(common).relu())
        return texture, self.resblks_shape(self.conv1_shape(common).relu())


class Manipulator(nn.Module):
    """Push the second frame's shape further away from the first's."""

    def __init__(self) -> None:
        super().__init__()
        self.convblks = nn.Sequential(nn.ModuleDict({"conv1": _conv(32, 32, 7)}))
        self.convblks_after = nn.Sequential(nn.ModuleDict({"conv1": _conv(32, 32)}))
        self.resblks = _blocks(1, 32)

    def forward(self, first: Tensor, second: Tensor, factor: Tensor | float) -> Tensor:
        """Return the manipulated shape (N, 32, H / 2, W / 2); `factor` is a number or (N, 1, 1, 1)."""
        difference = (factor - 1.0) * self.convblks[0]["conv1"](second - first).relu()
        return second + self.resblks(self.convblks_after[0]["conv1"](difference))


class Decoder(nn.Module):
    """Draw a frame from texture and shape."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1_text, self.resblks = _conv(32, 32), _blocks(9, 64)
        self.conv1, self.conv2 = _conv(64, 32), _conv(32, 3, 7)

    def forward(self, texture: Tensor, shape: Tensor) -> Tensor:
        """Return (N, 3, H, W)."""
        texture = self.conv1_text(functional.interpolate(texture, scale_factor=2, mode="nearest")).relu()
        both = self.resblks(torch.cat([texture, shape], dim=1))
        return self.conv2(self.conv1(functional.interpolate(both, scale_factor=2, mode="nearest")).relu())


class MagNet(nn.Module):
    """The whole network, attributes named as in the published weights."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.manipulator, self.decoder = Encoder(), Manipulator(), Decoder()

    def forward(self, first: Tensor, second: Tensor, factor: Tensor | float) -> Tensor:
        """Return the second frame magnified, (N, 3, H, W) in about [-1, 1]."""
        texture, shape = self.encoder(second)
        return self.decoder(texture, self.manipulator(self.encoder(first)[1], shape, factor))

    @torch.inference_mode()
    def each_factor(self, first: Tensor, second: Tensor, factors: Sequence[float]) -> Iterator[Tensor]:
        """Yield the second frame at each factor; both frames are encoded once."""
        reference, (texture, shape) = self.encoder(first)[1], self.encoder(second)
        for factor in factors:
            yield self.decoder(texture, self.manipulator(reference, shape, float(factor)))


def magnify_learned(
    first: np.ndarray,
    second: np.ndarray,
    factors: Sequence[float],
    size: int | None = SIZE,
    device: str = "cpu",
) -> np.ndarray:
    """Return the second frame with its motion since the first magnified by each of the factors.

    Parameters
    ----------
    first, second : array (H, W) or (H, W, 3)
        Onset and a later frame, uint8 or float 0..1.
    factors : sequence of float
        L total ratios.
    size : int, optional
        Side of the square to which the frames are resized for the network, 384 as published; the results are resized
        back. None keeps the frames' size and pads it by reflection to multiples of 4.
    device : str
        PyTorch device on which the network runs.

    Returns
    -------
    float32 array (L, H, W, 3)
        RGB in 0..1.

    Raises
    ------
    MerlibError
        As `check_pair` and `unit_range` for the frames, and as `load_magnet`.
    """
    check_pair(first, second)
    network = load_magnet(device)
    rows, columns = np.asarray(first).shape[:2]
    tensors = [torch.from_numpy(colour(f).transpose(2, 0, 1).copy())[None].to(device) * 2 - 1 for f in (first, second)]
    if size is None:
        margin = (0, -columns % 4, 0, -rows % 4)
        tensors = [functional.pad(t, margin, mode="reflect") for t in tensors]
    else:
        tensors = [_resize(t, (size, size)) for t in tensors]
    drawn = []
    for frame in network.each_factor(*tensors, factors):
        frame = frame[..., :rows, :columns] if size is None else _resize(frame, (rows, columns))
        drawn.append(((frame[0].permute(1, 2, 0) + 1) / 2).clamp(0, 1).cpu().numpy())
    return np.stack(drawn)


def _resize(frame: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(frame, size=size, mode="bilinear", antialias=True, align_corners=False)


@lru_cache(maxsize=2)
def _cached_network(path: str, changed: int, device: str) -> MagNet:
    given = load_state(path)
    network = MagNet()
    own = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    shapes = {name: tuple(getattr(tensor, "shape", ())) for name, tensor in given.items()}
    if shapes != own:
        different = sorted(set(own.items()) ^ set(shapes.items()))
        found = f"{path}: {len(shapes)} tensors that differ from the network's at {different[0]}."
        raise MerlibError(found, f"the {len(own)} tensors of the published network.", "get the published file.")
    network.load_state_dict(given)
    return network.eval().to(device)


def load_magnet(device: str = "cpu") -> MagNet:
    """Return the network with its published weights, kept in memory between calls.

    Parameters
    ----------
    device : str
        PyTorch device on which it runs.

    Raises
    ------
    MerlibError
        When the file is missing, is not the published one, needs more than ``weights_only=True`` allows, or holds
        other tensors.
    """
    path = find_weights("magnet")
    return _cached_network(str(path), path.stat().st_mtime_ns, device)
