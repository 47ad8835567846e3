"""Rotary positions as they are defined: each pair of numbers is rotated by its own angle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.layers import RotaryPosition


def turn(layer: RotaryPosition, x: np.ndarray, start: int = 0, direction: int = 1) -> Any:
    """A pair (a, b) becomes (a cos φ − b sin φ, a sin φ + b cos φ)."""
    y = np.empty_like(x)
    for *sample, t, i in np.ndindex(*x.shape[:-1], x.shape[-1] // 2):
        angle = direction * (start + t) / layer.base ** (2 * i / layer.dim)
        cos, sin = math.cos(angle), math.sin(angle)
        a, b = x[(*sample, t, 2 * i)], x[(*sample, t, 2 * i + 1)]
        y[(*sample, t, 2 * i)] = a * cos - b * sin
        y[(*sample, t, 2 * i + 1)] = a * sin + b * cos
    return y
