"""Batch norm and ReLU over whole maps, with their gradients."""

from __future__ import annotations

import numpy as np

from merlib.learning.fast.kernels.compiling import compiled, inlined

PAD = 2  # zero pixels around a padded map: the widest kernel is 5 x 5


@compiled
def clear_borders(padded, height, width, n):
    """Set the pixels around each of `padded` (C, ...) to zero."""
    across = (width + 2 * PAD) * n
    for padded_map in padded:
        padded_map[: PAD * across] = 0
        padded_map[(PAD + height) * across :] = 0
        for y in range(PAD, PAD + height):
            padded_map[y * across : y * across + PAD * n] = 0
            padded_map[(y + 1) * across - PAD * n : (y + 1) * across] = 0


@inlined
def moments(values):
    """Return mean and biased variance of `values` (M,).

    In each part of 1,024 values, distances from one of them are summed in single precision; the sums of the parts are
    added in double precision. So neither a large mean nor one outlier costs digits.
    """
    total, square, origin = 0.0, 0.0, float(values[0])
    for start in range(0, len(values), 1024):
        part = values[start : start + 1024]
        near = part[len(part) // 2]
        s = q = np.float32(0)
        for j in range(len(part)):
            distance = part[j] - near
            s += distance
            q += distance * distance
        away = near - origin
        total += s + away * len(part)
        square += q + 2 * away * s + away * away * len(part)
    mean = total / len(values)
    return origin + mean, max(0.0, square / len(values) - mean * mean) if mean == mean else mean


@compiled
def norm_scales(maps, gamma, beta, eps):
    """Return mean, variance, 1 / deviation, and scale and shift of batch norm (C,) each over `maps` (C, M)."""
    mean, variance = np.empty_like(gamma), np.empty_like(gamma)
    for c in range(len(maps)):
        mean[c], variance[c] = moments(maps[c])
    inverse = 1 / np.sqrt(variance + np.float32(eps))
    scale = gamma * inverse
    return mean, variance, inverse, scale, beta - scale * mean


@compiled
def rectify_and_pad(maps, scale, shift, padded, height, width, n):
    """Write ``relu(scale map + shift)`` of `maps` (C, M) into the inside of `padded` (C, ...)."""
    across, length = (width + 2 * PAD) * n, width * n
    for c in range(len(maps)):
        a, b = scale[c], shift[c]
        for y in range(height):
            start = (y + PAD) * across + PAD * n
            row, target = maps[c, y * length : (y + 1) * length], padded[c, start : start + length]
            for j in range(length):
                value = a * row[j] + b
                target[j] = np.float32(0) if value < 0 else value


@compiled
def unrectify(maps, gradients, mean, inverse, scale, shift, d_gamma, d_beta):
    """Turn the `gradients` (C, M) of ``relu(batch_norm(maps))`` in place into those of `maps` (C, M).

    The gradients of gamma and beta are written to `d_gamma` and `d_beta` (C,).
    """
    for c in range(len(maps)):
        z, g = maps[c], gradients[c]
        a, b, m, inv = scale[c], shift[c], mean[c], inverse[c]
        s = q = np.float32(0)
        for j in range(len(z)):
            alive = g[j] if a * z[j] + b > 0 else np.float32(0)
            s += alive
            q += alive * (z[j] - m)
        d_beta[c], d_gamma[c] = s, q * inv
        slope = -a * inv * d_gamma[c] / len(z)
        level = -a * s / len(z) - slope * m
        for j in range(len(z)):
            alive = a * g[j] if a * z[j] + b > 0 else np.float32(0)
            g[j] = slope * z[j] + level + alive
