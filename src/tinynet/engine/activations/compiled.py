"""Activations compiled by Numba: all arrays lie in memory alike, and are one long row, read and written once."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.engine.activations import vectorized
from tinynet.engine.machine import layout
from tinynet.engine.machine.functions import exp, tanh
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import share

BLOCK = 1 << 13  # numbers; more than one thread pays from several of them on


def forward(kind: str, x: np.ndarray, *numbers: float) -> np.ndarray:
    """y."""
    y = np.empty_like(x)  # in the memory order of x, but without gaps
    if not _is_served(x, y):
        return vectorized.forward(kind, x, *numbers)
    _run(FUNCTIONS[kind], (x, y), numbers)
    return y


def gradient(kind: str, dy: np.ndarray, y: np.ndarray, *numbers: float) -> np.ndarray:
    """dx = dy · dy/dx."""
    dx = np.empty_like(y)
    if not _is_served(y, dx) or dy.dtype != y.dtype:
        return vectorized.gradient(kind, dy, y, *numbers)
    _run(GRADIENTS[kind], (layout.like(y, dy), y, dx), numbers)
    return dx


def silu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """y = x σ(x), and its derivative."""
    y, slope = np.empty_like(x), np.empty_like(x)
    if not _is_served(x, y):
        return vectorized.silu(x)
    _run(_silu, (x, y, slope), ())
    return y, slope


def _run(work: Callable[..., None], arrays: tuple[np.ndarray, ...], numbers: tuple[float, ...]) -> None:
    rows = [array.ravel(order="K") for array in arrays]  # views
    share(work, -(-rows[0].size // BLOCK), *rows, *[rows[0].dtype.type(number) for number in numbers])


def _is_served(x: np.ndarray, result: np.ndarray) -> bool:
    """Whether the arrays can be taken as rows, which are views."""
    return x.dtype in (np.float32, np.float64) and x.size > 0 and x.strides == result.strides


# Each takes blocks start to end. Slices begin at 0, where an index cannot be negative and needs no check. The logistic
# function is written with eˣ and not, as in `smooth`, with tanh, so that it keeps its digits where it is nearly 0.


@compiled
def _leaky_relu(start, end, x, y, alpha):
    block, zero = slice(start * BLOCK, end * BLOCK), x.dtype.type(0)
    x, y = x[block], y[block]
    for i in range(x.size):
        y[i] = x[i] if x[i] > zero else alpha * x[i]


@compiled
def _leaky_relu_gradient(start, end, dy, y, dx, alpha):
    block, zero, one = slice(start * BLOCK, end * BLOCK), y.dtype.type(0), y.dtype.type(1)
    dy, y, dx = dy[block], y[block], dx[block]
    for i in range(y.size):
        rest = alpha if y[i] <= zero else zero  # for NaN
        dx[i] = dy[i] * (one if y[i] > zero else rest)


@compiled
def _elu(start, end, x, y, alpha, scale):
    block, number = slice(start * BLOCK, end * BLOCK), x.dtype.type
    zero, half, one, two = number(0), number(0.5), number(1), number(2)
    x, y = x[block], y[block]
    for i in range(x.size):
        t = tanh(half * (zero if x[i] > zero else x[i]))
        bent = alpha * (two * t / (one - t))  # eˣ − 1, with all its digits near 0
        y[i] = scale * (x[i] if x[i] > zero else bent)


@compiled
def _elu_gradient(start, end, dy, y, dx, alpha, scale):
    block, zero = slice(start * BLOCK, end * BLOCK), y.dtype.type(0)
    dy, y, dx = dy[block], y[block], dx[block]
    for i in range(y.size):
        dx[i] = dy[i] * (scale if y[i] > zero else y[i] + scale * alpha)


@compiled
def _sigmoid(start, end, x, y):
    block, zero, one = slice(start * BLOCK, end * BLOCK), x.dtype.type(0), x.dtype.type(1)
    x, y = x[block], y[block]
    for i in range(x.size):
        e = exp(-abs(x[i]))
        y[i] = (e if x[i] < zero else one) / (one + e)


@compiled
def _sigmoid_gradient(start, end, dy, y, dx):
    block, one = slice(start * BLOCK, end * BLOCK), y.dtype.type(1)
    dy, y, dx = dy[block], y[block], dx[block]
    for i in range(y.size):
        dx[i] = dy[i] * (y[i] * (one - y[i]))


@compiled
def _tanh(start, end, x, y):
    block, one, far = slice(start * BLOCK, end * BLOCK), x.dtype.type(1), x.dtype.type(20)
    x, y = x[block], y[block]
    for i in range(x.size):
        y[i] = one if x[i] > far else -one if x[i] < -far else tanh(x[i])  # which may fall short of 1 by a last bit


@compiled
def _tanh_gradient(start, end, dy, y, dx):
    block, one = slice(start * BLOCK, end * BLOCK), y.dtype.type(1)
    dy, y, dx = dy[block], y[block], dx[block]
    for i in range(y.size):
        dx[i] = dy[i] * (one - y[i] * y[i])


@compiled
def _silu(start, end, x, y, slope):
    block, zero, one = slice(start * BLOCK, end * BLOCK), x.dtype.type(0), x.dtype.type(1)
    x, y, slope = x[block], y[block], slope[block]
    for i in range(x.size):
        e = exp(-abs(x[i]))
        s = (e if x[i] < zero else one) / (one + e)
        y[i] = x[i] * s
        slope[i] = s + x[i] * s * (one - s)


FUNCTIONS = {"leaky_relu": _leaky_relu, "elu": _elu, "sigmoid": _sigmoid, "tanh": _tanh}
GRADIENTS = {
    "leaky_relu": _leaky_relu_gradient,
    "elu": _elu_gradient,
    "sigmoid": _sigmoid_gradient,
    "tanh": _tanh_gradient,
}
