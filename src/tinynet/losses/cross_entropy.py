"""Cross-entropy: how surprised a classifier is by the truth."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks import losses as options
from tinynet.engine.cross_entropy import of_labels
from tinynet.losses.likelihood import label_weights, share, softmax_and_surprise, weighted_sum


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
    who = "cross_entropy"
    labels = checks.class_targets(who, predicted, ground_truth, axis, ignore_index)
    weight = options.class_weight(who, weight, predicted.shape[axis])
    smoothing = checks.fraction(who, "label_smoothing", label_smoothing)
    mean = options.reduction(who, reduction)
    last = axis in (-1, predicted.ndim - 1)
    logits = predicted if last else np.moveaxis(predicted, axis, -1)  # (N, …, C)
    if labels:
        index, kept, w = label_weights(ground_truth, weight, ignore_index, logits.dtype)
        scale = share(float(w.sum(dtype=np.float64)) if mean else 1)
        if smoothing:
            q = np.zeros_like(logits)
            np.put_along_axis(q, index, 1, -1)
            loss, gradient = _of_targets(logits, _smooth(q, smoothing, weight) * kept, scale)
        else:
            loss, gradient = of_labels(logits, index[..., 0], w[..., 0], scale)
    else:
        options.nothing_to_ignore(who, ignore_index)
        q = np.moveaxis(ground_truth, axis, -1).astype(logits.dtype)
        scale = share(q.size // q.shape[-1] if mean else 1)
        loss, gradient = _of_targets(logits, _smooth(q, smoothing, weight), scale)
    return loss, gradient if last else np.moveaxis(gradient, -1, axis)


def _of_targets(logits: np.ndarray, t: np.ndarray, scale: float) -> tuple[float, np.ndarray]:
    p, surprise = softmax_and_surprise(logits)
    gradient = p * t.sum(axis=-1, keepdims=True) - t
    gradient *= scale
    return weighted_sum(t, surprise) * scale, gradient


def _smooth(q: np.ndarray, smoothing: float, weight: np.ndarray | None) -> np.ndarray:
    if smoothing:
        q = q * (1 - smoothing) + smoothing / q.shape[-1]
    return q if weight is None else q * weight.astype(q.dtype)
