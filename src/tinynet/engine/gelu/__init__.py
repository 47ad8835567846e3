"""GELU and its slope, both from one exponential; SiLU goes back through its slope in the same way.

Results lie in memory as x does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import GELU, SiLU

MIN_SAMPLE_SIZE = 500  # numbers of a sample from which on compiling pays


def forward(layer: GELU, x: np.ndarray) -> Any:
    """y = x Φ(x), and its slope Φ(x) + x φ(x); with approximate="tanh", those of ½ x (1 + tanh u)."""
    kernels = compiled_code("gelu", sample_size(x), MIN_SAMPLE_SIZE) if is_floating(x) else None
    found = NotImplemented if kernels is None else kernels.forward(x, layer.approximate)
    if found is NotImplemented:
        return NotImplemented
    y, slope = found
    layer.remember(slope=slope)
    return y


def backward(layer: GELU | SiLU, dy: np.ndarray) -> Any:
    """dx = dy · slope, in the memory order of the slope."""
    (slope,) = layer.recall()
    served = is_floating(slope, dy) and dy.shape == slope.shape
    kernels = compiled_code("gelu", sample_size(slope), MIN_SAMPLE_SIZE) if served else None
    return NotImplemented if kernels is None else kernels.backward(dy, slope)
