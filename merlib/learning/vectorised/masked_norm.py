"""Batch norm that counts only some rows of a batch, so that folds of different sizes can be trained in step.

Folds trained as one program have batches of one shape. Where a fold has fewer rows than that, further rows fill the
shape, and these must not change its statistics. Every other layer of our networks treats each row by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

_mask: list[Tensor] = []


@contextmanager
def counting(mask: Tensor) -> Iterator[None]:
    """Let every `MaskedNorm` called inside count the rows where `mask` (N,) is 1 and not those where it is 0."""
    _mask.append(mask)
    try:
        yield
    finally:
        _mask.pop()


class MaskedNorm(nn.Module):
    """Batch norm in training mode over the rows that `counting` marks; its state has the names of a batch norm's.

    Parameters
    ----------
    norm : BatchNorm1d or BatchNorm2d
        The layer that is replaced; its parameters, running statistics, momentum and eps are taken over.
    """

    def __init__(self, norm: _BatchNorm):
        super().__init__()
        self.momentum, self.eps = norm.momentum, norm.eps
        self.weight, self.bias = norm.weight, norm.bias
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, getattr(norm, name))

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised `x` (N, C, ...); rows that do not count are normalised by those that do."""
        others = [axis for axis in range(x.ndim) if axis != 1]
        column = (-1, *[1] * (x.ndim - 1))
        channel = (1, -1, *[1] * (x.ndim - 2))
        mask = _mask[-1].repeat_interleave(len(x) // len(_mask[-1]))  # a network may make the frames of a row into rows
        active = (mask.sum() > 0).to(x.dtype)
        count = mask.sum().clamp_min(1) * (x[0, 0].numel())
        rows = mask.to(x.dtype).reshape(column)
        mean = (x * rows).sum(others) / count
        centred = x - mean.reshape(channel)
        variance = (centred.square() * rows).sum(others) / count
        pace = self.momentum * active
        unbiased = variance.detach() * (count / (count - 1).clamp_min(1))
        self.running_mean.add_(pace * (mean.detach() - self.running_mean))
        self.running_var.add_(pace * (unbiased - self.running_var))
        self.num_batches_tracked.add_(active.to(self.num_batches_tracked.dtype))
        scale = self.weight * (variance + self.eps).rsqrt()
        return centred * scale.reshape(channel) + self.bias.reshape(channel)


def with_masked_norms(model: nn.Module) -> nn.Module:
    """Replace every batch norm of `model` by a `MaskedNorm`, in place, and return the model."""
    for name, child in model.named_children():
        if isinstance(child, _BatchNorm):
            setattr(model, name, MaskedNorm(child))
        else:
            with_masked_norms(child)
    return model
