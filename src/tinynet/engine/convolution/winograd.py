"""Winograd's F(4×4, 3×3): sixteen output pixels of a 3×3 convolution from 36 multiplications instead of 144.

Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks". A tile d of 6×6 pixels and a kernel g of 3×3
give the 4×4 tile Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A. Summed over channels, each of the 36 elements of ⊙ is a matrix product for
all tiles, M[k] = V[k] @ U[k] with V (36, tiles, C) and U (36, C, O). It rounds more than the plain sum does: relative
errors are some 1e-6 in float32. A thread takes a few lines of tiles, transforms them, multiplies, and transforms back,
always for sixteen channels at a time; in memory U is (O / 16, 36, C, 16).

The first two arguments of compiled functions say which lines of tiles, or which partial sums, one thread does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.convolution.padded_lines import pad
from tinynet.engine.convolution.winograd_lines import (
    CONSTANTS,
    constants,
    input_line,
    kernel_line,
    load_six,
    load_three,
    output_line,
    store_six,
)
from tinynet.engine.machine.finite import are_zero
from tinynet.engine.machine.jit import compiled, inlined
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.register_tile import multiply_panel
from tinynet.engine.machine.vectors import LANES, gather, load, store, zeros
from tinynet.layers.windows import Pair

MAX_SIZE_OF_V = 1 << 16  # It fits into a second-level cache beside M and U.
# The kernels of this many input channels are transformed and used at a time. U of sixteen outputs is then 300 KB.
CHANNELS_AT_A_TIME = 128


def convolve(x: np.ndarray, W: np.ndarray, b: np.ndarray, y: np.ndarray, before: Pair, flipped: bool = False) -> bool:
    """y (N, OH, OW, O) = W ⋆ x + b, from x (N, H, W, C) with the padding before = (top, left), and W (O, C, 3, 3).

    If `flipped`, W is (C, O, 3, 3) and its kernels are flipped, as the input gradient needs them. C and O are multiples
    of 16, and all arrays in C order. Where the tiles are so few that they make one block, as those of one image, no
    kernel is used twice: then each thread transforms those of its own output channels as it goes.

    Returns:
        False where a NaN or infinity of x may have come to neighbours.
    """
    (N, OH, OW, O), C = y.shape, x.shape[3]
    lines, tiles = block_of_lines(OH, OW, C)
    if O == LANES:
        lines = min(lines, -(-N * tiles[0] // 2))  # A second thread gets work too.
    blocks, groups = -(-N * tiles[0] // lines), O // LANES
    depth = min(C, CHANNELS_AT_A_TIME) if blocks == 1 else C
    # From one input channel, and one output channel, to the next in W.
    kernels = (W.reshape(-1), C, (9 * O, 9) if flipped else (9, 9 * C), flipped, depth)
    U = np.empty(0 if blocks == 1 else groups * _chunks(C, depth) * _span(depth), x.dtype)
    if blocks > 1:
        run_parallel(_transform_kernels, groups, *kernels, U, CONSTANTS)
        groups = 1
    cut, spread = (lines, groups, *tiles), np.zeros(blocks * groups, np.bool_)
    run_parallel(_convolve, len(spread), x, *kernels, U, b, y.reshape(-1), y.shape, before, cut, CONSTANTS, spread)
    return not spread.any()


def block_of_lines(OH: int, OW: int, C: int) -> tuple[int, Pair]:
    """How many lines of tiles a thread takes at a time, and how many tiles an image has."""
    tiles = -(-OH // 4), -(-OW // 4)
    wanted = max(16, min(64, MAX_SIZE_OF_V // (36 * C)))
    return max(1, wanted // tiles[1]), tiles


@compiled
def row_length(T, C):
    """The numbers from V[k] to V[k + 1]. A power of two would map all 36 to the same few sets of the cache."""
    return T * C + LANES


@compiled
def _span(depth):
    """The numbers of U for `depth` input and sixteen output channels, with gaps between U[k] and U[k + 1] as in V."""
    return 36 * row_length(depth, LANES)


@compiled
def _chunks(C, depth):
    return (C + depth - 1) // depth


@compiled
def _convolve(start, end, x, W, C, steps, flipped, depth, U, bias, y, shape, before, cut, points, spread):
    (N, OH, OW, O), (lines, groups, TH, TW) = shape, cut
    numbers, ready = constants(points), len(U) > 0
    padded = np.empty(6 * (4 * TW + 2) * C, x.dtype)
    part = np.empty(36 * LANES, x.dtype)
    V = np.empty(36 * row_length(lines * TW, C), x.dtype)
    M = np.empty(36 * row_length(lines * TW, LANES), x.dtype)
    kernels, times_zero = U if ready else np.empty(_span(depth), x.dtype), zeros()
    for item in range(start, end):
        block, group = item // groups, item % groups
        first, last = block * lines, min(N * TH, (block + 1) * lines)
        T = (last - first) * TW
        if item == start or group == 0:
            for line in range(first, last):
                pad(x, line // TH, padded, line % TH * 4 - before[0], 6, 4 * TW + 2, before[1])
                transform_line(padded, TW, C, (line - first) * TW, T, numbers, part, V)
        for at in range(group * (O // groups), (group + 1) * (O // groups), LANES):
            for c in range(0, C, depth):
                n, u = min(depth, C - c), (at // LANES * _chunks(C, depth) + c // depth) * _span(depth) if ready else 0
                if not ready:
                    first_kernel = c * steps[0] + at * steps[1]
                    _transform_some(W, first_kernel, n, steps, flipped, numbers, part, kernels, u, depth)
                for k in range(36):
                    v, m = k * row_length(T, C) + c, k * row_length(T, LANES)
                    _multiply(V, v, C, kernels, u + k * row_length(depth, LANES), M, m, T, n, c > 0)
            for t in range(T):
                line = first + t // TW
                r, s = line % TH * 4, t % TW * 4
                to, height, width = ((line // TH * OH + r) * OW + s) * O + at, min(4, OH - r), min(4, OW - s)
                _output_tile(M, t, T, numbers, part, load(bias, at), y, to, height, width, OW * O, O)
                # A NaN of x that spreads in a tile comes to one of these three corners.
                below, beside = to + (height - 1) * OW * O, to + (width - 1) * O
                times_zero += (load(y, to) + load(y, below) + load(y, beside)) * zeros()
    spread[start] = not are_zero(times_zero, part)


@compiled
def _multiply(V, v, row, U, u, M, m, T, C, add):
    """M = V @ U, plus what M was if `add`, for V (T, C), U (C, 16) and M (T, 16), which begin at v, u and m."""
    if add:
        multiply_panel(V, v, row, 1, T, U, u, LANES, C, M, m, LANES, M, m, LANES)
    else:
        multiply_panel(V, v, row, 1, T, U, u, LANES, C, None, 0, 0, M, m, LANES)


@inlined
def transform_line(padded, TW, C, first, T, numbers, part, V):
    """V[:, first + s] = Bᵀ d B of every tile d of six lines."""
    line = (4 * TW + 2) * C
    for s in range(TW):
        for c in range(0, C, LANES):
            for j in range(6):
                p = (4 * s + j) * C + c
                v = input_line(
                    load(padded, p), load(padded, p + line), load(padded, p + 2 * line),
                    load(padded, p + 3 * line), load(padded, p + 4 * line), load(padded, p + 5 * line), numbers,
                )  # fmt: skip
                store_six(part, j * LANES, 6 * LANES, v)
            for i in range(6):
                v = input_line(*load_six(part, 6 * i * LANES, LANES), numbers)
                store_six(V, 6 * i * row_length(T, C) + (first + s) * C + c, row_length(T, C), v)


@inlined
def _output_tile(M, t, T, numbers, part, bias, y, to, height, width, line, step):
    """y = Aᵀ M[:, t] A + b for the part of the tile that is inside y."""
    for j in range(6):
        m0, m1, m2, m3 = output_line(
            load_six(M, j * row_length(T, LANES) + t * LANES, 6 * row_length(T, LANES)), numbers
        )
        store(part, j * LANES, m0)
        store(part, (6 + j) * LANES, m1)
        store(part, (12 + j) * LANES, m2)
        store(part, (18 + j) * LANES, m3)
    for i in range(height):
        y0, y1, y2, y3 = output_line(load_six(part, 6 * i * LANES, LANES), numbers)
        p = to + i * line
        store(y, p, y0 + bias)
        if width > 1:
            store(y, p + step, y1 + bias)
        if width > 2:
            store(y, p + 2 * step, y2 + bias)
        if width > 3:
            store(y, p + 3 * step, y3 + bias)


@compiled
def _transform_kernels(start, end, W, C, steps, flipped, depth, U, points):
    """U = G g Gᵀ of every kernel g in W, for blocks of sixteen output channels."""
    numbers, part = constants(points), np.empty(18 * LANES, W.dtype)
    for block in range(start, end):
        for c in range(0, C, depth):
            first, u = c * steps[0] + block * LANES * steps[1], (block * _chunks(C, depth) + c // depth) * _span(depth)
            _transform_some(W, first, min(depth, C - c), steps, flipped, numbers, part, U, u, depth)


@inlined
def _transform_some(W, first, n, steps, flipped, numbers, part, U, u, depth):
    """The same for n input and sixteen output channels, whose first kernel begins at W[first], into U from u on."""
    begin, forth = (first + 8, -1) if flipped else (first, 1)
    for c in range(n):
        at = begin + c * steps[0]
        for j in range(3):
            g0, g1, g2 = (
                gather(W, at + j * forth, steps[1]),
                gather(W, at + (3 + j) * forth, steps[1]),
                gather(W, at + (6 + j) * forth, steps[1]),
            )
            store_six(part, j * LANES, 3 * LANES, kernel_line(g0, g1, g2, numbers))
        for i in range(6):
            v = kernel_line(*load_three(part, 3 * i * LANES, LANES), numbers)
            store_six(U, u + 6 * i * row_length(depth, LANES) + c * LANES, row_length(depth, LANES), v)
