"""In which order the numbers of maps lie in memory while a network trains.

Channels-last, where the channels of a pixel are neighbours, lets pooling and norms use whole vectors. PyTorch 2.13
cannot train every network in that order on a CPU: the gradient of a strided 1x1 filter with fewer input channels than a
vector has numbers is written past the end of its buffer (oneDNN, issue 6035), which ends in a crash or in wrong numbers
of something else. It is enough that either the maps or the filter lie channels-last. Such a network, and one whose
attribute `channels_last` is false, is trained with the channels one after the other.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

VECTOR = 16  # float32 numbers of the widest vector of a processor (512 bits)


def layout_of(model: nn.Module, device: str) -> torch.memory_format:
    """Return in which order filters (O, I, K, K) and maps (N, C, H, W) lie while `model` trains on `device`."""
    unsafe = device == "cpu" and any(_is_narrow_step(module) for module in model.modules())
    if unsafe or not getattr(model, "channels_last", True):
        return torch.contiguous_format
    return torch.channels_last


def _is_narrow_step(module: nn.Module) -> bool:
    return (
        isinstance(module, nn.Conv2d)
        and set(module.kernel_size) == {1}
        and set(module.stride) != {1}
        and module.in_channels // module.groups < VECTOR
    )


def place(values: Tensor, device: str, layout: torch.memory_format) -> Tensor:
    """Move inputs to the device; maps (N, C, H, W) lie there as `layout` says, which `layout_of` gives."""
    return values.to(device, memory_format=layout if values.ndim == 4 else torch.preserve_format)


def place_model(model: nn.Module, device: str) -> nn.Module:
    """Move a network to the device, where its filters of maps lie as `layout_of` says."""
    model, layout = model.to(device), layout_of(model, device)
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.ndim == 4:
            tensor.data = tensor.data.to(memory_format=layout)
    return model
