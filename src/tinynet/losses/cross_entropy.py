"""Cross-entropy: how surprised a classifier is by the truth."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks


def cross_entropy(predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1) -> tuple[float, np.ndarray]:
    """The mean negative log-likelihood of the truth under softmax(predicted).

    Equation:
        L = −1/N Σₙ Σ꜀ qₙ꜀ log pₙ꜀, where p = softmax(predicted) and q is the truth, one-hot for integer labels

    Shapes:
        predicted: (N, C), or (N, …, C): logits, the class axis last; another place is named by `axis`
        ground_truth: (N,), or (N, …): integer labels from 0 to C − 1; or probabilities of the shape of predicted
        gradient: that of predicted

    Gradients (with respect to predicted):
        ∂L/∂predicted = (p Σ꜀ q꜀ − q) / N, which is (p − q) / N where q sums to one

    Args:
        predicted: Logits, not probabilities: the softmax is in here.
        ground_truth: The labels, or a distribution over the classes.
        axis: The class axis of predicted; 1 for images of classes (N, C, H, W).

    Returns:
        The loss, averaged over all labels, and its gradient.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: A label is out of range, or the shapes do not fit; the axis that would fit is named.

    Example:
        >>> loss, gradient = cross_entropy(np.zeros((1, 2)), np.array([0]))
        >>> round(loss, 4), gradient
        (0.6931, array([[-0.5,  0.5]]))
    """
    labels = checks.class_targets("cross_entropy", predicted, ground_truth, axis)
    logits = np.moveaxis(predicted, axis, -1)  # (N, …, C)
    shifted = logits - logits.max(axis=-1, keepdims=True)  # so that exp cannot overflow
    e = np.exp(shifted)
    total = e.sum(axis=-1, keepdims=True)
    p = e / total
    surprise = np.log(total) - shifted  # −log p
    if labels:
        index = ground_truth[..., np.newaxis].astype(np.intp)
        n = ground_truth.size
        loss = float(np.take_along_axis(surprise, index, -1).sum(dtype=np.float64)) / n
        gradient = p
        np.put_along_axis(gradient, index, np.take_along_axis(p, index, -1) - 1, -1)
    else:
        q = np.moveaxis(ground_truth, axis, -1).astype(predicted.dtype)
        n = q.size // q.shape[-1]
        # A class that is neither predicted nor true, of logit −∞, adds nothing: 0 · ∞ = 0 here.
        loss = float(np.multiply(q, surprise, where=q != 0, out=np.zeros_like(q)).sum(dtype=np.float64)) / n
        gradient = p * q.sum(axis=-1, keepdims=True) - q
    gradient /= n
    return loss, np.moveaxis(gradient, -1, axis)
