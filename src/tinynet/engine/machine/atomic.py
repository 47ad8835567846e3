"""Atomic numbers: one thread writes them and another reads them, in compiled code.

A read acquires and a write releases, as the memory models of C and LLVM have it: a thread that sees a number also sees
what was written before it. With plain reads, a loop that waits for another thread would never end, because the compiler
would read the number once, before the loop.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import platform
from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.extending import overload

intrinsic: Any = extending.intrinsic


def read(array: np.ndarray) -> int:
    """The first number of `array`."""
    return array[0]


def write(array: np.ndarray, number: int) -> None:
    """Write the first number of `array`, visibly after everything that was written before."""
    array[0] = number


def add(array: np.ndarray, number: int) -> int:
    """Add to the first number of `array`, and return what it was before."""
    before = array[0]
    array[0] = before + number
    return before


def pause() -> None:
    """Tell the processor that this is a spin wait, where there is an instruction for it."""


# What these are in compiled code.


@overload(read)
def _overload_read(array):
    return lambda array: _atomic_read(array)


@overload(write)
def _overload_write(array, number):
    return lambda array, number: _atomic_write(array, number)


@overload(add)
def _overload_add(array, number):
    return lambda array, number: _atomic_add(array, number)


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
def _atomic_add(typing, array, number):
    def code(context, builder, signature, args):
        return builder.atomic_rmw("add", _first(context, builder, signature, args), args[1], "acq_rel")

    return types.int64(array, types.int64), code


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
