"""A work queue that threads share in compiled code, without Python.

To hand a function with its arrays to another thread, Python needs some 20 µs, in which both threads want the GIL: too
long for a product of a small net. So the queue is an array of integers. It holds one kernel at a time: the address of
its code, the number of pieces it can be cut into, its numbers, and the addresses and sizes of its arrays. The caller
takes pieces from the front, and workers that join in take them from the back, until they meet. After that the queue is
closed, and a worker that comes too late does nothing.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import ctypes
import os
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
from tinynet.engine.machine.behaved import behaved
from tinynet.engine.machine.jit import compiled, compiled_for_pointers
from tinynet.engine.machine.workers import WORKERS, wake_workers

# Where things are in a queue. Each number that several threads write to has a cache line of its own.
STATE, TAKEN, FRONT, BACK, FINISHED, KERNEL, COUNT, NUMBERS, ARRAYS, SIZE = 0, 8, 16, 24, 32, 40, 41, 42, 74, 98
# STATE is how many workers have joined, plus CLOSED once no worker may join. FINISHED says how many are done.
CLOSED = 1 << 32
intrinsic: Any = extending.intrinsic
# As plain Python nothing here is atomic, so then only the caller works.
ATOMIC = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]
_plain: dict[int, Callable] = {}
_NO_ARRAY = np.zeros(0, np.float32)


def new() -> np.ndarray:
    """An empty queue, closed."""
    queue = np.zeros(SIZE, np.int64)
    queue[STATE] = CLOSED
    return queue


QUEUE = new()  # the one that all workers watch


class Kernel:
    """A function that does work in a queue, compiled when it is first posted.

    Its arguments are the address of the queue and whether it runs in a worker rather than in the caller. It begins with
    `queue = queue_at(address)`, and does one piece after the other while `acquire(queue, is_worker)` is not negative.
    It finds its numbers from `queue[NUMBERS]` on, and its arrays with `array_of`.

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
    """Do work together with the workers, and return when all of it is done.

    A worker that still wakes up joins in what is left then, or in the next kernel.

    Args:
        kernel: The work.
        count: The number of pieces, which may be done in any order and at the same time.
        numbers: Integers that the kernel needs, up to 32.
        arrays: The float32 arrays that it reads and writes, each of one axis, up to 12.

    Raises:
        MemoryError: The compiled code could not get the memory for its work.
    """
    numbers, arrays = numbers or (0,), behaved(arrays) or (_NO_ARRAY,)  # in compiled code an empty tuple is of no type
    n_threads = min(thread_count(), count)
    if ATOMIC and n_threads > 1:
        is_whole = _run_with_workers(n_threads, kernel, count, numbers, arrays)
    else:
        is_whole = run(new(), kernel.address, count, numbers, arrays)
    if not is_whole:
        raise MemoryError("Compiled code of Tinynet could not get the memory for its work.")


def _run_with_workers(n_threads: int, kernel: Kernel, count: int, numbers: tuple, arrays: tuple) -> bool:
    """Run the kernel, together with the workers unless they belong to another call, and say whether all was done."""
    call, is_whole = object(), False
    try:
        try:
            shared = WORKERS.belong_to(call)
            if shared:
                wake_workers(n_threads - 1)
            is_whole = run(QUEUE if shared else new(), kernel.address, count, numbers, arrays)
        finally:
            WORKERS.release(call)
    finally:  # Ctrl-C may have cut the first short.
        WORKERS.release(call)
    return is_whole


@compiled
def run(queue, kernel, count, numbers, arrays):
    """Do work with all workers that join, close the queue when every piece is taken, and say whether all was done.

    Code at an address cannot raise. Each thread ends with a request for a piece that it does not get. So if there were
    fewer of these than threads, one of them has failed, which only happens for want of memory.
    """
    enqueue(queue, kernel, count, numbers, arrays)
    write(queue[STATE:], 0)
    _call(kernel, queue, False)
    joined = add(queue[STATE:], CLOSED)
    while read(queue[FINISHED:]) < joined:
        pause()
    return read(queue[TAKEN:]) == count + joined + 1


@compiled
def enqueue(queue, kernel, count, numbers, arrays):
    """Write work into a queue, which stays closed."""
    queue[TAKEN] = queue[FRONT] = queue[BACK] = queue[FINISHED] = 0
    queue[KERNEL], queue[COUNT] = kernel, count
    for i in range(len(numbers)):
        queue[NUMBERS + i] = numbers[i]
    for i in range(len(arrays)):
        queue[ARRAYS + 2 * i], queue[ARRAYS + 2 * i + 1] = arrays[i].ctypes.data, arrays[i].size


@compiled
def join(queue):
    """Take part in the work of a queue; False if there is nothing left to do."""
    if read(queue[STATE:]) >= CLOSED or read(queue[TAKEN:]) >= queue[COUNT] or add(queue[STATE:], 1) >= CLOSED:
        return False
    _call(queue[KERNEL], queue, True)
    add(queue[FINISHED:], 1)
    return True


@compiled
def acquire(queue, is_worker):
    """Acquire a piece of work: its number, which no other thread gets, or −1 if all are taken."""
    if add(queue[TAKEN:], 1) >= queue[COUNT]:
        return -1
    return queue[COUNT] - 1 - add(queue[BACK:], 1) if is_worker else add(queue[FRONT:], 1)


def close() -> None:
    """Close the queue that all workers watch: in a forked process nobody is left who would do what is in it."""
    QUEUE[STATE] = CLOSED


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=close)


def queue_at(queue):
    """The queue as an array, given the address that a kernel gets."""
    return queue


def array_of(queue, number):
    """The array with this number among those that were posted."""
    address, size = int(queue[ARRAYS + 2 * number]), int(queue[ARRAYS + 2 * number + 1])
    return np.ctypeslib.as_array((ctypes.c_float * size).from_address(address))


def _call(kernel, queue, is_worker):
    _plain[int(kernel)](queue, is_worker)


# What these become in compiled code.


@overload(queue_at)
def _overload_words(queue):
    return lambda queue: carray(queue, SIZE)


@overload(array_of)
def _overload_memory(queue, number):
    def at_address(queue, number):
        return carray(_pointer(queue[ARRAYS + 2 * number]), queue[ARRAYS + 2 * number + 1], np.float32)

    return at_address


@overload(_call)
def _overload_call(kernel, queue, is_worker):
    return lambda kernel, queue, is_worker: _call_at(kernel, queue, is_worker)


@intrinsic
def _pointer(typing, address):
    def code(context, builder, signature, args):
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), code


@intrinsic
def _call_at(typing, kernel, queue, is_worker):
    def code(context, builder, signature, args):
        data = cgutils.create_struct_proxy(signature.args[1])(context, builder, value=args[1]).data
        flag = context.get_value_as_argument(builder, types.boolean, args[2])
        function = ir.FunctionType(ir.VoidType(), [data.type, flag.type])
        builder.call(builder.inttoptr(args[0], function.as_pointer()), [data, flag])
        return context.get_dummy_value()

    return types.void(types.int64, queue, types.boolean), code
