"""Rotary positions in place.

The cosines and sines depend on sizes alone, so they are kept for the next call. The lesson makes several arrays of the
size of x; here the pairs are rotated in one array, by compiled code for large samples.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating
from tinynet.layers import RotaryPosition
from tinynet.layers.positions import angles


def turn(layer: RotaryPosition, x: np.ndarray, start: int = 0, direction: int = 1) -> Any:
    """x (..., T, D) rotated, in C order."""
    if not is_floating(x) or x.ndim < 2 or not x.size or x.shape[-1] != layer.dim:
        return NotImplemented
    y = np.array(x, order="C")
    turn_in_place(layer, y.reshape(-1, *x.shape[-2:]) if x.ndim > 2 else y[np.newaxis], start, direction)
    return y


def turn_in_place(layer: RotaryPosition, x: np.ndarray, start: int, direction: int) -> None:
    """Rotate x (N, T, n · D), n vectors side by side with the same angles, whose first row has position `start`."""
    cos, sin = _turns(layer.dim, layer.base, start, x.shape[1], x.shape[2] // layer.dim, direction, x.dtype)
    kernels = compiled_code("positions", x.shape[1] * x.shape[2])
    if kernels is None or kernels.turn(x, cos, sin) is NotImplemented:
        a, b = x[..., ::2], x[..., 1::2]
        turned = a * cos - b * sin
        b *= cos
        b += a * sin
        a[...] = turned


@lru_cache(maxsize=64)
def _turns(
    D: int, base: float, start: int, length: int, n: int, direction: int, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray]:
    """cos and sin of the angle of each pair of n vectors, for each position from `start` on: (length, n · D / 2)."""
    angle = np.tile(direction * angles(start, start + length, D, base), n)
    return np.cos(angle).astype(dtype), np.sin(angle).astype(dtype)
