"""Worker threads, their jobs, and who has them.

A worker that has nothing to do spins for two milliseconds, then it sleeps.
"""

from __future__ import annotations

import os
import threading
from _thread import start_new_thread
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue
from time import perf_counter
from types import ModuleType

import numpy as np

from tinynet.core.threads import processors, thread_count
from tinynet.engine.machine.ownership import Ownership

SECONDS_BETWEEN_SIGNS_OF_LIFE = 0.05  # A caller that sleeps looks this often whether its worker is at work.
_workers: list[Worker] = []
WORKERS = Ownership()  # of the call that they work for


def wake_workers(number: int) -> None:
    """Let this many workers spin, if each has a processor, so that they join in the work of the queue."""
    if _spin() is not None:
        for worker in first_workers(number):
            if worker.is_asleep:
                worker.wake()


def first_workers(number: int) -> list[Worker]:
    """So many workers that are alive, or fewer if the system gives no more threads."""
    while len(_workers) < number:
        worker = Worker()
        _workers.append(worker)
        try:
            # A `threading.Thread` would be waited for, and hang where it has no memory to begin.
            start_new_thread(worker.run, ())
        except (RuntimeError, MemoryError):
            _dismiss(worker)
            break
    return _workers[:number]


def _dismiss(worker: Worker) -> None:
    """Give it no more jobs. It ends once it is woken or finds its job taken, and the next caller starts another."""
    with suppress(ValueError):
        _workers.remove(worker)


class Job:
    """A part of some work: what is to be done with which arrays, whether it is done, and the error that ended it.

    Nobody counts. The job itself says that it is done, so whatever goes wrong with one job, the next is another object.
    """

    __slots__ = ("_awaited", "_doer", "arguments", "done", "done_at", "error", "first", "is_done", "last", "work")

    def __init__(self, work: Callable[..., None], first: int, last: int, arguments: tuple) -> None:
        self.work, self.first, self.last, self.arguments = work, first, last, arguments
        self.is_done, self.done_at = False, 0.0
        self.done = np.zeros(1, np.int64)  # the same for compiled code, which spins on it
        self.error: BaseException | None = None
        self._doer = Ownership()
        try:
            self._awaited = threading.Lock()  # released when the job is done, for a caller that sleeps
        except RuntimeError as error:  # as Python says here
            raise MemoryError("There is no memory for a lock.") from error
        self._awaited.acquire()

    def belongs_to(self, name: str) -> bool:
        """Whether this one may do the job: "caller" or "worker", whoever asks first."""
        return self._doer.belong_to(name)

    def run(self) -> None:
        """Do the job, and keep an error for the caller."""
        try:
            self.work(self.first, self.last, *self.arguments)
            self.done_at = perf_counter()
        except BaseException as error:  # noqa: BLE001 - the caller raises it
            self.error = error
        self.is_done = True
        self._awaited.release()

    def wait(self, worker: Worker) -> None:
        """Return when the job is done. What the worker does not begin is done here. What it died in has its error."""
        spin = _spin()
        if spin is not None:
            spin.wait_for(1, self.done)
        while not self.is_done:
            if self._awaited.acquire(timeout=SECONDS_BETWEEN_SIGNS_OF_LIFE) or self.is_done:
                continue
            if self.belongs_to("caller"):  # The worker may have died at birth, which nobody is told.
                _dismiss(worker)
                self.run()
            elif worker.error is not None:
                self.error, self.is_done = worker.error, True


class Worker:
    """A thread that does one job after the other.

    Jobs go through one of Python's queues, where a thread sleeps while it waits. To avoid the sleep, it spins before it
    goes there, until somebody has `posted`. That is only a hint: what there is to do is in the queue.
    """

    def __init__(self) -> None:
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.posted = np.zeros(16, np.int64)[:1]  # in a cache line of its own
        self.is_asleep = False
        self.error: BaseException | None = None  # that it died of

    def submit(self, job: Job | None) -> None:
        self.jobs.put(job)
        self.posted[0] = 1

    def wake(self) -> None:
        self.is_asleep = False
        self.submit(None)

    def run(self) -> None:
        try:
            self._do_jobs()
        except BaseException as error:
            self.error = error
            _dismiss(self)
            raise

    def _do_jobs(self) -> None:
        done = np.zeros(1, np.int64)
        while True:
            job = self._next(done)
            if job is not None and job.belongs_to("worker"):
                job.run()
                done = job.done
            elif self not in _workers:  # asked only here, because a caller waits for `done`
                return
            del job  # or the arrays would live until the next one

    def _next(self, done: np.ndarray) -> Job | None:
        """Say that the last job is done, and wait for another."""
        while True:
            spin = _spin()
            is_posted = spin is not None and spin.signal_and_wait_for(1, done, 1, self.posted)
            self.posted[0] = 0  # before the look into the queue: what is put there later is posted later
            try:
                return self.jobs.get_nowait()
            except Empty:
                if is_posted:
                    continue
            self.is_asleep = True
            job = self.jobs.get()
            self.is_asleep = False
            return job


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
    _workers.clear()
    WORKERS.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)
