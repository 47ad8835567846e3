"""A board for compiled work, which whoever looks at it can join without Python.

To hand a function with its arrays to another thread, Python needs some 20 µs, in which both want the GIL: too long for
a product of a small net. So such a kernel is written down in integers: where its code is, in how many pieces it can be
done, the addresses and sizes of its arrays. A helper looks at the board in compiled code and takes pieces from the end,
as the one who posted them does from the beginning, until they meet. Who comes too late finds the board closed.
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

from tinynet.kernels.atomic import add, pause, read, write
from tinynet.kernels.jit import compiled, compiled_for_pointers

# Places on the board. Those that several threads write to are in lines of the cache of their own.
STATE, TAKEN, FRONT, BACK, LEFT, KERNEL, COUNT, NUMBERS, SIZE = 0, 8, 16, 24, 32, 40, 41, 42, 64
CLOSED = 1 << 32  # of STATE, which otherwise says how many have joined; LEFT says how many of them are done
intrinsic: Any = extending.intrinsic
ATOMIC = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]  # as plain Python this is for one thread
_plain: dict[int, Callable] = {}


def new() -> np.ndarray:
    """An empty board, closed."""
    board = np.zeros(SIZE, np.int64)
    board[STATE] = CLOSED
    return board


class Kernel:
    """A function of a board, compiled when it is first posted.

    Called with an address and whether it helps, it begins with `board = words(address)`, does one piece after the
    other while `take(board, helps)` is not negative, and finds its numbers from `board[NUMBERS]` on.

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


def fill(board: np.ndarray, kernel: Kernel, count: int, numbers: tuple[int, ...]) -> None:
    """Write work on a closed board."""
    board[TAKEN] = board[FRONT] = board[BACK] = board[LEFT] = 0
    board[KERNEL], board[COUNT] = kernel.address, count
    board[NUMBERS : NUMBERS + len(numbers)] = numbers


@compiled
def do(board):
    """Open the board, do what is on it with all who join, and close it when everything is done."""
    write(board[STATE:], 0)
    _call(board[KERNEL], board, False)
    joined = add(board[STATE:], CLOSED)
    while read(board[LEFT:]) < joined:
        pause()


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


def memory(address: int, size: int) -> np.ndarray:
    """So many float32 numbers that lie at an address."""
    return np.ctypeslib.as_array((ctypes.c_float * int(size)).from_address(int(address)))


def _call(kernel, board, helps):
    _plain[int(kernel)](board, helps)


# What these become in compiled code.


@overload(words)
def _overload_words(board):
    return lambda board: carray(board, SIZE)


@overload(memory)
def _overload_memory(address, size):
    return lambda address, size: carray(_pointer(address), size, np.float32)


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
