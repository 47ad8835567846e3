"""Mean squared error."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.faster import faster
from tinynet.core.joinable import reduced


@faster
def mean_squared_error(
    predicted: np.ndarray, ground_truth: np.ndarray, reduction: str = "mean"
) -> tuple[float, np.ndarray]:
    """The mean of the squared differences, over all numbers of the batch.

    Equation:
        L = 1/n Σᵢ (predictedᵢ − truthᵢ)², where n counts every number, not only the rows; n = 1 for reduction="sum"

    Shapes:
        predicted, ground_truth, gradient: any shape, the same for all

    Gradients (with respect to predicted):
        ∂L/∂predicted = 2 (predicted − truth) / n

    Args:
        predicted: What the net gave.
        ground_truth: What it should have given; the shape must be the same, so that nothing is broadcast silently.
        reduction: "mean" or "sum", over all numbers.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: predicted does not hold floating-point numbers, or ground_truth does not hold numbers.
        ValueError: The shapes differ, or the reduction is unknown.

    Example:
        >>> mean_squared_error(np.array([[1.0, 3.0]]), np.array([[1.0, 1.0]]))
        (2.0, array([[0., 2.]]))
    """
    checks.same_targets("mean_squared_error", predicted, ground_truth)
    n = predicted.size if checks.reduction("mean_squared_error", reduction) else 1
    difference = predicted - ground_truth.astype(predicted.dtype)
    total = np.square(difference, dtype=np.float64).sum()
    return reduced(total, n, reduction), difference * (2 / n)
