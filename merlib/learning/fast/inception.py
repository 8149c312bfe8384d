"""The inception block's training step on maps whose samples lie side by side; the readable block is the reference.

A block takes some forty calls of PyTorch, each of which writes whole maps to memory and reads them again. Here it is
one function with the gradient worked out by hand. Batch norm and ReLU come before 2x2 pooling, so only a quarter of the
values is used later. The normalised maps are therefore never written, and the gradient that batch norm sends back to a
whole map is a linear function of that map (see `kernels.pooling.unpool_pairs`). The 1x1 convolutions of all scales that
read the input are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from merlib.errors import MerlibError
from merlib.learning.fast.kernels import blocked, convolution, norms, pooling
from merlib.models.blocks.inception import Inception


def inception(block: Inception, x: Tensor) -> Tensor:
    """Apply `block` in training mode to maps whose samples lie innermost; its running statistics are updated.

    Parameters
    ----------
    block : Inception
        The readable block, whose parameters are used.
    x : Tensor (C, H, W, N)
        Maps; H and W must be even.

    Returns
    -------
    Tensor (4 * filters, H // 2, W // 2, N)

    Raises
    ------
    MerlibError
        When H or W is odd.
    """
    # the order of parameters, maps and norms below: four that read x, then the 3x3 and the 5x5 behind two of them
    (first3, second3), (first5, second5), (_, pooled) = block.scale3, block.scale5, block.pooled
    pairs = [(convolution, norm) for convolution, norm, _ in (block.scale1, first3, first5, pooled, second3, second5)]
    own_norms = [norm for _, norm in pairs]
    parameters = [value for pair in pairs for part in pair for value in (part.weight, part.bias)]
    out, mean, variance = InceptionStep.apply(x, own_norms[0].eps, *parameters)
    _track(own_norms, mean, variance, x[0].numel())
    return out


@torch.no_grad()
def _track(own_norms: list[nn.BatchNorm2d], mean: Tensor, variance: Tensor, count: int) -> None:
    """Update running statistics."""
    filters = own_norms[0].num_features
    found = [*mean.split(filters), *(variance * (count / (count - 1))).split(filters)]
    running = [norm.running_mean for norm in own_norms] + [norm.running_var for norm in own_norms]
    torch._foreach_lerp_(running, found, own_norms[0].momentum)  # one call for twelve, as optimisers do
    torch._foreach_add_([norm.num_batches_tracked for norm in own_norms], _ONE)


class InceptionStep(torch.autograd.Function):
    """Forward and backward of one block.

    A convolution's offset shifts the mean of its map and cancels in batch norm, so its gradient is zero. The zeros are
    returned nevertheless, because an optimiser applies weight decay only to parameters that have a gradient.
    """

    @staticmethod
    def forward(ctx, x: Tensor, eps: float, *parameters: Tensor):
        """Return the pooled maps, and mean and biased variance (6 * filters,) of the maps before each batch norm."""
        x = x.contiguous()
        size = height, width, n = x.shape[1:]
        flat = x.detach().reshape(len(x), -1)
        if height % 2 or width % 2:
            raise MerlibError(f"maps of {height} x {width} pixels.", "even sides.", "call the readable block instead.")
        weights, gamma, beta = parameters[0::4], _joined(parameters[2::4]), _joined(parameters[3::4])
        filters = len(weights[0])
        neighbours, places = torch.empty_like(flat), torch.empty(flat.shape, dtype=torch.int8)
        pooling.pool_neighbours(flat.numpy(), neighbours.numpy(), places.numpy(), *size)
        maps = flat.new_empty(6 * filters, flat.shape[1])
        convolve, multiply = _suitable_loops(width, n)
        multiply(_rows(weights[:3]), flat, maps[: 3 * filters])
        multiply(_rows(weights[3:4]), neighbours, maps[3 * filters : 4 * filters])
        z = maps.numpy()
        early = norms.norm_scales(z[: 4 * filters], gamma[: 4 * filters], beta[: 4 * filters], eps)
        padded = _empty(2 * filters, (height + 4) * (width + 4) * n)
        norms.clear_borders(padded, *size)
        inner = slice(filters, 3 * filters)
        nothing = np.zeros(filters, np.float32)
        norms.rectify_and_pad(z[inner], early[3][inner], early[4][inner], padded, *size)
        for i in (0, 1):
            kernel = weights[4 + i].detach().contiguous().numpy()
            convolve(padded[_block(i, filters)], kernel, nothing, z[_block(4 + i, filters)], *size)
        late = norms.norm_scales(z[4 * filters :], gamma[4 * filters :], beta[4 * filters :], eps)
        statistics = [np.concatenate(pair) for pair in zip(early, late, strict=True)]
        chosen = _empty(4 * filters, (height // 2) * (width // 2) * n)
        pooled = _empty(*chosen.shape)
        for i, scale in enumerate(_OUTPUTS):
            own, there = _block(scale, filters), _block(i, filters)
            affine = statistics[3][own], statistics[4][own]
            pooling.pool_pairs(z[own], *affine, chosen[there], pooled[there], *size)
        out = torch.from_numpy(pooled).view(4 * filters, height // 2, width // 2, n)
        mean = torch.from_numpy(statistics[0]) + torch.cat(parameters[1::4]).detach()
        variance = torch.from_numpy(statistics[1])
        ctx.save_for_backward(flat, neighbours, places, out, *weights)
        ctx.kept = z, padded, chosen, statistics, size
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor, *_: Tensor):
        """Return the gradients of x and of each scale's kernels, offsets, gamma and beta."""
        flat, neighbours, places, pooled, *weights = ctx.saved_tensors
        z, padded, chosen, (mean, _, inverse, scale, shift), size = ctx.kept
        filters = len(weights[0])
        gradient = gradient.contiguous().view(4 * filters, -1).numpy()
        pooled = pooled.detach().view(4 * filters, -1).numpy()
        d_gamma, d_beta = np.empty_like(mean), np.empty_like(mean)
        d_maps = flat.new_empty(4 * filters, flat.shape[1])
        d_padded, nothing = _empty(*padded.shape), np.zeros(filters, np.float32)
        convolve, multiply = _suitable_loops(*size[1:])
        norms.clear_borders(d_padded, *size)
        for i, which in enumerate(_OUTPUTS):
            own, there = _block(which, filters), _block(i, filters)
            into_padded = which >= 4
            target = d_padded[_block(which - 4, filters)] if into_padded else d_maps.numpy()[own]
            statistics = mean[own], inverse[own], scale[own]
            above = gradient[there], chosen[there], pooled[there]
            pooling.unpool_pairs(z[own], *above, statistics, target, into_padded, d_gamma[own], d_beta[own], *size)
        d_weights = []
        for i in (0, 1):
            own, inner = _block(i, filters), _block(1 + i, filters)
            d_weight = torch.empty_like(weights[4 + i], memory_format=torch.contiguous_format)
            convolution.correlate(padded[own], d_padded[own], d_weight.numpy(), *size)
            d_weights.append(d_weight)
            turned = weights[4 + i].flip(2, 3).transpose(0, 1).contiguous().numpy()
            below = d_maps.numpy()[inner]
            convolve(d_padded[own], turned, nothing, below, *size)
            statistics = mean[inner], inverse[inner], scale[inner], shift[inner]
            norms.unrectify(z[inner], below, *statistics, d_gamma[inner], d_beta[inner])
        direct, around = d_maps[: 3 * filters], d_maps[3 * filters :]
        d_pointwise = torch.mm(direct, flat.t())
        d_weights = [*d_pointwise.split(filters), torch.mm(around, neighbours.t()), *d_weights]
        d_x = None
        if ctx.needs_input_grad[0]:
            d_x, d_neighbours = torch.empty_like(flat), torch.empty_like(flat)
            multiply(_rows(weights[:3]).t(), direct, d_x)
            multiply(_rows(weights[3:4]).t(), around, d_neighbours)
            pooling.unpool_neighbours(d_neighbours.numpy(), places.numpy(), d_x.numpy(), *size)
            d_x = d_x.view(-1, *size)
        gradients = []
        for i, weight in enumerate(weights):
            own = _block(i, filters)
            affine = torch.from_numpy(d_gamma[own]), torch.from_numpy(d_beta[own])
            gradients += [d_weights[i].view(weight.shape), torch.zeros(filters), *affine]
        return d_x, None, *gradients


_ONE = torch.ones((), dtype=torch.int64)  # a Python number would be turned into a tensor again at each addition
_OUTPUTS = (0, 4, 5, 3)  # which of the six maps are pooled and concatenated: 1x1, 3x3, 5x5, pooled


def _suitable_loops(width: int, n: int) -> tuple[Callable, Callable]:
    """Return the functions that convolve and multiply maps whose rows are `width` pixels of `n` samples."""
    return (blocked.convolve, _blocked_product) if blocked.fits(width, n) else (convolution.convolve, _product)


def _blocked_product(weight: Tensor, maps: Tensor, out: Tensor) -> None:
    blocked.pointwise(maps.numpy(), weight.contiguous().numpy(), out.numpy())


def _product(weight: Tensor, maps: Tensor, out: Tensor) -> None:
    torch.mm(weight, maps, out=out)


def _block(i: int, filters: int) -> slice:
    return slice(i * filters, (i + 1) * filters)


def _rows(weights: tuple[Tensor, ...] | list[Tensor]) -> Tensor:
    """Kernels of 1x1 convolutions as rows of one matrix (sum of outputs, inputs)."""
    return torch.cat([weight.detach().flatten(1) for weight in weights])


def _empty(*shape: int) -> np.ndarray:
    return torch.empty(shape).numpy()  # PyTorch aligns memory to cache lines, numpy does not


def _joined(parameters: tuple[Tensor, ...]) -> np.ndarray:
    return torch.cat(parameters).detach().numpy()
