"""Vectors as a direction and a length: what the losses that compare directions share."""

from __future__ import annotations

import numpy as np

from tinynet.core.arrays import norm_of, sum_of


def directions(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """u = x / |x| of each row, and |x|, both in float64 at least. A row of length 0 has the direction 0.

    Example:
        >>> directions(np.array([[3e200, 4e200], [0.0, 0.0]]))
        (array([[0.6, 0.8],
               [0. , 0. ]]), array([[5.e+200],
               [    inf]]))
    """
    size = np.abs(x).max(axis=1, keepdims=True, initial=0)
    size = np.where(size == 0, 1, size)
    lengths = norm_of(x / size, 1, keepdims=True)  # of squares that cannot overflow
    lengths = np.where(lengths == 0, np.inf, lengths)
    return x / size / lengths, size * lengths


def through_length(du: np.ndarray, u: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """∂L/∂x, given du = ∂L/∂u for u = x / |x|: the part of du that is perpendicular to u, divided by the length.

    Equation:
        ∂L/∂x = (du − u (u · du)) / |x|

    Example:
        >>> through_length(np.array([[1.0, 1.0]]), np.array([[1.0, 0.0]]), np.array([[2.0]]))
        array([[0. , 0.5]])
    """
    return (du - u * sum_of(u * du, 1, keepdims=True)) / lengths
