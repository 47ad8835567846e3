"""Negative log-likelihood: cross-entropy for a net that gives log-probabilities itself."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.faster import faster
from tinynet.core.joinable import reduced
from tinynet.losses.truth import class_weights, divisor, one_hot, weighted, weighted_sum


@faster
def negative_log_likelihood(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    axis: int = -1,
    weight: np.ndarray | None = None,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> tuple[float, np.ndarray]:
    """The mean of −log p of the true class, for a net that ends in `LogSoftmax`.

    Equation:
        L = −1/Z Σₙ Σₖ tₙₖ predictedₙₖ, where tₙₖ = wₖ for k = labelₙ, else 0, and Z = Σₙ w[labelₙ], or 1 for
        reduction="sum"

    Shapes:
        predicted: (N, C), or (N, …, C): log-probabilities, the class axis last; another place is named by `axis`
        ground_truth: (N,), or (N, …): integer labels from 0 to C − 1
        weight: (C,)
        gradient: that of predicted

    Gradients (with respect to predicted):
        ∂L/∂predicted = −t / Z

    Args:
        predicted: Log-probabilities; for logits use `cross_entropy`.
        ground_truth: The labels.
        axis: The class axis of predicted; 1 for images of classes (N, C, H, W).
        weight: w, how much each class counts, at least 0; 1 if None.
        ignore_index: Rows with this label are left out; None leaves out none. If all are left out, loss and gradient
            are zero.
        reduction: "mean" or "sum", over all labels.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: The truth is not integer labels.
        ValueError: A label is out of range, or the shapes do not fit; the axis that would fit is named. An option is
            out of range.

    Example:
        >>> negative_log_likelihood(np.log([[0.25, 0.75]]), np.array([0]))[1]
        array([[-1., -0.]])
    """
    who = "negative_log_likelihood"
    checks.class_labels(who, predicted, ground_truth, axis, ignore_index)
    weight = checks.class_weight(who, weight, predicted.shape[axis])
    checks.reduction(who, reduction)
    log_p = np.moveaxis(predicted, axis, -1)  # (N, …, C)
    t = weighted(one_hot(ground_truth, log_p, ignore_index), class_weights(weight, log_p))
    count = t.sum(dtype=np.float64)
    Z = divisor(count, reduction)
    return reduced(weighted_sum(t, -log_p), count, reduction), np.moveaxis(-t / Z.astype(t.dtype), -1, axis)
