"""The work of a kernel shared among threads.

Threads that wait in a loop take the processor from those that work: two libraries of such threads used in turn slowed
each other down four to six times. So the compiled kernels have no pool of their own; `share` cuts their work among the
helpers here, who also join in what is posted on the `board`. A helper that has nothing to do looks out for work for two
milliseconds, then it sleeps.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from functools import cache
from itertools import accumulate, pairwise
from queue import SimpleQueue
from time import perf_counter
from types import ModuleType
from typing import Any

import numpy as np

from tinynet.core.threads import processors, thread_count

TRIALS = 3  # calls that are done alone, to see whether sharing pays
QUICK = 25e-6  # seconds of work from which on a helper that is awake is worth the 5 µs until it begins
LONG = 150e-6  # seconds of work from which on one that sleeps is: it needs 40 to 80 µs to wake up
OFTEN = 16  # times that work is shared, after which its parts are looked at only as seldom
_helpers: list[_Helper] = []
_busy = threading.Lock()
_known: dict[tuple, _Experience] = {}


def share(work: Callable[..., None], count: int, *arguments: Any) -> None:
    """Call work(first, last, *arguments) on each thread for its part of range(count); back when all are done.

    `work` gains by it only while it holds no GIL, as compiled code does. A second caller finds the helpers busy and
    works alone, and so does who has so little to do that a helper would hardly have begun before it is done: the first
    calls, with arrays of the same shapes, tell. The same bits come of it either way.

    Example:
        >>> squares = np.zeros(5)
        >>> def square(first, last):
        ...     squares[first:last] = np.arange(first, last) ** 2
        >>> share(square, 5); squares
        array([ 0.,  1.,  4.,  9., 16.])
    """
    parts = min(thread_count(), count)
    if parts < 2:
        work(0, count, *arguments)
        return
    known = _experience(work, count, parts, arguments)
    if known.trials < TRIALS:
        start = perf_counter()
        work(0, count, *arguments)
        known.trials, known.seconds = known.trials + 1, min(known.seconds, perf_counter() - start)
    elif known.seconds < QUICK or not _shared(work, arguments, known):
        work(0, count, *arguments)


def gather(parts: int) -> bool:
    """Keep the helpers for the work of so many threads, until `let_go`; False if there is none or they are busy.

    Those that look out can begin at once, and those that sleep are woken.
    """
    if parts < 2 or not _busy.acquire(blocking=False):
        return False
    if _lookout() is not None:
        for helper in _first_helpers(parts - 1):
            if helper.sleeps:
                helper.wake()
    return True


def let_go() -> None:
    """Let the helpers that were gathered serve others."""
    _busy.release()


class _Experience:
    """What is known of some work on arrays of some shapes: how long it takes alone, and where its parts end.

    Processors may be shared with other programs, and a helper begins later than the caller. So now and then the parts
    follow the speeds, that all be done at once.
    """

    def __init__(self, count: int, parts: int) -> None:
        self.trials, self.seconds = 0, math.inf  # the very first may compile
        self.shared = 0
        self.shares = [1 / parts] * parts
        self.ends = _ends(count, self.shares)

    def learn(self, seconds: list[float]) -> None:
        """How long each thread needed for its part."""
        counts = [last - first for first, last in pairwise([0, *self.ends])]
        speeds = [n / s for n, s in zip(counts, seconds, strict=True)]
        self.shares = [0.75 * old + 0.25 * new / sum(speeds) for old, new in zip(self.shares, speeds, strict=True)]
        self.ends = _ends(self.ends[-1], self.shares)


def _ends(count: int, shares: list[float]) -> list[int]:
    """Where the parts of range(count) end, none of them empty."""
    ends = [0]
    for part, share in enumerate(accumulate(shares), start=1):
        ends.append(min(max(round(count * share), ends[-1] + 1), count - len(shares) + part))
    return ends[1:]


def _experience(work: Callable[..., None], count: int, parts: int, arguments: tuple) -> _Experience:
    if len(_known) > 10_000:  # sequences of every length, say
        _known.clear()
    key = (work, count, parts, *[array.shape for array in arguments if isinstance(array, np.ndarray)])
    if key not in _known:
        _known[key] = _Experience(count, parts)
    return _known[key]


def _shared(work: Callable[..., None], arguments: tuple, known: _Experience) -> bool:
    """Whether the work was shared. Where only sleep was in the way, it ends for what comes next."""
    if not _busy.acquire(blocking=False):
        return False
    try:
        helpers = _first_helpers(len(known.shares) - 1)
        sleepers = [helper for helper in helpers if helper.sleeps]
        if sleepers and known.seconds < LONG:
            for helper in sleepers:
                helper.wake()
            return False
        _together(work, arguments, known, helpers)
        return True
    finally:
        _busy.release()


def _together(work: Callable[..., None], arguments: tuple, known: _Experience, helpers: list[_Helper]) -> None:
    ends, begun = known.ends, perf_counter()
    for helper, first, last in zip(helpers, ends, ends[1:], strict=False):
        helper.call((work, first, last, arguments))
    try:
        work(0, ends[0], *arguments)
    finally:
        done = perf_counter()
        errors = [helper.answer() for helper in helpers]
    for error in errors:
        if error is not None:
            raise error
    known.shared += 1
    if known.shared <= OFTEN or known.shared % OFTEN == 0:
        known.learn([moment - begun for moment in (done, *[helper.done_at for helper in helpers])])


def _first_helpers(number: int) -> list[_Helper]:
    while len(_helpers) < number:
        _helpers.append(_Helper())
    return _helpers[:number]


class _Helper(threading.Thread):
    """A thread that takes what comes through a queue.

    The queues carry jobs and answers, and whoever waits at one sleeps. Only so that they need not, each side looks at a
    count for a while before it goes there: how many `called` the helper, and how many of these are `done`.
    """

    def __init__(self) -> None:
        super().__init__(name="tinynet", daemon=True)
        self.jobs: SimpleQueue[tuple | None] = SimpleQueue()
        self.answers: SimpleQueue[tuple[int, BaseException | None]] = SimpleQueue()
        self.called, self.done = np.zeros((2, 16), np.int64)[:, :1]  # apart, in two lines of the cache
        self.sleeps, self.done_at = False, 0.0
        self.start()

    def call(self, job: tuple | None) -> None:
        self.jobs.put(job)
        self.called[0] += 1

    def wake(self) -> None:
        self.sleeps = False
        self.call(None)

    def answer(self) -> BaseException | None:
        lookout = _lookout()
        if lookout is not None:
            lookout.look_for(int(self.called[0]), self.done)
        number = -1
        while number != self.called[0]:  # an older answer is there if Ctrl-C ended the waiting for it
            number, error = self.answers.get()
        return error

    def run(self) -> None:
        n_done = 0
        while True:
            lookout = _lookout()
            self.sleeps = lookout is None or not lookout.say_and_look_for(n_done, self.done, n_done + 1, self.called)
            job = self.jobs.get()
            n_done += 1
            self.sleeps = False
            if job is not None:
                self.answers.put((n_done, self._do(*job)))
            del job  # or the arrays would live until the next one

    def _do(self, work: Callable[..., None], first: int, last: int, arguments: tuple) -> BaseException | None:
        try:
            work(first, last, *arguments)
        except BaseException as error:  # noqa: BLE001 - the caller raises it
            return error
        finally:
            self.done_at = perf_counter()
        return None


@cache
def _compiled_lookout() -> ModuleType | None:
    """The module `lookout`, unless there is no Numba."""
    try:
        from tinynet.engine.machine import spin as lookout
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        return None
    return lookout


def _lookout() -> ModuleType | None:
    """The module `lookout` where each thread has a processor of its own: one that looks keeps others from working."""
    return _compiled_lookout() if thread_count() <= processors() else None


def _forget_helpers() -> None:
    """A forked process has none of its parent's threads."""
    global _busy
    _helpers.clear()
    _busy = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_helpers)
