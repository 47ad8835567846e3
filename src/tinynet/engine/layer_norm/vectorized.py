"""Layer normalization with NumPy."""

from __future__ import annotations

import numpy as np

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def forward(x: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None, eps: float) -> Arrays:
    """y = γ x̂ + β."""
    D, exact = x.shape[-1], np.promote_types(x.dtype, np.float64)  # many float32 numbers add up in float64
    mean = x.sum(axis=-1, keepdims=True, dtype=exact) / D
    x_hat = x - mean.astype(x.dtype)
    var = np.square(x_hat).sum(axis=-1, keepdims=True, dtype=exact) / D
    inverse_std = 1 / np.sqrt(var.astype(x.dtype) + x.dtype.type(eps))
    x_hat *= inverse_std
    y = x_hat if weight is None else x_hat * weight
    if bias is not None:
        y += bias
    return y, x_hat, inverse_std


def forward_of_sum(
    x: np.ndarray, r: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """h = x + r, and y = γ ĥ + β."""
    h = x + r
    return h, *forward(h, weight, bias, eps)


def backward(
    dy: np.ndarray, x_hat: np.ndarray, inverse_std: np.ndarray, weight: np.ndarray | None, more: np.ndarray | None
) -> Arrays:
    """dx = (g − mean(g) − x̂ · mean(g x̂)) / σ: x goes by three ways, through x̂ itself, through μ and through σ."""
    rows = tuple(range(dy.ndim - (1 if weight is None else weight.ndim)))
    d_weight, d_bias = (dy * x_hat).sum(axis=rows), dy.sum(axis=rows)
    g = dy if weight is None else dy * weight
    through_mean, through_var = g.mean(axis=-1, keepdims=True), (g * x_hat).mean(axis=-1, keepdims=True)
    dx = (g - through_mean - x_hat * through_var) * inverse_std
    return dx if more is None else dx + more, d_weight, d_bias
