"""A pool of worker threads that run parts of a kernel in parallel.

Threads that spin while they wait take the processor from those that work: two libraries with such threads, used in
turn, slowed each other down four to six times. So no library under the compiled kernels has threads of its own. `share`
cuts their work among the workers here, who also join in the work of the `queue`. A worker that has nothing to do spins
for two milliseconds, then it sleeps.
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

TIMED_CALLS = 3  # of new work run on one thread, which shows whether several are worth it
# A worker that spins begins after 5 µs, and one that sleeps after 40 to 80 µs. Shorter work is done without it.
MIN_SECONDS_FOR_SPINNING_WORKERS = 25e-6
MIN_SECONDS_FOR_SLEEPING_WORKERS = 150e-6
# The parts follow the speeds of the threads in the first so many parallel calls, and later once in so many.
CALLS_PER_ADJUSTMENT = 16
MAX_KNOWN_SCHEDULES = 10_000  # Sequences of every length, say, would otherwise fill the memory.
_workers: list[_Worker] = []
_busy = threading.Lock()
_schedules: dict[tuple, _Schedule] = {}


def run_parallel(work: Callable[..., None], count: int, *arguments: Any) -> None:
    """Call work(first, last, *arguments) on each thread for its part of range(count), and return when all are done.

    This is only faster if `work` releases the GIL, as compiled code does. The work is done on the calling thread alone
    if the workers are busy, or if it takes so little time that a worker would hardly have begun before the end. That is
    measured in the first calls with arrays of these shapes. Any number of threads gives the same bits.

    Example:
        >>> squares = np.zeros(5)
        >>> def square(first, last):
        ...     squares[first:last] = np.arange(first, last) ** 2
        >>> run_parallel(square, 5); squares
        array([ 0.,  1.,  4.,  9., 16.])
    """
    parts = min(thread_count(), count)
    if parts < 2:
        work(0, count, *arguments)
        return
    schedule = _schedule(work, count, parts, arguments)
    if schedule.timed_calls < TIMED_CALLS:
        start = perf_counter()
        work(0, count, *arguments)
        schedule.timed_calls, schedule.seconds = schedule.timed_calls + 1, min(schedule.seconds, perf_counter() - start)
    elif schedule.seconds < MIN_SECONDS_FOR_SPINNING_WORKERS or not _run_in_parallel(work, arguments, schedule):
        work(0, count, *arguments)


def acquire_workers(n_threads: int) -> bool:
    """Reserve the workers for the work of so many threads, until `release_workers`; False if none is free.

    Those that spin can begin at once, and those that sleep are woken.
    """
    if n_threads < 2 or not _busy.acquire(blocking=False):
        return False
    if _spin() is not None:
        for worker in _first_workers(n_threads - 1):
            if worker.is_asleep:
                worker.wake()
    return True


def release_workers() -> None:
    """Let others acquire the workers."""
    _busy.release()


class _Schedule:
    """What is known of some work on arrays of some shapes: how long one thread takes, and where its parts end.

    Processors may be shared with other programs, and a worker begins later than the caller. So now and then the parts
    are adjusted to the speeds of the threads, so that all end at the same time.
    """

    def __init__(self, count: int, parts: int) -> None:
        self.timed_calls, self.seconds = 0, math.inf  # the very first call may compile
        self.parallel_calls = 0
        self.fractions = [1 / parts] * parts
        self.ends = _ends(count, self.fractions)

    def adjust(self, seconds: list[float]) -> None:
        """Move a quarter of the way to the parts that fit how long each thread took."""
        counts = [last - first for first, last in pairwise([0, *self.ends])]
        speeds = [n / s for n, s in zip(counts, seconds, strict=True)]
        fitting = [speed / sum(speeds) for speed in speeds]
        self.fractions = [0.75 * old + 0.25 * new for old, new in zip(self.fractions, fitting, strict=True)]
        self.ends = _ends(self.ends[-1], self.fractions)


def _ends(count: int, fractions: list[float]) -> list[int]:
    """Where the parts of range(count) end, none of them empty."""
    ends = [0]
    for part, fraction in enumerate(accumulate(fractions), start=1):
        ends.append(min(max(round(count * fraction), ends[-1] + 1), count - len(fractions) + part))
    return ends[1:]


def _schedule(work: Callable[..., None], count: int, parts: int, arguments: tuple) -> _Schedule:
    if len(_schedules) > MAX_KNOWN_SCHEDULES:
        _schedules.clear()
    key = (work, count, parts, *[array.shape for array in arguments if isinstance(array, np.ndarray)])
    if key not in _schedules:
        _schedules[key] = _Schedule(count, parts)
    return _schedules[key]


def _run_in_parallel(work: Callable[..., None], arguments: tuple, schedule: _Schedule) -> bool:
    """Whether the work was done. If not, workers that were only asleep are woken for what comes next."""
    if not _busy.acquire(blocking=False):
        return False
    try:
        workers = _first_workers(len(schedule.fractions) - 1)
        asleep = [worker for worker in workers if worker.is_asleep]
        if asleep and schedule.seconds < MIN_SECONDS_FOR_SLEEPING_WORKERS:
            for worker in asleep:
                worker.wake()
            return False
        _run_parts(work, arguments, schedule, workers)
        return True
    finally:
        _busy.release()


def _run_parts(work: Callable[..., None], arguments: tuple, schedule: _Schedule, workers: list[_Worker]) -> None:
    """Do the first part here and the others in the workers, and raise the first error of any."""
    ends, begun = schedule.ends, perf_counter()
    for worker, first, last in zip(workers, ends, ends[1:], strict=False):
        worker.submit((work, first, last, arguments))
    try:
        work(0, ends[0], *arguments)
    finally:
        done = perf_counter()
        errors = [worker.result() for worker in workers]
    for error in errors:
        if error is not None:
            raise error
    schedule.parallel_calls += 1
    if schedule.parallel_calls <= CALLS_PER_ADJUSTMENT or schedule.parallel_calls % CALLS_PER_ADJUSTMENT == 0:
        schedule.adjust([moment - begun for moment in (done, *[worker.done_at for worker in workers])])


def _first_workers(number: int) -> list[_Worker]:
    while len(_workers) < number:
        _workers.append(_Worker())
    return _workers[:number]


class _Worker(threading.Thread):
    """A thread that does the jobs of a queue.

    Jobs and results go through Python's queues, where a thread sleeps while it waits. To avoid the sleep, each side
    spins on a counter before it goes there: how many jobs were `submitted`, and how many of them are `done`.
    """

    def __init__(self) -> None:
        super().__init__(name="tinynet", daemon=True)
        self.jobs: SimpleQueue[tuple | None] = SimpleQueue()
        self.results: SimpleQueue[tuple[int, BaseException | None]] = SimpleQueue()
        self.submitted, self.done = np.zeros((2, 16), np.int64)[:, :1]  # in two cache lines
        self.is_asleep, self.done_at = False, 0.0
        self.start()

    def submit(self, job: tuple | None) -> None:
        self.jobs.put(job)
        self.submitted[0] += 1

    def wake(self) -> None:
        self.is_asleep = False
        self.submit(None)

    def result(self) -> BaseException | None:
        """Wait for the last job, and give the error that ended it, if there was one."""
        spin = _spin()
        if spin is not None:
            spin.wait_for(int(self.submitted[0]), self.done)
        number = -1
        while number != self.submitted[0]:  # an older result is there if Ctrl-C ended the waiting for it
            number, error = self.results.get()
        return error

    def run(self) -> None:
        n_done = 0
        while True:
            spin = _spin()
            self.is_asleep = spin is None or not spin.signal_and_wait_for(n_done, self.done, n_done + 1, self.submitted)
            job = self.jobs.get()
            n_done += 1
            self.is_asleep = False
            if job is not None:
                self.results.put((n_done, self._do(*job)))
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
def _load_spin() -> ModuleType | None:
    """The module `spin`, unless there is no Numba."""
    try:
        from tinynet.engine.machine import spin
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        return None
    return spin


def _spin() -> ModuleType | None:
    """The module `spin` if each thread has a processor. Otherwise one that spins would keep another from working."""
    return _load_spin() if thread_count() <= processors() else None


def _forget_workers() -> None:
    """A forked process has none of its parent's threads."""
    global _busy
    _workers.clear()
    _busy = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)
