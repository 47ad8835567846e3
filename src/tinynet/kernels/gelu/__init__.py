"""GELU and its slope, both from one exponential. Results lie in memory as x does."""

from __future__ import annotations

import numpy as np

from tinynet.kernels.selection import body

__all__ = ["forward"]


def forward(x: np.ndarray, approximate: str) -> tuple[np.ndarray, np.ndarray]:
    """y = x Φ(x) and dy/dx = Φ(x) + x φ(x); with approximate="tanh", those of ½ x (1 + tanh u).

    Example:
        >>> y, slope = forward(np.array([-1e4, 0.0, 1.0]), "none")
        >>> y.round(4), slope.round(4)
        (array([-0.    ,  0.    ,  0.8413]), array([0.    , 0.5   , 1.0833]))
    """
    return body("gelu", x.size // max(1, x.shape[0]) if x.ndim else 1).forward(x, approximate)
