"""Spin waits: watch a number for a while before sleeping, in compiled code that holds no GIL.

A thread that sleeps needs 40 to 80 µs to wake up, as long as many a kernel takes. One that spins reacts within 1 µs. It
spins for two milliseconds at most, so that it takes nothing from other programs while there is no work.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import cache
from time import perf_counter

import numpy as np

from tinynet.engine.machine.atomic import pause, read, write
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.queue import QUEUE, join

# This covers what a net mostly does between two kernels, and the longer part of a kernel on another thread.
SPIN_SECONDS = 2e-3
# After the number was seen, its writer still holds the GIL for about 6 µs. Waiting that long here is cheaper than
# asking for the GIL too early, which costs 50 µs.
PAUSES_UNTIL_GIL_IS_FREE = 250


def wait_for(value: int, at: np.ndarray) -> bool:
    """Spin until the one number in `at` is `value`; False if it is not within `SPIN_SECONDS`.

    Example:
        >>> wait_for(1, np.ones(1, np.int64)), wait_for(1, np.zeros(1, np.int64))
        (True, False)
    """
    return _wait_for(value, at, _rounds())


def signal_and_wait_for(signal: int, to: np.ndarray, value: int, at: np.ndarray) -> bool:
    """Write `signal` for another thread, then wait for a value, and meanwhile join in work that is in the queue.

    All that is done without the GIL, which the other thread will need.
    """
    return _signal_and_wait_for(signal, to, value, at, QUEUE, _rounds(), PAUSES_UNTIL_GIL_IS_FREE)


@cache
def _rounds() -> int:
    """How often a thread can read a number in `SPIN_SECONDS`."""
    zero, seconds = np.zeros(1, np.int64), []
    _wait_for(1, zero, 1)  # it compiles
    for _ in range(9):  # the least of several, because another thread may hold the GIL
        start = perf_counter()
        _wait_for(1, zero, 1000)
        seconds.append(perf_counter() - start)
    return max(1, int(1000 * SPIN_SECONDS / min(seconds)))


@compiled
def _wait_for(value, at, rounds):
    for _ in range(rounds):
        if read(at) == value:
            return True
        pause()
    return False


@compiled
def _signal_and_wait_for(signal, to, value, at, queue, rounds, pauses):
    write(to, signal)
    rounds_without_work = 0
    while rounds_without_work < rounds:
        if read(at) == value:
            for _ in range(pauses):
                pause()
            return True
        rounds_without_work = 0 if join(queue) else rounds_without_work + 1
        pause()
    return False
