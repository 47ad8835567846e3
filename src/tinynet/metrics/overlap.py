"""How far what was found and what was there overlap: precision, recall, F1, intersection over union."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.metrics.classification import counts


def precision(
    predicted: np.ndarray, ground_truth: np.ndarray, average: str | None = "macro", axis: int = -1
) -> float | np.ndarray:
    """Of what was taken for a class, the share that is of it.

    Equation:
        precision꜀ = tp / (tp + fp), with tp right and fp wrong predictions of class c; 0 where it was never predicted

    Shapes:
        predicted: (N, C), or (N, …, C): scores; or integer labels of the shape of ground_truth
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; or the predicted labels.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        average: "macro" for the mean over all classes that were predicted or true, "micro" for all predictions as one,
            "binary" for class 1 of two, None for an array with a number for each class.
        axis: The class axis of predicted scores; 1 for images of classes (N, C, H, W).

    Returns:
        A number from 0 to 1, or an array (C,) of them.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: average is unknown or "binary" for more than two classes, a label is out of range, or the shapes do
            not fit.

    Example:
        >>> precision(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), average=None).round(4)
        array([1.    , 0.6667])
    """
    M = counts("precision", predicted, ground_truth, axis=axis)
    return _averaged("precision", M.diagonal(), M.sum(axis=0), M, average)


def recall(
    predicted: np.ndarray, ground_truth: np.ndarray, average: str | None = "macro", axis: int = -1
) -> float | np.ndarray:
    """Of what is of a class, the share that was found.

    Equation:
        recall꜀ = tp / (tp + fn), with tp of class c found and fn of it missed; 0 where there is none of it

    Shapes:
        predicted: (N, C), or (N, …, C): scores; or integer labels of the shape of ground_truth
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; or the predicted labels.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        average: "macro" for the mean over all classes that were predicted or true, "micro" for all predictions as one,
            "binary" for class 1 of two, None for an array with a number for each class.
        axis: The class axis of predicted scores; 1 for images of classes (N, C, H, W).

    Returns:
        A number from 0 to 1, or an array (C,) of them.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: average is unknown or "binary" for more than two classes, a label is out of range, or the shapes do
            not fit.

    Example:
        >>> recall(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), average=None)
        array([0.5, 1. ])
    """
    M = counts("recall", predicted, ground_truth, axis=axis)
    return _averaged("recall", M.diagonal(), M.sum(axis=1), M, average)


def f1_score(
    predicted: np.ndarray, ground_truth: np.ndarray, average: str | None = "macro", axis: int = -1
) -> float | np.ndarray:
    """The harmonic mean of precision and recall.

    Equation:
        F1꜀ = 2 tp / (2 tp + fp + fn), with tp right, fp wrong and fn missed predictions of class c; 0 where all are 0

    Shapes:
        predicted: (N, C), or (N, …, C): scores; or integer labels of the shape of ground_truth
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; or the predicted labels.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        average: "macro" for the mean over all classes that were predicted or true, "micro" for all predictions as one,
            "binary" for class 1 of two, None for an array with a number for each class.
        axis: The class axis of predicted scores; 1 for images of classes (N, C, H, W).

    Returns:
        A number from 0 to 1, or an array (C,) of them.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: average is unknown or "binary" for more than two classes, a label is out of range, or the shapes do
            not fit.

    Example:
        >>> f1_score(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), average="binary")
        0.8
    """
    M = counts("f1_score", predicted, ground_truth, axis=axis)
    return _averaged("f1_score", 2 * M.diagonal(), M.sum(axis=0) + M.sum(axis=1), M, average)


def iou(
    predicted: np.ndarray, ground_truth: np.ndarray, average: str | None = "macro", axis: int = -1
) -> float | np.ndarray:
    """Intersection over union, for pixels sorted into classes: what both call the class over what either calls so.

    Equation:
        IoU꜀ = tp / (tp + fp + fn), with tp right, fp wrong and fn missed predictions of class c; 0 where all are 0

    Shapes:
        predicted: (N, C), or (N, …, C): scores; or integer labels of the shape of ground_truth
        ground_truth: (N,), or (N, …): integer labels; or probabilities of the shape of predicted

    Args:
        predicted: A score for each class, the class axis last; or the predicted labels.
        ground_truth: The labels, or a distribution over the classes, whose most probable class is the true one.
        average: "macro" for the mean over all classes that were predicted or true, "micro" for all predictions as one,
            "binary" for class 1 of two, None for an array with a number for each class.
        axis: The class axis of predicted scores; 1 for images of classes (N, C, H, W).

    Returns:
        A number from 0 to 1, or an array (C,) of them.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: average is unknown or "binary" for more than two classes, a label is out of range, or the shapes do
            not fit.

    Example:
        >>> iou(np.array([[0, 1], [1, 1]]), np.array([[0, 0], [1, 1]]), average=None).round(4)
        array([0.5   , 0.6667])
    """
    M = counts("iou", predicted, ground_truth, axis=axis)
    return _averaged("iou", M.diagonal(), M.sum(axis=0) + M.sum(axis=1) - M.diagonal(), M, average)


def _averaged(who: str, part: np.ndarray, whole: np.ndarray, M: np.ndarray, average: str | None) -> float | np.ndarray:
    if average is not None:
        checks.one_of(who, "average", average, ("macro", "micro", "binary"))
    if average == "micro":
        return float(part.sum() / whole.sum())
    shares = part / np.maximum(whole, 1)  # 0 where there is nothing to share
    if average is None:
        return shares
    if average == "binary":
        _two_classes(who, len(M))
        return float(shares[1]) if len(M) == 2 else 0.0
    occurs = M.sum(axis=0) + M.sum(axis=1) > 0
    return float(shares[occurs].mean())


def _two_classes(who: str, n_classes: int) -> None:
    """Check that there are not more than two classes."""
    if n_classes > 2:
        hint = "use average='macro', 'micro' or None."
        checks.fail(who, f"average='binary' is for two classes, got {n_classes}.", hint)
