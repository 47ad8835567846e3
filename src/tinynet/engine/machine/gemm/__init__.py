"""Matrix products (gemm), the large ones in parallel.

NumPy's own threads spin while they wait, which on a busy machine costs more than they gain. They also cut a product by
their number, so the last bits depend on it. Here the cuts are fixed, and each block is a product on one thread: in
`blocks` by a BLAS, and in `panels` by compiled code, where that is faster.
"""

from __future__ import annotations

from functools import cache, lru_cache, partial
from importlib import import_module
from types import ModuleType

import numpy as np

from tinynet.core.faster import in_use
from tinynet.engine.machine.gemm import blocks
from tinynet.engine.machine.gemm.blas import one_thread, products
from tinynet.engine.machine.gemm.together import at_once, compute
from tinynet.engine.machine.pool import run_parallel

__all__ = [
    "add_column_sums",
    "add_product",
    "at_once",
    "column_sums",
    "multiply",
    "one_thread",
    "product",
    "product_as_among",
]

# In a smaller product, a second thread or compiled code costs more than it gains.
MIN_MULTIPLY_ADDS_FOR_THREADS = 1 << 20
# NumPy can only add a product that it has made as an array of its own. From this size on, that array is worth avoiding.
MIN_SIZE_TO_ADD_IN_PLACE = 1 << 14
# Sums over this many numbers take long enough to be done with the products of an `at_once`.
MIN_SIZE_FOR_THREADS = 1 << 16
# Of `column_sums`. A BLAS sums long rows four at a time and short ones one by one, and so float32 loses as few digits.
ROWS_PER_PARTIAL_SUM, SHORT_ROWS_PER_PARTIAL_SUM, SHORT_ROW = 256, 32, 64
JOINED_LENGTH = 256  # to which many short rows are joined


def product(A: np.ndarray, B: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """A @ B + b, for A (M, K), B (K, N) and b (N,); the same bits for any number of threads.

    Example:
        >>> product(np.ones((2, 3)), np.full((3, 1), 2.0))
        array([[6.],
               [6.]])
    """
    if A.size * B.shape[1] < MIN_MULTIPLY_ADDS_FOR_THREADS or len(A) == 1:  # NumPy packs nothing for a single row
        return _product(A, B, b)
    C = np.empty((len(A), B.shape[1]), np.result_type(A, B))
    multiply(A, B, C, start=b)
    return C


def product_as_among(A: np.ndarray, count: int, B: np.ndarray, b: np.ndarray | None = None) -> np.ndarray | None:
    """A @ B + b if each row has the bits that it has in a product of `count` rows, else None.

    Where `count` rows are drawn from the few of A, this multiplies before it draws: (A @ B)[rows] is A[rows] @ B.

    Example:
        >>> product_as_among(np.ones((2, 3)), 10, np.ones((3, 1))) is None  # too small to be worth it
        True
    """
    panels = _panels(count * B.size)
    if len(A) >= count or count * B.size < MIN_MULTIPLY_ADDS_FOR_THREADS or panels is None:
        return None
    return panels.product_as_among(A, count, B, b)


def add_product(A: np.ndarray, B: np.ndarray, to: np.ndarray) -> None:
    """Add A @ B to an array (M, N), as to a gradient.

    Example:
        >>> gradient = np.ones((2, 1))
        >>> add_product(np.ones((2, 3)), np.full((3, 1), 2.0), to=gradient); gradient
        array([[7.],
               [7.]])
    """
    if A.size * B.shape[1] >= MIN_MULTIPLY_ADDS_FOR_THREADS:
        multiply(A, B, to, start=to)
        return
    _add_product(A, B, to)


@one_thread
def _product(A: np.ndarray, B: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    C = A @ B
    if b is not None:
        C += b
    return C


@one_thread
def _add_product(A: np.ndarray, B: np.ndarray, to: np.ndarray) -> None:
    if to.size < MIN_SIZE_TO_ADD_IN_PLACE:
        to += A @ B
    else:
        for call in products(A, B, to, add=True, axis=0, step=len(A)):
            call()


def multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None) -> None:
    """C = A @ B + start in parallel, where start is a row (N,), C itself or nothing.

    Example:
        >>> C = np.ones((2, 1))
        >>> multiply(np.ones((2, 3)), np.full((3, 1), 2.0), C, start=C); C
        array([[7.],
               [7.]])
    """
    panels = _panels(A.size * B.shape[1])
    if panels is None or panels.multiply(A, B, C, start) is NotImplemented:
        blocks.multiply(A, B, C, start)


def _panels(multiply_adds: int) -> ModuleType | None:
    """The compiled products, or None where they are not wanted or there is no Numba."""
    wanted = in_use() == "compiled" or (in_use() == "auto" and multiply_adds >= MIN_MULTIPLY_ADDS_FOR_THREADS)
    return _load_panels() if wanted else None


@cache
def _load_panels() -> ModuleType | None:
    try:
        return import_module("tinynet.engine.machine.gemm.panels")
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        return None


@one_thread
def column_sums(A: np.ndarray) -> np.ndarray:
    """Σ over the rows of A (M, N): the gradient of a bias, given that of the output.

    NumPy adds row to row, which is slow for short rows, so this is a product with ones. Blocks of rows are summed
    first, and then these sums in float64, so that no number of rows costs digits. The blocks never depend on the number
    of threads. Many short rows are joined to long ones.

    Example:
        >>> column_sums(np.array([[1.0, 2.0], [3.0, 4.0]]))
        array([4., 6.])
    """
    M, N = A.shape
    if N < SHORT_ROW:
        return _sums_of_short_rows(np.ascontiguousarray(A))
    if M <= ROWS_PER_PARTIAL_SUM:
        return _ones(M, A.dtype) @ A
    return _sums_of_parts(A).sum(axis=0, dtype=np.float64).astype(A.dtype)


@lru_cache(maxsize=100)
def _ones(count: int, dtype: np.dtype) -> np.ndarray:
    """A vector of ones, of at most `ROWS_PER_PARTIAL_SUM` numbers, that nobody writes to."""
    return np.ones(count, dtype)


def _sums_of_short_rows(A: np.ndarray) -> np.ndarray:
    M, N = A.shape
    if M <= SHORT_ROWS_PER_PARTIAL_SUM or N == 0:
        return _ones(M, A.dtype) @ A
    if M <= ROWS_PER_PARTIAL_SUM:
        whole = M // SHORT_ROWS_PER_PARTIAL_SUM * SHORT_ROWS_PER_PARTIAL_SUM
        ones = _ones(SHORT_ROWS_PER_PARTIAL_SUM, A.dtype)
        sums = np.matmul(ones, A[:whole].reshape(-1, SHORT_ROWS_PER_PARTIAL_SUM, N)).sum(axis=0)
        return sums if whole == M else sums + ones[: M - whole] @ A[whole:]
    together = 1 << (JOINED_LENGTH // N).bit_length() - 1  # the largest power of two that fits
    whole = M // together * together
    sums = np.empty((together + 1, N), A.dtype)
    sums[:together] = column_sums(A[:whole].reshape(-1, together * N)).reshape(together, N)
    sums[together] = _sums_of_short_rows(A[whole:])
    return sums.sum(axis=0, dtype=np.float64).astype(A.dtype)


def _sums_of_parts(A: np.ndarray) -> np.ndarray:
    """The sum of each part of the rows, and that of the rest."""
    M, N = A.shape
    whole, ones = M // ROWS_PER_PARTIAL_SUM * ROWS_PER_PARTIAL_SUM, _ones(ROWS_PER_PARTIAL_SUM, A.dtype)
    parts = A[:whole].reshape(-1, ROWS_PER_PARTIAL_SUM, N)
    sums = np.empty((len(parts) + 1, N), A.dtype)
    np.matmul(ones[: M - whole], A[whole:], out=sums[-1])
    run_parallel(_sum_parts, len(parts), ones, parts, sums)
    return sums


def _sum_parts(first: int, last: int, ones: np.ndarray, parts: np.ndarray, sums: np.ndarray) -> None:
    np.matmul(ones, parts[first:last], out=sums[first:last])


def add_column_sums(A: np.ndarray, to: np.ndarray) -> None:
    """Add Σ over the rows of A (M, N) to an array (N,), as to the gradient of a bias.

    Example:
        >>> gradient = np.ones(2)
        >>> add_column_sums(np.array([[1.0, 2.0], [3.0, 4.0]]), to=gradient); gradient
        array([5., 7.])
    """
    if A.size < MIN_SIZE_FOR_THREADS:
        _add_column_sums(A, to)
    else:
        compute([partial(_add_column_sums, A, to)], A, to=to)


def _add_column_sums(A: np.ndarray, to: np.ndarray) -> None:
    to += column_sums(A)
