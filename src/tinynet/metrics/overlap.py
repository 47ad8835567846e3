"""How far what was found and what was there overlap: precision, recall, F1, intersection over union."""

from __future__ import annotations

import numpy as np

from tinynet.metrics.counts import Counts, averaged, count


def precision(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    average: str | None = "macro",
    axis: int = -1,
    ignore_index: int | None = None,
) -> float | np.ndarray:
    """Of all predictions of a class, the share that is right.

    Equation:
        precisionₖ = tp / (tp + fp), with tp right and fp wrong predictions of class k; 0 where it was never predicted

    Shapes:
        predicted: (N, C), or (N, …, C): scores; or integer labels of the shape of ground_truth; or (N,) or (N, 1):
            logits of a yes
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; or the predicted labels. A single column holds logits of
            the second of two classes, as binary cross-entropy takes them.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        average: "macro" for the mean over all classes that were predicted or true, "micro" for all predictions as one,
            "binary" for class 1 of two, None for an array with a number for each class.
        axis: The class axis of predicted scores; 1 for images of classes (N, C, H, W).
        ignore_index: A true label that does not count, such as that of padding; it has no part in the mean either.

    Returns:
        A number from 0 to 1, or an array (C,) of them. NaN if no label counts, or a score that counts is NaN.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: average is unknown or "binary" for more than two classes, a label is out of range, or the shapes do
            not fit. ignore_index comes with probabilities.

    Example:
        >>> precision(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), average=None).round(4)
        array([1.    , 0.6667])
    """
    counts = count("precision", predicted, ground_truth, axis, ignore_index)
    return averaged("precision", of_guessed, counts, average)


def recall(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    average: str | None = "macro",
    axis: int = -1,
    ignore_index: int | None = None,
) -> float | np.ndarray:
    """Of all members of a class, the share that was found.

    Equation:
        recallₖ = tp / (tp + fn), with tp members of class k found and fn missed; 0 where it has none

    Shapes:
        predicted: (N, C), or (N, …, C): scores; or integer labels of the shape of ground_truth; or (N,) or (N, 1):
            logits of a yes
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; or the predicted labels. A single column holds logits of
            the second of two classes, as binary cross-entropy takes them.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        average: "macro" for the mean over all classes that were predicted or true, "micro" for all predictions as one,
            "binary" for class 1 of two, None for an array with a number for each class.
        axis: The class axis of predicted scores; 1 for images of classes (N, C, H, W).
        ignore_index: A true label that does not count, such as that of padding; it has no part in the mean either.

    Returns:
        A number from 0 to 1, or an array (C,) of them. NaN if no label counts, or a score that counts is NaN.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: average is unknown or "binary" for more than two classes, a label is out of range, or the shapes do
            not fit. ignore_index comes with probabilities.

    Example:
        >>> recall(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), average=None)
        array([0.5, 1. ])
    """
    counts = count("recall", predicted, ground_truth, axis, ignore_index)
    return averaged("recall", of_true, counts, average)


def f1_score(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    average: str | None = "macro",
    axis: int = -1,
    ignore_index: int | None = None,
) -> float | np.ndarray:
    """The harmonic mean of precision and recall.

    Equation:
        F1ₖ = 2 tp / (2 tp + fp + fn), with tp right, fp wrong and fn missed predictions of class k; 0 where all are 0

    Shapes:
        predicted: (N, C), or (N, …, C): scores; or integer labels of the shape of ground_truth; or (N,) or (N, 1):
            logits of a yes
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; or the predicted labels. A single column holds logits of
            the second of two classes, as binary cross-entropy takes them.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        average: "macro" for the mean over all classes that were predicted or true, "micro" for all predictions as one,
            "binary" for class 1 of two, None for an array with a number for each class.
        axis: The class axis of predicted scores; 1 for images of classes (N, C, H, W).
        ignore_index: A true label that does not count, such as that of padding; it has no part in the mean either.

    Returns:
        A number from 0 to 1, or an array (C,) of them. NaN if no label counts, or a score that counts is NaN.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: average is unknown or "binary" for more than two classes, a label is out of range, or the shapes do
            not fit. ignore_index comes with probabilities.

    Example:
        >>> f1_score(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), average="binary")
        0.8
    """
    counts = count("f1_score", predicted, ground_truth, axis, ignore_index)
    return averaged("f1_score", of_both, counts, average)


def iou(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    average: str | None = "macro",
    axis: int = -1,
    ignore_index: int | None = None,
) -> float | np.ndarray:
    """Intersection over union: the pixels of a class in both prediction and truth, over those of it in either.

    Equation:
        IoUₖ = tp / (tp + fp + fn), with tp right, fp wrong and fn missed predictions of class k; 0 where all are 0

    Shapes:
        predicted: (N, C), or (N, …, C): scores; or integer labels of the shape of ground_truth; or (N,) or (N, 1):
            logits of a yes
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; or the predicted labels. A single column holds logits of
            the second of two classes, as binary cross-entropy takes them.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        average: "macro" for the mean over all classes that were predicted or true, "micro" for all predictions as one,
            "binary" for class 1 of two, None for an array with a number for each class.
        axis: The class axis of predicted scores; 1 for images of classes (N, C, H, W).
        ignore_index: A true label that does not count, such as that of padding; it has no part in the mean either.

    Returns:
        A number from 0 to 1, or an array (C,) of them. NaN if no label counts, or a score that counts is NaN.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: average is unknown or "binary" for more than two classes, a label is out of range, or the shapes do
            not fit. ignore_index comes with probabilities.

    Example:
        >>> iou(np.array([[0, 1], [1, 1]]), np.array([[0, 0], [1, 1]]), average=None).round(4)
        array([0.5   , 0.6667])
    """
    counts = count("iou", predicted, ground_truth, axis, ignore_index)
    return averaged("iou", of_either, counts, average)


# What each of them is a share of. With names of their own, they can be found again when training is resumed.


def of_guessed(c: Counts) -> tuple[np.ndarray, np.ndarray]:
    """tp of tp + fp."""
    return c.right, c.guessed


def of_true(c: Counts) -> tuple[np.ndarray, np.ndarray]:
    """tp of tp + fn."""
    return c.right, c.true


def of_both(c: Counts) -> tuple[np.ndarray, np.ndarray]:
    """2 tp of (tp + fp) + (tp + fn)."""
    return 2 * c.right, c.guessed + c.true


def of_either(c: Counts) -> tuple[np.ndarray, np.ndarray]:
    """tp of tp + fp + fn."""
    return c.right, c.guessed + c.true - c.right
