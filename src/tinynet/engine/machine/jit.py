"""How kernels are compiled, and where the code is kept. Only compiled code imports this module: it loads Numba."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numba
from numba.core import event
from numba.core.ccallback import CFunc

from tinynet.engine.machine.code_cache import CodeCache, cache_folder, say

_announced: set[str] = set()

ENGINE = f"{__package__.rpartition('.')[0]}."
MACHINE = f"{__package__}."

# fastmath=True would also assume that there is no NaN, and turn relu(NaN) into 0.
FLAGS = {"reassoc", "contract", "nsz", "arcp"}


def compiled(function: Callable, flags: set[str] = FLAGS, **options: Any) -> Callable:
    """Compile for one thread. A kernel that runs on several threads takes a range of its blocks, and `share` calls it.

    Numba's own parallel regions take two to three times as long to compile, and their threads spin while they wait:
    beside another busy process, a region of 12 µs took 12 ms.
    """
    dispatcher = numba.njit(nogil=True, fastmath=flags, error_model="numpy", **options)(function)
    if dispatcher is not function:  # as it is where NUMBA_DISABLE_JIT is set
        _keep_code_of(dispatcher, function)
    return dispatcher


def compiled_for_pointers(function: Callable) -> Any:
    """Compile a function of the address of int64 numbers and a bool, which has an `address` itself. It may not fail."""
    signature = numba.types.void(numba.types.CPointer(numba.types.int64), numba.types.boolean)
    options = {"nopython": True, "fastmath": FLAGS, "error_model": "numpy"}
    callback = CFunc(function, (signature.args, signature.return_type), locals={}, options=options)
    _keep_code_of(callback, function)
    callback.compile()
    return callback


def _keep_code_of(compiler: Any, function: Callable) -> None:
    """Let Numba look into our cache before it compiles."""
    if folder := cache_folder():
        compiler._cache = CodeCache(function, folder)


def compiled_in_order(function: Callable) -> Callable:
    """Compile, and add in the order that is written, so that the code around an expression cannot change its bits."""
    return compiled(function, FLAGS - {"reassoc"})


def inlined(function: Callable) -> Callable:
    """Force inlining of what may round in more than one way.

    A compiler chooses how to form a sum of products or of a row, and its choice can differ between the inlined copy of
    a function and the function itself. A process that compiles may call one of them, and a later process, which finds
    both in the cache, the other. Without this, a first training differed from its repetition.
    """
    return compiled(function, forceinline=True)


class _Announcer(event.Listener):
    """Says once for each family that its kernels are being compiled, because the first step then takes seconds."""

    def __init__(self) -> None:
        self.depth = 0  # a function is compiled within the one that calls it

    def on_start(self, event: Any) -> None:
        self.depth += 1
        family = _family(event.data["dispatcher"].py_func.__module__) if self.depth == 1 else None
        if family and family not in _announced:
            _announced.add(family)
            # A newcomer reads this where nothing has been said before, and waits; so it says why and for how long.
            kept = (
                f"once; it is kept in {folder}"
                if (folder := cache_folder())
                else "for this run only: the cache is read-only or not private"
            )
            say(f"Tinynet: compiling its fast code for {family.replace('_', ' ')}, for some seconds, {kept}\n")

    def on_end(self, event: Any) -> None:
        self.depth = max(0, self.depth - 1)  # Ctrl-C may have come before the start was counted


def _family(module: str) -> str | None:
    """The part of the engine that a function is compiled for: "gelu" for tinynet.engine.gelu.compiled.

    A function of `machine` counts to the family that calls it or, without one, as in a worker, to "threads".
    """
    frame: FrameType | None = sys._getframe()
    while module.startswith(MACHINE) and frame is not None:
        caller = frame.f_globals.get("__name__", "")
        module, frame = caller if caller.startswith(ENGINE) else module, frame.f_back
    if module.startswith(MACHINE):
        return "threads"
    return module.removeprefix(ENGINE).split(".")[0] if module.startswith(ENGINE) else None


event.register("numba:compile", _Announcer())
