"""Layer normalization of the last axis: x (..., D), with γ (weight) and β (bias) of shape (D,), or None.

For groups, x (..., G, D), they may have the shape (G, D) too: then each row of a sample has its own. What `backward`
needs are x̂ = (x − μ) / σ and 1/σ, the latter (..., 1).
"""

from __future__ import annotations

import numpy as np

from tinynet.engine.selection import body

__all__ = ["backward", "forward", "forward_of_sum"]

LARGE = 1000  # numbers of a sample from which on compiling pays: NumPy goes over them ten times
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def forward(x: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None, eps: float) -> Arrays:
    """y = γ x̂ + β, x̂ and 1/σ, where σ = √(var + eps).

    Example:
        >>> forward(np.array([[1.0, 5.0]]), np.array([1.0, 2.0]), np.array([0.0, 3.0]), 0.0)
        (array([[-1.,  5.]]), array([[-1.,  1.]]), array([[0.5]]))
    """
    return body("layer_norm", _sample_size(x), LARGE).forward(x, weight, bias, eps)


def forward_of_sum(
    x: np.ndarray, r: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """h = x + r, for x and r of one shape, and what `forward` makes of h, while its rows are at hand.

    Example:
        >>> h, y, *_ = forward_of_sum(np.array([[1.0, 5.0]]), np.array([[1.0, 1.0]]), None, None, 0.0)
        >>> h, y
        (array([[2., 6.]]), array([[-1.,  1.]]))
    """
    return body("layer_norm", _sample_size(x), LARGE).forward_of_sum(x, r, weight, bias, eps)


def backward(
    dy: np.ndarray,
    x_hat: np.ndarray,
    inverse_std: np.ndarray,
    weight: np.ndarray | None,
    more: np.ndarray | None = None,
) -> Arrays:
    """dx = (g − mean(g) − x̂ · mean(g x̂)) / σ with g = γ dy, plus `more`; dγ = Σ dy x̂; dβ = Σ dy.

    The sums have the shape of `weight`, (D,) if it is None.

    Example:
        >>> _, x_hat, inverse_std = forward(np.array([[-2.0, 0.0, 2.0]]), None, None, 0.0)
        >>> backward(np.array([[1.0, 0.0, 0.0]]), x_hat, inverse_std, None)[0].round(3)  # the sum is 0
        array([[ 0.102, -0.204,  0.102]])
    """
    return body("layer_norm", _sample_size(dy), LARGE).backward(dy, x_hat, inverse_std, weight, more)


def _sample_size(x: np.ndarray) -> int:
    return x.size // max(1, len(x)) if x.ndim > 1 else x.size
