"""Several products as one work of all threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

import numpy as np

from tinynet.engine.machine.gemm.blas import Call, one_thread
from tinynet.engine.machine.pool import share


class at_once:  # noqa: N801 - reads as what it does: with at_once()
    """Within `with at_once():` large products are noted down, and done together at the end.

    So threads wait for each other once and not after every product. None of them may read what another one makes, and
    nobody may before the end. Those that write to the same array still come one after the other.

    Example:
        >>> gradient, ones = np.zeros((3, 2)), np.ones((4, 3))
        >>> with at_once():
        ...     compute([lambda: gradient.__iadd__(1)], ones, to=gradient)
        ...     before = gradient.copy()
        >>> before[0], gradient[0]
        (array([0., 0.]), array([1., 1.]))
    """

    def __enter__(self) -> Self:
        self._outer = _here.noted
        if self._outer is None:
            _here.noted = []
        return self

    def __exit__(self, error: type | None, *_: object) -> None:
        if self._outer is not None:
            return  # the outermost one does it
        noted, _here.noted = _here.noted or [], None
        if error is None:
            _do(noted)


class _Work(NamedTuple):
    calls: list[Call]
    arrays: tuple[np.ndarray, ...]
    to: np.ndarray
    then: Callable[[], None] | None


class _Here(threading.local):
    """What this thread has noted, or None outside of `at_once`."""

    noted: list[_Work] | None = None


_here = _Here()


def compute(calls: list[Call], *arrays: np.ndarray, to: np.ndarray, then: Callable[[], None] | None = None) -> None:
    """Do the calls, in any order, on all threads, then what comes after them; within `at_once`, at its end.

    Args:
        calls: Some work each, without the GIL.
        arrays: What they read: by their shapes `share` knows how long it takes.
        to: What they write to.
        then: What is left to be done when all have ended.

    Example:
        >>> done = []
        >>> compute([lambda: done.append(1), lambda: done.append(2)], to=np.zeros(0), then=lambda: done.append(3))
        >>> sorted(done[:2]), done[2]
        ([1, 2], 3)
    """
    work = _Work(calls, arrays, to, then)
    if _here.noted is None:
        _do([work])
        return
    if any(np.may_share_memory(to, before.to) for before in _here.noted):
        _do(_here.noted)
        _here.noted = []
    _here.noted.append(work)


def _do(works: list[_Work]) -> None:
    calls = [call for work in works for call in work.calls]
    with one_thread():
        if calls:
            share(_take, len(calls), iter(calls), *[array for work in works for array in work.arrays])
        for work in works:
            if work.then is not None:
                work.then()


def _take(first: int, last: int, calls: Iterator[Call], *arrays: np.ndarray) -> None:
    """Whoever is free takes the next call, for processors are not equally fast at all times."""
    for call in calls:
        call()
