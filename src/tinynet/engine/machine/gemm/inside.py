"""Matrix products on one thread, inside compiled code that several threads run.

They come from SciPy's BLAS, which Numba calls. It would use threads of its own, which would compete with those that
call it, so `single_threaded` holds it at one thread meanwhile.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import scipy.linalg.cython_blas  # noqa: F401 - loads the library that `_blas` finds
from numba import types
from numba.extending import overload

from tinynet.core.threads import blas, thread_count
from tinynet.engine.machine.one_thread import Library, OneThread

_gemm: Any = types.ExternalFunction(
    "numba_xxgemm",  # what np.dot calls inside Numba, here with beta, so that it can add to C
    types.intc(
        types.char, types.char, types.char, types.intp, types.intp, types.intp,
        types.voidptr, types.voidptr, types.intp, types.voidptr, types.intp, types.voidptr, types.voidptr, types.intp,
    ),
)  # fmt: skip


def multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, beta: float) -> None:
    """C = A @ B + beta · C, for C-ordered A (m, k), B (k, n), C (m, n) of float32 or float64."""
    C[...] = A @ B + beta * C if beta else A @ B


def multiply_transposed(A: np.ndarray, B: np.ndarray, C: np.ndarray, beta: float) -> None:
    """C = Aᵀ @ B + beta · C, for C-ordered A (k, m), B (k, n), C (m, n)."""
    C[...] = A.T @ B + beta * C if beta else A.T @ B


# What the two are in compiled code. This BLAS takes column-major matrices, so it computes Cᵀ = Bᵀ Aᵀ.


@overload(multiply)
def _multiply(A, B, C, beta):  # type: ignore[no-untyped-def]
    def call(A, B, C, beta):  # type: ignore[no-untyped-def]
        scale = np.empty(2, A.dtype)
        scale[0], scale[1] = 1, beta
        kind = ord("s") if A.itemsize == 4 else ord("d")
        _gemm(
            kind, ord("n"), ord("n"), B.shape[1], A.shape[0], A.shape[1],
            scale.ctypes, B.ctypes, B.shape[1], A.ctypes, A.shape[1], scale[1:].ctypes, C.ctypes, C.shape[1],
        )  # fmt: skip

    return call


@overload(multiply_transposed)
def _multiply_transposed(A, B, C, beta):  # type: ignore[no-untyped-def]
    def call(A, B, C, beta):  # type: ignore[no-untyped-def]
        scale = np.empty(2, A.dtype)
        scale[0], scale[1] = 1, beta
        kind = ord("s") if A.itemsize == 4 else ord("d")
        _gemm(
            kind, ord("n"), ord("t"), B.shape[1], A.shape[1], A.shape[0],
            scale.ctypes, B.ctypes, B.shape[1], A.ctypes, A.shape[1], scale[1:].ctypes, C.ctypes, C.shape[1],
        )  # fmt: skip

    return call


@cache
def _blas() -> list[Any]:
    libraries = blas()
    return [library for library in libraries if "scipy" in str(library.filepath)] or libraries


@cache
def _libraries() -> list[Library]:
    thread_count()  # before the first library is held
    return [Library(library.get_num_threads, library.set_num_threads) for library in _blas()]


single_threaded = OneThread(_libraries)
