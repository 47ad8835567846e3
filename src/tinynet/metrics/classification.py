"""How well classes are told apart."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.targets import same_target_shape


def accuracy(predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1) -> float:
    """The share of predictions whose largest score is that of the true class.

    Equation:
        accuracy = 1/N Σₙ [argmax꜀ predictedₙ꜀ = truthₙ], the first of equal scores being the largest

    Shapes:
        predicted: (N, C), or (N, …, C): scores, such as logits or probabilities
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; another place is named by `axis`.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        axis: The class axis of predicted; 1 for images of classes (N, C, H, W).

    Returns:
        A number from 0 to 1.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: A label is out of range, or the shapes do not fit; the axis that would fit is named.

    Example:
        >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]), np.array([1, 0, 0, 0]))
        0.75
    """
    labels = _labels("accuracy", predicted, ground_truth, axis)
    return float((predicted.argmax(axis) == labels).mean())


def top_k_accuracy(predicted: np.ndarray, ground_truth: np.ndarray, k: int = 5, axis: int = -1) -> float:
    """The share of predictions whose k largest scores include that of the true class.

    Equation:
        accuracy = 1/N Σₙ [truthₙ is among the k largest of predictedₙ], the first of equal scores being the larger

    Shapes:
        predicted: (N, C), or (N, …, C): scores, such as logits or probabilities
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; another place is named by `axis`.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        k: From 1, which is `accuracy`, to the number of classes.
        axis: The class axis of predicted.

    Returns:
        A number from 0 to 1.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: k is out of range, a label is, or the shapes do not fit.

    Example:
        >>> top_k_accuracy(np.array([[0.1, 0.3, 0.6], [0.5, 0.4, 0.1]]), np.array([1, 2]), k=2)
        0.5
    """
    labels = _labels("top_k_accuracy", predicted, ground_truth, axis)
    checks.integer("top_k_accuracy", "k", k, minimum=1)
    if k > (n_classes := predicted.shape[axis]):
        checks.fail("top_k_accuracy", f"k must be at most the number of classes, {n_classes}; got {k}.")
    best = np.moveaxis((-predicted).argsort(axis, kind="stable"), axis, -1)[..., :k]  # (N, …, k)
    return float((best == labels[..., np.newaxis]).any(axis=-1).mean())


def confusion_matrix(
    predicted: np.ndarray, ground_truth: np.ndarray, n_classes: int | None = None, axis: int = -1
) -> np.ndarray:
    """How often each class was taken for each: rows are the truth, columns the prediction.

    Equation:
        Mᵢⱼ = the number of n with truthₙ = i and argmax꜀ predictedₙ꜀ = j

    Shapes:
        predicted: (N, C), or (N, …, C): scores; or integer labels of the shape of ground_truth
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted
        M: (C, C)

    Args:
        predicted: A score for each class, the class axis last; or the predicted labels.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        n_classes: C; if None it is the number of scores, or for labels one more than the largest.
        axis: The class axis of predicted scores.

    Returns:
        An array of counts, whose sum is the number of labels and whose diagonal are the right ones.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: A label is out of range, the shapes do not fit, or there are more classes than n_classes.

    Example:
        >>> confusion_matrix(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]))
        array([[1, 1],
               [0, 2]])
    """
    return counts("confusion_matrix", predicted, ground_truth, n_classes, axis)


def counts(
    who: str, predicted: np.ndarray, ground_truth: np.ndarray, n_classes: int | None = None, axis: int = -1
) -> np.ndarray:
    """The confusion matrix, for a metric that is called `who`.

    Example:
        >>> counts("precision", np.array([0, 1, 1]), np.array([0, 0, 1])).tolist()
        [[1, 1], [0, 1]]
    """
    if isinstance(predicted, np.ndarray) and predicted.dtype.kind in "iu":
        n_present = _label_pairs(who, predicted, ground_truth)
        guesses, labels = predicted, ground_truth
    else:
        labels = _labels(who, predicted, ground_truth, axis)
        guesses, n_present = predicted.argmax(axis), predicted.shape[axis]
    size = n_present if n_classes is None else checks.integer(who, "n_classes", n_classes, minimum=n_present)
    pairs = labels.ravel().astype(np.int64) * size + guesses.ravel().astype(np.int64)
    return np.bincount(pairs, minlength=size * size).reshape(size, size)


def _labels(who: str, predicted: np.ndarray, ground_truth: np.ndarray, axis: int) -> np.ndarray:
    return ground_truth if checks.class_targets(who, predicted, ground_truth, axis) else ground_truth.argmax(axis)


def _label_pairs(who: str, predicted: np.ndarray, ground_truth: np.ndarray) -> int:
    """Check predicted labels against true ones.

    Returns:
        The number of classes: one more than the largest label.
    """
    for name, labels in (("predicted", predicted), ("ground_truth", ground_truth)):
        checks.array(who, labels, name)
        if labels.dtype.kind not in "iu":
            checks.fail(
                who,
                f"expected integer labels in {name}, got {labels.dtype}.",
                "convert with .astype(np.int64).",
                TypeError,
            )
    same_target_shape(who, predicted, ground_truth)
    low = min(int(predicted.min()), int(ground_truth.min()))
    if low < 0:
        checks.fail(who, f"expected labels from 0 on, got {low}.")
    return 1 + max(int(predicted.max()), int(ground_truth.max()))
