"""Cross-entropy of labels with the softmax inside, and its gradient."""

from __future__ import annotations

import numpy as np

from tinynet.engine.selection import body, sample_size

__all__ = ["of_labels"]


def of_labels(logits: np.ndarray, labels: np.ndarray, w: np.ndarray, scale: float) -> tuple[float, np.ndarray]:
    """L = scale · Σ w (−log p[label]) with p = softmax(logits), and ∂L/∂logits = scale · w (p − one-hot label).

    Args:
        logits: (..., C), of one floating type with w.
        labels: (...), integers from 0 to C − 1.
        w: The weight of each label, (...); a row with weight 0 adds nothing.
        scale: What all is multiplied with.

    Example:
        >>> loss, gradient = of_labels(np.zeros((1, 2)), np.array([0]), np.ones(1), 2.0)
        >>> round(loss, 4), gradient
        (1.3863, array([[-1.,  1.]]))
    """
    return body("cross_entropy", sample_size(logits)).of_labels(logits, labels, w, scale)
