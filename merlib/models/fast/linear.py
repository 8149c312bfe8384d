"""A linear layer of many inputs as products whose operands lie as the processor's library reads them fastest."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class Linear(torch.autograd.Function):
    """``x weight^T + bias`` of x (N, I), with x laid out by inputs forward and the gradient by outputs backward."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Return (N, O)."""
        ctx.save_for_backward(x, weight)
        return torch.addmm(bias[:, None], weight, x.t().contiguous()).t().contiguous()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor):
        """Return the gradients of x, weight (O, I) and bias."""
        x, weight = ctx.saved_tensors
        return gradient @ weight, gradient.t().contiguous() @ x, gradient.sum(0)


def linear(layer: torch.nn.Linear, x: Tensor) -> Tensor:
    """Apply `layer`, which has a bias, to x (N, I)."""
    return Linear.apply(x, layer.weight, layer.bias)
