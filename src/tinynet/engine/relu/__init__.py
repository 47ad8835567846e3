"""The ReLU in one pass over memory, alone or of the sum of a Residual before it.

That sum is never written to memory. Results have the memory order of the first array. Small samples and arrays with
gaps are declined.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import ReLU
from tinynet.net import Residual

# For smaller samples, compiling takes longer than it saves.
MIN_SAMPLE_SIZE = 2000


def forward(layer: ReLU, x: np.ndarray) -> Any:
    """y = max(x, 0)."""
    kernels = compiled_code("relu", sample_size(x), MIN_SAMPLE_SIZE) if type(x) is np.ndarray else None
    if kernels is None or not is_floating(x):
        return NotImplemented
    y = kernels.forward(x, None)
    if y is not NotImplemented:
        layer.remember(y=y)
    return y


def backward(layer: ReLU, dy: np.ndarray) -> Any:
    """dx = dy where y > 0, else 0."""
    (y,) = layer.recall()
    if type(y) is not np.ndarray or not is_floating(dy, y):
        return NotImplemented
    kernels = compiled_code("relu", sample_size(y), MIN_SAMPLE_SIZE)
    return _product(dy, y) if kernels is None else kernels.gradient(dy, y)


def _product(dy: np.ndarray, y: np.ndarray) -> Any:
    """dx = dy where y > 0, else 0, as NumPy multiplies four times as fast as it chooses.

    The bits of dy are multiplied, taken for an integer: they times 0 are 0, where NaN · 0 and ∞ · 0 would be NaN.
    """
    if dy.shape != y.shape or dy.dtype != y.dtype:
        return NotImplemented
    bits = np.dtype(f"i{dy.itemsize}")
    return (dy.view(bits) * (y > 0)).view(dy.dtype)


def forward_of_residual(residual: Residual, layer: ReLU, x: np.ndarray) -> Any:
    """y = max(F(x) + S(x), 0), without an array for the sum."""
    if not is_floating(x):
        return NotImplemented
    kernels = compiled_code("relu", sample_size(x), MIN_SAMPLE_SIZE)
    if kernels is None:
        return NotImplemented
    F, S = residual.ways(x)
    y = kernels.forward(F, S)
    y = np.maximum(F + S, 0) if y is NotImplemented else y
    layer.remember(y=y)
    return y
