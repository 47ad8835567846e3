"""GELU and its slope in one pass over memory, both from one exponential.

The slope is remembered, so the backward is one product. SiLU goes back in the same way. Results have the memory order
of x. Small samples are declined.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import GELU, SiLU

# For smaller samples, compiling takes longer than it saves.
MIN_SAMPLE_SIZE = 500


def forward(layer: GELU, x: np.ndarray) -> Any:
    """y = x Φ(x), and its slope Φ(x) + x φ(x); with approximate="tanh", those of ½ x (1 + tanh u)."""
    kernels = compiled_code("gelu", sample_size(x), MIN_SAMPLE_SIZE) if type(x) is np.ndarray else None
    found = kernels.forward(x, layer.approximate) if kernels is not None and is_floating(x) else NotImplemented
    if found is NotImplemented:
        return NotImplemented
    y, slope = found
    layer.remember(slope=slope)
    return y


def backward(layer: GELU | SiLU, dy: np.ndarray) -> Any:
    """dx = dy · slope, in the memory order of the slope."""
    (slope,) = layer.recall()
    kernels = compiled_code("gelu", sample_size(slope), MIN_SAMPLE_SIZE) if type(slope) is np.ndarray else None
    served = kernels is not None and is_floating(slope, dy) and dy.shape == slope.shape
    return kernels.backward(dy, slope) if served else NotImplemented  # type: ignore[union-attr]
