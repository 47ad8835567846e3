"""Pooling compiled by Numba: image by image, channels innermost."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.layout import pixels
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.pooling import windows
from tinynet.layers.windows import Pair, Sliding

NO_PADDING = ((0, 0), (0, 0))
MAX_TERMS_IN_FLOAT32 = 16  # of a sum of gradients: in longer ones float32 loses digits


def maximum(x: np.ndarray, sliding: Sliding, relu: bool) -> tuple[np.ndarray, np.ndarray]:
    """y and the indices of max pooling: a pixel wins against those before it if it is larger, or NaN.

    With `relu` y is the largest max(x, 0), and kh·kw is added to the number of the cell where y is not positive.
    """
    y = np.empty((len(x), *sliding.output_size(x.shape[2:]), x.shape[1]), x.dtype)
    cell = np.empty(y.shape, np.uint8)
    if _side_by_side(x, sliding):
        run_parallel(windows.maximum, len(x), pixels(x), y, cell, sliding.kernel_size, relu)
    else:
        run_parallel(_maximum, len(x), pixels(x), y, cell, *_steps(sliding), relu)
    return y.transpose(0, 3, 1, 2), cell.transpose(0, 3, 1, 2)


def maximum_gradient(dy: np.ndarray, cell: np.ndarray, size: Pair, sliding: Sliding) -> np.ndarray:
    """dx: the winner of each window gets its dy, unless `maximum` added kh·kw to its number."""
    shape = (len(dy), *size, dy.shape[1])
    if _side_by_side(dy, sliding):
        dx = np.empty(shape, dy.dtype)
        run_parallel(windows.gradient, len(dy), pixels(dy), pixels(cell), dx, sliding.kernel_size)
    else:
        many = math.prod(sliding.kernel_size) > MAX_TERMS_IN_FLOAT32
        dx = np.zeros(shape, np.float64 if many else dy.dtype)
        run_parallel(_maximum_gradient, len(dy), pixels(dy), pixels(cell), dx, *_steps(sliding))
    return dx.astype(dy.dtype, copy=False).transpose(0, 3, 1, 2)


def adaptive_maximum(x: np.ndarray, windows: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """y and the index of the pixel that won, for windows (count, 2) of rows and of columns."""
    y = np.empty((len(x), len(windows[0]), len(windows[1]), x.shape[1]), x.dtype)
    index = np.empty(y.shape, np.intp)
    run_parallel(_adaptive_maximum, len(x), pixels(x), y, index, *windows)
    return y.transpose(0, 3, 1, 2), index.transpose(0, 3, 1, 2)


def adaptive_maximum_gradient(dy: np.ndarray, index: np.ndarray, size: Pair) -> np.ndarray:
    """dx: the winner of each window gets its dy."""
    dx = np.empty((len(dy), math.prod(size), dy.shape[1]), dy.dtype)
    run_parallel(_add_up, len(dy), pixels(dy), pixels(index), dx)
    return dx.reshape(len(dy), *size, dy.shape[1]).transpose(0, 3, 1, 2)


def unpool(x: np.ndarray, switches: np.ndarray, size: Pair) -> np.ndarray:
    """y: each x at the pixel of its switch."""
    y = np.empty((len(x), math.prod(size), x.shape[1]), x.dtype)  # (N, OH·OW, C)
    run_parallel(_unpool, len(x), pixels(x), pixels(switches), y)
    return y.reshape(len(x), *size, x.shape[1]).transpose(0, 3, 1, 2)


def unpool_gradient(dy: np.ndarray, switches: np.ndarray) -> np.ndarray:
    """dx: the dy at the pixel of each switch, for the last one that was written there."""
    N, C, OH, OW = dy.shape
    dx = np.empty((N, *switches.shape[2:], C), dy.dtype)
    run_parallel(_unpool_gradient, N, pixels(dy).reshape(N, OH * OW, C), pixels(switches), dx)
    return dx.transpose(0, 3, 1, 2)


def _side_by_side(x: np.ndarray, sliding: Sliding) -> bool:
    """Whether the windows cover the image like tiles, so that each pixel is in one at most."""
    tiled = sliding.stride == sliding.kernel_size and sliding.dilation == (1, 1)
    return tiled and sliding.border == NO_PADDING and x.dtype == np.float32


def _steps(sliding: Sliding) -> tuple[Pair, Pair, Pair, Pair]:
    """Kernel size, stride, the padding above and to the left, dilation."""
    (top, _), (left, _) = sliding.padding
    return sliding.kernel_size, sliding.stride, (top, left), sliding.dilation


@compiled
def _maximum(start, end, x, y, cells, kernel_size, stride, before, dilation, relu):
    zero, n_cells = x.dtype.type(0), np.int32(kernel_size[0] * kernel_size[1])
    # Both types are equally wide, so that the loop over them is vectorized.
    best, won = np.empty(x.shape[3], x.dtype), np.empty(x.shape[3], np.int32)
    for n in range(start, end):
        for r in range(y.shape[1]):
            for s in range(y.shape[2]):
                first = np.int32(-1)
                for i in range(kernel_size[0]):
                    line = r * stride[0] + i * dilation[0] - before[0]
                    for j in range(kernel_size[1]):
                        column = s * stride[1] + j * dilation[1] - before[1]
                        if line < 0 or line >= x.shape[1] or column < 0 or column >= x.shape[2]:
                            continue
                        cell, under = np.int32(i * kernel_size[1] + j), x[n, line, column]
                        fresh = first < 0
                        for c in range(len(best)):
                            p = zero if relu and under[c] < zero else under[c]  # NaN stays
                            wins = fresh or p > best[c] or p != p  # the last is NaN
                            best[c] = p if wins else best[c]
                            won[c] = cell if wins else won[c]
                        first = cell if fresh else first
                into, which = y[n, r, s], cells[n, r, s]
                for c in range(len(best)):
                    into[c] = best[c]
                    which[c] = won[c] + (n_cells if relu and not best[c] > zero else np.int32(0))


@compiled
def _maximum_gradient(start, end, dy, cells, dx, kernel_size, stride, before, dilation):
    (kh, kw), zero = kernel_size, dy.dtype.type(0)
    for n in range(start, end):
        for r in range(dy.shape[1]):
            for s in range(dy.shape[2]):
                dy_rs, won = dy[n, r, s], cells[n, r, s]
                for i in range(kh):
                    line = r * stride[0] - before[0] + i * dilation[0]
                    for j in range(kw):
                        column = s * stride[1] - before[1] + j * dilation[1]
                        if line < 0 or line >= dx.shape[1] or column < 0 or column >= dx.shape[2]:
                            continue
                        cell, under = np.uint8(i * kw + j), dx[n, line, column]
                        for c in range(under.shape[0]):
                            under[c] += dy_rs[c] if won[c] == cell else zero


@compiled
def _adaptive_maximum(start, end, x, y, index, row_windows, column_windows):
    W = x.shape[2]
    best, won = np.empty(x.shape[3], x.dtype), np.empty(x.shape[3], np.int32)
    for n in range(start, end):
        for r in range(len(row_windows)):
            for s in range(len(column_windows)):
                (top, bottom), (left, right) = row_windows[r], column_windows[s]
                for line in range(top, bottom):
                    for column in range(left, right):
                        pixel, under = np.int32(line * W + column), x[n, line, column]
                        fresh = line == top and column == left
                        for c in range(len(best)):
                            wins = fresh or under[c] > best[c] or under[c] != under[c]  # the last is NaN
                            best[c] = under[c] if wins else best[c]
                            won[c] = pixel if wins else won[c]
                into, which = y[n, r, s], index[n, r, s]
                for c in range(len(best)):
                    into[c], which[c] = best[c], won[c]


@compiled
def _add_up(start, end, dy, index, dx):
    for n in range(start, end):
        dx[n] = 0
        for r in range(dy.shape[1]):
            for s in range(dy.shape[2]):
                for c in range(dy.shape[3]):
                    dx[n, index[n, r, s, c], c] += dy[n, r, s, c]


@compiled
def _unpool(start, end, x, switches, y):
    for n in range(start, end):
        y[n] = 0
        for r in range(x.shape[1]):
            for s in range(x.shape[2]):
                for c in range(x.shape[3]):
                    y[n, switches[n, r, s, c], c] = x[n, r, s, c]


@compiled
def _unpool_gradient(start, end, dy, switches, dx):
    last = np.empty(dy.shape[1:], np.int32)  # The number of the last x at each pixel. Read only where it was written.
    _, H, W, C = switches.shape
    for n in range(start, end):
        for r in range(H):
            for s in range(W):
                for c in range(C):
                    last[switches[n, r, s, c], c] = r * W + s
        for r in range(H):
            for s in range(W):
                for c in range(C):
                    pixel = switches[n, r, s, c]
                    dx[n, r, s, c] = dy[n, pixel, c] if last[pixel, c] == r * W + s else 0
