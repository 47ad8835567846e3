"""The ReLU compiled by Numba. All arrays have the same memory order, so each is taken as one long row."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.machine import layout
from tinynet.engine.machine.jit import compiled_in_order
from tinynet.engine.machine.pool import run_parallel

NUMBERS_PER_BLOCK = 1 << 14  # Threads share an array in blocks of this size.


def forward(x: np.ndarray, plus: np.ndarray | None) -> Any:
    """y = max(x + plus, 0)."""
    y = np.empty_like(x)  # in the memory order of x, without gaps
    if not _is_served(x, y, plus):
        return NotImplemented
    added = None if plus is None else layout.like(x, plus).ravel(order="K")
    run_parallel(_forward, -(-x.size // NUMBERS_PER_BLOCK), x.ravel(order="K"), added, y.ravel(order="K"))
    return y


def gradient(dy: np.ndarray, y: np.ndarray) -> Any:
    """dx = dy where y > 0, else 0."""
    dx = np.empty_like(y)
    if not _is_served(y, dx, dy):
        return NotImplemented
    aligned = layout.like(y, dy)
    run_parallel(
        _gradient, -(-y.size // NUMBERS_PER_BLOCK), aligned.ravel(order="K"), y.ravel(order="K"), dx.ravel(order="K")
    )
    return dx


def _is_served(x: np.ndarray, result: np.ndarray, other: np.ndarray | None) -> bool:
    """Whether a view of each array is one row."""
    alike = other is None or (other.dtype == x.dtype and other.shape == x.shape)
    return x.dtype in (np.float32, np.float64) and x.size > 0 and layout.same_order(x, result) and alike


@compiled_in_order
def _forward(start, end, x, plus, y):
    block, zero = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), x.dtype.type(0)
    x, y = x[block], y[block]
    if plus is None:
        for i in range(x.size):
            y[i] = zero if x[i] < zero else x[i]
    else:
        added = plus[block]  # a name of its own: Numba leaves this branch out only if plus stays what it was
        for i in range(x.size):
            total = x[i] + added[i]
            y[i] = zero if total < zero else total


@compiled_in_order
def _gradient(start, end, dy, y, dx):
    block, zero = slice(start * NUMBERS_PER_BLOCK, end * NUMBERS_PER_BLOCK), y.dtype.type(0)
    dy, y, dx = dy[block], y[block], dx[block]
    for i in range(y.size):
        d = dy[i]  # Always read, so there is no branch.
        dx[i] = d if y[i] > zero else zero
