"""A board for compiled work, which whoever looks at it can join without Python.

To hand a function with its arrays to another thread, Python needs some 20 µs, in which both want the GIL: too long for
a product of a small net. So such a kernel is written down in integers: where its code is, in how many pieces it can be
done, its numbers, and the addresses and sizes of its arrays. A helper looks at the board in compiled code and takes
pieces from the end, as the one who posted them does from the beginning, until they meet. Who comes too late finds the
board closed.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import carray, extending, types
from numba.core import cgutils
from numba.extending import overload

from tinynet.core.threads import thread_count
from tinynet.engine.machine.atomic import add, pause, read, write
from tinynet.engine.machine.jit import compiled, compiled_for_pointers
from tinynet.engine.machine.pool import gather, let_go

# Places on the board. Those that several threads write to are in lines of the cache of their own.
STATE, TAKEN, FRONT, BACK, LEFT, KERNEL, COUNT, NUMBERS, ARRAYS, SIZE = 0, 8, 16, 24, 32, 40, 41, 42, 74, 98
CLOSED = 1 << 32  # of STATE, which otherwise says how many have joined; LEFT says how many of them are done
intrinsic: Any = extending.intrinsic
ATOMIC = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]  # as plain Python this is for one thread
_plain: dict[int, Callable] = {}
_NO_ARRAY = np.zeros(0, np.float32)


def new() -> np.ndarray:
    """An empty board, closed."""
    board = np.zeros(SIZE, np.int64)
    board[STATE] = CLOSED
    return board


BOARD = new()  # at which all helpers look


class Kernel:
    """A function of a board, compiled when it is first posted.

    Called with an address and whether it helps, it begins with `board = words(address)`, does one piece after the
    other while `take(board, helps)` is not negative. It finds its numbers from `board[NUMBERS]` on, and its arrays with
    `memory`.

    Args:
        function: The function.
    """

    def __init__(self, function: Callable) -> None:
        self.function = function

    @cached_property
    def address(self) -> int:
        """Where its code is."""
        if not ATOMIC:
            _plain[id(self.function)] = self.function
            return id(self.function)
        return compiled_for_pointers(self.function).address


def post(kernel: Kernel, count: int, numbers: tuple[int, ...], arrays: tuple[np.ndarray, ...]) -> None:
    """Do work with the helpers that look at the board; back when it is done.

    Who comes late joins in what is left, or in what is posted next.

    Args:
        kernel: The work.
        count: In how many pieces it can be done.
        numbers: Integers that the kernel needs to know, up to 32.
        arrays: The float32 arrays that it reads and writes, each as a row, up to 12.
    """
    numbers, arrays = numbers or (0,), arrays or (_NO_ARRAY,)  # in compiled code an empty tuple is of no type
    if not ATOMIC or not gather(min(thread_count(), count)):
        do(new(), kernel.address, count, numbers, arrays)
        return
    try:
        do(BOARD, kernel.address, count, numbers, arrays)
    finally:
        let_go()


@compiled
def do(board, kernel, count, numbers, arrays):
    """Write work on a board, do it with all who join, and close the board when everything is done."""
    fill(board, kernel, count, numbers, arrays)
    write(board[STATE:], 0)
    _call(kernel, board, False)
    joined = add(board[STATE:], CLOSED)
    while read(board[LEFT:]) < joined:
        pause()


@compiled
def fill(board, kernel, count, numbers, arrays):
    """Only write it down: the first thing that `do` does."""
    board[TAKEN] = board[FRONT] = board[BACK] = board[LEFT] = 0
    board[KERNEL], board[COUNT] = kernel, count
    for i in range(len(numbers)):
        board[NUMBERS + i] = numbers[i]
    for i in range(len(arrays)):
        board[ARRAYS + 2 * i], board[ARRAYS + 2 * i + 1] = arrays[i].ctypes.data, arrays[i].size


@compiled
def join(board):
    """Take part in what is on the board; False if there is nothing left."""
    if read(board[STATE:]) >= CLOSED or read(board[TAKEN:]) >= board[COUNT] or add(board[STATE:], 1) >= CLOSED:
        return False
    _call(board[KERNEL], board, True)
    add(board[LEFT:], 1)
    return True


@compiled
def take(board, helps):
    """The number of the next piece of work, or −1: no two threads get the same."""
    if add(board[TAKEN:], 1) >= board[COUNT]:
        return -1
    return board[COUNT] - 1 - add(board[BACK:], 1) if helps else add(board[FRONT:], 1)


def words(board):
    """The board as an array, of which a kernel gets the address."""
    return board


def memory(board, number):
    """The array that was given under a number."""
    address, size = int(board[ARRAYS + 2 * number]), int(board[ARRAYS + 2 * number + 1])
    return np.ctypeslib.as_array((ctypes.c_float * size).from_address(address))


def _call(kernel, board, helps):
    _plain[int(kernel)](board, helps)


# What these become in compiled code.


@overload(words)
def _overload_words(board):
    return lambda board: carray(board, SIZE)


@overload(memory)
def _overload_memory(board, number):
    def at_address(board, number):
        return carray(_pointer(board[ARRAYS + 2 * number]), board[ARRAYS + 2 * number + 1], np.float32)

    return at_address


@overload(_call)
def _overload_call(kernel, board, helps):
    return lambda kernel, board, helps: _call_at(kernel, board, helps)


@intrinsic
def _pointer(typing, address):
    def code(context, builder, signature, args):
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), code


@intrinsic
def _call_at(typing, kernel, board, helps):
    def code(context, builder, signature, args):
        data = cgutils.create_struct_proxy(signature.args[1])(context, builder, value=args[1]).data
        flag = context.get_value_as_argument(builder, types.boolean, args[2])
        function = ir.FunctionType(ir.VoidType(), [data.type, flag.type])
        builder.call(builder.inttoptr(args[0], function.as_pointer()), [data, flag])
        return context.get_dummy_value()

    return types.void(types.int64, board, types.boolean), code
