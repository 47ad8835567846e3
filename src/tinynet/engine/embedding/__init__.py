"""The gradient of an embedding: each row of dy is added to the row of its token.

NumPy's `add.at` looks up every number by itself. Here a loop adds whole rows, and threads share the columns. Small
samples are declined.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import Embedding


def backward(layer: Embedding, dy: np.ndarray) -> Any:
    """dW[k] = Σ dy[n, t] over all n and t with x[n, t] = k."""
    (x,) = layer.recall()
    dW = layer.weight.gradient
    if not is_floating(dy, dW) or dy.shape != (*x.shape, dW.shape[1]):
        return NotImplemented
    kernels = compiled_code("embedding", sample_size(dy))
    if kernels is None:
        return NotImplemented
    if not layer.weight.trainable:
        return None
    if dy.ndim == 3 and dy.transpose(1, 0, 2).flags.c_contiguous:  # Time is first in memory, so take it in that order.
        x, dy = x.T, dy.transpose(1, 0, 2)
    kernels.add_rows(x.reshape(-1), dy.reshape(-1, dy.shape[-1]), layer.padding_idx, dW)
    return None
