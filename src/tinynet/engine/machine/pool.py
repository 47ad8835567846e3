"""A pool of worker threads that run parts of a kernel in parallel.

Threads that spin while they wait take the processor from those that work: two libraries with such threads, used in
turn, slowed each other down four to six times. So no library under the compiled kernels has threads of its own. `share`
cuts their work among the `workers`, who also join in the work of the `queue`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate, pairwise
from time import perf_counter
from typing import Any

import numpy as np

from tinynet.core.threads import thread_count
from tinynet.engine.machine.behaved import behaved
from tinynet.engine.machine.workers import WORKERS, Job, Worker, first_workers

TIMED_CALLS = 3  # of new work run on one thread, which shows whether several are worth it
# A worker that spins begins after 5 µs, and one that sleeps after 40 to 80 µs. Shorter work is done without it.
MIN_SECONDS_FOR_SPINNING_WORKERS = 25e-6
MIN_SECONDS_FOR_SLEEPING_WORKERS = 150e-6
# The parts follow the speeds of the threads in each of the first calls, this many, and later in one of as many.
CALLS_PER_ADJUSTMENT = 16
MAX_KNOWN_SCHEDULES = 10_000  # Sequences of every length, say, would otherwise fill the memory.
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
    parts, arguments = min(thread_count(), count), behaved(arguments)
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
    """Whether the work was done, which needs the workers. They may belong to another call."""
    call, is_done = object(), False
    try:
        try:
            if WORKERS.belong_to(call):
                is_done = _run_with_workers(work, arguments, schedule)
        finally:
            WORKERS.release(call)
    finally:
        WORKERS.release(call)
    return is_done


def _run_with_workers(work: Callable[..., None], arguments: tuple, schedule: _Schedule) -> bool:
    """Whether the work was done. If not, workers that were only asleep are woken for what comes next."""
    workers = first_workers(len(schedule.fractions) - 1)
    asleep = [worker for worker in workers if worker.is_asleep]
    if asleep and schedule.seconds < MIN_SECONDS_FOR_SLEEPING_WORKERS:
        for worker in asleep:
            worker.wake()
        return False
    if len(workers) < len(schedule.fractions) - 1:
        return False  # the system gives no more threads
    _run_parts(work, arguments, schedule, workers)
    return True


def _run_parts(work: Callable[..., None], arguments: tuple, schedule: _Schedule, workers: list[Worker]) -> None:
    """Do the first part here and the others in the workers, and raise the first error of any.

    No exception leaves before the last worker has ended, because until then it writes to the arrays.
    """
    ends, begun = schedule.ends, perf_counter()
    jobs = [Job(work, first, last, arguments) for first, last in pairwise(ends)]
    try:
        try:
            for worker, job in zip(workers, jobs, strict=True):
                worker.submit(job)
            work(0, ends[0], *arguments)
            done = perf_counter()
            for worker, job in zip(workers, jobs, strict=True):
                job.wait(worker)
        finally:
            _end(workers, jobs)
    finally:
        _end(workers, jobs)
    for job in jobs:
        if job.error is not None:
            raise job.error
    schedule.parallel_calls += 1
    if schedule.parallel_calls <= CALLS_PER_ADJUSTMENT or schedule.parallel_calls % CALLS_PER_ADJUSTMENT == 0:
        schedule.adjust([moment - begun for moment in (done, *[job.done_at for job in jobs])])


def _end(workers: list[Worker], jobs: list[Job]) -> None:
    """Cancel jobs that have not begun, wait for the others, and only then let an error through."""
    error: BaseException | None = None
    while True:
        try:
            for worker, job in zip(workers, jobs, strict=True):
                while not job.is_done and not job.belongs_to("caller"):
                    job.wait(worker)
            break
        except (KeyboardInterrupt, MemoryError) as interruption:
            error = interruption
    if error is not None:
        raise error
