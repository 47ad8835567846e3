"""Rows that count more or less, and the losses over them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core.checks.words import fail
from tinynet.losses.cross_entropy import softmax_and_surprise

Truth = tuple[np.ndarray, np.ndarray]


class WeightedRows:
    """A data set whose truth is (y, w): the answer of each row, and how much it counts.

    Args:
        X: The inputs, (N, n_features).
        y: The answers, (N, ...).
        w: The weights, (N,), at least one above 0.

    Raises:
        ValueError: All weights are 0.

    Example:
        >>> data = WeightedRows(np.eye(2), np.array([0, 1]), np.array([3.0, 1.0]))
        >>> data[:1][1]
        (array([0]), array([1.5]))
    """

    def __init__(self, X: np.ndarray, y: np.ndarray, w: np.ndarray) -> None:
        counts = w > 0  # rows without weight are left out, as if they were not there
        if not counts.any():
            hint = "give some rows a weight; with early stopping, in the rows that are held out, too."
            fail("sample_weight", f"all {len(w)} rows have weight 0.", hint)
        self.X, self.y = X[counts], y[counts]
        self.w = w[counts] / w[counts].mean()

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, rows: Any) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        return self.X[rows], (self.y[rows], self.w[rows])


def weighted_cross_entropy(predicted: np.ndarray, truth: Truth) -> tuple[float, np.ndarray]:
    """The cross-entropy with a weight for each row.

    Equation:
        L = 1/N Σₙ wₙ (−log pₙ[labelₙ]), where p = softmax(predicted)

    Shapes:
        predicted, gradient: (N, C)        truth: labels (N,) and w (N,)

    Gradients (with respect to predicted):
        ∂L/∂predicted = w (p − q) / N, where q is the truth, one-hot

    Example:
        >>> truth = np.array([0]), np.array([2.0])
        >>> weighted_cross_entropy(np.zeros((1, 2)), truth)[1]
        array([[-1.,  1.]])
    """
    labels, w = truth
    N, rows = len(labels), np.arange(len(labels))
    p, surprise = softmax_and_surprise(predicted)
    q = np.zeros_like(p)
    q[rows, labels] = 1
    return float(w @ surprise[rows, labels]) / N, w[:, np.newaxis] * (p - q) / N


def weighted_squared_error(predicted: np.ndarray, truth: Truth) -> tuple[float, np.ndarray]:
    """The mean squared error with a weight for each row.

    Equation:
        L = 1/NK Σₙ wₙ Σₖ (predictedₙₖ − yₙₖ)²

    Shapes:
        predicted, gradient: (N, K)        truth: y (N, K) and w (N,)

    Gradients (with respect to predicted):
        ∂L/∂predicted = 2 w (predicted − y) / NK

    Example:
        >>> truth = np.array([[1.0]]), np.array([2.0])
        >>> weighted_squared_error(np.array([[3.0]]), truth)
        (8.0, array([[8.]]))
    """
    y, w = truth
    difference = predicted - y.astype(predicted.dtype)
    return float(w @ np.square(difference).sum(axis=1)) / y.size, (2 / y.size) * w[:, np.newaxis] * difference
