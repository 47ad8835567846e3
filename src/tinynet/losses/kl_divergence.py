"""Kullback-Leibler divergence: how far one distribution is from another."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.joinable import reduced
from tinynet.losses.truth import weighted_sum


def kl_divergence(
    predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1, reduction: str = "mean"
) -> tuple[float, np.ndarray]:
    """The mean divergence KL(truth ‖ predicted) of distributions over classes.

    Equation:
        L = 1/N Σₙ Σₖ qₙₖ (log qₙₖ − predictedₙₖ), where q is the truth and 0 log 0 = 0; N counts the distributions, or
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
    if checks.class_targets(who, predicted, ground_truth, axis):
        hint = "for labels use negative_log_likelihood."
        checks.fail(who, "expected probabilities, got integer labels.", hint, TypeError)
    checks.between_0_and_1(who, ground_truth)
    n = predicted.size // predicted.shape[axis] if checks.reduction(who, reduction) else 1
    q = ground_truth.astype(predicted.dtype)
    log_q = np.log(np.where(q > 0, q, 1))  # 0 log 0 = 0
    return reduced(weighted_sum(q, log_q - predicted), n, reduction), q / -n
