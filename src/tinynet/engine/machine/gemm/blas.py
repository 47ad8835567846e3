"""NumPy's own BLAS, called directly where that is possible.

`A @ B` cannot add to an array, and NumPy prepares it while it holds the GIL, for which another thread of the same
product would have to wait. NumPy's OpenBLAS can be called without either. With any other library the same functions
go through NumPy.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache, partial
from itertools import product as pairs
from typing import Any

import numpy as np

from tinynet.core.threads import blas, thread_count
from tinynet.engine.machine.one_thread import Library, OneThread

ROW_MAJOR, NOT_TRANSPOSED, TRANSPOSED = 101, 111, 112  # of cblas.h
SUFFIXES = ("64_", "", "_64")  # of the names in OpenBLAS, depending on how it was built. With 64, integers are 64-bit.
Routine = Callable[..., None]
Call = Callable[[], object]


def products(A: np.ndarray, B: np.ndarray, C: np.ndarray, add: bool, axis: int, step: int) -> list[Call]:
    """Calls that together do C = A @ B, or C += A @ B if `add`, for A (M, K), B (K, N) and C (M, N).

    Each does `step` rows of the result, or columns where `axis` is 1. Python has nothing left to do in a call. The
    arrays must live until then.

    Example:
        >>> A, C = np.ones((2, 3)), np.ones((2, 2))
        >>> for call in products(A, A.T, C, add=True, axis=0, step=1):
        ...     call()
        >>> C
        array([[4., 4.],
               [4., 4.]])
    """
    (M, K), N = A.shape, B.shape[1]
    routine = _routine(C.dtype) if A.dtype == B.dtype == C.dtype and M and N and K else None
    (a, row_a), (b, row_b), (c, row_c) = _layout(A), _layout(B), _layout(C)
    if routine is None or not a or not b or c != NOT_TRANSPOSED:
        return _by_numpy(A, B, C, add, axis, step)
    at_a, at_b, at_c = A.ctypes.data, B.ctypes.data, C.ctypes.data
    if axis == 0:
        next_a, next_c = A.strides[0], C.strides[0]
        return [
            partial(routine, ROW_MAJOR, a, b, min(step, M - i), N, K, 1, at_a + i * next_a, row_a, at_b, row_b, add,
                    at_c + i * next_c, row_c)
            for i in range(0, M, step)
        ]  # fmt: skip
    next_b, next_c = B.strides[1], C.strides[1]
    return [
        partial(routine, ROW_MAJOR, a, b, M, min(step, N - j), K, 1, at_a, row_a, at_b + j * next_b, row_b, add,
                at_c + j * next_c, row_c)
        for j in range(0, N, step)
    ]  # fmt: skip


def _by_numpy(A: np.ndarray, B: np.ndarray, C: np.ndarray, add: bool, axis: int, step: int) -> list[Call]:
    """The same for other libraries and types, and for arrays in an order that a BLAS does not know."""
    parts = [slice(start, start + step) for start in range(0, C.shape[axis], step)]
    if axis == 0:
        return [partial(_multiply, A[part], B, C[part], add) for part in parts]
    return [partial(_multiply, A, B[:, part], C[:, part], add) for part in parts]


def _multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, add: bool) -> None:
    if add:
        C += A @ B
    else:
        np.matmul(A, B, out=C)


def _layout(X: np.ndarray) -> tuple[int, int]:
    """Whether X is stored by rows or by columns, or 0 if neither, and the distance from one to the next."""
    (n_rows, n_columns), (row, column), size = X.shape, X.strides, X.itemsize
    if column == size and row >= n_columns * size and row % size == 0:
        return NOT_TRANSPOSED, row // size
    if row == size and column >= n_rows * size and column % size == 0:
        return TRANSPOSED, column // size
    return 0, 0


@cache
def _libraries() -> list[Library]:
    thread_count()  # Asked for the first time while a library is held, it would be 1 for good.
    return [_direct(library) or Library(library.get_num_threads, library.set_num_threads) for library in _numpys()]


one_thread = OneThread(_libraries)


def _numpys() -> list[Any]:
    """The libraries that NumPy's products come from."""
    return [library for library in blas() if "numpy" in str(library.filepath)] or blas()


def _direct(library: Any) -> Library | None:
    """OpenBLAS's own functions, because threadpoolctl takes longer than a product of a small net."""
    get, set_number = (_function(library, f"openblas_{verb}_num_threads")[0] for verb in ("get", "set"))
    return Library(get, set_number) if get and set_number else None


def _function(library: Any, name: str) -> tuple[Any, str]:
    """A function of OpenBLAS, or None, and the suffix of its full name."""
    for start, end in pairs(("", "scipy_"), SUFFIXES):
        if function := getattr(library.dynlib, f"{start}{name}{end}", None):
            return function, end
    return None, ""


@cache
def _routine(dtype: np.dtype) -> Routine | None:
    """The BLAS's matrix product for numbers of this type."""
    if dtype not in (np.float32, np.float64):
        return None
    name, number = ("cblas_sgemm", ctypes.c_float) if dtype == np.float32 else ("cblas_dgemm", ctypes.c_double)
    found = [_function(library, name) for library in _numpys() if library.internal_api == "openblas"]
    if len(found) != 1 or found[0][0] is None:
        return None
    routine, end = found[0]
    integer = ctypes.c_int64 if "64" in end else ctypes.c_int
    matrix = [ctypes.c_void_p, integer]
    routine.argtypes = [*[ctypes.c_int] * 3, *[integer] * 3, number, *matrix, *matrix, number, *matrix]
    routine.restype = None
    return routine
