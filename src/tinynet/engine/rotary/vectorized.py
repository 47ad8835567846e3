"""Turning pairs of numbers with NumPy."""

from __future__ import annotations

import numpy as np


def turn(x: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> None:
    """A pair (a, b) becomes (a cos − b sin, a sin + b cos)."""
    a, b = x[..., ::2], x[..., 1::2]
    turned = a * cos - b * sin
    b *= cos
    b += a * sin
    a[...] = turned
