"""Large matrix products by NumPy's BLAS, in blocks."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from tinynet.engine.machine.gemm.blas import Call, products
from tinynet.engine.machine.gemm.together import compute

WORK, LONG = 1 << 25, 512  # multiply-adds and rows or columns for one block: each packs the other factor anew
BLOCK = 16  # rows or columns of the result, and multiples of it, which no kernel of a BLAS leaves a rest of
FEW, MANY = 128, 1 << 15  # a result of FEW² numbers that are sums of MANY is cut along the sums: blocks read too much
SUM = 1 << 22  # multiply-adds of a part of those sums


def multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None) -> None:
    """C = A @ B + start, where start is a row (N,), C itself or nothing."""
    if C.size <= FEW * FEW and (len(B) >= MANY or max(C.shape) <= BLOCK):  # of which there would be but one
        _multiply_long(A, B, C, start)
        return
    axis, step = _cut(*A.shape, B.shape[1])
    calls = products(A, B, C, start is not None, axis, step)
    if start is not None and start is not C:
        pieces = range(0, C.shape[axis], step)
        starts = [start[i : i + step] if axis else start for i in pieces]
        blocks = [C[:, i : i + step] if axis else C[i : i + step] for i in pieces]
        calls = [partial(_from, *three) for three in zip(starts, blocks, calls, strict=True)]
    compute(calls, A, B, to=C)


def multiply_alike(A: np.ndarray, count: int, B: np.ndarray, b: np.ndarray | None) -> None:
    """None: what a BLAS gives for a row may depend on how many rows there are."""


def _from(start: np.ndarray, block: np.ndarray, add_product: Call) -> None:
    block[...] = start
    add_product()


@lru_cache
def _cut(M: int, K: int, N: int) -> tuple[int, int]:
    """The axis of the result along which blocks are more alike, and how long they are."""
    parts = _even(min(M * K * N // WORK, max(M, N) // LONG))
    steps = [-(-length // (parts * BLOCK)) * BLOCK for length in (M, N)]
    shares = [min(step, length) / length for step, length in zip(steps, (M, N), strict=True)]
    axis = 0 if (shares[0], N) <= (shares[1], M) else 1
    return axis, steps[axis]


def _even(parts: int) -> int:
    """Two to sixteen parts, a power of two, so that two threads have the same number, or four."""
    return 1 << (max(2, min(16, parts)) - 1).bit_length()


def _multiply_long(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None) -> None:
    """The same cut along the sums: a small result of many rows, as the gradient of a weight is."""
    step = -(-len(B) // _even(C.size * len(B) // SUM))
    starts = range(0, len(B), step)
    parts = np.empty((len(starts), *C.shape), np.result_type(A, B))
    calls = []
    for first, part in zip(starts, parts, strict=True):
        inner = slice(first, first + step)
        calls += products(A[:, inner], B[inner], part, False, 0, len(A))
    compute(calls, A, B, to=C, then=partial(_add_parts, parts, start, C))


def _add_parts(parts: np.ndarray, start: np.ndarray | None, C: np.ndarray) -> None:
    total = parts.sum(axis=0)
    C[...] = total if start is None else start + total
