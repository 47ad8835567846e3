"""Work in child processes: what one breaks is gone with it."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

MEMORY = 8 << 30  # bytes; a changed size must not take the machine's
FILE = 1 << 30  # bytes
FORK = multiprocessing.get_context("fork")  # all is imported once, and each child has it at once


@dataclass
class Task:
    """A function to be called in a child, and how many seconds of processor time it may take."""

    work: Callable[[], Any]
    seconds: float
    about: Any


class Gone(Exception):  # noqa: N818 - what became of a mutant, no error
    """A child that gave no result: it crashed, or took too long."""


def in_children(tasks: Iterable[Task], jobs: int) -> Iterator[tuple[Any, Any]]:
    """What each task is about and what its function gave, or a `Gone`; in the order in which they end."""
    waiting = iter(tasks)
    running: dict[Connection, tuple[Any, Task, float]] = {}
    while True:
        while len(running) < jobs and (task := next(waiting, None)) is not None:
            ours, theirs = FORK.Pipe(duplex=False)
            process = FORK.Process(target=_child, args=(task, theirs), daemon=True)
            process.start()
            theirs.close()
            # Time on the clock counts too, for a mutant that sleeps. It is ample: the machine may have other work.
            running[ours] = process, task, time.monotonic() + 20 * task.seconds
        if not running:
            return
        for ours in wait(list(running), timeout=1) or _late(running):
            process, task, _ = running.pop(ours)
            try:
                result = ours.recv() if ours.poll() else Gone("takes too long")
            except EOFError:
                result = Gone("takes too long or crashes")
            else:
                process.kill()
            ours.close()
            process.join()
            if process.exitcode == 1:
                raise RuntimeError(f"An error outside the tests: {task.about}")
            yield task.about, result


def _late(running: dict[Connection, tuple[Any, Task, float]]) -> list[Connection]:
    return [ours for ours, (_, _, latest) in running.items() if time.monotonic() > latest]


def _child(task: Task, theirs: Connection) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    seconds = int(task.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE, FILE))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        theirs.send(task.work())
    except KeyboardInterrupt:  # a mutant that lets Ctrl-C through where a test sends it
        os._exit(3)
    theirs.close()
    os._exit(0)
