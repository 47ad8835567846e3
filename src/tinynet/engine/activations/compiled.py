"""Activations compiled by Numba. All arrays have the same memory order, so each is taken as one long row."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tinynet.engine.machine import layout
from tinynet.engine.machine.functions import exp
from tinynet.engine.machine.functions import tanh as tanh_of
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.logarithm import log1p
from tinynet.engine.machine.memory_order import along
from tinynet.engine.machine.pool import run_parallel

NUMBERS_PER_BLOCK = 1 << 13  # Threads share an array in blocks of this size.
rounded_like_numpy = partial(compiled, flags={"nsz"})  # Where 1 − y² is near 0, it depends on how y² is rounded.
NUMBERS_IN_FLOAT32 = 1 << 6  # that are added up before their sum is added in float64
PARTIAL_SUMS = 64  # Of da. Their number is fixed, and they are added in order, so threads change no bit.


def function(work: Callable[..., None], x: np.ndarray, *numbers: float) -> Any:
    """y of x, by one of the loops below."""
    y = np.empty_like(x)  # It has the memory order of x, without gaps.
    return y if _run(work, (x, y), numbers) else NotImplemented


def function_and_slope(work: Callable[..., None], x: np.ndarray) -> Any:
    """y of x, and its derivative."""
    y, slope = np.empty_like(x), np.empty_like(x)
    return (y, slope) if _run(work, (x, y, slope), ()) else NotImplemented


def gradient(work: Callable[..., None], x: np.ndarray, dy: np.ndarray, *numbers: float) -> Any:
    """dx of dy and of what was remembered, which is x or y."""
    if dy.shape != x.shape:
        return NotImplemented
    dx = np.empty_like(x)
    return dx if _run(work, (x, layout.like(x, dy), dx), numbers) else NotImplemented


def _run(work: Callable[..., None], arrays: tuple[np.ndarray, ...], numbers: tuple[float, ...]) -> bool:
    """Do the work if a view of each array is one row, and say whether it was done."""
    x = arrays[0]
    if x.size == 0 or not layout.same_order(*arrays):
        return False
    rows = [array.ravel(order="K") for array in arrays]
    run_parallel(work, -(-x.size // NUMBERS_PER_BLOCK), *rows, *[x.dtype.type(number) for number in numbers])
    return True


def prelu(x: np.ndarray, a: np.ndarray, axis: int) -> Any:
    """y, with a slope for all or for each channel."""
    y = np.empty_like(x)
    views = along(axis if a.size > 1 else None, x, y)
    if views is None:
        return NotImplemented
    if views[0].shape[2] == 1:
        run_parallel(_prelu_last, PARTIAL_SUMS, *[view[..., 0] for view in views], a)
    else:
        run_parallel(_prelu, PARTIAL_SUMS, *views, a)
    return y


def prelu_gradient(x: np.ndarray, dy: np.ndarray, a: np.ndarray, axis: int) -> Any:
    """dx and da."""
    if dy.shape != x.shape:
        return NotImplemented
    dx, da = np.empty_like(x), np.zeros((PARTIAL_SUMS, a.size))
    views = along(axis if a.size > 1 else None, x, layout.like(x, dy), dx)
    if views is None:
        return NotImplemented
    if views[0].shape[2] == 1:
        run_parallel(_prelu_last_gradient, PARTIAL_SUMS, *[view[..., 0] for view in views], a, da)
    else:
        run_parallel(_prelu_gradient, PARTIAL_SUMS, *views, a, da)
    return dx, da.sum(axis=0)


# Each function does the blocks from start to end. An index into a slice begins at 0 and cannot be negative, so Numba
# need not check it. The logistic function is written with eˣ and not with tanh: so it keeps its digits near 0.


@compiled
def leaky_relu(start, end, x, y, alpha):
    block, zero = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type(0)
    x, y = x[block], y[block]
    for i in range(x.size):
        y[i] = x[i] if x[i] > zero else alpha * x[i]


@compiled
def leaky_relu_gradient(start, end, y, dy, dx, alpha):
    block, zero = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), y.dtype.type(0)
    dy, y, dx = dy[block], y[block], dx[block]
    for i in range(y.size):
        dx[i] = dy[i] if y[i] > zero else alpha * dy[i]


@compiled
def elu(start, end, x, y, alpha, scale):
    block, number = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type
    zero, half, one, two = number(0), number(0.5), number(1), number(2)
    x, y = x[block], y[block]
    for i in range(x.size):
        t = tanh_of(half * (zero if x[i] > zero else x[i]))
        curved = alpha * (two * t / (one - t))  # eˣ − 1, with all its digits near 0
        y[i] = scale * (x[i] if x[i] > zero else curved)


@compiled
def elu_gradient(start, end, y, dy, dx, scale, scaled_alpha):
    block, zero = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), y.dtype.type(0)
    dy, y, dx = dy[block], y[block], dx[block]
    for i in range(y.size):
        dx[i] = dy[i] * (scale if y[i] > zero else y[i] + scaled_alpha)


@compiled
def sigmoid(start, end, x, y):
    block, zero, one = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type(0), x.dtype.type(1)
    x, y = x[block], y[block]
    for i in range(x.size):
        e = exp(-abs(x[i]))
        y[i] = (e if x[i] < zero else one) / (one + e)


@compiled
def sigmoid_gradient(start, end, y, dy, dx):
    block, one = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), y.dtype.type(1)
    dy, y, dx = dy[block], y[block], dx[block]
    for i in range(y.size):
        dx[i] = dy[i] * (y[i] * (one - y[i]))


@compiled
def tanh(start, end, x, y):
    block, one, far = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type(1), x.dtype.type(20)
    x, y = x[block], y[block]
    for i in range(x.size):
        y[i] = one if x[i] > far else -one if x[i] < -far else tanh_of(x[i])  # tanh_of may miss 1 by one bit


@rounded_like_numpy
def tanh_gradient(start, end, y, dy, dx):
    block, one = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), y.dtype.type(1)
    dy, y, dx = dy[block], y[block], dx[block]
    for i in range(y.size):
        dx[i] = dy[i] * (one - y[i] * y[i])


@compiled
def silu(start, end, x, y, slope):
    block, zero, one = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type(0), x.dtype.type(1)
    x, y, slope, far = x[block], y[block], slope[block], x.dtype.type(1000)  # beyond it s is 0 or 1 in both types
    for i in range(x.size):
        e = exp(-abs(x[i]))
        s = (e if x[i] < zero else one) / (one + e)
        near = far if x[i] > far else -far if x[i] < -far else x[i]  # infinity times 0 would be NaN
        y[i] = (x[i] if x[i] > near else near) * s
        slope[i] = s + near * s * (one - s)


@compiled
def mish(start, end, x, y, slope):
    block, zero, one = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type(0), x.dtype.type(1)
    x, y, slope, far, two = x[block], y[block], slope[block], x.dtype.type(1000), x.dtype.type(2)
    for i in range(x.size):
        e, positive = exp(-abs(x[i])), x[i] > zero
        s = (one if positive else e) / (one + e)
        # With n = eˣ (eˣ + 2), t = n / (n + 2) and 1 − t = 2 / (n + 2); for x > 0 all is divided by e²ˣ.
        n = one + two * e if positive else e * (e + two)
        rest = two * e * e if positive else two
        t, short = n / (n + rest), rest / (n + rest)
        near = far if x[i] > far else -far if x[i] < -far else x[i]  # infinity times 0 would be NaN
        y[i] = (x[i] if x[i] > near else near) * t
        slope[i] = t + near * (short * (one + t)) * s


@compiled
def log_sigmoid(start, end, x, y):
    block, zero = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type(0)
    x, y = x[block], y[block]
    for i in range(x.size):
        y[i] = (zero if x[i] > zero else x[i]) - log1p(exp(-abs(x[i])))


@compiled
def log_sigmoid_gradient(start, end, y, dy, dx):
    block, number = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), y.dtype.type
    half, one, two = number(0.5), number(1), number(2)
    y, dy, dx = y[block], dy[block], dx[block]
    for i in range(y.size):
        t = tanh_of(half * y[i])
        dx[i] = -dy[i] * (two * t / (one - t))  # eʸ − 1, with all its digits near 0


@compiled
def softplus(start, end, x, y, beta, threshold):
    block, zero = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type(0)
    x, y = x[block], y[block]
    for i in range(x.size):
        bx = beta * x[i]
        soft = (x[i] if x[i] > zero else zero) + log1p(exp(-abs(bx))) / beta
        y[i] = x[i] if bx > threshold else soft


@compiled
def softplus_gradient(start, end, x, dy, dx, beta, threshold):
    block, zero, one = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type(0), x.dtype.type(1)
    x, dy, dx = x[block], dy[block], dx[block]
    for i in range(x.size):
        bx = beta * x[i]
        e = exp(-abs(bx))
        s = (e if bx < zero else one) / (one + e)
        dx[i] = dy[i] * (one if bx > threshold else s)


# Arrays are views (outer, channels, inner) in memory order. With one slope for all there is one channel. Threads share
# the outer axis.


@compiled
def _prelu(start, end, x, y, a):
    zero = x.dtype.type(0)
    for o in range(start * len(x) // PARTIAL_SUMS, end * len(x) // PARTIAL_SUMS):
        for c in range(x.shape[1]):
            row, out, slope = x[o, c], y[o, c], a[c]
            for i in range(row.size):
                out[i] = row[i] if row[i] > zero else slope * row[i]


@compiled
def _prelu_gradient(start, end, x, dy, dx, a, da):
    zero = x.dtype.type(0)
    for piece in range(start, end):
        sums = da[piece]
        for o in range(piece * len(x) // PARTIAL_SUMS, (piece + 1) * len(x) // PARTIAL_SUMS):
            for c in range(x.shape[1]):
                row, back, out, slope = x[o, c], dy[o, c], dx[o, c], a[c]
                for first in range(0, row.size, NUMBERS_IN_FLOAT32):
                    block, total = slice(first, first + NUMBERS_IN_FLOAT32), zero
                    given, coming, into = row[block], back[block], out[block]
                    for i in range(given.size):
                        total += zero if given[i] > zero else given[i] * coming[i]
                        into[i] = coming[i] if given[i] > zero else slope * coming[i]
                    sums[c] += total


# The same for channels that are last in memory, (outer, channels).


@compiled
def _prelu_last(start, end, x, y, a):
    zero = x.dtype.type(0)
    for o in range(start * len(x) // PARTIAL_SUMS, end * len(x) // PARTIAL_SUMS):
        row, out = x[o], y[o]
        for c in range(row.size):
            out[c] = row[c] if row[c] > zero else a[c] * row[c]


@compiled
def _prelu_last_gradient(start, end, x, dy, dx, a, da):
    zero = x.dtype.type(0)
    for piece in range(start, end):
        sums = da[piece]
        for o in range(piece * len(x) // PARTIAL_SUMS, (piece + 1) * len(x) // PARTIAL_SUMS):
            row, back, out = x[o], dy[o], dx[o]
            for c in range(row.size):
                sums[c] += zero if row[c] > zero else row[c] * back[c]
                out[c] = back[c] if row[c] > zero else a[c] * back[c]
