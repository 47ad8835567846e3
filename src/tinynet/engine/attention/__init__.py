"""Scaled dot-product attention and its derivative.

Shapes: q (N, heads, T, D), k and v (N, heads, S, D), `ignored` (N, S) with True for keys that nobody sees, or None.
`log_sum` (N, heads, T) is the logarithm of the sum of exponentials in each row of the softmax: with it `backward`
computes the weights anew, so that no T × S matrix is kept.
"""

from __future__ import annotations

import numpy as np

from tinynet.engine.selection import body

__all__ = ["backward", "forward"]

LARGE = 1000  # scores of a sample from which on compiling pays: NumPy takes one sample after the other
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def forward(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, causal: bool, ignored: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """y = softmax(q kᵀ / √D) v and log_sum; a query that sees no key gives 0 and +∞.

    With `causal`, query t sees the keys up to its own place t + S − T.

    Example:
        >>> q = k = np.zeros((1, 1, 2, 4)); v = np.array([[[[1.0], [3.0]]]])
        >>> forward(q, k, v, True, None)[0].ravel()
        array([1., 2.])
    """
    return body("attention", _n_scores(q, k), LARGE).forward(q, k, v, causal, ignored)


def backward(
    dy: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    y: np.ndarray,
    log_sum: np.ndarray,
    causal: bool,
    ignored: np.ndarray | None,
    out: Arrays | None = None,
) -> Arrays:
    """∂L/∂q, ∂L/∂k and ∂L/∂v, written into the arrays of `out` if it is given.

    Example:
        >>> q = k = np.zeros((1, 1, 2, 4)); v = np.array([[[[1.0], [3.0]]]])
        >>> y, log_sum = forward(q, k, v, True, None)
        >>> backward(np.ones_like(y), q, k, v, y, log_sum, True, None)[2].ravel()
        array([1.5, 0.5])
    """
    out = (np.empty_like(q), np.empty_like(k), np.empty_like(v)) if out is None else out
    body("attention", _n_scores(q, k), LARGE).backward(dy, q, k, v, y, log_sum, causal, ignored, out)
    return out


def _n_scores(q: np.ndarray, k: np.ndarray) -> int:
    return q.shape[1] * q.shape[2] * k.shape[2]  # of one sample
