"""ReLU, statistics and max pooling over disjoint 3x3 windows, with the gradient of all three and batch norm."""

from __future__ import annotations

import numpy as np

from merlib.learning.fast.kernels.compiling import compiled

PAD = 2  # as in `norms`
WINDOW = 3  # side in pixels; with padding 1 the first window has two rows, and a last row may belong to no window


@compiled
def rectify_moments(values):
    """Set negative `values` (M,) to zero in place, and return mean and biased variance of the result.

    They are summed as in `norms.moments`.
    """
    origin = 0.0 if values[0] < 0 else float(values[0])
    total, square = 0.0, 0.0
    for start in range(0, len(values), 1024):
        part = values[start : start + 1024]
        middle = part[len(part) // 2]
        near = np.float32(0) if middle < 0 else middle
        s = q = np.float32(0)
        for j in range(len(part)):
            value = np.float32(0) if part[j] < 0 else part[j]
            part[j] = value
            distance = value - near
            s += distance
            q += distance * distance
        away = near - origin
        total += s + away * len(part)
        square += q + 2 * away * s + away * away * len(part)
    mean = total / len(values)
    return origin + mean, max(0.0, square / len(values) - mean * mean) if mean == mean else mean


@compiled
def pool_windows(values, sign, chosen, height, width, n):
    """Write the largest (`sign` 1) or smallest (-1) of each window of `values` (M,) to `chosen`."""
    down, across = (height - 1) // WINDOW + 1, (width - 1) // WINDOW + 1
    for y in range(min(height, WINDOW * down - 1)):
        for x in range(min(width, WINDOW * across - 1)):
            place = (((y + 1) // WINDOW) * across + (x + 1) // WINDOW) * n
            new, best = values[(y * width + x) * n :], chosen[place : place + n]
            if (y == 0 or (y + 1) % WINDOW == 0) and (x == 0 or (x + 1) % WINDOW == 0):
                best[:] = new[:n]
                continue
            for j in range(n):
                best[j] = new[j] if sign * new[j] > sign * best[j] else best[j]


@compiled
def unpool_windows(values, gradient, chosen, slope, level, scale, padded_map, height, width, n):
    """Write ``slope values + level + scale gradient``, or zero where ReLU gave zero, to `padded_map`; return its sum.

    The `gradient` of a window goes to the first of its `values` that equals the one `chosen`.
    """
    down, across = (height - 1) // WINDOW + 1, (width - 1) // WINDOW + 1
    waiting, nothing = scale * gradient, np.zeros(n, np.float32)
    total = 0.0
    for y in range(height):
        for x in range(width):
            row, column = (y + 1) // WINDOW, (x + 1) // WINDOW
            inside = row < down and column < across
            place = (row * across + column) * n if inside else 0
            left = waiting[place : place + n] if inside else nothing
            best = chosen[place : place + n]
            here = values[(y * width + x) * n :]
            target = padded_map[((y + PAD) * (width + 2 * PAD) + x + PAD) * n :]
            part = np.float32(0)
            for j in range(n):
                value, g = here[j], left[j]
                found = value == best[j]
                result = slope * value + level + (g if found else np.float32(0))
                result = result if value > 0 else np.float32(0)
                left[j] = np.float32(0) if found else g
                target[j] = result
                part += result
            total += part
    return total
