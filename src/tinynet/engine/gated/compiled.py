"""The gated linear unit compiled by Numba.

An array is taken as rows in its memory order, in which the two halves of the axis lie side by side: (rows, 2, width).
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.engine.machine import layout
from tinynet.engine.machine.functions import exp
from tinynet.engine.machine.jit import compiled_in_order
from tinynet.engine.machine.pool import run_parallel

NUMBERS_PER_BLOCK = 1 << 13  # Threads share an array in blocks of about this size.


def forward(x: np.ndarray, axis: int) -> Any:
    """y, and s = σ(b)."""
    order = _memory_order(x)
    memory = x.transpose(order)
    if not memory.flags.c_contiguous:
        return NotImplemented
    place = order.index(axis)
    halved = [size // 2 if at == place else size for at, size in enumerate(memory.shape)]
    y, s = np.empty(halved, x.dtype), np.empty(halved, x.dtype)
    shape = math.prod(halved[:place]), math.prod(halved[place:])
    step = _step(shape[1])
    given = memory.reshape(shape[0], 2, shape[1]), y.reshape(shape), s.reshape(shape)
    run_parallel(_forward, -(-shape[0] // step), *given, step)
    back = np.argsort(order)
    return y.transpose(back), s.transpose(back)


def backward(dy: np.ndarray, a: np.ndarray, s: np.ndarray, axis: int) -> Any:
    """dx = [da, db] along the axis."""
    order = _memory_order(s)
    memory = s.transpose(order)
    if not memory.flags.c_contiguous:
        return NotImplemented
    place = order.index(axis)
    doubled = [2 * size if at == place else size for at, size in enumerate(memory.shape)]
    shape = math.prod(memory.shape[:place]), math.prod(memory.shape[place:])
    dx, step = np.empty(doubled, s.dtype), _step(shape[1])
    rows = [array.transpose(order).reshape(shape) for array in (layout.like(s, dy), a, s)]
    run_parallel(_backward, -(-shape[0] // step), *rows, dx.reshape(shape[0], 2, shape[1]), step)
    return dx.transpose(np.argsort(order))


def _memory_order(x: np.ndarray) -> list[int]:
    """The axes, from the one with the largest stride to that with the smallest."""
    steps = layout.strides(x)
    return sorted(range(x.ndim), key=lambda axis: -steps[axis])


def _step(width: int) -> int:
    """Rows in a block."""
    return max(1, NUMBERS_PER_BLOCK // width)


@compiled_in_order
def _forward(start, end, x, y, s, step):
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for r in range(start * step, min(len(x), end * step)):
        a, b, out, gate = x[r, 0], x[r, 1], y[r], s[r]
        for i in range(out.size):
            e = exp(-abs(b[i]))
            g = (e if b[i] < zero else one) / (one + e)
            gate[i] = g
            out[i] = a[i] * g


@compiled_in_order
def _backward(start, end, dy, a, s, dx, step):
    one = s.dtype.type(1)
    for r in range(start * step, min(len(s), end * step)):
        d, row, gate, da, db = dy[r], a[r], s[r], dx[r, 0], dx[r, 1]
        for i in range(gate.size):
            da[i] = d[i] * gate[i]
            db[i] = d[i] * row[i] * gate[i] * (one - gate[i])
