"""Focal loss: cross-entropy that gives easy labels little weight."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.faster import faster
from tinynet.core.joinable import reduced
from tinynet.losses.cross_entropy import softmax_and_surprise
from tinynet.losses.truth import class_weights


@faster
def focal(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    gamma: float = 2.0,
    alpha: np.ndarray | None = None,
    axis: int = -1,
    reduction: str = "mean",
) -> tuple[float, np.ndarray]:
    """Cross-entropy in which a label that is already likely counts less, for classes of very different sizes.

    Equation:
        L = −1/N Σₙ α[labelₙ] (1 − pₙ)^γ log pₙ, where pₙ is softmax(predicted) at the label; N counts the labels, or is
        1 for reduction="sum" (Lin et al. 2017, equation 5, for any number of classes; a yes-or-no question has two)

    Shapes:
        predicted: (N, C), or (N, …, C): logits, the class axis last; another place is named by `axis`
        ground_truth: (N,), or (N, …): integer labels from 0 to C − 1
        alpha: (C,)
        gradient: that of predicted

    Gradients (with respect to predicted, where δ is 1 for k = labelₙ and else 0):
        ∂L/∂xₙₖ = α[labelₙ] (γ pₙ (1 − pₙ)^(γ−1) log pₙ − (1 − pₙ)^γ) (δ − softmax(xₙ)ₖ) / N

    Args:
        predicted: Logits, not probabilities.
        ground_truth: The labels.
        gamma: γ, at least 0: how much less an easy label counts; 0 gives cross-entropy.
        alpha: α, how much each class counts, at least 0; 1 if None.
        axis: The class axis of predicted; 1 for images of classes (N, C, H, W).
        reduction: "mean" or "sum", over all labels.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: The truth is not integer labels.
        ValueError: A label or an option is out of range, or the shapes do not fit.

    Example:
        >>> loss, gradient = focal(np.zeros((1, 2)), np.array([0]))
        >>> round(loss, 4), gradient.round(4)
        (0.1733, array([[-0.2983,  0.2983]]))
    """
    checks.class_labels("focal", predicted, ground_truth, axis)
    gamma = checks.number("focal", "gamma", gamma, minimum=0)
    alpha = checks.class_weight("focal", alpha, predicted.shape[axis], "alpha")
    n = ground_truth.size if checks.reduction("focal", reduction) else 1
    x = np.moveaxis(predicted, axis, -1)  # (N, …, C)
    label = ground_truth[..., np.newaxis].astype(np.intp)
    a = class_weights(alpha, x)[label]
    x = np.where(a == 0, 0, x)  # so that a label without weight has no effect, not even through a NaN
    p, surprise = softmax_and_surprise(x)
    s = np.take_along_axis(surprise, label, -1)  # −log pₙ
    miss = -np.expm1(-s)  # 1 − pₙ
    total = (a * miss**gamma * s).sum(dtype=np.float64)
    # log pₙ / (1 − pₙ) tends to −1 where pₙ is 1. So no power below 0 is taken of 0.
    ratio = np.where(miss > 0, -s / np.where(miss > 0, miss, 1), -1)
    p_ratio = (1 - miss) * np.where(miss < 1, ratio, 0)  # which tends to 0 where pₙ is 0 and its logarithm −∞
    slope = a * miss**gamma * (gamma * p_ratio - 1) / n  # ∂L/∂log pₙ
    gradient = -slope * p
    np.put_along_axis(gradient, label, slope * miss, -1)
    return reduced(total, n, reduction), np.moveaxis(gradient, -1, axis)
