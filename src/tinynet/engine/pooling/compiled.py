"""Pooling compiled by Numba: image by image, channels innermost."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from tinynet.engine.geometry import Padding, Pair, output_size
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.layout import pixels
from tinynet.engine.machine.pool import share
from tinynet.engine.pooling import vectorized, windows
from tinynet.engine.pooling.vectorized import average, average_gradient, unpool, unpool_gradient

__all__ = ["average", "average_gradient", "maximum", "maximum_gradient", "unpool", "unpool_gradient"]


def maximum(
    x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair, relu: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """y and the cell that won: a pixel wins against those before it if it is larger, or NaN."""
    if x.dtype not in (np.float32, np.float64) or math.prod(kernel_size) > 256 - relu:
        return vectorized.maximum(x, kernel_size, stride, padding, dilation, relu)
    places = output_size(x.shape[2:], kernel_size, stride, padding, dilation)
    y = np.empty((len(x), *places, x.shape[1]), x.dtype)
    cells = np.empty(y.shape, np.uint8)
    if _side_by_side(x, kernel_size, stride, padding, dilation):
        share(windows.maximum, len(x), pixels(x), y, cells, kernel_size, relu)
        return y.transpose(0, 3, 1, 2), cells.transpose(0, 3, 1, 2)
    share(_maximum, len(x), pixels(x), y, cells, kernel_size, stride, (padding[0][0], padding[1][0]), dilation, relu)
    return y.transpose(0, 3, 1, 2), cells.transpose(0, 3, 1, 2)


def maximum_gradient(
    dy: np.ndarray, cells: np.ndarray, size: Pair, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair
) -> np.ndarray:
    """dx: the winner of each window gets its dy."""
    if dy.dtype not in (np.float32, np.float64) or cells.dtype != np.uint8:
        return vectorized.maximum_gradient(dy, cells, size, kernel_size, stride, padding, dilation)
    if _side_by_side(dy, kernel_size, stride, padding, dilation):
        dx = np.empty((len(dy), *size, dy.shape[1]), dy.dtype)
        share(windows.gradient, len(dy), pixels(dy), pixels(cells), dx, kernel_size)
        return dx.transpose(0, 3, 1, 2)
    dx = np.zeros((len(dy), *size, dy.shape[1]), dy.dtype)
    corner = (padding[0][0], padding[1][0])
    share(_maximum_gradient, len(dy), pixels(dy), pixels(cells), dx, kernel_size, stride, corner, dilation)
    return dx.transpose(0, 3, 1, 2)


def _side_by_side(x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair) -> bool:
    """Whether the windows cover the image like tiles, so that each pixel is in one at most."""
    tiled = tuple(stride) == tuple(kernel_size) and tuple(dilation) == (1, 1)
    return tiled and padding == ((0, 0), (0, 0)) and x.dtype == np.float32


@compiled
def _maximum(start, end, x, y, cells, kernel_size, stride, corner, dilation, relu):
    zero, none = x.dtype.type(0), np.int32(kernel_size[0] * kernel_size[1])
    best, won = np.empty(x.shape[3], x.dtype), np.empty(x.shape[3], np.int32)  # as wide as the numbers compared
    for n in range(start, end):
        for r in range(y.shape[1]):
            for s in range(y.shape[2]):
                fresh = True
                for i in range(kernel_size[0]):
                    line = r * stride[0] + i * dilation[0] - corner[0]
                    for j in range(kernel_size[1]):
                        column = s * stride[1] + j * dilation[1] - corner[1]
                        if line < 0 or line >= x.shape[1] or column < 0 or column >= x.shape[2]:
                            continue
                        cell, under = np.int32(i * kernel_size[1] + j), x[n, line, column]
                        for c in range(len(best)):
                            wins = fresh or under[c] > best[c] or under[c] != under[c]  # the last is NaN
                            best[c] = under[c] if wins else best[c]
                            won[c] = cell if wins else won[c]
                        fresh = False
                into, which = y[n, r, s], cells[n, r, s]
                for c in range(len(best)):
                    into[c] = zero if relu and best[c] <= zero else best[c]  # NaN stays
                    which[c] = won[c] if not relu or best[c] > zero else none


@compiled
def _maximum_gradient(start, end, dy, cells, dx, kernel_size, stride, corner, dilation):
    for n in range(start, end):
        for r in range(dy.shape[1]):
            for s in range(dy.shape[2]):
                top, left = r * stride[0] - corner[0], s * stride[1] - corner[1]
                for i in range(kernel_size[0]):
                    line = top + i * dilation[0]
                    for j in range(kernel_size[1]):
                        column = left + j * dilation[1]
                        if line < 0 or line >= dx.shape[1] or column < 0 or column >= dx.shape[2]:
                            continue
                        cell, under = np.uint8(i * kernel_size[1] + j), dx[n, line, column]
                        for c in range(under.shape[0]):
                            under[c] += dy[n, r, s, c] if cells[n, r, s, c] == cell else 0
