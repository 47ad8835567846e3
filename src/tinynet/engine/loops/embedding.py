"""The gradient of an embedding, as it is defined."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.serves import is_floating
from tinynet.layers import Embedding


def backward(layer: Embedding, dy: np.ndarray) -> Any:
    """dW[k] = Σ dy[n, t] over all n and t with x[n, t] = k."""
    (x,) = layer.recall()
    W = layer.weight.tensor
    if not is_floating(dy, W) or dy.shape != (*x.shape, W.shape[1]):
        return NotImplemented
    dW = np.zeros_like(W, dtype=np.float64)
    for position in np.ndindex(x.shape):
        k = x[position]
        if k == layer.padding_idx:
            continue
        for j in range(W.shape[1]):
            dW[k, j] += dy[position][j]
    layer.weight.accumulate(dW)
    return None
