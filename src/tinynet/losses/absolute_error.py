"""Losses that are robust to outliers: they grow no faster than the distance itself."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.faster import faster
from tinynet.core.joinable import reduced


@faster
def mean_absolute_error(
    predicted: np.ndarray, ground_truth: np.ndarray, reduction: str = "mean"
) -> tuple[float, np.ndarray]:
    """The mean of the distances, over all numbers of the batch. The metric of this name gives the number alone.

    Equation:
        L = 1/n Σᵢ |predictedᵢ − truthᵢ|, where n counts every number, not only the rows; n = 1 for reduction="sum"

    Shapes:
        predicted, ground_truth, gradient: any shape, the same for all

    Gradients (with respect to predicted):
        ∂L/∂predicted = sign(predicted − truth) / n, which is 0 where they are equal

    Args:
        predicted: What the net gave.
        ground_truth: What it should have given; the shape must be the same.
        reduction: "mean" or "sum", over all numbers.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: predicted does not hold floating-point numbers, or ground_truth does not hold numbers.
        ValueError: The shapes differ, or the reduction is unknown.

    Example:
        >>> mean_absolute_error(np.array([[1.0, 3.0]]), np.array([[1.0, 4.0]]))
        (0.5, array([[ 0. , -0.5]]))
    """
    checks.same_targets("mean_absolute_error", predicted, ground_truth)
    n = predicted.size if checks.reduction("mean_absolute_error", reduction) else 1
    difference = predicted - ground_truth.astype(predicted.dtype)
    total = np.abs(difference).sum(dtype=np.float64)
    return reduced(total, n, reduction), np.sign(difference) / n


@faster
def huber(
    predicted: np.ndarray, ground_truth: np.ndarray, delta: float = 1.0, reduction: str = "mean"
) -> tuple[float, np.ndarray]:
    """Half the squared difference near the truth, and a straight line further away, so that outliers do not dominate.

    Equation:
        L = 1/n Σᵢ dᵢ² / 2 where |dᵢ| ≤ δ, else δ (|dᵢ| − δ/2); d = predicted − truth, and n counts every number, or is
        1 for reduction="sum" (Huber 1964)

    Shapes:
        predicted, ground_truth, gradient: any shape, the same for all

    Gradients (with respect to predicted):
        ∂L/∂predicted = d / n, cut off at ±δ / n

    Args:
        predicted: What the net gave.
        ground_truth: What it should have given; the shape must be the same.
        delta: δ, greater than 0: the distance from which on a difference counts as an outlier.
        reduction: "mean" or "sum", over all numbers.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: predicted does not hold floating-point numbers, or ground_truth does not hold numbers.
        ValueError: The shapes differ, δ is not greater than 0, or the reduction is unknown.

    Example:
        >>> huber(np.array([[1.0, 5.0]]), np.array([[0.0, 0.0]]))
        (2.5, array([[0.5, 0.5]]))
    """
    checks.same_targets("huber", predicted, ground_truth)
    delta = checks.number("huber", "delta", delta, above=0)
    n = predicted.size if checks.reduction("huber", reduction) else 1
    d = predicted - ground_truth.astype(predicted.dtype)
    near = np.clip(d, -delta, delta)
    # near · (d − near/2) is d²/2 inside, for near = d, and δ (|d| − δ/2) outside, for near = ±δ
    total = np.multiply(near, d - near / 2, dtype=np.float64).sum()
    return reduced(total, n, reduction), near / n
