"""How well predictions do, from 0 for the best constant to 1 for no mistake: comparable across losses and scales."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite, nan
from typing import Any

import numpy as np

Loss = Callable[[Any, Any], tuple[float, Any]]
#: What a loss of a user's own may raise where it is asked something unusual.
ERRORS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, AssertionError)


def loss_value(loss: Loss, predicted: Any, y: Any) -> float:
    """The loss as a plain number; NaN where it fails."""
    try:
        return float(loss(predicted, y)[0])
    except ERRORS:
        return nan


def skill(loss: Loss, predicted: Any, y: Any) -> float:
    """The share of the loss of the best constant that the predictions save; NaN if there is no telling.

    Equation:
        skill = 1 − L(predicted) / L(best constant)

    Args:
        loss: A function (predicted, ground_truth) -> (loss, gradient).
        predicted: (N, …)
        y: The truth.

    Example:
        >>> from tinynet.losses import mean_squared_error
        >>> y = np.array([[0.0], [2.0]])
        >>> skill(mean_squared_error, y, y), skill(mean_squared_error, np.ones((2, 1)), y)
        (1.0, 0.0)
    """
    value, constant = loss_value(loss, predicted, y), constant_loss(loss, predicted, y)
    by_loss = 1 - value / constant if isfinite(value) and isfinite(constant) and constant > 0 else nan
    by_class = class_skill(predicted, y)
    known = [each for each in (by_loss, by_class) if isfinite(each)]
    return max(known) if known and isfinite(value) else nan


def constant_loss(loss: Loss, predicted: Any, y: Any) -> float:
    """The loss of the best constant prediction; infinity where none is known.

    The best constant is the mean of the truth, its median, the share of each class, or the logarithm or the logit of
    such a share, whichever the loss likes best.

    Example:
        >>> from tinynet.losses import cross_entropy
        >>> round(constant_loss(cross_entropy, np.zeros((4, 2)), np.array([0, 1, 1, 1])), 3)  # the entropy
        0.562
    """
    if not isinstance(predicted, np.ndarray) or not isinstance(y, np.ndarray) or not len(y):
        return np.inf
    constants = (np.broadcast_to(row, predicted.shape).astype(predicted.dtype) for row in _rows(predicted, y))
    values = [loss_value(loss, np.ascontiguousarray(constant), y) for constant in constants]
    return min((value for value in values if isfinite(value)), default=np.inf)


def _rows(predicted: np.ndarray, y: np.ndarray) -> Iterator[np.ndarray]:
    shape = predicted.shape[1:]
    if y[0].size == int(np.prod(shape)):
        truth = y.reshape(len(y), *shape).astype(np.float64)
        yield truth.mean(axis=0)
        yield np.median(truth, axis=0)
        inside = np.clip(truth.mean(axis=0), 1e-6, 1 - 1e-6)
        yield np.log(inside / (1 - inside))
        yield np.log(inside)
        if truth.ndim > 2:
            yield truth.mean(axis=tuple(range(truth.ndim - 1)))  # the same at every place
    if y.dtype.kind in "iu" and y.shape == predicted.shape[:-1] and y.min() >= 0 and y.max() < shape[-1]:
        share = np.bincount(y.reshape(-1), minlength=shape[-1]) / y.size
        yield share
        yield np.log(np.maximum(share, 1e-9))
    yield np.zeros(shape)


def class_skill(predicted: Any, y: Any) -> float:
    """The accuracy of the highest score, counted from the share of the most frequent class; NaN if y is no classes."""
    labels = as_labels(predicted, y)
    if labels is None:
        return nan
    share = np.bincount(labels.reshape(-1)).max() / labels.size
    accuracy = float((predicted.argmax(axis=-1) == labels).mean())
    return (accuracy - share) / (1 - share) if share < 1 else nan


def as_labels(predicted: Any, y: Any) -> np.ndarray | None:
    """The truth as integer labels of the classes of `predicted`, of shape (N, …); None if it is something else."""
    if not isinstance(predicted, np.ndarray) or not isinstance(y, np.ndarray) or predicted.ndim < 2:
        return None
    n_classes = predicted.shape[-1]
    if n_classes < 2 or not y.size:
        return None
    if y.dtype.kind in "iu" and y.shape == predicted.shape[:-1]:
        return y if y.min() >= 0 and y.max() < n_classes else None
    if y.shape == predicted.shape and is_one_hot(y):
        return y.argmax(axis=-1)
    return None


def is_one_hot(y: np.ndarray) -> bool:
    """Whether every row holds a single 1 and else zeros."""
    return y.ndim > 1 and y.shape[-1] > 1 and bool(np.isin(y, (0, 1)).all() and (y.sum(axis=-1) == 1).all())
