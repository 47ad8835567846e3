"""Arrays as compiled kernels take them: flat memory, and the stride along each axis."""

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.layout import strides


def flat_memory(x: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """The memory of x from its first number to its last, and the strides of all axes but the last, counted in numbers.

    If the last axis is not contiguous or a stride is negative, it is the memory of a copy.

    Example:
        >>> memory, steps = flat_memory(np.arange(12).reshape(2, 6)[:, 2:5])
        >>> memory, steps
        (array([ 2,  3,  4,  5,  6,  7,  8,  9, 10]), (6,))
    """
    if strides(x)[-1] != x.itemsize or min(strides(x)) < 0:
        x = np.ascontiguousarray(x)
    steps = tuple([stride // x.itemsize for stride in strides(x)[:-1]])
    last = sum([(size - 1) * step for size, step in zip(x.shape, steps, strict=False)])
    return np.lib.stride_tricks.as_strided(x, (last + x.shape[-1],), (x.itemsize,)), steps
