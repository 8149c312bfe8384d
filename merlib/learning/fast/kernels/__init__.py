"""Loops over maps whose samples lie side by side, compiled by numba: the arithmetic of the fast training steps.

Narrow networks leave a processor idle: with 6 channels innermost, a vector of 16 numbers is mostly empty. Here the
batch lies innermost, (C, H, W, N), so that every loop runs over whole rows of W * N neighbouring numbers, whatever C
is. A `map` is one channel's (H * W * N) numbers. A padded map has `PAD` zero pixels on each side, so that a
convolution's tap lies at one fixed distance and the loop need not stop at the end of a row; `padded` holds several of
them. All arrays are float32. The loops are single-threaded, since folds are trained in parallel processes.
"""
