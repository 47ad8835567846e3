"""Matrix products, the large ones shared among threads that sleep while they wait.

NumPy's own threads spin, which on a busy machine costs more than they gain, and where they cut a product depends on
their number, and so do the last bits. Here the cuts are fixed, and each block is a product on one thread.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from tinynet.engine.machine.gemm.blas import one_thread, products
from tinynet.engine.machine.gemm.together import at_once, compute
from tinynet.engine.machine.pool import share
from tinynet.engine.selection import body

__all__ = [
    "add_column_sums",
    "add_product",
    "at_once",
    "column_sums",
    "multiply",
    "one_thread",
    "product",
    "product_alike",
]

SMALL = 1 << 20  # multiply-adds from which on a second thread, and compiled code, are worth it
ROOM = 1 << 14  # numbers of a result that are dear to be made apart before they are added
SMALL_SUM = 1 << 16  # numbers from which on sums of columns may wait for `at_once`
ROWS = 256  # rows that `column_sums` takes at a time
NARROW, WIDE = 16, 256  # numbers of a row of which it takes several as one, and how long that becomes


def product(A: np.ndarray, B: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """A @ B + b, for A (M, K), B (K, N) and b (N,); the same bits for any number of threads.

    Example:
        >>> product(np.ones((2, 3)), np.full((3, 1), 2.0))
        array([[6.],
               [6.]])
    """
    if A.size * B.shape[1] < SMALL or len(A) == 1:  # of a lone row NumPy makes a sum of rows, and packs nothing
        with one_thread():
            C = A @ B
        if b is not None:
            C += b
        return C
    C = np.empty((len(A), B.shape[1]), np.result_type(A, B))
    multiply(A, B, C, start=b)
    return C


def product_alike(A: np.ndarray, count: int, B: np.ndarray, b: np.ndarray | None = None) -> np.ndarray | None:
    """A @ B + b if each row has the bits that it has when `count` rows, some of them alike, are multiplied; else None.

    So whoever draws many rows from a few may multiply first and draw then: (A @ B)[rows] is A[rows] @ B.

    Example:
        >>> product_alike(np.ones((2, 3)), 10, np.ones((3, 1))) is None  # too small to be worth it
        True
    """
    if len(A) >= count or count * B.size < SMALL:
        return None
    return body("machine.gemm", count * B.size, SMALL).multiply_alike(A, count, B, b)


def add_product(A: np.ndarray, B: np.ndarray, to: np.ndarray) -> None:
    """Add A @ B to an array (M, N): a gradient, which adds up.

    Example:
        >>> gradient = np.ones((2, 1))
        >>> add_product(np.ones((2, 3)), np.full((3, 1), 2.0), to=gradient); gradient
        array([[7.],
               [7.]])
    """
    if A.size * B.shape[1] >= SMALL:
        multiply(A, B, to, start=to)
        return
    with one_thread():
        if to.size < ROOM:
            to += A @ B
        else:
            for call in products(A, B, to, add=True, axis=0, step=len(A)):
                call()


def multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None) -> None:
    """C = A @ B + start, where start is a row (N,), C itself or nothing: what `product` does where it is large.

    Example:
        >>> C = np.ones((2, 1))
        >>> multiply(np.ones((2, 3)), np.full((3, 1), 2.0), C, start=C); C
        array([[7.],
               [7.]])
    """
    body("machine.gemm", A.size * B.shape[1], SMALL).multiply(A, B, C, start)


def column_sums(A: np.ndarray) -> np.ndarray:
    """Σ over the rows of A (M, N): the gradient of a bias from that of what it was added to.

    NumPy adds row to row, which is slow for short rows; a product with ones is not. Blocks of rows are summed apart,
    which rounds less, and always the same ones. Where rows are short, several of them are one long row.

    Example:
        >>> column_sums(np.array([[1.0, 2.0], [3.0, 4.0]]))
        array([4., 6.])
    """
    M, N = A.shape
    if M >= ROWS and 0 < N <= NARROW and A.flags.c_contiguous:
        together = math.gcd(M, 1 << (WIDE // N).bit_length() - 1)  # the largest power of two that fits and divides M
        if together > 1:
            return column_sums(A.reshape(-1, together * N)).reshape(together, N).sum(axis=0)
    whole = M // ROWS * ROWS
    with one_thread():
        if whole <= ROWS:
            return np.ones(M, A.dtype) @ A
        ones = np.ones(ROWS, A.dtype)
        blocks, sums = A[:whole].reshape(-1, ROWS, N), np.empty((M // ROWS + 1, N), A.dtype)
        np.matmul(ones[: M - whole], A[whole:], out=sums[-1])
        share(_sum_blocks, len(blocks), ones, blocks, sums)
        return sums.sum(axis=0)


def _sum_blocks(first: int, last: int, ones: np.ndarray, blocks: np.ndarray, sums: np.ndarray) -> None:
    np.matmul(ones, blocks[first:last], out=sums[first:last])


def add_column_sums(A: np.ndarray, to: np.ndarray) -> None:
    """Add Σ over the rows of A (M, N) to an array (N,): the gradient of a bias, which adds up.

    Example:
        >>> gradient = np.ones(2)
        >>> add_column_sums(np.array([[1.0, 2.0], [3.0, 4.0]]), to=gradient); gradient
        array([5., 7.])
    """
    if A.size < SMALL_SUM:
        _add_column_sums(A, to)
    else:
        compute([partial(_add_column_sums, A, to)], A, to=to)


def _add_column_sums(A: np.ndarray, to: np.ndarray) -> None:
    to += column_sums(A)
