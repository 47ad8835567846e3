"""How well classes are told apart."""

from __future__ import annotations

from math import nan

import numpy as np

from tinynet.core import checks
from tinynet.core.joinable import Mean
from tinynet.metrics.labels import answers, answers_of_scores, scored

# A matrix of more counts, 2 GB of them, is almost always a mistake: labels that are numbers of some other kind.
MAX_COUNTS = 1 << 28


def accuracy(predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1, ignore_index: int | None = None) -> float:
    """The share of predictions whose largest score is that of the true class.

    Equation:
        accuracy = 1/N Σₙ [argmaxₖ predictedₙₖ = truthₙ], the first of equal scores being the largest; for a single
        column of logits 1/N Σₙ [(predictedₙ > 0) = (truthₙ > ½)]

    Shapes:
        predicted: (N, C), or (N, …, C): scores, such as logits or probabilities; or (N,) or (N, 1): logits of a yes
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; another place is named by `axis`. A single column holds
            logits, as binary cross-entropy takes them; of probabilities subtract 0.5.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        axis: The class axis of predicted; 1 for images of classes (N, C, H, W).
        ignore_index: A label that does not count, such as that of padding.

    Returns:
        A number from 0 to 1. NaN if no label counts, or a score that counts is NaN.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: A label is out of range, or the shapes do not fit; the axis that would fit is named. ignore_index
            comes with probabilities.

    Example:
        >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]), np.array([1, 0, 0, 0]))
        0.75
        >>> accuracy(np.array([[2.0], [-1.0]]), np.array([[1.0], [1.0]]))
        0.5
    """
    guesses, labels, _, has_nan = answers_of_scores("accuracy", predicted, ground_truth, axis, ignore_index)
    return Mean(nan if has_nan else int((guesses == labels).sum()), labels.size)


def top_k_accuracy(
    predicted: np.ndarray, ground_truth: np.ndarray, k: int = 5, axis: int = -1, ignore_index: int | None = None
) -> float:
    """The share of predictions whose k largest scores include that of the true class.

    Equation:
        accuracy = 1/N Σₙ [truthₙ is among the k largest of predictedₙ], the first of equal scores being the larger

    Shapes:
        predicted: (N, C), or (N, …, C): scores, such as logits or probabilities; or (N,) or (N, 1): logits of a yes
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; another place is named by `axis`. A single column holds
            logits of the second of two classes.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        k: From 1, which is `accuracy`, to the number of classes.
        axis: The class axis of predicted.
        ignore_index: A label that does not count, such as that of padding.

    Returns:
        A number from 0 to 1. NaN if no label counts, or a score that counts is NaN.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: k is out of range, a label is, or the shapes do not fit. ignore_index comes with probabilities.

    Example:
        >>> top_k_accuracy(np.array([[0.1, 0.3, 0.6], [0.5, 0.4, 0.1]]), np.array([1, 2]), k=2)
        0.5
    """
    given = scored("top_k_accuracy", predicted, ground_truth, axis, ignore_index)
    scores = np.moveaxis(given.scores, given.axis, -1)  # (N, …, C)
    checks.integer("top_k_accuracy", "k", k, minimum=1)
    if k > (n_classes := scores.shape[-1]):
        checks.fail("top_k_accuracy", f"k must be at most the number of classes, {n_classes}; got {k}.")
    best = (-scores).argsort(axis=-1, kind="stable")[..., :k]  # (N, …, k)
    found = given.where_counted((best == given.labels[..., np.newaxis]).any(axis=-1))
    return Mean(nan if given.has_nan() else int(found.sum()), found.size)


def confusion_matrix(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    n_classes: int | None = None,
    axis: int = -1,
    ignore_index: int | None = None,
) -> np.ndarray:
    """How often each class was taken for each: rows are the truth, columns the prediction.

    Equation:
        Mᵢⱼ = the number of n with truthₙ = i and argmaxₖ predictedₙₖ = j

    Shapes:
        predicted: (N, C), or (N, …, C): scores; or integer labels of the shape of ground_truth; or (N,) or (N, 1):
            logits of a yes
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted
        M: (C, C)

    Args:
        predicted: A score for each class, the class axis last; or the predicted labels. A single column holds logits of
            the second of two classes, as binary cross-entropy takes them.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        n_classes: C; if None it is the number of scores, or for labels one more than the largest.
        axis: The class axis of predicted scores.
        ignore_index: A true label that does not count, such as that of padding.

    Returns:
        An array of counts, whose sum is the number of labels and whose diagonal are the right ones.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: A label is out of range, the shapes do not fit, there are more classes than n_classes or more than
            2 GB of counts, a score is NaN, or ignore_index comes with probabilities.

    Example:
        >>> confusion_matrix(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]))
        array([[1, 1],
               [0, 2]])
    """
    who = "confusion_matrix"
    guesses, labels, n_present, has_nan = answers(who, predicted, ground_truth, axis, ignore_index)
    if has_nan:
        checks.fail(who, "expected scores, but one of them is NaN.", "np.isnan(predicted) tells which.")
    size = n_present if n_classes is None else checks.integer(who, "n_classes", n_classes, minimum=n_present)
    if size * size > MAX_COUNTS:
        problem = f"{size} classes make a matrix of {size} × {size} counts, {8 * size * size / 1e9:.0f} GB."
        checks.fail(
            who, problem, "number the classes that occur from 0 on, as np.unique does with return_inverse=True."
        )
    pairs = labels.astype(np.int64) * size + guesses
    return np.bincount(pairs, minlength=size * size).reshape(size, size)
