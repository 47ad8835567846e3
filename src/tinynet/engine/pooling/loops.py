"""Pooling as it is defined: window by window."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinynet.engine.geometry import Padding, Pair, output_size
from tinynet.engine.machine.layout import empty_channels_last

Index = tuple[int, ...]


def maximum(
    x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair, relu: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """y and the cell that won."""
    places = output_size(x.shape[2:], kernel_size, stride, padding, dilation)
    y = empty_channels_last((*x.shape[:2], *places), x.dtype)
    cells = empty_channels_last(y.shape, np.min_scalar_type(math.prod(kernel_size) - (not relu)))
    for place, window in windows(x.shape, y.shape, kernel_size, stride, padding, dilation):
        cells[place], winner = window[0]
        for cell, pixel in window[1:]:
            if x[pixel] > x[winner] or np.isnan(x[pixel]):
                cells[place], winner = cell, pixel
        y[place] = x[winner]
        if relu and not x[winner] > 0:
            y[place], cells[place] = max(x[winner], 0), math.prod(kernel_size)
    return y, cells


def maximum_gradient(
    dy: np.ndarray, cells: np.ndarray, size: Pair, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair
) -> np.ndarray:
    """dx: the winner of each window gets its dy."""
    dx = empty_channels_last((*dy.shape[:2], *size), dy.dtype)
    dx[...] = 0
    for place, window in windows(dx.shape, dy.shape, kernel_size, stride, padding, dilation):
        for cell, pixel in window:
            if cell == cells[place]:
                dx[pixel] += dy[place]
    return dx


def average(x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, count_include_pad: bool) -> np.ndarray:
    """y: the sum of each window over the number of its pixels."""
    y = empty_channels_last((*x.shape[:2], *output_size(x.shape[2:], kernel_size, stride, padding, (1, 1))), x.dtype)
    y[...] = 0
    for place, window in windows(x.shape, y.shape, kernel_size, stride, padding, (1, 1)):
        for _, pixel in window:
            y[place] += x[pixel]
        y[place] /= math.prod(kernel_size) if count_include_pad else len(window)
    return y


def average_gradient(
    dy: np.ndarray, size: Pair, kernel_size: Pair, stride: Pair, padding: Padding, count_include_pad: bool
) -> np.ndarray:
    """dx: each pixel of a window gets its share of dy."""
    dx = empty_channels_last((*dy.shape[:2], *size), dy.dtype)
    dx[...] = 0
    for place, window in windows(dx.shape, dy.shape, kernel_size, stride, padding, (1, 1)):
        for _, pixel in window:
            dx[pixel] += dy[place] / (math.prod(kernel_size) if count_include_pad else len(window))
    return dx


def unpool(x: np.ndarray, switches: np.ndarray, size: Pair) -> np.ndarray:
    """y: each x at the pixel of its switch."""
    y = empty_channels_last((*x.shape[:2], *size), x.dtype)
    y[...] = 0
    for n, c, r, s in np.ndindex(x.shape):
        y[n, c, *divmod(int(switches[n, c, r, s]), size[1])] = x[n, c, r, s]
    return y


def unpool_gradient(dy: np.ndarray, switches: np.ndarray) -> np.ndarray:
    """dx: the dy at the pixel of each switch, for the last one that was written there."""
    dx = empty_channels_last(switches.shape, dy.dtype)
    dx[...] = 0
    last = {(n, c, switches[n, c, r, s]): (n, c, r, s) for n, c, r, s in np.ndindex(switches.shape)}
    for (n, c, switch), place in last.items():
        dx[place] = dy[n, c, *divmod(int(switch), dy.shape[3])]
    return dx


def windows(
    x_shape: Index, y_shape: Index, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair
) -> Iterator[tuple[Index, list[tuple[int, Index]]]]:
    """Every place (n, c, r, s) of y, with the cell and the index of each pixel of its window inside the image."""
    (_, _, H, W), (kh, kw) = x_shape, kernel_size
    (sh, sw), ((top, _), (left, _)), (dh, dw) = stride, padding, dilation
    for n, c, r, s in np.ndindex(*y_shape):
        window: list[tuple[int, Index]] = []
        for i in range(kh):
            for j in range(kw):
                row, column = r * sh + i * dh - top, s * sw + j * dw - left
                if 0 <= row < H and 0 <= column < W:
                    window.append((i * kw + j, (n, c, row, column)))
        yield (n, c, r, s), window
