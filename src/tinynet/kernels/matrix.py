"""Large matrix products, shared among threads that sleep while they wait.

NumPy's own threads spin, which on a busy machine costs more than they gain, and where they cut a product depends on
their number, and so do the last bits. Here the cuts are fixed, and each block is NumPy's product on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import product as product_of_names
from typing import Any, NamedTuple

import numpy as np

from tinynet.core.threads import blas, share

SMALL = 1 << 21  # multiply-adds that one thread does in the time that a second one takes to wake up
WORK, LONG = 1 << 25, 512  # multiply-adds and rows or columns for one block: each packs the other factor anew
BLOCK = 128  # rows or columns of the result, and multiples of it, which no kernel of a BLAS leaves a rest of
ROWS = 1024  # rows that `column_sums` takes at a time


def product(A: np.ndarray, B: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """A @ B + b, for A (M, K), B (K, N) and b (N,); the same bits for any number of threads.

    Example:
        >>> product(np.ones((2, 3)), np.full((3, 1), 2.0))
        array([[6.],
               [6.]])
    """
    (M, K), N = A.shape, B.shape[1]
    with one_thread():
        if M * K * N < SMALL:
            C = A @ B
            if b is not None:
                C += b
            return C
        if b is None and M * N <= BLOCK * BLOCK and K >= 8 * BLOCK:
            return _long_sum(A, B)
        C = np.empty((M, N), np.result_type(A, B))
        parts = max(2, min(16, M * K * N // WORK, max(M, N) // LONG))
        step = -(-max(M, N) // (parts * BLOCK)) * BLOCK
        if M >= N:
            share(_rows, -(-M // step), A, B, C, b, step)
            return C
        share(_columns, -(-N // step), A, B, C, step)
        if b is not None:
            C += b
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
    before = [(library, library.get()) for library in _libraries()]
    many = [(library, number) for library, number in before if number != 1]
    for library, _ in many:
        library.set(1)
    try:
        yield
    finally:
        for library, number in many:
            library.set(number)


def _rows(first: int, last: int, A: np.ndarray, B: np.ndarray, C: np.ndarray, b: np.ndarray | None, step: int) -> None:
    for start in range(first * step, min(last * step, len(C)), step):
        block = C[start : start + step]
        np.matmul(A[start : start + step], B, out=block)
        if b is not None:
            block += b  # while the block is in the cache


def _columns(first: int, last: int, A: np.ndarray, B: np.ndarray, C: np.ndarray, step: int) -> None:
    for start in range(first * step, min(last * step, C.shape[1]), step):
        np.matmul(A, B[:, start : start + step], out=C[:, start : start + step])


def _long_sum(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """A @ B for a small result: the gradient of a weight, which is a sum over many rows, is cut along that sum."""
    step = max(8 * BLOCK, 2 * SMALL // (len(A) * B.shape[1]))
    parts = np.empty((-(-len(B) // step), len(A), B.shape[1]), np.result_type(A, B))
    share(_parts, len(parts), A, B, parts, step)
    return parts.sum(axis=0)


def _parts(first: int, last: int, A: np.ndarray, B: np.ndarray, parts: np.ndarray, step: int) -> None:
    for part in range(first, last):
        inner = slice(part * step, (part + 1) * step)
        np.matmul(A[:, inner], B[inner], out=parts[part])


class _Library(NamedTuple):
    """How many threads a BLAS runs on, and how to set it."""

    get: Callable[[], int]
    set: Callable[[int], object]


@cache
def _libraries() -> list[_Library]:
    found = [library for library in blas() if "numpy" in str(library.filepath)] or blas()
    return [_direct(library) or _Library(library.get_num_threads, library.set_num_threads) for library in found]


def _direct(library: Any) -> _Library | None:
    """OpenBLAS's own two functions: to go through threadpoolctl takes longer than a product of a small net."""
    for start, end in product_of_names(("", "scipy_"), ("64_", "", "_64")):
        get, set_number = (
            getattr(library.dynlib, f"{start}openblas_{verb}_num_threads{end}", None) for verb in ("get", "set")
        )
        if get and set_number:
            return _Library(get, set_number)
    return None
