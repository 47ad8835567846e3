"""The weight gradient of Winograd's convolution: the transposed transforms, and products summed over the tiles.

As y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A for a tile d and a kernel g, the gradient of g is Gᵀ [(A dy Aᵀ) ⊙ (Bᵀ d B)] G. Summed
over tiles, each of the 36 elements of ⊙ is a matrix product, dU[k] = V[k]ᵀ @ dM[k].
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.convolution.padded_lines import pad
from tinynet.engine.convolution.winograd import block_of_lines, row_length, transform_line
from tinynet.engine.convolution.winograd_lines import (
    CONSTANTS,
    constants,
    gradient_line,
    kernel_gradient_line,
    load_six,
    store_six,
    store_three,
)
from tinynet.engine.machine.jit import compiled, inlined
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.register_tile import four_rows
from tinynet.engine.machine.vectors import LANES, load, store, zeros
from tinynet.layers.windows import Pair

PARTIAL_SUMS = 4  # of dU. The number is fixed, so that threads change no bit.


def weight_gradient(x: np.ndarray, dy: np.ndarray, before: Pair) -> np.ndarray:
    """dW (O, C, 3, 3) = Gᵀ (Σ Vᵀ dM) G, from x (N, H, W, C) and dy (N, OH, OW, O)."""
    (_, OH, OW, O), C = dy.shape, x.shape[3]
    dU = np.zeros((PARTIAL_SUMS, 36 * C * O), x.dtype)
    lines, tiles = block_of_lines(OH, OW, C)
    run_parallel(_weight_gradient, PARTIAL_SUMS, x, dy.reshape(-1), dy.shape, dU, before, lines, tiles, CONSTANTS)
    dW = np.empty((O, C, 3, 3), x.dtype)
    run_parallel(_transform_back, O // LANES, dU, dW.reshape(-1), C, CONSTANTS)
    return dW


@compiled
def _weight_gradient(start, end, x, dy, shape, dU, before, lines, tiles, points):
    (N, OH, OW, O), (TH, TW), C = shape, tiles, x.shape[3]
    numbers = constants(points)
    padded = np.empty(6 * (4 * TW + 2) * C, x.dtype)
    part = np.empty(36 * LANES, x.dtype)
    V, dM = np.empty(36 * row_length(lines * TW, C), x.dtype), np.empty(36 * row_length(lines * TW, LANES), x.dtype)
    blocks = (N * TH + lines - 1) // lines
    for chunk in range(start, end):
        total = dU[chunk]
        for block in range(blocks * chunk // len(dU), blocks * (chunk + 1) // len(dU)):
            first, last = block * lines, min(N * TH, (block + 1) * lines)
            T = (last - first) * TW
            for line in range(first, last):
                pad(x, line // TH, padded, line % TH * 4 - before[0], 6, 4 * TW + 2, before[1])
                transform_line(padded, TW, C, (line - first) * TW, T, numbers, part, V)
            for at in range(0, O, LANES):
                for t in range(T):
                    line = first + t // TW
                    r, s = line % TH * 4, t % TW * 4
                    given = ((line // TH * OH + r) * OW + s) * O + at
                    _gradient_tile(dy, given, min(4, OH - r), min(4, OW - s), OW * O, O, numbers, part, dM, t, T)
                for k in range(36):
                    _add_outer(
                        V, k * row_length(T, C), dM, k * row_length(T, LANES), total, (at * 36 + k * LANES) * C, T, C
                    )


@compiled
def _add_outer(V, v, dM, m, dU, u, T, C):
    """dU += Vᵀ @ dM, for V (T, C), dM (T, 16) and dU (C, 16), which begin at v, m and u."""
    for c in range(0, C, 4):
        to = u + c * LANES
        four_rows(V, v + c, 1, C, 3, dM, m, LANES, T, dU, to, LANES, dU, to, LANES)


@inlined
def _gradient_tile(dy, given, height, width, line, step, numbers, part, dM, t, T):
    """dM[:, t] = A dy Aᵀ, with zeros where the tile reaches beyond dy."""
    for j in range(4):
        d0 = load(dy, given + j * step) if j < width else zeros()
        d1 = load(dy, given + line + j * step) if j < width and height > 1 else zeros()
        d2 = load(dy, given + 2 * line + j * step) if j < width and height > 2 else zeros()
        d3 = load(dy, given + 3 * line + j * step) if j < width and height > 3 else zeros()
        store_six(part, j * LANES, 4 * LANES, gradient_line(d0, d1, d2, d3, numbers))
    for i in range(6):
        p = 4 * i * LANES
        v = gradient_line(
            load(part, p), load(part, p + LANES), load(part, p + 2 * LANES), load(part, p + 3 * LANES), numbers
        )
        store_six(dM, 6 * i * row_length(T, LANES) + t * LANES, row_length(T, LANES), v)


@compiled
def _transform_back(start, end, dU, dW, C, points):
    """dW = Gᵀ dU G of the sum of the chunks, for blocks of sixteen output channels."""
    numbers = constants(points)
    kernel, part = np.empty(9 * LANES, dW.dtype), np.empty(18 * LANES, dW.dtype)
    total = np.empty(36 * LANES, dW.dtype)
    for block in range(start, end):
        for c in range(C):
            for k in range(36):
                at = ((block * 36 + k) * C + c) * LANES
                v = load(dU[0], at)
                for chunk in range(1, len(dU)):
                    v += load(dU[chunk], at)
                store(total, k * LANES, v)
            for j in range(6):
                v = kernel_gradient_line(load_six(total, j * LANES, 6 * LANES), numbers)
                store_three(part, j * LANES, 6 * LANES, v)
            for i in range(3):
                v = kernel_gradient_line(load_six(part, 6 * i * LANES, LANES), numbers)
                store_three(kernel, 3 * i * LANES, LANES, v)
            for lane in range(LANES):
                at = ((block * LANES + lane) * C + c) * 9
                for k in range(9):
                    dW[at + k] = kernel[k * LANES + lane]
