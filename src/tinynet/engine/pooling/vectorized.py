"""Pooling with NumPy: one pass over all places at once for each cell (i, j) of the window."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tinynet.engine.geometry import Padding, Pair, cells, output_size
from tinynet.engine.machine.layout import channels_last
from tinynet.engine.machine.padded import padded_rows


def maximum(
    x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair, relu: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """y and the cell that won: a pixel wins against those before it if it is larger, or NaN."""
    places = output_size(x.shape[2:], kernel_size, stride, padding, dilation)
    xp = padded_rows(x, padding, -np.inf)  # (N, Hp, Wp, C)
    y = np.full((len(x), *places, x.shape[1]), -np.inf, x.dtype)
    winners = np.empty(y.shape, np.min_scalar_type(math.prod(kernel_size) - (not relu)))
    winners[...] = first_cells(places, kernel_size, stride, padding, dilation)[..., np.newaxis]
    for cell, under in views(xp, places, kernel_size, stride, dilation):
        wins = under > y
        wins |= np.isnan(under)
        np.copyto(y, under, where=wins)
        np.copyto(winners, cell, where=wins, casting="unsafe")
    if relu:
        winners[~(y > 0)] = math.prod(kernel_size)
        np.maximum(y, 0, out=y)
    return y.transpose(0, 3, 1, 2), winners.transpose(0, 3, 1, 2)


def maximum_gradient(
    dy: np.ndarray, winners: np.ndarray, size: Pair, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair
) -> np.ndarray:
    """dx: each cell of the window takes dy where it won."""
    dxp = zero_rows(dy, size, padding)  # (N, Hp, Wp, C)
    rows, winners = channels_last(dy).transpose(0, 2, 3, 1), channels_last(winners).transpose(0, 2, 3, 1)
    for cell, under in views(dxp, dy.shape[2:], kernel_size, stride, dilation):
        np.add(under, rows, out=under, where=winners == cell)
    return without_border(dxp, size, padding)


def average(x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, count_include_pad: bool) -> np.ndarray:
    """y: the sum of each window over the number of its pixels."""
    places = output_size(x.shape[2:], kernel_size, stride, padding, (1, 1))
    y = np.zeros((len(x), *places, x.shape[1]), x.dtype)  # (N, OH, OW, C)
    for _, under in views(padded_rows(x, padding), places, kernel_size, stride, (1, 1)):
        y += under
    y /= counts(x.shape[2:], places, kernel_size, stride, padding, count_include_pad, x.dtype)
    return y.transpose(0, 3, 1, 2)


def average_gradient(
    dy: np.ndarray, size: Pair, kernel_size: Pair, stride: Pair, padding: Padding, count_include_pad: bool
) -> np.ndarray:
    """dx: each pixel of a window gets its share of dy."""
    places = dy.shape[2:]
    dxp = zero_rows(dy, size, padding)  # (N, Hp, Wp, C)
    share = channels_last(dy).transpose(0, 2, 3, 1)
    share = share / counts(size, places, kernel_size, stride, padding, count_include_pad, dy.dtype)
    for _, under in views(dxp, places, kernel_size, stride, (1, 1)):
        under += share
    return without_border(dxp, size, padding)


def unpool(x: np.ndarray, switches: np.ndarray, size: Pair) -> np.ndarray:
    """y: each x at the pixel of its switch."""
    N, C = x.shape[:2]
    y = np.zeros((N, C, math.prod(size)), x.dtype)
    np.put_along_axis(y, switches.reshape(N, C, -1), x.reshape(N, C, -1), axis=2)
    return channels_last(y.reshape(N, C, *size))


def unpool_gradient(dy: np.ndarray, switches: np.ndarray) -> np.ndarray:
    """dx: the dy at the pixel of each switch, for the last one that was written there."""
    N, C, OH, OW = switches.shape
    switches = switches.reshape(N, C, -1)
    dx = np.take_along_axis(dy.reshape(N, C, -1), switches, axis=2)
    number = np.broadcast_to(np.arange(OH * OW), dx.shape)
    last = np.empty((N, C, dy.shape[2] * dy.shape[3]), number.dtype)  # read only where it is written
    np.put_along_axis(last, switches, number, axis=2)
    dx[np.take_along_axis(last, switches, axis=2) != number] = 0
    return channels_last(dx.reshape(N, C, OH, OW))


def views(
    xp: np.ndarray, places: Pair, kernel_size: Pair, stride: Pair, dilation: Pair
) -> Iterator[tuple[int, np.ndarray]]:
    """For each cell i·kw + j of the window, the pixels (N, OH, OW, C) under it as a view of xp (N, Hp, Wp, C)."""
    for i, j in np.ndindex(kernel_size):
        rows, columns = cells(i, places[0], stride[0], dilation[0]), cells(j, places[1], stride[1], dilation[1])
        yield i * kernel_size[1] + j, xp[:, rows, columns]


def first_cells(places: Pair, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair) -> np.ndarray:
    """The first cell (OH, OW) of each window that is not in the padding: it wins if no pixel is above -inf."""
    first = [
        np.maximum(0, -((np.arange(places[axis]) * stride[axis] - padding[axis][0]) // dilation[axis]))
        for axis in (0, 1)
    ]
    return first[0][:, np.newaxis] * kernel_size[1] + first[1]


def counts(
    size: Pair,
    places: Pair,
    kernel_size: Pair,
    stride: Pair,
    padding: Padding,
    count_include_pad: bool,
    dtype: np.dtype,
) -> np.ndarray:
    """How many pixels each window has, (OH, OW, 1), or (1, 1, 1) if those in the padding count as well."""
    if count_include_pad:
        return np.full((1, 1, 1), math.prod(kernel_size), dtype)
    ones = padded_rows(np.ones((1, 1, *size), dtype), padding)
    return sum(under[0] for _, under in views(ones, places, kernel_size, stride, (1, 1)))


def zero_rows(dy: np.ndarray, size: Pair, padding: Padding) -> np.ndarray:
    """Zeros (N, top + H + bottom, left + W + right, C) for the gradient of x and its border."""
    (h, w), ((top, bottom), (left, right)) = size, padding
    return np.zeros((len(dy), top + h + bottom, left + w + right, dy.shape[1]), dy.dtype)


def without_border(dxp: np.ndarray, size: Pair, padding: Padding) -> np.ndarray:
    """The inner (N, C, H, W) of a padded (N, Hp, Wp, C)."""
    top, left = padding[0][0], padding[1][0]
    return channels_last(dxp[:, top : top + size[0], left : left + size[1]].transpose(0, 3, 1, 2))
