"""Products of a few rows with a matrix, a batch and the weights of a layer, compiled by Numba for float32.

A BLAS is at its best with large matrices. For a batch of 64 rows it spends a part of its time on packing, and two
threads that call it at once pack into memory that goes from one's cache to the other's. Here each thread takes some
columns of the result, packs what they need into memory of its own, and keeps the sums of a tile, six rows of sixteen
columns, in registers. Every number is the same sum in the same order, whichever thread does it.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.kernels.jit import compiled
from tinynet.kernels.matrix import vectorized
from tinynet.kernels.team import share
from tinynet.kernels.vectors import LANES, load, splat, store, zeros

DEEP = 256  # numbers in a sum: a panel of sixteen columns takes half of a first-level cache
WHOLE = 1 << 16  # numbers of A, which every thread reads again and again, or packs for itself
ROWS = 6  # of a tile: twelve sums of eight numbers leave four registers for what is multiplied


def multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None) -> None:
    """C = A @ B + start, where start is a row (N,), C itself or nothing."""
    if not is_served(A, B, C):
        vectorized.multiply(A, B, C, start)
        return
    if start is not None and start is not C:
        C[...] = start
    row, step, add = A.strides[0] // A.itemsize, A.strides[1] // A.itemsize, start is not None
    a, b, c = A.ravel(order="K"), B.ravel(order="K"), C.reshape(-1)
    if B.flags.c_contiguous:
        share(_by_panels, -(-C.shape[1] // LANES), a, b, c, row, step, A.shape, add)
    else:
        share(_turned, -(-C.shape[1] // ROWS), a, b, c, row, step, A.shape, add)


def is_served(A: np.ndarray, B: np.ndarray, C: np.ndarray) -> bool:
    """Whether this is a product that pays here: A and what is packed fit the cache, and all lie as they are read."""
    alike = A.dtype == B.dtype == C.dtype == np.float32
    if not alike or not (C.flags.c_contiguous and A.flags.forc) or A.size > WHOLE or min(C.shape) < LANES:
        return False
    return A.shape[1] <= DEEP if B.flags.c_contiguous else B.flags.f_contiguous


@compiled
def _by_panels(start, end, A, B, C, row, step, shape, add):
    """Sixteen columns after sixteen columns of A @ B."""
    (M, K), N = shape, len(C) // shape[0]
    P, sums = np.empty(K * LANES, A.dtype), np.empty(ROWS * LANES, A.dtype)
    for n in range(start * LANES, min(N, end * LANES), LANES):
        width = min(LANES, N - n)
        for k in range(K):
            if width == LANES:
                store(P, k * LANES, load(B, k * N + n))
            else:
                for lane in range(LANES):
                    P[k * LANES + lane] = B[k * N + n + lane] if lane < width else 0
        for m in range(0, M, ROWS):
            last = min(ROWS, M - m) - 1
            if width == LANES:
                _tile(A, m * row, row, step, last, P, 0, K, C, m * N + n, N, add)
                continue
            _tile(A, m * row, row, step, last, P, 0, K, sums, 0, LANES, False)
            for i in range(last + 1):
                for lane in range(width):
                    at = (m + i) * N + n + lane
                    C[at] = sums[i * LANES + lane] + (C[at] if add else 0)


@compiled
def _turned(start, end, A, W, C, row, step, shape, add):
    """A @ Wᵀ as the transposed of W @ Aᵀ, because to pack a few rows of A is less work than to pack all of W."""
    (M, K), N = shape, len(C) // shape[0]
    P, sums = np.empty((M + LANES - 1) // LANES * LANES * K, A.dtype), np.empty(ROWS * LANES, A.dtype)
    _pack(A, row, step, M, K, P)
    for n in range(start * ROWS, min(N, end * ROWS), ROWS):
        last = min(ROWS, N - n) - 1
        for m in range(0, M, LANES):
            _tile(W, n * K, K, 1, last, P, m * K, K, sums, 0, LANES, False)
            for lane in range(min(LANES, M - m)):
                to = C[(m + lane) * N + n :]
                for i in range(last + 1):
                    to[i] = sums[i * LANES + lane] + (to[i] if add else 0)


@compiled
def _pack(A, row, step, M, K, P):
    """Aᵀ in panels of sixteen rows of A, zeros after the last."""
    for m in range(0, M, LANES):
        for lane in range(LANES):
            packed = P[m * K + lane :]
            for k in range(K):
                packed[k * LANES] = A[(m + lane) * row + k * step] if m + lane < M else 0


@compiled
def _tile(A, a, row, step, last, P, p, K, C, c, width, add):
    """C = A @ P, plus what C was if `add`, for one panel and up to six rows, of which the last is number `last`.

    A begins at A[a], with `row` from one row to the next and `step` from one column to the next, the panel at P[p], and
    C at C[c], with `width` from one row to the next.
    """
    r1, r2, r3, r4, r5 = min(1, last), min(2, last), min(3, last), min(4, last), min(5, last)  # or the last one again
    a0, a1, a2, a3, a4, a5 = a, a + r1 * row, a + r2 * row, a + r3 * row, a + r4 * row, a + r5 * row
    to1, to2, to3, to4, to5 = c + r1 * width, c + r2 * width, c + r3 * width, c + r4 * width, c + r5 * width
    if add:
        c0, c1, c2 = load(C, c), load(C, to1), load(C, to2)
        c3, c4, c5 = load(C, to3), load(C, to4), load(C, to5)
    else:
        c0, c1, c2, c3, c4, c5 = zeros(), zeros(), zeros(), zeros(), zeros(), zeros()
    for k in range(K):
        b, at = load(P, p + k * LANES), k * step
        c0 += splat(A, a0 + at) * b
        c1 += splat(A, a1 + at) * b
        c2 += splat(A, a2 + at) * b
        c3 += splat(A, a3 + at) * b
        c4 += splat(A, a4 + at) * b
        c5 += splat(A, a5 + at) * b
    store(C, c, c0)
    store(C, to1, c1)
    store(C, to2, c2)
    store(C, to3, c3)
    store(C, to4, c4)
    store(C, to5, c5)
