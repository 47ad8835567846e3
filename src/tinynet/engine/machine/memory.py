"""What the C library does with freed memory, and arrays that begin where a cache line does.

A training step makes and drops the same large arrays again and again. The C library of Linux returns such memory to the
system at once and gets it back page by page, each filled with zeros first. A third to a half of the time of a small
convolutional net went into that.
"""

from __future__ import annotations

import math
import os
import sys

import numpy as np

CACHE_LINE = 64  # bytes, and as many as the widest registers hold
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of malloc.h


def keep_freed_memory() -> bool:
    """Let this process keep freed memory for its next arrays, and say whether it will.

    Only glibc offers the choice. If the environment has one of glibc's own MALLOC_… variables or GLIBC_TUNABLES, the
    user has chosen already, and nothing is changed. The process then holds the most that it has needed at one time.

    Example:
        >>> keep_freed_memory() in (True, False)
        True
    """
    chosen = any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ)
    if chosen or not sys.platform.startswith("linux"):
        return False
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    return mallopt is not None and bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, -1))


def aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array in C order whose values are not set yet and whose memory begins where a cache line does.

    NumPy's own arrays begin at multiples of 16 bytes. A wide register that is stored across two cache lines costs two
    stores: passes over arrays that are in the cache took a fifth to a third longer.

    Example:
        >>> array = aligned((3, 5), np.dtype(np.float32))
        >>> array.shape, array.ctypes.data % CACHE_LINE
        ((3, 5), 0)
    """
    n_bytes = math.prod(shape) * dtype.itemsize
    memory = np.empty(n_bytes + CACHE_LINE, np.uint8)
    first = -memory.__array_interface__["data"][0] % CACHE_LINE
    return memory[first : first + n_bytes].view(dtype).reshape(shape)
