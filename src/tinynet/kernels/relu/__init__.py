"""The ReLU, alone or of a sum, and its derivative. Results lie in memory as the first array does."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from tinynet.kernels.selection import body, sample_size

__all__ = ["forward", "gradient"]


def forward(x: np.ndarray, plus: np.ndarray | None = None) -> np.ndarray:
    """y = max(x, 0), or max(x + plus, 0) in one pass; NaN stays NaN.

    Example:
        >>> forward(np.array([-1.0, 2.0]), plus=np.array([3.0, -3.0]))
        array([2., 0.])
    """
    return _body(x).forward(x, plus)


def gradient(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy where y > 0, else 0 · dy.

    Example:
        >>> gradient(np.array([5.0, 6.0]), y=np.array([0.0, 2.0]))
        array([0., 6.])
    """
    return _body(y).gradient(dy, y)


def _body(x: np.ndarray) -> ModuleType:
    return body("relu", sample_size(x))
