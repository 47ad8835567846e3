"""GELU compiled by Numba. All arrays have the same memory order, so each is taken as one long row."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.engine.machine import layout
from tinynet.engine.machine.functions import exp, normal_cdf_and_density
from tinynet.engine.machine.jit import compiled, inlined
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.queue import Kernel, acquire, array_of, post, queue_at

NUMBERS_PER_BLOCK = 1 << 13  # Threads share an array in blocks of this size.
MAX_ABS_FOR_DENSITY = 40.0  # Beyond it φ(x) is 0 in both types.


def forward(x: np.ndarray, approximate: str) -> Any:
    """y and its derivative."""
    y, slope = np.empty_like(x), np.empty_like(x)  # in the memory order of x, without gaps
    if x.size == 0 or not layout.same_order(x, y):
        return NotImplemented
    count, arrays = -(-x.size // NUMBERS_PER_BLOCK), (x.ravel(order="K"), y.ravel(order="K"), slope.ravel(order="K"))
    if approximate != "none":
        run_parallel(_by_tanh, count, *arrays)
    elif x.dtype == np.float32:
        post(_exact_posted, count, (), arrays)
    else:
        run_parallel(_exact, count, *arrays)
    return y, slope


def backward(dy: np.ndarray, slope: np.ndarray) -> Any:
    """dx, the product of both."""
    dy, dx = layout.like(slope, dy), np.empty_like(slope)
    if slope.size == 0 or not layout.same_order(slope, dy, dx):
        return NotImplemented
    arrays = (dy.ravel(order="K"), slope.ravel(order="K"), dx.ravel(order="K"))
    count = -(-slope.size // NUMBERS_PER_BLOCK)
    if slope.dtype == np.float32:
        post(_product_posted, count, (), arrays)
    else:
        run_parallel(_product, count, *arrays)
    return dx


@inlined
def _exact(start, end, x, y, slope):
    far = x.dtype.type(MAX_ABS_FOR_DENSITY)
    block = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK)
    x, y, slope = x[block], y[block], slope[block]  # an index into a slice is not negative
    for i in range(x.size):
        below, density = normal_cdf_and_density(x[i])
        near = far if x[i] > far else -far if x[i] < -far else x[i]  # infinity times 0 would be NaN
        y[i] = (x[i] if x[i] > near else near) * below
        slope[i] = below + near * density


@Kernel
def _exact_posted(address, is_worker):
    queue = queue_at(address)
    block = acquire(queue, is_worker)
    while block >= 0:
        _exact(block, block + 1, array_of(queue, 0), array_of(queue, 1), array_of(queue, 2))
        block = acquire(queue, is_worker)


@compiled
def _by_tanh(start, end, x, y, slope):
    number = x.dtype.type
    zero, one, two, far = number(0), number(1), number(2), number(8)  # beyond 8 tanh u is 1 in both types
    linear, cubic, steep = number(math.sqrt(2 / math.pi)), number(0.044715), number(3 * 0.044715)
    block = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK)
    x, y, slope = x[block], y[block], slope[block]
    for i in range(x.size):
        near = far if x[i] > far else -far if x[i] < -far else x[i]
        s = one / (one + exp(-two * linear * (near + cubic * near * near * near)))  # ½ (1 + tanh u)
        s = zero if x[i] < -far else s
        y[i] = (x[i] if x[i] > near else near) * s
        slope[i] = s + near * (two * s * (one - s) * linear * (one + steep * near * near))


@inlined
def _product(start, end, dy, slope, dx):
    block = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK)
    dy, slope, dx = dy[block], slope[block], dx[block]
    for i in range(dx.size):
        dx[i] = dy[i] * slope[i]


@Kernel
def _product_posted(address, is_worker):
    queue = queue_at(address)
    block = acquire(queue, is_worker)
    while block >= 0:
        _product(block, block + 1, array_of(queue, 0), array_of(queue, 1), array_of(queue, 2))
        block = acquire(queue, is_worker)
