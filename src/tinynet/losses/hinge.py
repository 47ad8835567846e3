"""Hinge losses: an answer costs nothing once it is right by a margin."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.joinable import reduced
from tinynet.losses.truth import class_weights


def hinge(
    predicted: np.ndarray, ground_truth: np.ndarray, margin: float = 1.0, reduction: str = "mean"
) -> tuple[float, np.ndarray]:
    """The loss of a support vector machine: each score should have the sign of its label, and exceed a margin.

    Equation:
        L = 1/n Σᵢ max(0, margin − truthᵢ predictedᵢ), where n counts every number, or is 1 for reduction="sum"

    Shapes:
        predicted, ground_truth, gradient: any shape, the same for all

    Gradients (with respect to predicted):
        ∂L/∂predictedᵢ = −truthᵢ / n where truthᵢ predictedᵢ < margin, else 0

    Args:
        predicted: A score for each label.
        ground_truth: −1 or 1.
        margin: How far beyond zero a score has to be, greater than 0.
        reduction: "mean" or "sum", over all numbers.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: predicted does not hold floating-point numbers, or ground_truth does not hold numbers.
        ValueError: The shapes differ, a label is not −1 or 1, or an option is out of range.

    Example:
        >>> hinge(np.array([0.5, 2.0]), np.array([-1, -1]))
        (2.25, array([0.5, 0.5]))
    """
    checks.same_targets("hinge", predicted, ground_truth)
    checks.signs("hinge", ground_truth)
    margin = checks.number("hinge", "margin", margin, above=0)
    n = predicted.size if checks.reduction("hinge", reduction) else 1
    truth = ground_truth.astype(predicted.dtype)
    short = np.maximum(0, margin - truth * predicted)  # how far each score is short of the margin
    return reduced(short.sum(dtype=np.float64), n, reduction), -truth * (short > 0) / n


def multi_margin(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    axis: int = -1,
    margin: float = 1.0,
    weight: np.ndarray | None = None,
    reduction: str = "mean",
) -> tuple[float, np.ndarray]:
    """The hinge loss for several classes: the true class should score higher than every other, by a margin.

    Equation:
        L = 1/N Σₙ w[yₙ]/C Σ_{c ≠ yₙ} max(0, margin − xₙ[yₙ] + xₙ[c]), where x = predicted and y is the truth; N counts
        the labels, or is 1 for reduction="sum"

    Shapes:
        predicted: (N, C), or (N, …, C): scores, the class axis last; another place is named by `axis`
        ground_truth: (N,), or (N, …): integer labels from 0 to C − 1
        weight: (C,)
        gradient: that of predicted

    Gradients (with respect to predicted):
        ∂L/∂xₙ[c] = w[yₙ] / (C N) for each c ≠ yₙ within the margin, else 0
        ∂L/∂xₙ[yₙ] = −the sum of these

    Args:
        predicted: A score for each class.
        ground_truth: The labels.
        axis: The class axis of predicted.
        margin: By how much the true class should win, greater than 0.
        weight: w, how much each class counts, at least 0; 1 if None. Unlike in `cross_entropy`, N counts labels and not
            weights, as in PyTorch.
        reduction: "mean" or "sum", over all labels.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: The truth is not integer labels.
        ValueError: A label or an option is out of range, or the shapes do not fit.

    Example:
        >>> multi_margin(np.array([[1.0, 1.5]]), np.array([0]))
        (0.75, array([[-0.5,  0.5]]))
    """
    who = "multi_margin"
    checks.class_labels(who, predicted, ground_truth, axis)
    margin = checks.number(who, "margin", margin, above=0)
    weight = checks.class_weight(who, weight, predicted.shape[axis])
    n = ground_truth.size if checks.reduction(who, reduction) else 1
    x = np.moveaxis(predicted, axis, -1)  # (N, …, C)
    C, y = x.shape[-1], ground_truth[..., np.newaxis].astype(np.intp)
    w = class_weights(weight, x)[y]
    x = np.where(w == 0, 0, x)  # so that a label without weight has no effect, not even through a NaN
    short = np.maximum(0, margin - np.take_along_axis(x, y, -1) + x)
    np.put_along_axis(short, y, 0, -1)
    gradient = w * (short > 0) / (C * n)
    np.put_along_axis(gradient, y, -gradient.sum(axis=-1, keepdims=True), -1)
    total = (w * short).sum(dtype=np.float64) / C
    return reduced(total, n, reduction), np.moveaxis(gradient, -1, axis)


def margin_ranking(
    predicted: tuple[np.ndarray, np.ndarray], ground_truth: np.ndarray, margin: float = 0.0, reduction: str = "mean"
) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """The hinge loss of a comparison: which of two scores should be higher, and by how much.

    Equation:
        L = 1/n Σᵢ max(0, margin − tᵢ (aᵢ − bᵢ)), where predicted is a and b, t is the truth, and n counts the pairs, or
        is 1 for reduction="sum"

    Shapes:
        predicted: two scores, of one shape
        ground_truth: the same
        gradient: a pair of the same shapes

    Gradients (with respect to predicted):
        ∂L/∂aᵢ = −tᵢ / n where tᵢ (aᵢ − bᵢ) ≤ margin, else 0        ∂L/∂bᵢ = −∂L/∂aᵢ

    Args:
        predicted: The pair (first, second), as a net with two outputs gives it.
        ground_truth: 1 where the first score should be higher, −1 where the second should.
        margin: How much higher.
        reduction: "mean" or "sum", over the pairs.

    Returns:
        The loss, and a pair of gradients. At the margin itself, as for equal scores and margin 0, they still push.

    Raises:
        TypeError: predicted is not a pair of floating-point arrays.
        ValueError: The shapes differ, a label is not −1 or 1, or an option is out of range.

    Example:
        >>> margin_ranking((np.array([0.5, 2.0]), np.array([1.0, 1.0])), np.array([1, 1]))
        (0.25, (array([-0.5, -0. ]), array([0.5, 0. ])))
    """
    who = "margin_ranking"
    checks.two_predictions(who, predicted, ("first", "second"))
    a, b = predicted
    checks.same_targets(who, a, ground_truth)
    checks.same_shape(f"{who}: second", b.shape, a.shape)
    checks.signs(who, ground_truth)
    margin = checks.number(who, "margin", margin)
    n = a.size if checks.reduction(who, reduction) else 1
    t = ground_truth.astype(a.dtype)
    short = margin - t * np.subtract(a, b, dtype=np.float64)  # by how much the difference is short of the margin
    da = (-t * (short >= 0) / n).astype(a.dtype)
    return reduced(np.maximum(0, short).sum(), n, reduction), (da, -da.astype(b.dtype))
