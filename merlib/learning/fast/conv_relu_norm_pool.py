"""Convolution, ReLU, batch norm and disjoint max pooling as one function that reads its large maps while in cache.

Batch norm is an increasing affine map of each channel where its scale is positive (decreasing where it is negative), so
pooling may come first: ``pool(norm(r)) = scale * pool(r) + shift``, and only the small pooled map is ever normalised.
What batch norm sends back to the large map, ``- mean(g) - xhat mean(g xhat)``, is a line in r; with the ReLU before it
the whole gradient is ``(r > 0) (level + slope r)`` plus the pooled gradient at the places of the maxima. Two channels
at a time are worked on to the end, so that they stay in the processor's cache.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from merlib.learning.fast.kernels import convolution, norms, windows
from merlib.learning.fast.kernels.convolution import PAD


class ConvReluNormPool(torch.autograd.Function):
    """``max_pool2d(batch_norm(relu(conv2d(x))), 3, padding=1)`` with batch statistics; x needs no gradient."""

    @staticmethod
    def forward(ctx, x: Tensor, kernels: Tensor, offsets: Tensor, weight: Tensor, bias: Tensor, sizes: tuple):
        """Return pooled (C, h, w, N) of x (N, I, H, W), and mean and biased variance (C,) before batch norm."""
        padding, eps = sizes
        channels, grown = len(kernels), padding - 1  # a 3x3 kernel with padding 2 is one with padding 1 on a larger map
        size = height, width, n = x.shape[2] + 2 * grown, x.shape[3] + 2 * grown, len(x)
        border = PAD + grown
        padded = x.new_zeros(x.shape[1], height + 2 * PAD, width + 2 * PAD, n)
        padded[:, border:-border, border:-border] = x.permute(1, 2, 3, 0)
        padded = padded.flatten(1)
        maps = torch.empty(channels, height * width * n)
        pooled_size = (height - 1) // 3 + 1, (width - 1) // 3 + 1, n
        chosen = torch.empty(channels, pooled_size[0] * pooled_size[1] * n)
        mean, variance = torch.empty(channels), torch.empty(channels)
        signs = weight.detach().sign().numpy()  # with sign 0 all values of a window tie, and the first is taken
        arrays = padded.numpy(), kernels.detach().contiguous().numpy(), offsets.detach().numpy()
        for pair in _pairs(channels):
            convolution.convolve_pair(*arrays, *pair, maps.numpy(), *size)
            for c in dict.fromkeys(pair):
                mean.numpy()[c], variance.numpy()[c] = windows.rectify_moments(maps.numpy()[c])
                windows.pool_windows(maps.numpy()[c], signs[c], chosen.numpy()[c], *size)
        inverse = (variance + eps).rsqrt()
        normed = (chosen - mean[:, None]) * inverse[:, None]
        out = weight[:, None] * normed + bias[:, None]
        ctx.save_for_backward(padded, kernels, maps, chosen, normed, mean, inverse, weight)
        ctx.size = size
        ctx.mark_non_differentiable(mean, variance)
        return out.view(channels, *pooled_size), mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor, *_: Tensor):
        """Return the gradients of kernels, offsets, weight and bias."""
        padded, kernels, maps, chosen, normed, mean, inverse, weight = ctx.saved_tensors
        size = ctx.size
        gradient = gradient.contiguous().view(len(maps), -1)
        d_bias, d_weight = gradient.sum(1), (gradient * normed).sum(1)
        scale = weight.detach() * inverse
        slope = -scale * inverse * d_weight / maps.shape[1]
        level = -scale * d_bias / maps.shape[1] - slope * mean
        lines = [each.numpy() for each in (slope, level, scale)]
        d_padded = torch.empty(2, padded.shape[1]).numpy()
        norms.clear_borders(d_padded, *size)
        d_kernels = torch.zeros(kernels.shape)
        d_offsets, taps = np.empty(len(maps), np.float32), d_kernels.numpy()
        spare = np.zeros_like(taps[0])
        for pair in _pairs(len(maps)):
            for c, padded_map in zip(pair, d_padded, strict=True):
                arrays = maps.numpy()[c], gradient.numpy()[c], chosen.numpy()[c]
                d_offsets[c] = windows.unpool_windows(*arrays, *(line[c] for line in lines), padded_map, *size)
            other = spare if pair[0] == pair[1] else taps[pair[1]]
            convolution.correlate_pair(padded.numpy(), *d_padded, taps[pair[0]], other, *size)
        return None, d_kernels, torch.from_numpy(d_offsets), d_weight, d_bias, None


def _pairs(channels: int) -> list[tuple[int, int]]:
    """Return the channels in pairs; where their number is odd, the last one is paired with itself."""
    return [(first, min(first + 1, channels - 1)) for first in range(0, channels, 2)]


def conv_relu_norm_pool(
    x: Tensor, convolutions: list[nn.Conv2d], layers: list[nn.BatchNorm2d], order: list[int]
) -> Tensor:
    """Apply streams that read the same input, each ``max_pool(norm(relu(conv(x))), 3, padding=1)``, in training mode.

    Parameters
    ----------
    x : Tensor (N, I, H, W)
        Input without gradient.
    convolutions, layers : list of modules
        Convolution (3x3, padding at least 1) and batch norm of each stream; running statistics are updated.
    order : list of int
        Which channel of x each input channel of the kernels reads; reordering kernels costs less than reordering x.

    Returns
    -------
    Tensor (sum of filters, h, w, N)
        The pooled maps, with the samples as innermost axis.
    """
    kernels, offsets = (torch.cat([getattr(each, name) for each in convolutions]) for name in ("weight", "bias"))
    affine = (torch.cat([getattr(each, name) for each in layers]) for name in ("weight", "bias"))
    sizes = convolutions[0].padding[0], layers[0].eps
    pooled, mean, variance = ConvReluNormPool.apply(x, kernels[:, order], offsets, *affine, sizes)
    height, width = (side + 2 * sizes[0] - 2 for side in x.shape[2:])
    count = len(x) * height * width
    start = 0
    with torch.no_grad():
        for layer in layers:
            own = slice(start, start + layer.num_features)
            layer.running_mean.lerp_(mean[own], layer.momentum)
            layer.running_var.lerp_(variance[own] * (count / (count - 1)), layer.momentum)
            layer.num_batches_tracked += 1
            start += layer.num_features
    return pooled
