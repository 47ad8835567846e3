"""Large matrix products by NumPy's BLAS, in blocks."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from tinynet.engine.machine.gemm.blas import Call, products
from tinynet.engine.machine.gemm.together import compute

# Each block packs the other factor again, so a block is worth it only with this many multiply-adds, and this many rows
# or columns.
MULTIPLY_ADDS_PER_BLOCK, MIN_BLOCK_LENGTH = 1 << 25, 512
# A block has a multiple of this many rows or columns, which every kernel of a BLAS handles without a remainder.
LENGTH_MULTIPLE = 16
# A small result of long sums is cut along the sums, because blocks of it would read too much.
MAX_RESULT_TO_CUT_SUMS, MIN_TERMS_TO_CUT_SUMS = 128 * 128, 1 << 15
MULTIPLY_ADDS_PER_PARTIAL_SUM = 1 << 22


def multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None) -> None:
    """C = A @ B + start, where start is a row (N,), C itself or nothing."""
    one_block = max(C.shape) <= LENGTH_MULTIPLE
    if C.size <= MAX_RESULT_TO_CUT_SUMS and (len(B) >= MIN_TERMS_TO_CUT_SUMS or one_block):
        _multiply_in_partial_sums(A, B, C, start)
        return
    axis, step = _cut(*A.shape, B.shape[1])
    calls = products(A, B, C, start is not None, axis, step)
    if start is not None and start is not C:
        pieces = range(0, C.shape[axis], step)
        starts = [start[i : i + step] if axis else start for i in pieces]
        blocks = [C[:, i : i + step] if axis else C[i : i + step] for i in pieces]
        calls = [partial(_add_to, *three) for three in zip(starts, blocks, calls, strict=True)]
    compute(calls, A, B, to=C)


def _add_to(start: np.ndarray, block: np.ndarray, add_product: Call) -> None:
    block[...] = start
    add_product()


@lru_cache
def _cut(M: int, K: int, N: int) -> tuple[int, int]:
    """The axis of the result along which blocks differ less in length, and how long they are."""
    parts = _rounded_up(min(M * K * N // MULTIPLY_ADDS_PER_BLOCK, max(M, N) // MIN_BLOCK_LENGTH))
    steps = [-(-length // (parts * LENGTH_MULTIPLE)) * LENGTH_MULTIPLE for length in (M, N)]
    shares = [min(step, length) / length for step, length in zip(steps, (M, N), strict=True)]
    axis = 0 if (shares[0], N) <= (shares[1], M) else 1
    return axis, steps[axis]


def _rounded_up(parts: int) -> int:
    """A power of two from 2 to 16, so that two or four threads get the same number of parts."""
    return 1 << (max(2, min(16, parts)) - 1).bit_length()


def _multiply_in_partial_sums(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None) -> None:
    """The same cut along the sums, for a small result of many terms, such as the gradient of a weight."""
    step = -(-len(B) // _rounded_up(C.size * len(B) // MULTIPLY_ADDS_PER_PARTIAL_SUM))
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
