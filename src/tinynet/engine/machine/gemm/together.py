"""Several products in parallel, as one job of the pool."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from ctypes import ArgumentError
from functools import wraps
from typing import Any, NamedTuple

import numpy as np

from tinynet.engine.machine.gemm.blas import Call, one_thread
from tinynet.engine.machine.pool import run_parallel


def at_once(function: Callable) -> Callable:
    """Decorator for a function whose large products are deferred, and done together at its end.

    So threads wait for each other once and not after every product. The function may read no result of a product, nor
    may another of the products. Products that write to the same array are still done one after the other.

    Example:
        >>> gradient, ones = np.zeros((3, 2)), np.ones((4, 3))
        >>> @at_once
        ... def one_more():
        ...     compute([lambda: gradient.__iadd__(1)], ones, to=gradient)
        ...     return gradient.copy()
        >>> one_more()[0], gradient[0]
        (array([0., 0.]), array([1., 1.]))
    """

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        if _thread.deferred is not None:
            return function(*arguments, **options)  # the outermost such function does them
        jobs: list[_Job] = []
        try:
            try:
                _thread.deferred = jobs
                result = function(*arguments, **options)
            finally:
                _thread.deferred = None
        finally:  # Ctrl-C may have cut the first short, and what is deferred for ever is never computed.
            _thread.deferred = None
        if jobs:
            _run(jobs)
        return result

    return call


class _Job(NamedTuple):
    calls: list[Call]
    arrays: tuple[np.ndarray, ...]
    to: np.ndarray
    then: Callable[[], None] | None


class _Thread(threading.local):
    """What this thread has deferred, or None outside of `at_once`."""

    deferred: list[_Job] | None = None


_thread = _Thread()


def compute(calls: list[Call], *arrays: np.ndarray, to: np.ndarray, then: Callable[[], None] | None = None) -> None:
    """Do the calls in any order on all threads, then call `then`. Within `at_once`, all that is deferred to its end.

    Args:
        calls: Functions that release the GIL.
        arrays: What they read. By their shapes `share` remembers how long it takes.
        to: What they write to.
        then: What is left to do after the last of them.

    Example:
        >>> done = []
        >>> compute([lambda: done.append(1), lambda: done.append(2)], to=np.zeros(0), then=lambda: done.append(3))
        >>> sorted(done[:2]), done[2]
        ([1, 2], 3)
    """
    job = _Job(calls, arrays, to, then)
    if _thread.deferred is None:
        _run([job])
        return
    if any(np.may_share_memory(to, before.to) for before in _thread.deferred):
        _run(_thread.deferred)
        _thread.deferred.clear()
    _thread.deferred.append(job)


@one_thread
def _run(jobs: list[_Job]) -> None:
    calls = [call for job in jobs for call in job.calls]
    if calls:
        arrays = [array for job in jobs for array in (*job.arrays, job.to)]
        run_parallel(_run_next, len(calls), iter(calls), *arrays)
    for job in jobs:
        if job.then is not None:
            job.then()


def _run_next(first: int, last: int, calls: Iterator[Call], *arrays: np.ndarray) -> None:
    """Each thread takes the next call when it is free, because processors are not equally fast at all times."""
    try:
        for call in calls:
            call()
    except ArgumentError as error:  # They are addresses and sizes, so it was memory that ctypes lacked.
        raise MemoryError("There is no memory for the arguments of a matrix product.") from error
