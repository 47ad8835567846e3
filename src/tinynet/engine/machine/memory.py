"""What the C library does with freed memory.

A training step makes and drops the same large arrays again and again. The C library of Linux returns such memory to the
system at once and gets it back page by page, each filled with zeros first. A third to a half of the time of a small
convolutional net went into that.
"""

from __future__ import annotations

import os
import sys

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
