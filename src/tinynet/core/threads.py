"""How many threads compute, and a pool of them that waits without spinning.

Threads that wait in a loop take the processor from those that work: two libraries of such threads used in turn slowed
each other down four to six times. So the compiled kernels have no pool of their own; `share` cuts their work among the
threads here, which sleep while there is none.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from time import perf_counter
from typing import Any, Self

import numpy as np

from tinynet.core import checks

_count = 0  # 0 until it is known
_helpers: list[_Helper] = []
_busy = threading.Lock()
_seconds: dict[tuple, list[float]] = {}
TRIALS = 3  # calls that are done alone, to see whether sharing pays
QUICK = 150e-6  # seconds: a helper needs some 40 to 80 µs to wake up


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
        for library, _ in self._blas:
            library.set_num_threads(n)
        _count = n

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        global _count
        _count = self._before
        for library, number in self._blas:
            library.set_num_threads(number)


def thread_count() -> int:
    """How many threads `share` cuts work among.

    Example:
        >>> thread_count() >= 1
        True
    """
    global _count
    if not _count:
        _count = max((library.num_threads for library in blas()), default=0) or os.cpu_count() or 1
    return _count


def blas() -> list[Any]:
    """The libraries of matrix products in this process: NumPy's, and SciPy's once it is loaded."""
    from threadpoolctl import ThreadpoolController

    return [library for library in ThreadpoolController().lib_controllers if library.user_api == "blas"]


def share(work: Callable[..., None], count: int, *arguments: Any) -> None:
    """Call work(first, last, *arguments) on each thread for its part of range(count); back when all are done.

    `work` gains by it only while it holds no GIL, as compiled code does. A second caller finds the helpers busy and
    works alone, and so does who has so little to do that a helper would hardly be awake before it is done: the first
    calls, with arrays of the same shapes, tell. The same bits come of it either way.

    Example:
        >>> squares = np.zeros(5)
        >>> def square(first, last):
        ...     squares[first:last] = np.arange(first, last) ** 2
        >>> share(square, 5); squares
        array([ 0.,  1.,  4.,  9., 16.])
    """
    parts = min(thread_count(), count)
    seconds = _seconds_of(work, count, arguments) if parts > 1 else []
    if parts > 1 and len(seconds) < TRIALS:
        start = perf_counter()
        work(0, count, *arguments)
        seconds.append(perf_counter() - start)
        return
    if parts < 2 or min(seconds, default=QUICK) < QUICK or not _busy.acquire(blocking=False):
        work(0, count, *arguments)
        return
    try:
        while len(_helpers) < parts - 1:
            _helpers.append(_Helper())
        ends = [count * part // parts for part in range(parts + 1)]
        for helper, first, last in zip(_helpers, ends[1:], ends[2:], strict=False):
            helper.jobs.put((work, first, last, arguments))
        try:
            work(0, ends[1], *arguments)
        finally:
            errors = [helper.answers.get() for helper in _helpers[: parts - 1]]
        for error in errors:
            if error is not None:
                raise error
    finally:
        _busy.release()


def _seconds_of(work: Callable[..., None], count: int, arguments: tuple) -> list[float]:
    """How long the first calls of this work took alone, with arrays of these shapes; the very first may compile."""
    if len(_seconds) > 10_000:  # sequences of every length, say
        _seconds.clear()
    shapes = [array.shape for array in arguments if isinstance(array, np.ndarray)]
    return _seconds.setdefault((work, count, *shapes), [])


class _Helper(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="tinynet", daemon=True)
        self.jobs: SimpleQueue[tuple] = SimpleQueue()
        self.answers: SimpleQueue[BaseException | None] = SimpleQueue()
        self.start()

    def run(self) -> None:
        while True:
            work, first, last, arguments = self.jobs.get()
            answer = None
            try:
                work(first, last, *arguments)
            except BaseException as error:  # noqa: BLE001 - the caller raises it
                answer = error
            del work, arguments  # or the arrays would live until the next job
            self.answers.put(answer)
            del answer


def _forget_helpers() -> None:
    """A forked process has none of its parent's threads."""
    global _busy
    _helpers.clear()
    _busy = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_helpers)
