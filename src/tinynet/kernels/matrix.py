"""Large matrix products, shared among threads that sleep while they wait.

NumPy's own threads spin, which on a busy machine costs more than they gain, and where they cut a product depends on
their number, and so do the last bits. Here the cuts are fixed, and each block is NumPy's product on one thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from tinynet.core.threads import blas, share, thread_count

SMALL = 1 << 21  # multiply-adds that one thread does in the time that a second one takes to wake up
BLOCK = 128  # rows or columns of the result, twice as many where there are many: each block packs the other factor anew
ROWS = 1024  # rows that `column_sums` takes at a time


def product(A: np.ndarray, B: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """A @ B, for A (M, K) and B (K, N), plus b (N,) to each row; the same bits for any number of threads.

    Example:
        >>> product(np.ones((2, 3)), np.full((3, 1), 2.0))
        array([[6.],
               [6.]])
    """
    (M, K), N = A.shape, B.shape[1]
    C = np.empty((M, N), np.result_type(A, B))
    with one_thread():
        if M * K * N < SMALL:
            _rows(0, 1, A, B, C, b, max(M, 1))
        else:
            block = BLOCK if max(M, N) < 8 * BLOCK else 2 * BLOCK
            share(_rows if M >= N else _columns, -(-max(M, N) // block), A, B, C, b, block)
    return C


def column_sums(A: np.ndarray) -> np.ndarray:
    """Σ over the rows of A (M, N): the gradient of a bias from that of what it was added to.

    NumPy adds row to row, which is slow for short rows; a product with ones is not. Blocks of rows are summed apart,
    which rounds less, and always the same ones.

    Example:
        >>> column_sums(np.array([[1.0, 2.0], [3.0, 4.0]]))
        array([4., 6.])
    """
    ones, whole = np.ones(min(len(A), ROWS), A.dtype), len(A) // ROWS * ROWS
    with one_thread():
        if whole == 0:
            return ones @ A
        blocks = (ones @ A[:whole].reshape(-1, ROWS, A.shape[1])).sum(axis=0)
        return blocks + ones[: len(A) - whole] @ A[whole:]


@contextmanager
def one_thread() -> Iterator[None]:
    """Within this block NumPy's products run on one thread.

    Example:
        >>> with one_thread():
        ...     np.ones((2, 3)) @ np.ones(3)
        array([3., 3.])
    """
    libraries = _libraries() if thread_count() > 1 else []  # for one, there is nothing to change
    before = [library.num_threads for library in libraries]
    for library in libraries:
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library, number in zip(libraries, before, strict=True):
            library.set_num_threads(number)


def _rows(first: int, last: int, A: np.ndarray, B: np.ndarray, C: np.ndarray, b: np.ndarray | None, size: int) -> None:
    for start in range(first * size, min(last * size, len(C)), size):
        block = C[start : start + size]
        np.matmul(A[start : start + size], B, out=block)
        if b is not None:
            block += b  # while the block is in the cache


def _columns(
    first: int, last: int, A: np.ndarray, B: np.ndarray, C: np.ndarray, b: np.ndarray | None, size: int
) -> None:
    for start in range(first * size, min(last * size, C.shape[1]), size):
        block = C[:, start : start + size]
        np.matmul(A, B[:, start : start + size], out=block)
        if b is not None:
            block += b[start : start + size]


@cache
def _libraries() -> list[Any]:
    libraries = blas()
    return [library for library in libraries if "numpy" in str(library.filepath)] or libraries
