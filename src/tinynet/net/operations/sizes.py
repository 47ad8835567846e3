"""Shapes in which a size may be that of another array, or what is left."""

from __future__ import annotations

import math

import numpy as np

from tinynet.core import checks


def checked_sizes(who: str, sizes: tuple) -> tuple[int | str, ...]:
    """Check the sizes of a new shape: numbers from -1 on, or "x0" for the size of axis 0, and so on.

    Example:
        >>> checked_sizes("View", ("x0", 2, -1))
        ('x0', 2, -1)
    """
    for index, size in enumerate(sizes):
        if not (isinstance(size, str) and size[:1] == "x" and size[1:].isdigit()):
            checks.integer(who, f"sizes[{index}]", size, minimum=-1)
    return sizes


def sizes_for(sizes: tuple[int | str, ...], x: np.ndarray) -> list[int]:
    """The new shape of x, in which -1 still stands for what is left.

    Example:
        >>> sizes_for(("x0", 2, -1), np.zeros((5, 8)))
        [5, 2, -1]
    """
    return [x.shape[int(size[1:])] if isinstance(size, str) else size for size in sizes]


def fitted(sizes: list[int], x: np.ndarray) -> list[int]:
    """The new shape with the size of a -1, which NumPy cannot tell where an axis is empty on both sides.

    Example:
        >>> fitted([0, 2, -1], np.zeros((0, 8)))
        [0, 2, 4]
    """
    if x.size or sizes.count(-1) != 1 or 0 not in sizes:
        return sizes
    rest = math.prod(size for size in x.shape if size) // math.prod(size for size in sizes if size > 0)
    return [rest if size == -1 else size for size in sizes]
