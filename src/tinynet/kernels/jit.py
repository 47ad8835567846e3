"""How the compiled bodies are compiled. Only they import this module, because it loads Numba."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

config: Any = numba.config

# fastmath=True would also assume that there is no NaN, and turn relu(NaN) into 0.
FLAGS = {"reassoc", "contract", "nsz", "arcp"}


def compiled(function: Callable) -> Callable:
    """Compile for one thread, to be called from other compiled functions."""
    return _compile(function)


def parallel(function: Callable) -> Callable:
    """Compile with `prange` on all of Numba's threads. One such region a kernel: starting it is what costs."""
    return _compile(function, parallel=True)


def _compile(function: Callable, **options: Any) -> Callable:
    folder = cache_folder()
    before = config.CACHE_DIR
    config.CACHE_DIR = folder  # Numba looks at it while it decorates
    try:
        return numba.njit(cache=bool(folder), nogil=True, fastmath=FLAGS, error_model="numpy", **options)(function)
    finally:
        config.CACHE_DIR = before


@cache
def cache_folder() -> str:
    """Where compiled code is kept, or "" if nothing can be written there, which costs compiling in every process.

    The name holds a hash of all kernels, because Numba notices an edit in a function but not in those that it calls.
    """
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    key = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root / "tinynet" / "kernels" / key
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError:
        return ""
