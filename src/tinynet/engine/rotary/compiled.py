"""Turning pairs of numbers compiled by Numba. A thread takes some rows of all samples."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import share
from tinynet.engine.machine.strides import flat
from tinynet.engine.rotary import vectorized

ROWS = 32  # that a thread takes at a time


def turn(x: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> None:
    """A pair (a, b) becomes (a cos − b sin, a sin + b cos)."""
    if not is_served(x, cos, sin):
        vectorized.turn(x, cos, sin)
        return
    N, T, width = x.shape if x.ndim == 3 else (1, *x.shape)
    memory, steps = flat(x)
    share(_turn, -(-N * T // ROWS), memory, (steps[0], steps[-1]), cos, sin, N * T, width)


def is_served(x: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> bool:
    """Whether x is what this kernel is made for: samples, or one of them, whose rows it can be found in."""
    alike = x.dtype == cos.dtype == sin.dtype and x.dtype in (np.float32, np.float64)
    reached = x.strides[-1] == x.itemsize and min(x.strides) > 0
    return alike and reached and x.size > 0 and x.ndim in (2, 3)


@compiled
def _turn(start, end, x, steps, cosines, sines, count, width):
    T = len(cosines)
    for r in range(start * ROWS, min(count, end * ROWS)):
        at, cos, sin = r // T * steps[0] + r % T * steps[1], cosines[r % T], sines[r % T]
        row = x[at : at + width]
        for i in range(len(cos)):
            a, b = row[2 * i], row[2 * i + 1]
            row[2 * i] = a * cos[i] - b * sin[i]
            row[2 * i + 1] = a * sin[i] + b * cos[i]
