"""How many threads compute."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Self

from tinynet.core import checks

_count = 0  # 0 until it is known


class threads:  # noqa: N801 - reads as a verb: with tn.threads(1)
    """Compute on n threads, from now on or, as a context manager, for one block.

    Holds for the compiled kernels and for the matrix products of NumPy and SciPy. Without it there are as many as
    NumPy's matrix products use: one for each processor, or what OMP_NUM_THREADS says. The compiled kernels give the
    same bits for any number.

    Args:
        n: Number of threads, at least 1.

    Raises:
        TypeError: n is not an integer.
        ValueError: n is below 1.

    Example:
        >>> with threads(1):
        ...     thread_count()
        1
    """

    def __init__(self, n: int) -> None:
        global _count
        n = checks.integer("threads", "n", n, minimum=1)
        self._before = thread_count()
        self._blas = [(library, library.num_threads) for library in blas()]
        try:
            for library, _ in self._blas:
                library.set_num_threads(n)
            _count = n
        except BaseException:  # Ctrl-C, say
            self._undo()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._undo()
        finally:  # Ctrl-C may have cut the first short.
            self._undo()

    def _undo(self) -> None:
        global _count
        _count = self._before
        for library, number in self._blas:
            library.set_num_threads(number)


def thread_count() -> int:
    """How many threads the work of a kernel is cut among.

    Example:
        >>> thread_count() >= 1
        True
    """
    global _count
    if not _count:
        _count = max((library.num_threads for library in blas()), default=0) or processors()
    return _count


def blas() -> list[Any]:
    """The libraries of matrix products in this process: NumPy's, and SciPy's once it is loaded."""
    from threadpoolctl import ThreadpoolController

    return [library for library in ThreadpoolController().lib_controllers if library.user_api == "blas"]


@cache
def processors() -> int:
    """How many processors this process may use.

    Example:
        >>> processors() >= 1
        True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
