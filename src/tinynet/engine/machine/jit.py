"""How the compiled bodies are compiled. Only they import this module, because it loads Numba."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numba
from numba.core import event

config: Any = numba.config
_said: set[str] = set()

# fastmath=True would also assume that there is no NaN, and turn relu(NaN) into 0.
FLAGS = {"reassoc", "contract", "nsz", "arcp"}


def compiled(function: Callable, flags: set[str] = FLAGS, **options: bool) -> Callable:
    """Compile for one thread. A kernel that runs on several takes a range of its blocks and goes to `share`.

    Numba's own parallel regions compile two to three times as long, and the threads of one of their pools spin while
    they wait: beside another busy process, a region of 12 µs took 12 ms.
    """
    return _decorated(numba.njit, function, nogil=True, fastmath=flags, error_model="numpy", **options)


def compiled_for_pointers(function: Callable) -> Any:
    """Compile a function of the address of int64 numbers and a bool, which has an `address` itself. It may not fail."""
    signature = numba.types.void(numba.types.CPointer(numba.types.int64), numba.types.boolean)
    return _decorated(partial(numba.cfunc, signature), function, nopython=True, fastmath=FLAGS, error_model="numpy")


def _decorated(decorate: Callable, function: Callable, **options: Any) -> Any:
    folder = cache_folder()
    before = config.CACHE_DIR
    config.CACHE_DIR = folder  # Numba looks at it while it decorates
    try:
        return decorate(cache=bool(folder), **options)(function)
    finally:
        config.CACHE_DIR = before


def compiled_in_order(function: Callable) -> Callable:
    """Compile, and add in the order that is written, so that a line has the same bits whatever stands around it."""
    return compiled(function, FLAGS - {"reassoc"})


def inlined(function: Callable) -> Callable:
    """Compile into every function that calls it, and never apart, what may round in more than one way.

    A compiler chooses how to form a sum of products or of a row, and may choose otherwise where a function stands by
    itself. Of two such copies a process takes the one that it met first: the process that compiled them took another
    than all later ones, which found them in the cache, and a first training differed from its repetition.
    """
    return compiled(function, forceinline=True)


class _Announcer(event.Listener):
    """Says, once for each family of kernels, that it is being compiled, because the first step then takes seconds."""

    def __init__(self) -> None:
        self.depth = 0  # a function is compiled within the one that calls it

    def on_start(self, event: Any) -> None:
        self.depth += 1
        module = event.data["dispatcher"].py_func.__module__.split(".")
        if self.depth == 1 and module[:2] == ["tinynet", "engine"] and module[2] not in _said:
            _said.add(module[2])
            kept = f"kept in {folder}" if (folder := cache_folder()) else "for this run only: the cache is read-only"
            sys.stderr.write(f"Tinynet: compiling kernels ({module[2]}) for this machine, {kept}\n")

    def on_end(self, event: Any) -> None:
        self.depth -= 1


event.register("numba:compile", _Announcer())


@cache
def cache_folder() -> str:
    """Where compiled code is kept, or "" if nothing can be written there, which costs compiling in every process.

    The name holds a hash of all kernels, because Numba notices an edit in a function but not in those that it calls.
    """
    sources = sorted(Path(__file__).parent.parent.rglob("*.py"))
    key = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root / "tinynet" / "kernels" / key
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError:
        return ""
