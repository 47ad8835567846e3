"""Kullback-Leibler divergence: how far one distribution is from another."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks import losses as options


def kl_divergence(
    predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1, reduction: str = "mean"
) -> tuple[float, np.ndarray]:
    """The mean divergence KL(truth ‖ predicted) of distributions over classes.

    Equation:
        L = 1/N Σₙ Σ꜀ qₙ꜀ (log qₙ꜀ − predictedₙ꜀), where q is the truth and 0 log 0 = 0; N counts the distributions, or
        is 1 for reduction="sum"

    Shapes:
        predicted: (N, C), or (N, …, C): log-probabilities, the class axis last; another place is named by `axis`
        ground_truth, gradient: that of predicted

    Gradients (with respect to predicted):
        ∂L/∂predicted = −q / N

    Args:
        predicted: Log-probabilities, as `LogSoftmax` gives them.
        ground_truth: q, probabilities, not their logarithms.
        axis: The class axis, along which q sums to one.
        reduction: "mean" or "sum", over the distributions: for (N, C) the mean is PyTorch's "batchmean".

    Returns:
        The loss, infinite where a class has probability in q and none in predicted, and its gradient.

    Raises:
        TypeError: The truth is labels.
        ValueError: The shapes differ, a truth is not from 0 to 1, or the reduction is unknown.

    Example:
        >>> loss, gradient = kl_divergence(np.log([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
        >>> round(loss, 4), gradient
        (0.6931, array([[-1., -0.]]))
    """
    who = "kl_divergence"
    options.probabilities_only(who, checks.class_targets(who, predicted, ground_truth, axis))
    options.between_0_and_1(who, ground_truth)
    n = predicted.size // predicted.shape[axis] if options.reduction(who, reduction) else 1
    q = ground_truth.astype(predicted.dtype)
    present = q > 0
    apart = np.log(q, where=present, out=np.zeros_like(q)) - predicted
    total = np.multiply(q, apart, where=present, out=np.zeros_like(q)).sum(dtype=np.float64)
    return float(total) / n, q / -n
