"""Global pooling compiled by Numba, over rows of channels (N, P, C) of P pixels or steps."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.jit import compiled_in_order
from tinynet.engine.machine.pool import run_parallel


def mean(x: np.ndarray) -> np.ndarray:
    """The mean over P, (N, C), summed in float64."""
    y = np.empty((len(x), x.shape[2]), x.dtype)
    run_parallel(_mean, len(x), np.ascontiguousarray(x), y)
    return y


def mean_gradient(dy: np.ndarray, count: int) -> np.ndarray:
    """dx (N, P, C): each pixel or step gets its share of dy (N, C)."""
    dx = np.empty((len(dy), count, dy.shape[1]), dy.dtype)
    run_parallel(_repeat, len(dy), dy / count, dx)
    return dx


def largest(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest over P and its index, both (N, C): the first of equals, or the first NaN."""
    y = np.empty((len(x), x.shape[2]), x.dtype)
    index = np.empty(y.shape, np.intp)
    run_parallel(_largest, len(x), np.ascontiguousarray(x), y, index)
    return y, index


def largest_gradient(dy: np.ndarray, index: np.ndarray, count: int) -> np.ndarray:
    """dx (N, P, C): the largest gets dy (N, C)."""
    dx = np.empty((len(dy), count, dy.shape[1]), dy.dtype)
    run_parallel(_scatter, len(dy), np.ascontiguousarray(dy), index, dx)
    return dx


@compiled_in_order
def _mean(start, end, x, y):
    sums = np.empty(x.shape[2])
    for n in range(start, end):
        sums[:] = 0
        for p in range(x.shape[1]):
            pixel = x[n, p]
            for c in range(len(sums)):
                sums[c] += pixel[c]
        for c in range(len(sums)):
            y[n, c] = sums[c] / x.shape[1]


@compiled_in_order
def _repeat(start, end, dy, dx):
    for n in range(start, end):
        values = dy[n]
        for p in range(dx.shape[1]):
            pixel = dx[n, p]
            for c in range(len(values)):
                pixel[c] = values[c]


@compiled_in_order
def _largest(start, end, x, y, index):
    best, won = np.empty(x.shape[2], x.dtype), np.empty(x.shape[2], np.int32)
    for n in range(start, end):
        for p in range(x.shape[1]):
            pixel, number, fresh = x[n, p], np.int32(p), p == 0
            for c in range(len(best)):
                is_first_nan = pixel[c] != pixel[c] and best[c] == best[c]
                wins = fresh or pixel[c] > best[c] or is_first_nan
                best[c] = pixel[c] if wins else best[c]
                won[c] = number if wins else won[c]
        for c in range(len(best)):
            y[n, c], index[n, c] = best[c], won[c]


@compiled_in_order
def _scatter(start, end, dy, index, dx):
    for n in range(start, end):
        dx[n] = 0
        for c in range(dy.shape[1]):
            dx[n, index[n, c], c] = dy[n, c]
