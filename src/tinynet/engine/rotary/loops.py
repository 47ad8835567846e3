"""Turning pairs of numbers, as it is defined."""

from __future__ import annotations

import numpy as np


def turn(x: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> None:
    """A pair (a, b) becomes (a cos − b sin, a sin + b cos)."""
    for *sample, t, i in np.ndindex(*x.shape[:-1], x.shape[-1] // 2):
        row = x[(*sample, t)]
        a, b = row[2 * i], row[2 * i + 1]
        row[2 * i] = a * cos[t, i] - b * sin[t, i]
        row[2 * i + 1] = a * sin[t, i] + b * cos[t, i]
