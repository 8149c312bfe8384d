"""Convolution, ReLU, batch norm and disjoint max pooling as one function that works in blocks which fit the cache.

Batch norm is an increasing affine map of each channel where its scale is positive (decreasing where it is negative), so
pooling may come first: ``pool(norm(r)) = scale * pool(r) + shift``, and only the small pooled map is ever normalised.
What batch norm sends back to the large map, ``- mean(g) - xhat mean(g xhat)``, is a line in r; with the ReLU before it
the whole gradient is ``(r > 0) a + r b`` plus the pooled gradient at the places of the maxima. The large maps are then
needed a few samples at a time only: what a block does stays in the processor's cache.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

BLOCK = 32


class ConvReluNormPool(torch.autograd.Function):
    """``max_pool2d(batch_norm(relu(conv2d(x))), k, stride=k)`` with batch statistics; x needs no gradient."""

    @staticmethod
    def forward(ctx, x: Tensor, kernels: Tensor, offsets: Tensor, weight: Tensor, bias: Tensor, sizes: tuple):
        """Return pooled (N, C, h, w), mean and biased variance (C,); `sizes`: padding, pool, its padding, eps."""
        padding, pool, pool_padding, eps = sizes
        turned = torch.where(weight >= 0, 1.0, -1.0)[:, None, None]
        all_positive = bool((weight >= 0).all())
        maps, best, places, total, square = [], [], [], 0.0, 0.0
        for block in x.split(BLOCK):
            rectified = functional.conv2d(block, kernels, offsets, padding=padding).clamp_min_(0)
            rows = _rows(rectified)
            total = total + rows.sum(0).double()
            square = square + (rows.t() @ rows).diagonal().double()
            signed = rectified if all_positive else rectified * turned
            value, place = functional.max_pool2d(signed, pool, pool, pool_padding, return_indices=True)
            maps.append(rectified)
            best.append(value)
            places.append(place)
        count = sum(len(_rows(each)) for each in maps)
        mean = total / count
        variance = (square / count - mean**2).clamp_min_(0).float()
        mean, inverse = mean.float(), (variance + eps).rsqrt()
        normed = (torch.cat(best) * turned - mean[:, None, None]) * inverse[:, None, None]
        ctx.save_for_backward(x, kernels, normed, torch.cat(places), mean, inverse, weight, *maps)
        ctx.padding, ctx.count = padding, count
        ctx.mark_non_differentiable(mean, variance)
        return weight[:, None, None] * normed + bias[:, None, None], mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor, *_: Tensor):
        """Return the gradients of kernels, offsets, weight and bias."""
        x, kernels, normed, places, mean, inverse, weight, *maps = ctx.saved_tensors
        d_bias = gradient.sum((0, 2, 3))
        d_weight = (gradient * normed).sum((0, 2, 3))
        scale = weight * inverse
        slope = -scale * inverse * d_weight / ctx.count
        level = -scale * d_bias / ctx.count - slope * mean
        pooled = gradient * scale[:, None, None]
        d_kernels, d_offsets = torch.zeros_like(kernels), torch.zeros_like(weight)
        blocks = zip(x.split(BLOCK), maps, pooled.split(BLOCK), places.split(BLOCK), strict=True)
        for block, rectified, gradients, place in blocks:
            n, c, h, w = rectified.shape
            rows = _rows(rectified)
            d_rows = torch.addcmul(rows * slope, rows.sign(), level)
            index = place.permute(0, 2, 3, 1).reshape(n, -1, c)
            alive = rows.view(n, h * w, c).gather(1, index) > 0
            d_rows.view(n, h * w, c).scatter_add_(1, index, _rows(gradients).reshape(n, -1, c) * alive)
            d_maps = d_rows.view(n, h, w, c).permute(0, 3, 1, 2)
            _, d_k, d_o = torch.ops.aten.convolution_backward(
                d_maps, block, kernels, [c], [1, 1], [ctx.padding] * 2, [1, 1], False, [0, 0], 1, [False, True, True]
            )
            d_kernels += d_k
            d_offsets += d_o
        return None, d_kernels, d_offsets, d_weight, d_bias, None


def _rows(maps: Tensor) -> Tensor:
    """Channels-last maps (N, C, H, W) as rows (N * H * W, C), a view where they lie so."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def conv_relu_norm_pool(x: Tensor, convolutions: list[nn.Conv2d], norms: list[nn.BatchNorm2d], pool: int, padding: int):
    """Apply streams that read the same input, each ``max_pool(norm(relu(conv(x))))``, stacked, in training mode.

    Parameters
    ----------
    x : Tensor (N, C, H, W)
        Input without gradient.
    convolutions, norms : list of modules
        One a stream; the norms' running statistics are updated.
    pool, padding : int
        Of the pooling; its stride is `pool`.

    Returns
    -------
    Tensor (N, sum of filters, h, w)
    """
    stacked = (torch.cat([getattr(each, name) for each in convolutions]) for name in ("weight", "bias"))
    affine = (torch.cat([getattr(each, name) for each in norms]) for name in ("weight", "bias"))
    sizes = (convolutions[0].padding[0], pool, padding, norms[0].eps)
    x = x.contiguous(memory_format=torch.channels_last)
    pooled, mean, variance = ConvReluNormPool.apply(x, *stacked, *affine, sizes)
    height, width = (
        side + 2 * sizes[0] - kernel + 1 for side, kernel in zip(x.shape[2:], convolutions[0].kernel_size, strict=True)
    )
    count = len(x) * height * width
    start = 0
    with torch.no_grad():
        for norm in norms:
            own = slice(start, start + norm.num_features)
            norm.running_mean.lerp_(mean[own], norm.momentum)
            norm.running_var.lerp_(variance[own] * (count / (count - 1)), norm.momentum)
            norm.num_batches_tracked += 1
            start += norm.num_features
    return pooled
