"""Rotation of pairs of numbers, compiled by Numba."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.layout import strides
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.strides import flat_memory

ROWS_PER_BLOCK = 32  # Threads share the rows of all samples in blocks of this size.


def turn(x: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> Any:
    """A pair (a, b) of x (N, T, 2 · n) becomes (a cos − b sin, a sin + b cos), in x itself; cos and sin are (T, n)."""
    if strides(x)[-1] != x.itemsize or min(strides(x)) <= 0 or not x.size:
        return NotImplemented  # `flat_memory` would make a copy
    N, T, width = x.shape
    memory, steps = flat_memory(x)
    run_parallel(_turn, -(-N * T // ROWS_PER_BLOCK), memory, steps, cos, sin, N * T, width)
    return None


@compiled
def _turn(start, end, x, steps, cosines, sines, count, width):
    T = len(cosines)
    for r in range(start * ROWS_PER_BLOCK, min(count, end * ROWS_PER_BLOCK)):
        at, cos, sin = r // T * steps[0] + r % T * steps[1], cosines[r % T], sines[r % T]
        row = x[at : at + width]
        for i in range(len(cos)):
            a, b = row[2 * i], row[2 * i + 1]
            row[2 * i] = a * cos[i] - b * sin[i]
            row[2 * i + 1] = a * sin[i] + b * cos[i]
