"""What the losses of classifiers share: the truth as numbers, and sums in which a value of weight 0 has no effect."""

from __future__ import annotations

from typing import Any

import numpy as np


def one_hot(labels: np.ndarray, x: np.ndarray, ignore_index: int | None = None) -> np.ndarray:
    """Labels (N, …) as q (N, …, C), of the kind of x: 1 at the true class; all 0 where the label is ignored.

    Example:
        >>> one_hot(np.array([1, -1]), np.zeros((2, 3), np.float32), ignore_index=-1)
        array([[0., 1., 0.],
               [0., 0., 0.]], dtype=float32)
    """
    q = labels[..., np.newaxis] == np.arange(x.shape[-1], like=labels)
    return (q if ignore_index is None else q & (labels != ignore_index)[..., np.newaxis]).astype(x.dtype)


def class_weights(weight: np.ndarray | None, x: np.ndarray) -> np.ndarray:
    """The weight of each class, (C,), of the kind of x; all 1 if None.

    Example:
        >>> class_weights(None, np.zeros((4, 3)))
        array([1., 1., 1.])
    """
    return np.ones_like(x, shape=x.shape[-1:]) if weight is None else np.asarray(weight, like=x).astype(x.dtype)


def weighted(w: np.ndarray, values: Any) -> np.ndarray:
    """w · values, which is 0 where w is 0, even if the value is NaN or infinite.

    Example:
        >>> weighted(np.array([0.0, 2.0]), np.array([np.nan, 1.5]))
        array([0., 3.])
    """
    return w * np.where(w != 0, values, 0)


def weighted_sum(w: np.ndarray, values: np.ndarray) -> Any:
    """Σ w · values, in double precision; a value of weight 0 adds 0, even if it is infinite.

    Example:
        >>> weighted_sum(np.array([0.0, 2.0]), np.array([np.inf, 1.5])).item()
        3.0
    """
    return weighted(w, values).sum(dtype=np.float64)


def divisor(count: Any, reduction: str) -> Any:
    """What a sum is divided by: the count for "mean" (∞ if that is 0, for a mean of nothing is 0), 1 for "sum".

    Example:
        >>> divisor(np.float64(4), "mean").item(), divisor(np.float64(0), "mean").item(), divisor(np.float64(4), "sum")
        (4.0, inf, np.float64(1.0))
    """
    return np.where(count == 0, np.inf, count) if reduction == "mean" else np.float64(1)
