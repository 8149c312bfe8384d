"""Convolutions of 3x3 and 5x5 and their gradients; two outputs at a time share the numbers that are read."""

from __future__ import annotations

import numpy as np

from merlib.learning.fast.kernels.compiling import compiled, inlined

PAD = 2  # as in `norms`
CHUNK = 2048  # numbers on which a convolution works at a time: 8 KB, a sixth of the first-level cache


@inlined
def _aligned(size):
    """Return `size` uninitialised numbers that start at the beginning of a cache line."""
    numbers = np.empty(size + 16, np.float32)
    start = (-numbers.ctypes.data % 64) // 4
    return numbers[start : start + size]


@inlined
def _chunk_rows(height, across):
    return max(1, min(height, CHUNK // across))


@inlined
def _chunk_columns(width, across, n):
    return width if across <= CHUNK else max(1, min(width, CHUNK // n))


@inlined
def _add_three(total, other, row, start, n, taps, others):
    """Add the three taps of one kernel row, applied to `row` from `start` on, to two outputs that share the loads."""
    r0, r1, r2 = row[start:], row[start + n :], row[start + 2 * n :]
    a0, a1, a2 = taps[0], taps[1], taps[2]
    b0, b1, b2 = others[0], others[1], others[2]
    for j in range(len(total)):
        x0, x1, x2 = r0[j], r1[j], r2[j]
        total[j] += a0 * x0 + a1 * x1 + a2 * x2
        other[j] += b0 * x0 + b1 * x1 + b2 * x2


@inlined
def _add_five(total, other, row, start, n, taps, others):
    """Like `_add_three` with five taps."""
    r0, r1, r2, r3, r4 = row[start:], row[start + n :], row[start + 2 * n :], row[start + 3 * n :], row[start + 4 * n :]
    a0, a1, a2, a3, a4 = taps[0], taps[1], taps[2], taps[3], taps[4]
    b0, b1, b2, b3, b4 = others[0], others[1], others[2], others[3], others[4]
    for j in range(len(total)):
        x0, x1, x2, x3, x4 = r0[j], r1[j], r2[j], r3[j], r4[j]
        total[j] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3 + a4 * x4
        other[j] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3 + b4 * x4


@inlined
def convolve_pair(padded, weight, offset, first, second, maps, height, width, n):
    """Write channels `first` and `second` of the convolution of `padded` (I, ...), 'same' size, to `maps` (O, M)."""
    kernel = weight.shape[2]
    shift = PAD - kernel // 2
    across, length = (width + 2 * PAD) * n, width * n
    rows, columns = _chunk_rows(height, across), _chunk_columns(width, across, n)
    total, other = _aligned(rows * across), _aligned(rows * across)
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            here, wide = min(rows, height - top), min(columns, width - left) * n
            inside = (here - 1) * across + wide
            total[:inside] = offset[first]
            other[:inside] = offset[second]
            for i in range(weight.shape[1]):
                for k in range(kernel):
                    start = (top + k + shift) * across + (left + shift) * n
                    taps, others = weight[first, i, k], weight[second, i, k]
                    if kernel == 3:
                        _add_three(total[:inside], other[:inside], padded[i], start, n, taps, others)
                    else:
                        _add_five(total[:inside], other[:inside], padded[i], start, n, taps, others)
            for y in range(here):
                place = (top + y) * length + left * n
                maps[first, place : place + wide] = total[y * across : y * across + wide]
                maps[second, place : place + wide] = other[y * across : y * across + wide]


@compiled
def convolve(padded, weight, offset, maps, height, width, n):
    """Write `padded` (I, ...) convolved with `weight` (O, I, K, K), K 3 or 5, plus `offset` (O,), to `maps` (O, M)."""
    outputs = len(weight)
    for first in range(0, outputs, 2):
        second = min(first + 1, outputs - 1)
        convolve_pair(padded, weight, offset, first, second, maps, height, width, n)


@inlined
def _correlate_three(gradient, other, row, start, n, taps, others):
    """Add the products of two outputs' gradients with `row` from `start` on to the three taps of one kernel row."""
    r0, r1, r2 = row[start:], row[start + n :], row[start + 2 * n :]
    a0 = a1 = a2 = b0 = b1 = b2 = np.float32(0)
    for j in range(len(gradient)):
        g, h, x0, x1, x2 = gradient[j], other[j], r0[j], r1[j], r2[j]
        a0 += g * x0
        a1 += g * x1
        a2 += g * x2
        b0 += h * x0
        b1 += h * x1
        b2 += h * x2
    taps[0] += a0
    taps[1] += a1
    taps[2] += a2
    others[0] += b0
    others[1] += b1
    others[2] += b2


@inlined
def _correlate_five(gradient, other, row, start, n, taps, others):
    """Like `_correlate_three` with five taps."""
    r0, r1, r2, r3, r4 = row[start:], row[start + n :], row[start + 2 * n :], row[start + 3 * n :], row[start + 4 * n :]
    a0 = a1 = a2 = a3 = a4 = b0 = b1 = b2 = b3 = b4 = np.float32(0)
    for j in range(len(gradient)):
        g, h, x0, x1, x2, x3, x4 = gradient[j], other[j], r0[j], r1[j], r2[j], r3[j], r4[j]
        a0 += g * x0
        a1 += g * x1
        a2 += g * x2
        a3 += g * x3
        a4 += g * x4
        b0 += h * x0
        b1 += h * x1
        b2 += h * x2
        b3 += h * x3
        b4 += h * x4
    taps[0] += a0
    taps[1] += a1
    taps[2] += a2
    taps[3] += a3
    taps[4] += a4
    others[0] += b0
    others[1] += b1
    others[2] += b2
    others[3] += b3
    others[4] += b4


@inlined
def correlate_pair(padded, gradient, other, taps, others, height, width, n):
    """Add to `taps` and `others` (I, K, K) the weight gradients of two outputs, whose own gradients are padded maps."""
    kernel = taps.shape[1]
    shift = PAD - kernel // 2
    across = (width + 2 * PAD) * n
    rows, columns = _chunk_rows(height, across), _chunk_columns(width, across, n)
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            inside = (min(rows, height - top) - 1) * across + min(columns, width - left) * n
            centre = (top + PAD) * across + (left + PAD) * n
            one, two = gradient[centre : centre + inside], other[centre : centre + inside]
            for i in range(len(padded)):
                for k in range(kernel):
                    start = (top + k + shift) * across + (left + shift) * n
                    if kernel == 3:
                        _correlate_three(one, two, padded[i], start, n, taps[i, k], others[i, k])
                    else:
                        _correlate_five(one, two, padded[i], start, n, taps[i, k], others[i, k])


@compiled
def correlate(padded, gradients, weight, height, width, n):
    """Write the weight gradient (O, I, K, K) of a convolution from inputs and output gradients, all padded."""
    weight[:] = 0
    spare = np.zeros_like(weight[0])
    for first in range(0, len(weight), 2):
        last = first + 1 == len(weight)
        others = spare if last else weight[first + 1]
        second = first if last else first + 1
        correlate_pair(padded, gradients[first], gradients[second], weight[first], others, height, width, n)
