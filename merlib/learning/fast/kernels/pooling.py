"""Max pooling over pairs and over neighbours, with batch norm and ReLU before it, and their gradients."""

from __future__ import annotations

import numpy as np

from merlib.learning.fast.kernels.compiling import compiled, inlined

PAD = 2  # as in `norms`


@compiled
def pool_pairs(maps, scale, shift, chosen, pooled, height, width, n):
    """Write ``max_pool2d(relu(scale map + shift), 2)`` to `pooled` and the value of the map behind each to `chosen`."""
    length, half = width * n, width // 2
    for c in range(len(maps)):
        a, b = scale[c], shift[c]
        sign = np.float32(1) if a > 0 else np.float32(-1) if a < 0 else np.float32(0)
        for y in range(height // 2):
            up, down = maps[c, 2 * y * length :], maps[c, (2 * y + 1) * length :]
            out, source = pooled[c, y * half * n :], chosen[c, y * half * n :]
            for x in range(half):
                u0, u1 = up[2 * x * n :], up[(2 * x + 1) * n :]
                d0, d1 = down[2 * x * n :], down[(2 * x + 1) * n :]
                o, s = out[x * n :], source[x * n :]
                for j in range(n):
                    best = u0[j]
                    best = u1[j] if sign * u1[j] > sign * best else best
                    best = d0[j] if sign * d0[j] > sign * best else best
                    best = d1[j] if sign * d1[j] > sign * best else best
                    value = a * best + b
                    s[j] = best
                    o[j] = np.float32(0) if value < 0 else value


@compiled
def unpool_pairs(maps, gradients, chosen, pooled, statistics, targets, into_padded, d_gamma, d_beta, height, width, n):
    """Write the gradients of the maps before `pool_pairs` and its batch norm, and those of gamma and beta.

    `statistics` is (mean, inverse, scale) of each channel. With `into_padded` the `targets` are padded maps.
    """
    mean, inverse, scale = statistics
    length, half, count = width * n, width // 2, height * width * n
    across = (width + 2 * PAD) * n if into_padded else length
    origin = PAD * across + PAD * n if into_padded else 0
    for c in range(len(maps)):
        a, m, inv = scale[c], mean[c], inverse[c]
        s = q = np.float32(0)
        for j in range(gradients.shape[1]):
            g = gradients[c, j] if pooled[c, j] > 0 else np.float32(0)
            s += g
            q += g * (chosen[c, j] - m)
        d_beta[c], d_gamma[c] = s, q * inv
        slope = -a * inv * d_gamma[c] / count
        level = -a * s / count - slope * m
        for y in range(height // 2):
            up, down = maps[c, 2 * y * length :], maps[c, (2 * y + 1) * length :]
            t_up, t_down = targets[c, origin + 2 * y * across :], targets[c, origin + (2 * y + 1) * across :]
            for x in range(half):
                u0, u1 = up[2 * x * n :], up[(2 * x + 1) * n :]
                d0, d1 = down[2 * x * n :], down[(2 * x + 1) * n :]
                t0, t1 = t_up[2 * x * n :], t_up[(2 * x + 1) * n :]
                b0, b1 = t_down[2 * x * n :], t_down[(2 * x + 1) * n :]
                cell = (y * half + x) * n
                grad, source, value = gradients[c, cell:], chosen[c, cell:], pooled[c, cell:]
                for j in range(n):
                    g = a * grad[j] if value[j] > 0 else np.float32(0)
                    z0, z1, z2, z3, best = u0[j], u1[j], d0[j], d1[j], source[j]
                    g1 = np.float32(0) if z0 == best else g
                    g2 = np.float32(0) if z1 == best else g1
                    g3 = np.float32(0) if z2 == best else g2
                    t0[j] = slope * z0 + level + (g - g1)
                    t1[j] = slope * z1 + level + (g1 - g2)
                    b0[j] = slope * z2 + level + (g2 - g3)
                    b1[j] = slope * z3 + level + g3


@inlined
def _larger(new, code, best, place):
    """Return the larger of two values and its code; `best` stays where both are equal, and a new NaN always wins."""
    taken = (new > best) | (new != new)
    return (new if taken else best), (np.int32(code) if taken else place)


@compiled
def pool_neighbours(maps, pooled, places, height, width, n):
    """Write ``max_pool2d(maps, 3, stride=1, padding=1)`` to `pooled` and where each came from (0 to 8) to `places`.

    Of equal values the first in reading order counts, of several NaN the last, as in PyTorch. Minus infinity stands for
    pixels outside the map, so all values must be above it.
    """
    length = width * n
    rows = np.empty((3, length + 2 * n), np.float32)  # the rows above, here and below, reused in turn, with borders
    rows[:] = -np.inf
    for c in range(len(maps)):
        rows[0] = -np.inf
        rows[1, n : n + length] = maps[c, :length]
        for y in range(height):
            above, here, below = rows[y % 3], rows[(y + 1) % 3], rows[(y + 2) % 3]
            if y + 1 < height:
                below[n : n + length] = maps[c, (y + 1) * length : (y + 2) * length]
            else:
                below[:] = -np.inf
            a1, a2, h1, h2, b1, b2 = above[n:], above[2 * n :], here[n:], here[2 * n :], below[n:], below[2 * n :]
            out, where = pooled[c, y * length : (y + 1) * length], places[c, y * length : (y + 1) * length]
            for j in range(length):
                best, place = above[j], np.int32(0)
                best, place = _larger(a1[j], 1, best, place)
                best, place = _larger(a2[j], 2, best, place)
                best, place = _larger(here[j], 3, best, place)
                best, place = _larger(h1[j], 4, best, place)
                best, place = _larger(h2[j], 5, best, place)
                best, place = _larger(below[j], 6, best, place)
                best, place = _larger(b1[j], 7, best, place)
                best, place = _larger(b2[j], 8, best, place)
                out[j], where[j] = best, place


@compiled
def unpool_neighbours(gradients, places, targets, height, width, n):
    """Add the `gradients` (C, M) of `pool_neighbours` to `targets` (C, M), at the places the values came from."""
    length = width * n
    for c in range(len(gradients)):
        for place in range(9):
            down, right = place // 3 - 1, place % 3 - 1
            for y in range(max(0, -down), min(height, height - down)):
                begin, end = y * length + max(0, -right) * n, (y + 1) * length - max(0, right) * n
                here, which = gradients[c, begin:end], places[c, begin:end]
                move = down * length + right * n
                target = targets[c, begin + move : end + move]
                for j in range(end - begin):
                    target[j] += here[j] if which[j] == place else np.float32(0)
