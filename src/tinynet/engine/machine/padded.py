"""Images with a border, with the channels last in memory."""

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.layout import channels_last
from tinynet.layers.windows import Padding


def padded_rows(x: np.ndarray, padding: Padding, value: float = 0) -> np.ndarray:
    """x (N, C, H, W) with a border of `value`, as a contiguous (N, top + H + bottom, left + W + right, C) array.

    Without a border it may share the memory of x, so do not write to it.

    Example:
        >>> padded_rows(np.ones((2, 3, 4, 5)), ((1, 1), (0, 2))).shape
        (2, 6, 7, 3)
    """
    (top, bottom), (left, right) = padding
    if not (top or bottom or left or right):
        return channels_last(x).transpose(0, 2, 3, 1)
    n, c, h, w = x.shape
    shape = (n, top + h + bottom, left + w + right, c)
    rows = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)
    rows[:, top : top + h, left : left + w] = x.transpose(0, 2, 3, 1)
    return rows
