"""The gated linear unit in one pass over memory. Small samples, and arrays with gaps, are declined."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import GLU

# For smaller samples, compiling takes longer than it saves.
MIN_SAMPLE_SIZE = 2000


def forward(layer: GLU, x: np.ndarray) -> Any:
    """y = a σ(b)."""
    kernels = _kernels(x)
    if kernels is None or not -x.ndim <= layer.axis < x.ndim or x.shape[layer.axis] % 2:
        return NotImplemented
    found = kernels.forward(x, layer.axis % x.ndim)
    if found is NotImplemented:
        return NotImplemented
    y, s = found
    layer.remember(a=np.split(x, 2, axis=layer.axis)[0], s=s)
    return y


def backward(layer: GLU, dy: np.ndarray) -> Any:
    """da = dy σ(b), db = dy a σ(b) (1 − σ(b))."""
    a, s = layer.recall()
    kernels = _kernels(s, a, dy) if getattr(dy, "shape", None) == s.shape else None
    return NotImplemented if kernels is None else kernels.backward(dy, a, s, layer.axis % s.ndim)


def _kernels(x: np.ndarray, *others: np.ndarray) -> ModuleType | None:
    serves = is_floating(x, *others) and x.ndim > 0 and x.size > 0
    return compiled_code("gated", sample_size(x), MIN_SAMPLE_SIZE) if serves else None
