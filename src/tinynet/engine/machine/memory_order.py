"""Views of arrays in their memory order."""

from __future__ import annotations

import math

import numpy as np

from tinynet.engine.machine.layout import strides


def along(axis: int | None, *arrays: np.ndarray) -> list[np.ndarray] | None:
    """Each array as a C-ordered view (outer, length of the axis, inner); None if there is none.

    Args:
        axis: The axis that is to stand alone; if None, an axis of length 1 stands after the first in memory.
        arrays: Arrays of one shape.

    Example:
        >>> images = np.zeros((2, 5, 4, 3)).transpose(0, 3, 1, 2)  # (N, C, H, W), channels last in memory
        >>> [view.shape for view in along(1, images)], along(1, images[:, ::2])
        ([(40, 3, 1)], None)
    """
    x = arrays[0]
    if x.ndim == 0 or x.size == 0:
        return None
    steps = strides(x)
    order = sorted(range(x.ndim), key=lambda a: -steps[a])
    moved = [array.transpose(order) for array in arrays]
    if not all(array.flags.c_contiguous for array in moved):
        return None
    shape = moved[0].shape
    if axis is None:
        return [array.reshape(shape[0], 1, -1) for array in moved]
    place = order.index(axis % x.ndim)
    return [array.reshape(math.prod(shape[:place]), shape[place], -1) for array in moved]
