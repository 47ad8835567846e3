"""What the losses of classifiers share: probabilities from logits, and the weight of each label."""

from __future__ import annotations

import numpy as np


def softmax_and_surprise(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p = softmax(logits) along the last axis, and −log p, for which p itself would be too coarse.

    Example:
        >>> p, surprise = softmax_and_surprise(np.array([[0.0, 0.0], [1e4, 0.0]]))
        >>> p[0], surprise[1]
        (array([0.5, 0.5]), array([    0., 10000.]))
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)  # so that exp cannot overflow
    e = np.exp(shifted)
    total = e.sum(axis=-1, keepdims=True)
    return e / total, np.log(total) - shifted


def label_weights(
    labels: np.ndarray, weight: np.ndarray | None, ignore_index: int | None, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels as an index into the last axis, which are not ignored, and the weight of each: all (N, …, 1).

    Example:
        >>> index, kept, w = label_weights(np.array([1, -1]), np.array([1.0, 3.0]), -1, np.float64)
        >>> index.ravel(), kept.ravel(), w.ravel()
        (array([1, 0]), array([ True, False]), array([3., 0.]))
    """
    labels = labels[..., np.newaxis]
    kept = np.ones(labels.shape, bool) if ignore_index is None else labels != ignore_index
    index = (labels if ignore_index is None else np.where(kept, labels, 0)).astype(np.intp, copy=False)
    w = kept if weight is None else np.where(kept, weight[index], 0)
    return index, kept, w.astype(dtype)


def weighted_sum(w: np.ndarray, surprise: np.ndarray) -> float:
    """Σ w · surprise, in double precision; what has no weight adds nothing, not even where it is infinite.

    Example:
        >>> weighted_sum(np.array([0.0, 2.0]), np.array([np.inf, 1.5]))
        3.0
    """
    products = np.multiply(w, surprise, where=w != 0, out=np.zeros_like(surprise))
    return float(products.sum(dtype=np.float64))


def share(count: float) -> float:
    """1 / count, by which a sum becomes a mean; 0 where nothing counts, so that loss and gradient are zero.

    Example:
        >>> share(4), share(0)
        (0.25, 0.0)
    """
    return 1 / count if count else 0.0
