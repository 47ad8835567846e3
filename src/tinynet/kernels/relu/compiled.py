"""The ReLU compiled by Numba: all arrays lie in memory alike, and are one long row."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.core import layout
from tinynet.kernels.jit import compiled_in_order
from tinynet.kernels.relu import vectorized
from tinynet.kernels.team import share

BLOCK = 1 << 14  # numbers; more than one thread pays from several of them on


def forward(x: np.ndarray, plus: np.ndarray | None) -> np.ndarray:
    """y = max(x + plus, 0)."""
    y = np.empty_like(x)  # in the memory order of x, but without gaps
    if not _is_served(x, y, plus):
        return vectorized.forward(x, plus)
    added = None if plus is None else layout.like(x, plus).ravel(order="K")
    share(_forward, -(-x.size // BLOCK), x.ravel(order="K"), added, y.ravel(order="K"))
    return y


def gradient(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy · (y > 0)."""
    dx = np.empty_like(y)
    if not _is_served(y, dx, dy):
        return vectorized.gradient(dy, y)
    aligned = layout.like(y, dy)
    share(_gradient, -(-y.size // BLOCK), aligned.ravel(order="K"), y.ravel(order="K"), dx.ravel(order="K"))
    return dx


def _is_served(x: np.ndarray, result: np.ndarray, other: np.ndarray | None) -> bool:
    """Whether the arrays can be taken as rows, which are views."""
    alike = other is None or (other.dtype == x.dtype and other.shape == x.shape)
    return x.dtype in (np.float32, np.float64) and x.size > 0 and x.strides == result.strides and alike


@compiled_in_order
def _forward(start, end, x, plus, y):
    zero = x.dtype.type(0)
    for i in range(start * BLOCK, min(x.size, end * BLOCK)):
        value = x[i] if plus is None else x[i] + plus[i]
        y[i] = zero if value < zero else value


@compiled_in_order
def _gradient(start, end, dy, y, dx):
    zero, one = y.dtype.type(0), y.dtype.type(1)
    for i in range(start * BLOCK, min(y.size, end * BLOCK)):
        dx[i] = dy[i] * (one if y[i] > zero else zero)
