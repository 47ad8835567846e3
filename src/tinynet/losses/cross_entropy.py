"""Cross-entropy: how surprised a classifier is by the truth."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.faster import faster
from tinynet.losses.truth import class_weights, divisor, one_hot, weighted_sum


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
        L = −1/Z Σₙ Σ꜀ tₙ꜀ log pₙ꜀, where p = softmax(predicted) and tₙ꜀ = w꜀ ((1 − ε) qₙ꜀ + ε/C)
        q is the truth, one-hot for integer labels, w the weight of each class and ε the label smoothing;
        Z = Σₙ w[labelₙ], or the number of rows N for probabilities; for reduction="sum" Z = 1

    Shapes:
        predicted: (N, C), or (N, …, C): logits, the class axis last; another place is named by `axis`
        ground_truth: (N,), or (N, …): integer labels from 0 to C − 1; or probabilities of the shape of predicted
        weight: (C,)
        gradient: that of predicted

    Gradients (with respect to predicted):
        ∂L/∂predicted = (p Σ꜀ t꜀ − t) / Z, which is (p − q) / N where q sums to one and nothing else is asked for

    Args:
        predicted: Logits, not probabilities: the softmax is in here.
        ground_truth: The labels, or a distribution over the classes.
        axis: The class axis of predicted; 1 for images of classes (N, C, H, W).
        weight: w, how much each class counts, at least 0; 1 if None.
        ignore_index: A label whose rows count for nothing, often −1 or −100; if None there is none. Where all rows are
            ignored, loss and gradient are zero.
        label_smoothing: ε, the share of each truth that is spread evenly over all classes, at least 0 and below 1.
        reduction: "mean" or "sum", over all labels.

    Returns:
        The loss, averaged over all labels, and its gradient.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: A label is out of range, or the shapes do not fit; the axis that would fit is named. An option is
            out of range, or a label is to be ignored where there are none.

    Example:
        >>> loss, gradient = cross_entropy(np.zeros((1, 2)), np.array([0]))
        >>> round(loss, 4), gradient
        (0.6931, array([[-0.5,  0.5]]))
    """
    labels = checks.class_targets("cross_entropy", predicted, ground_truth, axis, ignore_index)
    weight = checks.class_weight("cross_entropy", weight, predicted.shape[axis])
    epsilon = checks.fraction("cross_entropy", "label_smoothing", label_smoothing)
    mean = checks.reduction("cross_entropy", reduction)
    if ignore_index is not None and not labels:
        _fail_to_ignore(ignore_index)

    x = np.moveaxis(predicted, axis, -1)  # (N, …, C)
    w = class_weights(weight, x)
    if labels:
        q = one_hot(ground_truth, x, ignore_index)
        kept = q.sum(axis=-1, keepdims=True)  # 0 where the label is ignored, else 1
        Z = divisor((w * q).sum(dtype=np.float64)) if mean else np.float64(1)
    else:
        q = np.moveaxis(ground_truth, axis, -1).astype(x.dtype)
        kept = 1
        Z = np.float64(x[..., 0].size) if mean else np.float64(1)
    t = w * ((1 - epsilon) * q + epsilon / x.shape[-1] * kept)

    p, surprise = softmax_and_surprise(x)
    loss = weighted_sum(t, surprise) / Z
    total = t.sum(axis=-1, keepdims=True)
    gradient = np.where(total == 0, 0, p * total - t) / Z.astype(x.dtype)  # 0 · NaN in a row without weight is 0 here
    return float(loss), np.moveaxis(gradient, -1, axis)


def softmax_and_surprise(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p = softmax(x) along the last axis, and −log p, for which p itself would be too coarse.

    Equation:
        p꜀ = exp(x꜀) / Σₖ exp(xₖ)        −log p꜀ = log Σₖ exp(xₖ) − x꜀

    Example:
        >>> p, surprise = softmax_and_surprise(np.array([[0.0, 0.0], [1e4, 0.0]]))
        >>> p[0], surprise[1]
        (array([0.5, 0.5]), array([    0., 10000.]))
    """
    shifted = x - x.max(axis=-1, keepdims=True)  # which changes neither, and exp cannot overflow
    e = np.exp(shifted)
    total = e.sum(axis=-1, keepdims=True)
    return e / total, np.log(total) - shifted


def _fail_to_ignore(ignore_index: int) -> None:
    checks.fail(
        "cross_entropy",
        f"ignore_index={ignore_index} is for integer labels, but probabilities came.",
        "give those rows the weight 0 by making all their probabilities 0.",
    )
