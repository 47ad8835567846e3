"""Looking at a number for a while before going to sleep, in compiled code that holds no GIL.

A thread that sleeps needs 40 to 80 µs to wake up, as long as many a kernel takes; one that looks is there within 1. It
looks for two milliseconds at most, so that it takes nothing from other programs while there is no work.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import platform
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.extending import overload

from tinynet.kernels.jit import compiled

PATIENCE = 2e-3  # seconds: what a net mostly does between two kernels, or the other thread's larger part takes
GRACE = 250  # turns, 6 µs, until whoever wrote the number has let go of the GIL, for which to wait takes 50
intrinsic: Any = extending.intrinsic


def look_for(value: int, at: np.ndarray) -> bool:
    """Look at the one number in `at` until it is `value`; False if it is not within `PATIENCE`.

    Example:
        >>> look_for(1, np.ones(1, np.int64)), look_for(1, np.zeros(1, np.int64))
        (True, False)
    """
    return _look_for(value, at, _turns())


def say_and_look_for(word: int, to: np.ndarray, value: int, at: np.ndarray) -> bool:
    """Write `word` for another thread that looks, then look: all without the GIL, which the other one will need."""
    return _say_and_look_for(word, to, value, at, _turns(), GRACE)


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
def _say_and_look_for(word, to, value, at, turns, grace):
    write(to, word)
    if not _look_for(value, at, turns):
        return False
    for _ in range(grace):
        pause()
    return True


def read(place: np.ndarray) -> int:
    """The number there."""
    return place[0]


def write(place: np.ndarray, number: int) -> None:
    """Let the number be there, after all that was written before."""
    place[0] = number


def pause() -> None:
    """Tell the processor that this is a loop that waits, where there is an instruction for it."""


# What these become in compiled code. They are atomic, so that the compiler reads in every turn: without that, a loop
# that waits for another thread would be one that never ends.


@overload(read)
def _overload_read(place):
    return lambda place: _atomic_read(place)


@overload(write)
def _overload_write(place, number):
    return lambda place, number: _atomic_write(place, number)


@overload(pause)
def _overload_pause():
    return lambda: _pause_instruction()


@intrinsic
def _atomic_read(typing, array):
    def code(context, builder, signature, args):
        return builder.load_atomic(_first(context, builder, signature, args), "acquire", 8)

    return types.int64(array), code


@intrinsic
def _atomic_write(typing, array, number):
    def code(context, builder, signature, args):
        builder.store_atomic(args[1], _first(context, builder, signature, args), "release", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64), code


@intrinsic
def _pause_instruction(typing):
    def code(context, builder, signature, args):
        if platform.machine() in ("x86_64", "AMD64"):
            nothing = ir.FunctionType(ir.VoidType(), [])
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse2.pause", (), nothing), [])
        return context.get_dummy_value()

    return types.void(), code


def _first(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """The address of array[0]."""
    return cgutils.create_struct_proxy(signature.args[0])(context, builder, value=args[0]).data
