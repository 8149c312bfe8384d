"""Faster versions of `convolution.convolve` and of matrix products, whose sums stay in the processor's registers.

The loop that numba makes of `convolution` loads and stores its sums at each row of a kernel. Here the sums of a block
of outputs by a block of neighbouring numbers stay in registers until all inputs are added, as in libraries for matrix
products: 24 sums of 16 numbers in 32 registers. numba does not vectorise any loop in this way, so the inner loop is
written in LLVM's own instructions. It needs a processor with vectors of 512 bits and rows that fill a block: see
`fits`.
"""

from __future__ import annotations

from functools import cache

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

import merlib.wide_vectors  # noqa: F401  # before anything is compiled
from merlib.learning.fast.kernels.compiling import compiled

from numba.core import cgutils, types  # isort: skip
from numba.extending import intrinsic  # isort: skip

PAD = 2  # as in `norms`
LANES = 16  # float32 numbers of a vector
SUMS = 24  # largest number of vectors of sums in a block
LONGEST = 4  # largest length of a block, in vectors

_FLOAT, _ADDRESS = ir.FloatType(), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_WIDE = bool(llvm.get_host_cpu_features().get("avx512f"))


def fits(width: int, n: int) -> bool:
    """Return whether `convolve` and `pointwise` suit this processor and rows of `width` pixels of `n` samples."""
    return _WIDE and width * n >= LONGEST * LANES


def convolve(padded, weight, offset, maps, height, width, n):
    """Write `padded` (I, ...) convolved with `weight` (O, I, K, K), K 3 or 5, plus `offset` (O,), to `maps` (O, M).

    All arrays are float32, and the numbers of one map lie next to each other. Rows must pass `fits`: with shorter rows,
    memory beyond their ends would be read and written.
    """
    _convolution(*_block_of(len(weight)), weight.shape[2])(padded, weight, offset, maps, height, width, n)


def pointwise(maps, weight, out):
    """Write the product of `weight` (O, I) and `maps` (I, M), a convolution of 1x1, to `out` (O, M).

    All arrays are float32, the numbers of one map lie next to each other, and M is at least the length of a block.
    """
    _pointwise(*_block_of(len(weight)))(maps, weight, out)


def _block_of(outputs: int) -> tuple[int, int]:
    """Return how many outputs and how many vectors a block has.

    The outputs are a divisor of `outputs` if 12, 8, 6 or 4 is one, else the size that computes the fewest twice.
    """
    sizes = [size for size in (12, 8, 6, 4) if size <= outputs] or [min(outputs, 2)]
    size = min(sizes, key=lambda size: (-outputs % size, -size))
    return size, min(LONGEST, SUMS // size)


def _named(*sizes: int):
    """Name a function by its sizes, because numba keeps one unlocked index of compiled code for all of one name."""

    def rename(function):
        function.__qualname__ += "_" + "_".join(map(str, sizes))
        return function

    return rename


@cache
def _convolution(outputs: int, vectors: int, kernel: int):
    """Return the loop over blocks of `outputs` by `vectors` vectors, compiled for these sizes."""

    @compiled
    @_named(outputs, vectors, kernel)
    def convolve_blocks(padded, weight, offset, maps, height, width, n):
        inputs, across, length = weight.shape[1], (width + 2 * PAD) * n, width * n
        corner = (PAD - kernel // 2) * (across + n)
        taps = np.empty((inputs, kernel, kernel, outputs), np.float32)  # its use in the loop keeps it from being freed
        for block in range(0, len(weight), outputs):
            # the last block may write some maps a second time, and the last step below some numbers
            first = min(block, len(weight) - outputs)
            for o in range(outputs):
                taps[:, :, :, o] = weight[first + o]
            for y in range(height):
                for place in range(0, length, vectors * LANES):
                    start = min(place, length - vectors * LANES)
                    x = padded.ctypes.data + 4 * (corner + y * across + start)
                    out = maps.ctypes.data + first * maps.strides[0] + 4 * (y * length + start)
                    constants = taps.ctypes.data, offset.ctypes.data + 4 * first
                    apart = padded.strides[0], 4 * across, 4 * n, maps.strides[0]
                    _convolve_block(outputs, vectors, kernel, inputs, x, constants, apart, out)

    return convolve_blocks


@cache
def _pointwise(outputs: int, vectors: int):
    """Like `_convolution`, but all outputs of one place are computed before the next, so its inputs stay in cache."""

    @compiled
    @_named(outputs, vectors)
    def multiply_blocks(maps, weight, out):
        inputs, length = maps.shape
        nothing, firsts = np.zeros(outputs, np.float32), np.arange(0, len(weight), outputs)
        firsts[-1] = len(weight) - outputs
        taps = np.empty((len(firsts), inputs, outputs), np.float32)
        for b in range(len(firsts)):
            for o in range(outputs):
                taps[b, :, o] = weight[firsts[b] + o]
        apart = maps.strides[0], 0, 0, out.strides[0]
        for place in range(0, length, vectors * LANES):
            start = min(place, length - vectors * LANES)
            x = maps.ctypes.data + 4 * start
            for b in range(len(firsts)):
                there = out.ctypes.data + firsts[b] * out.strides[0] + 4 * start
                constants = taps.ctypes.data + b * taps.strides[0], nothing.ctypes.data
                _convolve_block(outputs, vectors, 1, inputs, x, constants, apart, there)

    return multiply_blocks


@intrinsic(prefer_literal=True)
def _convolve_block(typing, outputs, vectors, kernel, inputs, x, constants, apart, out):
    """Convolve the numbers around the address `x` and write `outputs` by `vectors` vectors at the address `out`.

    `constants` are the addresses of the taps (inputs, kernel, kernel, outputs) and offsets (outputs,); `apart` holds
    the distances in bytes between inputs, rows and pixels of x, and between outputs.
    """
    wide, long, side = outputs.literal_value, vectors.literal_value, kernel.literal_value

    def generate(context, builder, signature, arguments):
        _, _, _, inputs, x, constants, apart, out = arguments
        taps, offsets = cgutils.unpack_tuple(builder, constants)
        input_step, row_step, pixel_step, output_step = cgutils.unpack_tuple(builder, apart)
        addresses = _Addresses(builder)
        # LLVM keeps these variables in registers
        sums = [[cgutils.alloca_once(builder, _VECTOR) for _ in range(long)] for _ in range(wide)]
        for o, row in enumerate(sums):
            for each in row:
                builder.store(_everywhere(builder, addresses.load(offsets, 4 * o, _FLOAT)), each)
        with cgutils.for_range(builder, inputs) as i:
            own = addresses.after(x, i.index, input_step)
            own_taps = addresses.after(taps, i.index, 4 * side * side * wide)
            with cgutils.for_range(builder, _ADDRESS(side)) as k:
                pixel = addresses.after(own, k.index, row_step)
                row_taps = addresses.after(own_taps, k.index, 4 * side * wide)
                for column in range(side):
                    values = [addresses.load(pixel, 4 * LANES * v) for v in range(long)]
                    for o, row in enumerate(sums):
                        tap = _everywhere(builder, addresses.load(row_taps, 4 * (column * wide + o), _FLOAT))
                        for each, value in zip(row, values, strict=True):
                            product = builder.fmul(value, tap, flags=("contract",))
                            builder.store(builder.fadd(builder.load(each), product, flags=("contract",)), each)
                    pixel = builder.add(pixel, pixel_step)
        for o, row in enumerate(sums):
            target = addresses.after(out, _ADDRESS(o), output_step)
            for v, each in enumerate(row):
                builder.store(builder.load(each), addresses.pointer(target, 4 * LANES * v), align=4)
        return context.get_dummy_value()

    return types.void(outputs, vectors, kernel, inputs, x, constants, apart, out), generate


class _Addresses:
    """Arithmetic of addresses in bytes."""

    def __init__(self, builder: ir.IRBuilder):
        self.builder = builder

    def after(self, address: ir.Value, times: ir.Value, step: ir.Value | int) -> ir.Value:
        """Return the address `times` steps after `address`."""
        step = _ADDRESS(step) if isinstance(step, int) else step
        return self.builder.add(address, self.builder.mul(times, step))

    def pointer(self, address: ir.Value, further: int, kind: ir.Type = _VECTOR) -> ir.Value:
        """Return a pointer to a `kind` that lies `further` bytes after `address`."""
        return self.builder.inttoptr(self.builder.add(address, _ADDRESS(further)), kind.as_pointer())

    def load(self, address: ir.Value, further: int, kind: ir.Type = _VECTOR) -> ir.Value:
        """Return what lies there."""
        return self.builder.load(self.pointer(address, further, kind), align=4)


def _everywhere(builder: ir.IRBuilder, number: ir.Value) -> ir.Value:
    """Return a vector whose numbers are all `number`."""
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.IntType(32)(0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))
