"""The ReLU with NumPy."""

from __future__ import annotations

import numpy as np

from tinynet.core import layout


def forward(x: np.ndarray, plus: np.ndarray | None) -> np.ndarray:
    """y = max(x + plus, 0)."""
    if plus is None:
        return np.maximum(x, 0)
    total = x + layout.like(x, plus)
    return np.maximum(total, 0, out=total) if total.ndim else np.maximum(total, 0)


def gradient(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy · (y > 0)."""
    return layout.like(y, dy) * (y > 0)
