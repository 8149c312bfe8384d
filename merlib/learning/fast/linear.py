"""A linear layer of many inputs, computed by the library that is fastest on the processor at hand."""

from __future__ import annotations

import torch
from llvmlite.binding import get_host_cpu_name
from torch import Tensor
from torch.autograd.function import once_differentiable

# On AMD's Zen processors MKL, which PyTorch uses for products in single precision, is half as fast as oneDNN. The
# operator is the one that torch.compile emits; it is not part of PyTorch's public interface.
_by_onednn = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None
BY_ONEDNN = _by_onednn is not None and get_host_cpu_name().startswith("znver")


class Linear(torch.autograd.Function):
    """``x weight^T + bias`` of x (N, I); x is transposed before the product, and backward the gradient is."""

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


class LinearByOneDNN(torch.autograd.Function):
    """The same computed by oneDNN, which reads a transposed operand without copying it."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Return (N, O)."""
        ctx.save_for_backward(x, weight)
        return _product(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor):
        """Return the gradients of x, weight (O, I) and bias."""
        x, weight = ctx.saved_tensors
        return _product(gradient, weight.t()), _product(gradient.t(), x.t()), gradient.sum(0)


def _product(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``a b^T + bias``."""
    return _by_onednn(a, b, bias, "none", [], "")


def linear(layer: torch.nn.Linear, x: Tensor) -> Tensor:
    """Apply `layer`, which has a bias, to x (N, I)."""
    return (LinearByOneDNN if BY_ONEDNN else Linear).apply(x, layer.weight, layer.bias)
