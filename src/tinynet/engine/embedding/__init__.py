"""The gradient of an embedding: rows added up by an index, where they belong."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import Embedding


def backward(layer: Embedding, dy: np.ndarray) -> Any:
    """dW[k] = Σ dy[n, t] over all places where x[n, t] = k."""
    (x,) = layer.recall()
    dW = layer.weight.gradient
    if not is_floating(dy, dW) or dy.shape != (*x.shape, dW.shape[1]):
        return NotImplemented
    kernels = compiled_code("embedding", sample_size(dy))
    if kernels is None:
        return NotImplemented
    if not layer.weight.trainable:
        return None
    if dy.ndim == 3 and dy.transpose(1, 0, 2).flags.c_contiguous:  # time first in memory: gone through as it lies
        x, dy = x.T, dy.transpose(1, 0, 2)
    kernels.add_rows(x.reshape(-1), dy.reshape(-1, dy.shape[-1]), layer.padding_idx, dW)
    return None
