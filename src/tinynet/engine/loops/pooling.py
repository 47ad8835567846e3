"""Pooling as it is defined: window by window."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinynet.layers.windows import Pair, Sliding

Index = tuple[int, ...]
Window = list[tuple[int, Index]]  # the number i·kw + j of each cell, and the index (n, c, row, column) of its pixel


def max_pool(x: np.ndarray, sliding: Sliding) -> tuple[np.ndarray, np.ndarray]:
    """y and the indices of max pooling."""
    y = np.zeros((*x.shape[:2], *sliding.output_size(x.shape[2:])), x.dtype)
    cells = np.zeros(y.shape, np.min_scalar_type(math.prod(sliding.kernel_size) - 1))
    for position, window in windows(x.shape, y.shape, sliding):
        cells[position], largest = window[0]
        for cell, pixel in window[1:]:
            if x[pixel] > x[largest] or np.isnan(x[pixel]):
                cells[position], largest = cell, pixel
        y[position] = x[largest]
    return y, cells


def max_pool_gradient(dy: np.ndarray, cell: np.ndarray, size: Pair, sliding: Sliding) -> np.ndarray:
    """dx: the winner of each window gets its dy."""
    dx = np.zeros((*dy.shape[:2], *size))
    for position, window in windows(dx.shape, dy.shape, sliding):
        for number, pixel in window:
            if number == cell[position]:
                dx[pixel] += dy[position]
    return dx.astype(dy.dtype)


def avg_pool(
    x: np.ndarray, sliding: Sliding, count_include_pad: bool, divisor_override: int | None = None
) -> np.ndarray:
    """y: the sum of each window over the number of its pixels."""
    y = np.zeros((*x.shape[:2], *sliding.output_size(x.shape[2:])), x.dtype)
    for position, window in windows(x.shape, y.shape, sliding):
        count = divisor_override or _count(position, x.shape, sliding, count_include_pad)
        y[position] = sum([float(x[pixel]) for _, pixel in window]) / count
    return y


def avg_pool_gradient(
    dy: np.ndarray, size: Pair, sliding: Sliding, count_include_pad: bool, divisor_override: int | None = None
) -> np.ndarray:
    """dx: each pixel of a window gets its share of dy."""
    dx = np.zeros((*dy.shape[:2], *size))
    for position, window in windows(dx.shape, dy.shape, sliding):
        count = divisor_override or _count(position, dx.shape, sliding, count_include_pad)
        for _, pixel in window:
            dx[pixel] += dy[position] / count
    return dx.astype(dy.dtype)


def _count(position: Index, x_shape: Index, sliding: Sliding, count_include_pad: bool) -> int:
    """How many pixels of the window at a position of y count: those of the image and maybe of its padding."""
    count = 1
    for axis in (0, 1):
        before, after = sliding.padding[axis]
        first = position[2 + axis] * sliding.stride[axis] - before
        counted = range(-before, x_shape[2 + axis] + after) if count_include_pad else range(x_shape[2 + axis])
        count *= len([pixel for pixel in range(first, first + sliding.kernel_size[axis]) if pixel in counted])
    return count


def unpool(x: np.ndarray, switches: np.ndarray, size: Pair) -> np.ndarray:
    """y: each x at the pixel of its switch."""
    y = np.zeros((*x.shape[:2], *size), x.dtype)
    for n, c, r, s in np.ndindex(x.shape):
        y[n, c, *divmod(int(switches[n, c, r, s]), size[1])] = x[n, c, r, s]
    return y


def unpool_gradient(dy: np.ndarray, switches: np.ndarray) -> np.ndarray:
    """dx: the dy at the pixel of each switch, for the last one that was written there."""
    dx = np.zeros(switches.shape, dy.dtype)
    last = {(n, c, switches[n, c, r, s]): (n, c, r, s) for n, c, r, s in np.ndindex(switches.shape)}
    for (n, c, switch), position in last.items():
        dx[position] = dy[n, c, *divmod(int(switch), dy.shape[3])]
    return dx


def windows(x_shape: Index, y_shape: Index, sliding: Sliding) -> Iterator[tuple[Index, Window]]:
    """Every position (n, c, r, s) of y, with the pixels of its window that are inside the image."""
    _, _, H, W = x_shape
    (kh, kw), (sh, sw), ((top, _), (left, _)), (dh, dw), _ = sliding
    for n, c, r, s in np.ndindex(*y_shape):
        window: Window = []
        for i in range(kh):
            for j in range(kw):
                row, column = r * sh + i * dh - top, s * sw + j * dw - left
                if 0 <= row < H and 0 <= column < W:
                    window.append((i * kw + j, (n, c, row, column)))
        yield (n, c, r, s), window
