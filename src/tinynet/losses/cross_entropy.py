"""Cross-entropy: the surprise of a classifier at the truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import sum_of
from tinynet.core.faster import faster
from tinynet.core.joinable import reduced
from tinynet.losses.truth import class_weights, divisor, one_hot, weighted, weighted_sum


@faster
def cross_entropy(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    axis: int = -1,
    weight: np.ndarray | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> tuple[float, np.ndarray]:
    """The mean negative log-likelihood of the truth under softmax(predicted).

    Equation:
        L = −1/Z Σₙ Σₖ tₙₖ log pₙₖ, where p = softmax(predicted) and tₙₖ = wₖ ((1 − ε) qₙₖ + ε/C)
        q is the truth, one-hot for integer labels, w the weight of each class, ε the label smoothing;
        Z = Σₙ w[labelₙ], or the number of rows N for probabilities; for reduction="sum" Z = 1

    Shapes:
        predicted: (N, C), or (N, …, C): logits, the class axis last; another place is named by `axis`
        ground_truth: (N,), or (N, …): integer labels from 0 to C − 1; or probabilities of the shape of predicted
        weight: (C,)
        gradient: that of predicted

    Gradients (with respect to predicted):
        ∂L/∂predicted = (p Σₖ tₖ − t) / Z, which is (p − q) / N without weights or other options, where q sums to 1

    Args:
        predicted: Logits, not probabilities: the softmax is in here.
        ground_truth: The labels, or a distribution over the classes.
        axis: The class axis of predicted; 1 for images of classes (N, C, H, W).
        weight: w, how much each class counts, at least 0; 1 if None.
        ignore_index: Rows with this label, often −1 or −100, are left out; None leaves out none. If all rows are left
            out, or all their labels have the weight 0, loss and gradient are zero.
        label_smoothing: ε, the share of each truth that is spread evenly over all classes, at least 0 and below 1.
        reduction: "mean" or "sum", over all labels.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: A label is out of range, or the shapes do not fit; the axis that would fit is named. An option is
            out of range, or ignore_index comes with probabilities.

    Example:
        >>> loss, gradient = cross_entropy(np.zeros((1, 2)), np.array([0]))
        >>> round(loss, 4), gradient
        (0.6931, array([[-0.5,  0.5]]))
    """
    _check(predicted, ground_truth, axis, weight, ignore_index, label_smoothing, reduction)
    x = np.moveaxis(predicted, axis, -1)  # (N, …, C)
    t, count = _targets(x, ground_truth, axis, weight, ignore_index, label_smoothing)
    Z = divisor(count, reduction)
    sum_t = t.sum(axis=-1, keepdims=True)  # Σₖ tₖ
    x = np.where(sum_t == 0, 0, x)  # so that a row without weight has no effect, not even through a NaN
    p, surprise = softmax_and_surprise(x)  # surprise = −log p

    total = weighted_sum(t, surprise)  # −Σₙ Σₖ tₙₖ log pₙₖ
    gradient = p * sum_t - t
    return reduced(total, count, reduction), np.moveaxis(gradient / Z.astype(x.dtype), -1, axis)


def softmax_and_surprise(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p = softmax(x) along the last axis, and −log p, which is exact also where p is rounded to 0 or 1.

    Equation:
        pₖ = exp(xₖ) / Σⱼ exp(xⱼ)        −log pₖ = log Σⱼ exp(xⱼ) − xₖ

    Example:
        >>> p, surprise = softmax_and_surprise(np.array([[0.0, 0.0], [1e4, 0.0]]))
        >>> p[0], surprise[1]
        (array([0.5, 0.5]), array([    0., 10000.]))
    """
    shifted = x - x.max(axis=-1, keepdims=True)  # the softmax stays the same, and exp cannot overflow
    e = np.exp(shifted)
    total = sum_of(e, -1, keepdims=True)
    return e / total, np.log(total) - shifted


def _targets(
    x: np.ndarray,
    ground_truth: np.ndarray,
    axis: int,
    weight: np.ndarray | None,
    ignore_index: int | None,
    label_smoothing: float,
) -> tuple[np.ndarray, Any]:
    """t = w ((1 − ε) q + ε/C), (N, …, C), and what the mean is over: Σₙ w[labelₙ], or N for probabilities."""
    w, epsilon = class_weights(weight, x), float(label_smoothing)
    spread = epsilon / x.shape[-1]  # ε/C
    if ground_truth.dtype.kind == "f":
        q = np.moveaxis(ground_truth, axis, -1).astype(x.dtype)
        return weighted((1 - epsilon) * q + spread, w), np.float64(x[..., 0].size)
    q = one_hot(ground_truth, x, ignore_index)
    is_kept = q.sum(axis=-1, keepdims=True)  # 0 where the label is ignored, else 1
    return weighted((1 - epsilon) * q + spread * is_kept, w), weighted_sum(q, w)


def _check(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    axis: int,
    weight: np.ndarray | None,
    ignore_index: int | None,
    label_smoothing: float,
    reduction: str,
) -> None:
    who = "cross_entropy"
    has_labels = checks.class_targets(who, predicted, ground_truth, axis, ignore_index)
    checks.class_weight(who, weight, predicted.shape[axis])
    checks.fraction(who, "label_smoothing", label_smoothing)
    checks.reduction(who, reduction)
    if not has_labels:
        checks.labels_to_ignore(who, ignore_index)
