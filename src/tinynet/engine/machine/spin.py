"""Looking at a number for a while before going to sleep, in compiled code that holds no GIL.

A thread that sleeps needs 40 to 80 µs to wake up, as long as many a kernel takes; one that looks is there within 1. It
looks for two milliseconds at most, so that it takes nothing from other programs while there is no work.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import cache
from time import perf_counter

import numpy as np

from tinynet.engine.machine.atomic import pause, read, write
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.queue import BOARD, join

PATIENCE = 2e-3  # seconds: what a net mostly does between two kernels, or the other thread's larger part takes
GRACE = 250  # turns, 6 µs, until whoever wrote the number has let go of the GIL, for which to wait takes 50


def look_for(value: int, at: np.ndarray) -> bool:
    """Look at the one number in `at` until it is `value`; False if it is not within `PATIENCE`.

    Example:
        >>> look_for(1, np.ones(1, np.int64)), look_for(1, np.zeros(1, np.int64))
        (True, False)
    """
    return _look_for(value, at, _turns())


def say_and_look_for(word: int, to: np.ndarray, value: int, at: np.ndarray) -> bool:
    """Write `word` for another thread that looks, then look, and meanwhile join in what is posted on the board.

    All that is done without the GIL, which the other thread will need.
    """
    return _say_and_look_for(word, to, value, at, BOARD, _turns(), GRACE)


@cache
def _turns() -> int:
    """How often a thread can look within `PATIENCE`."""
    nothing, seconds = np.zeros(1, np.int64), []
    _look_for(1, nothing, 1)  # it compiles
    for _ in range(9):  # some while another thread has the GIL
        start = perf_counter()
        _look_for(1, nothing, 1000)
        seconds.append(perf_counter() - start)
    return max(1, int(1000 * PATIENCE / min(seconds)))


@compiled
def _look_for(value, at, turns):
    for _ in range(turns):
        if read(at) == value:
            return True
        pause()
    return False


@compiled
def _say_and_look_for(word, to, value, at, board, turns, grace):
    write(to, word)
    turn = 0
    while turn < turns:
        if read(at) == value:
            for _ in range(grace):
                pause()
            return True
        turn = 0 if join(board) else turn + 1
        pause()
    return False
