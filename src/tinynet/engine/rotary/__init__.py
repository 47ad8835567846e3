"""Turning pairs of numbers, each by an angle of its own: what rotary positions are made of.

Shapes: x (..., T, 2 · n) holds n pairs in each row, one behind the other without gaps; cos and sin (T, n) are those of
the angles, alike for all samples.
"""

from __future__ import annotations

import numpy as np

from tinynet.engine.selection import body

__all__ = ["turn"]


def turn(x: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> None:
    """A pair (a, b) becomes (a cos − b sin, a sin + b cos), in x itself.

    Example:
        >>> x = np.array([[1.0, 0.0, 0.0, 1.0]])
        >>> turn(x, np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]))  # a quarter of a turn, and none
        >>> x
        array([[0., 1., 0., 1.]])
    """
    sample_size = x.size // max(1, len(x)) if x.ndim > 2 else x.size
    body("rotary", sample_size).turn(x, cos, sin)
