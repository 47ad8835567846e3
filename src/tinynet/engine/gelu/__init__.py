"""GELU and its slope, both from one exponential. Results lie in memory as x does."""

from __future__ import annotations

import numpy as np

from tinynet.engine.selection import body, sample_size

__all__ = ["backward", "forward"]

LARGE = 1000  # numbers of a sample from which on compiling pays


def forward(x: np.ndarray, approximate: str) -> tuple[np.ndarray, np.ndarray]:
    """y = x Φ(x) and dy/dx = Φ(x) + x φ(x); with approximate="tanh", those of ½ x (1 + tanh u).

    Example:
        >>> y, slope = forward(np.array([-1e4, 0.0, 1.0]), "none")
        >>> y.round(4), slope.round(4)
        (array([-0.    ,  0.    ,  0.8413]), array([0.    , 0.5   , 1.0833]))
    """
    return body("gelu", sample_size(x), LARGE).forward(x, approximate)


def backward(dy: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """dx = dy · slope, in the memory order of the slope.

    Example:
        >>> backward(np.array([2.0, 4.0]), np.array([0.5, 1.0]))
        array([1., 4.])
    """
    return body("gelu", sample_size(slope), LARGE).backward(dy, slope)
