"""Linear layers by parallel matrix products.

The products of a backward are done together, so threads wait for each other once. A product with a large result is
added to the gradient in place: NumPy would make an array of it first. Other types than float32 and float64 are
declined.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.machine.gemm import add_column_sums, add_product, at_once, product
from tinynet.engine.serves import is_floating
from tinynet.layers import Linear


def forward(layer: Linear, x: np.ndarray) -> Any:
    """y = x Wᵀ + b."""
    if not is_floating(x) or x.ndim < 2 or x.shape[-1] != layer.in_features:
        return NotImplemented
    layer.remember(x=x)
    b = None if layer.bias is None else layer.bias.tensor
    y = product(x.reshape(-1, layer.in_features), layer.weight.tensor.T, b)  # all leading axes as one
    return y.reshape(*x.shape[:-1], layer.out_features)


@at_once
def backward(layer: Linear, dy: np.ndarray) -> Any:
    """dx = dy W, and the gradients of the parameters."""
    if not is_floating(dy):
        return NotImplemented
    add_up(layer, dy)
    dx = product(dy.reshape(-1, layer.out_features), layer.weight.tensor)
    return dx.reshape(*dy.shape[:-1], layer.in_features)


def add_up(layer: Linear, dy: np.ndarray) -> Any:
    """dW = dyᵀ x and db = Σₙ dyₙ."""
    if not is_floating(dy):
        return NotImplemented
    (x,) = layer.recall()
    rows = dy.reshape(-1, layer.out_features)  # (N, out_features)
    if layer.weight.trainable:
        add_product(rows.T, x.reshape(-1, layer.in_features), to=layer.weight.gradient)
    if layer.bias is not None and layer.bias.trainable:
        add_column_sums(rows, to=layer.bias.gradient)
    return None
