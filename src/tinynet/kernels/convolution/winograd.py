"""Winograd's F(4×4, 3×3): sixteen output pixels of a 3×3 convolution from 36 multiplications instead of 144.

Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks". A tile d of 6×6 pixels and a kernel g of 3×3
give the 4×4 tile Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A. Summed over channels, each of the 36 places of ⊙ is a matrix product over
all tiles, M[k] = V[k] @ U[k] with V (36, tiles, C) and U (36, C, O). It rounds more than the plain sum does: relative
errors are some 1e-6 in float32. A thread takes a few lines of tiles, transforms them, multiplies, and transforms back,
always for sixteen channels at a time; U lies as (O / 16, 36, C, 16).

The first two arguments of what is compiled say which lines of tiles, or which partial sums, one thread does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.kernels.convolution.padded_lines import pad
from tinynet.kernels.convolution.winograd_lines import (
    CONSTANTS,
    constants,
    gradient_line,
    input_line,
    kernel_gradient_line,
    kernel_line,
    output_line,
)
from tinynet.kernels.geometry import Pair
from tinynet.kernels.jit import compiled
from tinynet.kernels.team import share
from tinynet.kernels.vectors import LANES, load, splat, store, zeros

BLOCK = 1 << 16  # numbers of V: as much as fits a second-level cache beside M and U
CHUNKS = 4  # partial sums of dU


def convolve(x: np.ndarray, W: np.ndarray, b: np.ndarray, y: np.ndarray, corner: Pair, turned: bool = False) -> None:
    """y (N, OH, OW, O) = W ⋆ x + b, from x (N, H, W, C) with corner = (top, left) zeros before it, and W (O, C, 3, 3).

    If `turned`, W is (C, O, 3, 3) and its kernels are turned round, as the way back wants them. C and O are multiples
    of 16, and all arrays in C order.
    """
    (N, OH, OW, O), C = y.shape, x.shape[3]
    U = np.empty(36 * C * O, x.dtype)
    steps = (9 * O, 9) if turned else (9, 9 * C)  # from one input channel, and one output channel, to the next in W
    share(_transform_kernels, O // LANES, W.reshape(-1), U, C, steps, turned, CONSTANTS)
    lines, tiles = _lines(OH, OW, C)
    share(_convolve, -(-N * tiles[0] // lines), x, U, b, y.reshape(-1), y.shape, corner, lines, tiles, CONSTANTS)


def weight_gradient(x: np.ndarray, dy: np.ndarray, corner: Pair) -> np.ndarray:
    """dW (O, C, 3, 3) = Gᵀ (Σ Vᵀ dM) G, from x (N, H, W, C) and dy (N, OH, OW, O)."""
    (_, OH, OW, O), C = dy.shape, x.shape[3]
    dU = np.zeros((CHUNKS, 36 * C * O), x.dtype)
    lines, tiles = _lines(OH, OW, C)
    share(_weight_gradient, CHUNKS, x, dy.reshape(-1), dy.shape, dU, corner, lines, tiles, CONSTANTS)
    dW = np.empty((O, C, 3, 3), x.dtype)
    share(_transform_back, O // LANES, dU, dW.reshape(-1), C, CONSTANTS)
    return dW


def _lines(OH: int, OW: int, C: int) -> tuple[int, Pair]:
    """How many lines of tiles a thread takes at a time, and how many tiles an image has."""
    tiles = -(-OH // 4), -(-OW // 4)
    wanted = max(16, min(64, BLOCK // (36 * C)))
    return max(1, wanted // tiles[1]), tiles


@compiled
def _row(T, C):
    """The numbers from V[k] to V[k + 1]: never a power of two, or all 36 would share a few places of the cache."""
    return T * C + LANES


@compiled
def _convolve(start, end, x, U, bias, y, shape, corner, lines, tiles, points):
    (N, OH, OW, O), (TH, TW), C = shape, tiles, x.shape[3]
    numbers = constants(points)
    padded = np.empty(6 * (4 * TW + 2) * C, x.dtype)
    part = np.empty(36 * LANES, x.dtype)
    V, M = np.empty(36 * _row(lines * TW, C), x.dtype), np.empty(36 * _row(lines * TW, LANES), x.dtype)
    for block in range(start, end):
        first, last = block * lines, min(N * TH, (block + 1) * lines)
        T = (last - first) * TW
        for line in range(first, last):
            pad(x[line // TH], padded, line % TH * 4 - corner[0], 6, 4 * TW + 2, corner[1])
            _transform_line(padded, TW, C, (line - first) * TW, T, numbers, part, V)
        for at in range(0, O, LANES):
            for k in range(36):
                _multiply(V, k * _row(T, C), U, (at * 36 + k * LANES) * C, M, k * _row(T, LANES), T, C)
            for t in range(T):
                line = first + t // TW
                r, s = line % TH * 4, t % TW * 4
                to = ((line // TH * OH + r) * OW + s) * O + at
                _output_tile(M, t, T, numbers, part, load(bias, at), y, to, min(4, OH - r), min(4, OW - s), OW * O, O)


@compiled
def _weight_gradient(start, end, x, dy, shape, dU, corner, lines, tiles, points):
    (N, OH, OW, O), (TH, TW), C = shape, tiles, x.shape[3]
    numbers = constants(points)
    padded = np.empty(6 * (4 * TW + 2) * C, x.dtype)
    part = np.empty(36 * LANES, x.dtype)
    V, dM = np.empty(36 * _row(lines * TW, C), x.dtype), np.empty(36 * _row(lines * TW, LANES), x.dtype)
    blocks = (N * TH + lines - 1) // lines
    for chunk in range(start, end):
        total = dU[chunk]
        for block in range(blocks * chunk // len(dU), blocks * (chunk + 1) // len(dU)):
            first, last = block * lines, min(N * TH, (block + 1) * lines)
            T = (last - first) * TW
            for line in range(first, last):
                pad(x[line // TH], padded, line % TH * 4 - corner[0], 6, 4 * TW + 2, corner[1])
                _transform_line(padded, TW, C, (line - first) * TW, T, numbers, part, V)
            for at in range(0, O, LANES):
                for t in range(T):
                    line = first + t // TW
                    r, s = line % TH * 4, t % TW * 4
                    given = ((line // TH * OH + r) * OW + s) * O + at
                    _gradient_tile(dy, given, min(4, OH - r), min(4, OW - s), OW * O, O, numbers, part, dM, t, T)
                for k in range(36):
                    _add_outer(V, k * _row(T, C), dM, k * _row(T, LANES), total, (at * 36 + k * LANES) * C, T, C)


@compiled
def _multiply(V, v, U, u, M, m, T, C):
    """M = V @ U, for V (T, C), U (C, 16) and M (T, 16), which begin at v, u and m."""
    for t in range(0, T, 4):
        t1, t2, t3 = min(t + 1, T - 1), min(t + 2, T - 1), min(t + 3, T - 1)
        p0, p1, p2, p3 = v + t * C, v + t1 * C, v + t2 * C, v + t3 * C
        v0, v1, v2, v3 = zeros(), zeros(), zeros(), zeros()
        for c in range(C):
            w = load(U, u + c * LANES)
            v0 += splat(V, p0 + c) * w
            v1 += splat(V, p1 + c) * w
            v2 += splat(V, p2 + c) * w
            v3 += splat(V, p3 + c) * w
        store(M, m + t * LANES, v0)
        store(M, m + t1 * LANES, v1)
        store(M, m + t2 * LANES, v2)
        store(M, m + t3 * LANES, v3)


@compiled
def _add_outer(V, v, dM, m, dU, u, T, C):
    """dU += Vᵀ @ dM, for V (T, C), dM (T, 16) and dU (C, 16), which begin at v, m and u."""
    for c in range(0, C, 4):
        to = u + c * LANES
        v0, v1 = load(dU, to), load(dU, to + LANES)
        v2, v3 = load(dU, to + 2 * LANES), load(dU, to + 3 * LANES)
        for t in range(T):
            d, p = load(dM, m + t * LANES), v + t * C + c
            v0 += splat(V, p) * d
            v1 += splat(V, p + 1) * d
            v2 += splat(V, p + 2) * d
            v3 += splat(V, p + 3) * d
        store(dU, to, v0)
        store(dU, to + LANES, v1)
        store(dU, to + 2 * LANES, v2)
        store(dU, to + 3 * LANES, v3)


@compiled
def _transform_line(padded, TW, C, first, T, numbers, part, V):
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
                _store_six(part, j * LANES, 6 * LANES, v)
            for i in range(6):
                v = input_line(*_load_six(part, 6 * i * LANES, LANES), numbers)
                _store_six(V, 6 * i * _row(T, C) + (first + s) * C + c, _row(T, C), v)


@compiled
def _output_tile(M, t, T, numbers, part, bias, y, to, height, width, line, step):
    """y = Aᵀ M[:, t] A + b for the part of the tile that lies inside y."""
    for j in range(6):
        m0, m1, m2, m3 = output_line(_load_six(M, j * _row(T, LANES) + t * LANES, 6 * _row(T, LANES)), numbers)
        store(part, j * LANES, m0)
        store(part, (6 + j) * LANES, m1)
        store(part, (12 + j) * LANES, m2)
        store(part, (18 + j) * LANES, m3)
    for i in range(height):
        y0, y1, y2, y3 = output_line(_load_six(part, 6 * i * LANES, LANES), numbers)
        p = to + i * line
        store(y, p, y0 + bias)
        if width > 1:
            store(y, p + step, y1 + bias)
        if width > 2:
            store(y, p + 2 * step, y2 + bias)
        if width > 3:
            store(y, p + 3 * step, y3 + bias)


@compiled
def _gradient_tile(dy, given, height, width, line, step, numbers, part, dM, t, T):
    """dM[:, t] = A dy Aᵀ, with zeros where the tile reaches beyond dy."""
    for j in range(4):
        d0 = load(dy, given + j * step) if j < width else zeros()
        d1 = load(dy, given + line + j * step) if j < width and height > 1 else zeros()
        d2 = load(dy, given + 2 * line + j * step) if j < width and height > 2 else zeros()
        d3 = load(dy, given + 3 * line + j * step) if j < width and height > 3 else zeros()
        _store_six(part, j * LANES, 4 * LANES, gradient_line(d0, d1, d2, d3, numbers))
    for i in range(6):
        p = 4 * i * LANES
        v = gradient_line(
            load(part, p), load(part, p + LANES), load(part, p + 2 * LANES), load(part, p + 3 * LANES), numbers
        )
        _store_six(dM, 6 * i * _row(T, LANES) + t * LANES, _row(T, LANES), v)


@compiled
def _transform_kernels(start, end, W, U, C, steps, turned, points):
    """U = G g Gᵀ of every kernel g in W, for blocks of sixteen output channels."""
    numbers = constants(points)
    kernel, part = np.empty(9 * LANES, W.dtype), np.empty(18 * LANES, W.dtype)
    for block in range(start, end):
        for c in range(C):
            for lane in range(LANES):
                at = c * steps[0] + (block * LANES + lane) * steps[1]
                for k in range(9):
                    kernel[k * LANES + lane] = W[at + 8 - k] if turned else W[at + k]
            for j in range(3):
                v = kernel_line(*_load_three(kernel, j * LANES, 3 * LANES), numbers)
                _store_six(part, j * LANES, 3 * LANES, v)
            for i in range(6):
                v = kernel_line(*_load_three(part, 3 * i * LANES, LANES), numbers)
                _store_six(U, (block * 36 + 6 * i) * C * LANES + c * LANES, C * LANES, v)


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
                v = kernel_gradient_line(_load_six(total, j * LANES, 6 * LANES), numbers)
                _store_three(part, j * LANES, 6 * LANES, v)
            for i in range(3):
                v = kernel_gradient_line(_load_six(part, 6 * i * LANES, LANES), numbers)
                _store_three(kernel, 3 * i * LANES, LANES, v)
            for lane in range(LANES):
                at = ((block * LANES + lane) * C + c) * 9
                for k in range(9):
                    dW[at + k] = kernel[k * LANES + lane]


@compiled
def _load_three(array, start, step):
    return load(array, start), load(array, start + step), load(array, start + 2 * step)


@compiled
def _store_three(array, start, step, vectors):
    v0, v1, v2 = vectors
    store(array, start, v0)
    store(array, start + step, v1)
    store(array, start + 2 * step, v2)


@compiled
def _load_six(array, start, step):
    return (
        load(array, start), load(array, start + step), load(array, start + 2 * step),
        load(array, start + 3 * step), load(array, start + 4 * step), load(array, start + 5 * step),
    )  # fmt: skip


@compiled
def _store_six(array, start, step, vectors):
    v0, v1, v2, v3, v4, v5 = vectors
    store(array, start, v0)
    store(array, start + step, v1)
    store(array, start + 2 * step, v2)
    store(array, start + 3 * step, v3)
    store(array, start + 4 * step, v4)
    store(array, start + 5 * step, v5)
