"""Products of a few rows with a matrix, a batch and the weights of a layer, compiled by Numba for float32.

A BLAS is at its best with large matrices. For a batch of 64 rows it spends a part of its time on packing, and two
threads that call it at once pack into memory that goes from one's cache to the other's. Here each thread takes some
columns of the result, packs what they need into memory of its own, and keeps the sums of a tile, six rows of sixteen
columns, in registers. Every number is the same sum in the same order, whichever thread does it.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import partial

import numpy as np

from tinynet.kernels.jit import compiled
from tinynet.kernels.matrix import vectorized
from tinynet.kernels.matrix.together import compute, is_noting
from tinynet.kernels.team import share
from tinynet.kernels.vectors import LANES, gather, load, splat, store

DEEP = 256  # numbers of a sum at a time: a panel of sixteen columns takes half of a first-level cache
WHOLE = 1 << 16  # numbers of A, which every thread reads again and again, or packs for itself
ROWS = 6  # of a tile: twelve sums of eight numbers leave four registers for what is multiplied


def multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None) -> None:
    """C = A @ B + start, where start is a row (N,), C itself or nothing."""
    if not is_served(A, B, C):
        vectorized.multiply(A, B, C, start)
        return
    (M, K), N = A.shape, C.shape[1]
    start = np.zeros(N, C.dtype) if start is None else np.asarray(start, C.dtype)
    first = start.strides[0] // start.itemsize if start.ndim == 2 else 0  # from one row to the next: 0 repeats one
    steps = [step // A.itemsize for step in (*A.strides, *B.strides)]
    a, b, s, c = A.ravel(order="K"), B.ravel(order="K"), np.ravel(start), C.reshape(-1)
    packed, packed_if_turned = K * N, 2 * M * K + M * N  # by two threads; tiles are turned back number by number
    by_panels = B.flags.c_contiguous or packed <= packed_if_turned
    work, count = (_by_panels, -(-N // LANES)) if by_panels else (_turned, -(-N // ROWS))
    arguments = a, b, s, c, (*steps, first), (M, K, N)
    if is_noting():
        half = count // 2
        compute([partial(work, 0, half, *arguments), partial(work, half, count, *arguments)], A, B, to=C)
    else:
        share(work, count, *arguments)


def is_served(A: np.ndarray, B: np.ndarray, C: np.ndarray) -> bool:
    """Whether this is a product that pays here: A and what is packed fit the cache, and all lie as they are read."""
    alike = A.dtype == B.dtype == C.dtype == np.float32
    found = A.flags.forc and B.flags.forc and C.flags.c_contiguous
    return alike and found and A.size <= WHOLE and min(C.shape) >= LANES


@compiled
def _by_panels(start, end, A, B, S, C, steps, shape):
    """Sixteen columns after sixteen columns of A @ B + S."""
    (row, step, down, right, first), (M, K, N) = steps, shape
    P, sums = np.empty(min(K, DEEP) * LANES, A.dtype), np.empty(ROWS * LANES, A.dtype)
    for n in range(start * LANES, min(N, end * LANES), LANES):
        width = min(LANES, N - n)
        for k in range(0, K, DEEP):
            deep = min(DEEP, K - k)
            _pack(B, k * down + n * right, right, down, width, deep, P)
            source, below = (S, first) if k == 0 else (C, N)
            for m in range(0, M, ROWS):
                last, a, s, c = min(ROWS, M - m) - 1, m * row + k * step, m * below + n, m * N + n
                if width == LANES:
                    _tile(A, a, row, step, last, P, 0, deep, source, s, below, C, c, N)
                    continue
                _copy(source, s, below, sums, 0, LANES, last + 1, width)
                _tile(A, a, row, step, last, P, 0, deep, sums, 0, LANES, sums, 0, LANES)
                _copy(sums, 0, LANES, C, c, N, last + 1, width)


@compiled
def _turned(start, end, A, B, S, C, steps, shape):
    """A @ Wᵀ + S as the transposed of W @ Aᵀ, because to pack a few rows of A is less work than to pack all of W."""
    (row, step, down, right, first), (M, K, N) = steps, shape
    P, sums = np.empty((M + LANES - 1) // LANES * LANES * K, A.dtype), np.empty(ROWS * LANES, A.dtype)
    zeros = np.zeros(LANES, A.dtype)
    for m in range(0, M, LANES):
        _pack(A, m * row, row, step, min(LANES, M - m), K, P[m * K :])
    for n in range(start * ROWS, min(N, end * ROWS), ROWS):
        last = min(ROWS, N - n) - 1
        for m in range(0, M, LANES):
            _tile(B, n * right, right, down, last, P, m * K, K, zeros, 0, 0, sums, 0, LANES)
            for lane in range(min(LANES, M - m)):
                source, to = S[(m + lane) * first + n :], C[(m + lane) * N + n :]
                for i in range(last + 1):
                    to[i] = sums[i * LANES + lane] + source[i]


@compiled
def _pack(A, a, row, step, count, K, P):
    """Aᵀ in a panel of sixteen rows of A, zeros after the last of `count` ones."""
    for k in range(K):
        at, to = a + k * step, k * LANES
        if count < LANES:
            for lane in range(LANES):
                P[to + lane] = A[at + lane * row] if lane < count else 0
        else:
            store(P, to, load(A, at) if row == 1 else gather(A, at, row))


@compiled
def _copy(A, a, row, C, c, width, rows, columns):
    """C = A, for a few rows and columns."""
    for i in range(rows):
        for j in range(columns):
            C[c + i * width + j] = A[a + i * row + j]


@compiled
def _tile(A, a, row, step, last, P, p, K, S, s, below, C, c, width):
    """C = A @ P + S for one panel and up to six rows, of which the last is number `last`.

    A begins at A[a], with `row` from one row to the next and `step` from one column to the next, the panel at P[p], S
    and C at S[s] and C[c], with `below` and `width` from one row to the next.
    """
    r1, r2, r3, r4, r5 = min(1, last), min(2, last), min(3, last), min(4, last), min(5, last)  # or the last one again
    a0, a1, a2, a3, a4, a5 = a, a + r1 * row, a + r2 * row, a + r3 * row, a + r4 * row, a + r5 * row
    c0, c1, c2 = load(S, s), load(S, s + r1 * below), load(S, s + r2 * below)
    c3, c4, c5 = load(S, s + r3 * below), load(S, s + r4 * below), load(S, s + r5 * below)
    for k in range(K):
        b, at = load(P, p + k * LANES), k * step
        c0 += splat(A, a0 + at) * b
        c1 += splat(A, a1 + at) * b
        c2 += splat(A, a2 + at) * b
        c3 += splat(A, a3 + at) * b
        c4 += splat(A, a4 + at) * b
        c5 += splat(A, a5 + at) * b
    store(C, c, c0)
    store(C, c + r1 * width, c1)
    store(C, c + r2 * width, c2)
    store(C, c + r3 * width, c3)
    store(C, c + r4 * width, c4)
    store(C, c + r5 * width, c5)
