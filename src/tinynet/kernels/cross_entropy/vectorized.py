"""Cross-entropy with NumPy."""

from __future__ import annotations

import numpy as np


def of_labels(logits: np.ndarray, labels: np.ndarray, w: np.ndarray, scale: float) -> tuple[float, np.ndarray]:
    """−log p = log Σ exp(x) − x, for which p itself would be too coarse."""
    index, w = labels[..., np.newaxis], w[..., np.newaxis]
    shifted = logits - logits.max(axis=-1, keepdims=True)  # so that exp cannot overflow
    surprise = -np.take_along_axis(shifted, index, -1)
    gradient = np.exp(shifted, out=shifted)
    total = gradient.sum(axis=-1, keepdims=True)
    surprise += np.log(total)
    gradient /= total
    np.put_along_axis(gradient, index, np.take_along_axis(gradient, index, -1) - 1, -1)
    gradient *= w * w.dtype.type(scale)
    counted = np.multiply(w, surprise, where=w != 0, out=np.zeros_like(surprise))  # 0 · ∞ would be NaN
    return float(counted.sum(dtype=np.float64)) * scale, gradient
