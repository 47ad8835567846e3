"""Checks of what a loss or a metric is given: predictions and the truth."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import array, shape_text
from tinynet.core.checks.words import fail


def class_targets(
    who: str, predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1, ignore_index: int | None = None
) -> bool:
    """Check predictions over classes against integer labels, but for those to ignore, or probabilities.

    Returns:
        True for labels, False for probabilities.
    """
    _arrays(who, predicted, ground_truth)
    if predicted.ndim < 1 or not -predicted.ndim <= axis < predicted.ndim:
        fail(who, f"expected predicted with a class axis {axis}, got shape {shape_text(predicted.shape)}.")
    if predicted.size == 0:
        fail(who, f"expected at least one prediction, got shape {shape_text(predicted.shape)}.")
    if ground_truth.dtype.kind == "f":
        if ground_truth.shape != predicted.shape:
            fail(
                who,
                f"expected integer labels, or probabilities of shape {shape_text(predicted.shape)}; "
                f"got {ground_truth.dtype} of shape {shape_text(ground_truth.shape)}.",
                "convert labels with .astype(np.int64).",
                TypeError,
            )
        return False
    if ground_truth.dtype.kind not in "iu":
        fail(who, f"expected integer labels, got {ground_truth.dtype}.", "convert with .astype(np.int64).", TypeError)
    _label_shape(who, predicted.shape, ground_truth.shape, axis)
    n_classes = predicted.shape[axis]
    labels = ground_truth if ignore_index is None else ground_truth[ground_truth != ignore_index]
    if labels.size == 0:
        return True
    low, high = int(labels.min()), int(labels.max())  # int, for a uint8 cannot count past 255
    if low < 0 or high >= n_classes:
        wrong = low if low < 0 else high
        fail(
            who,
            f"expected labels from 0 to {n_classes - 1} for {n_classes} classes, got {wrong}.",
            f"let the last layer give {high + 1} classes, or number the labels from 0." if low >= 0 else "",
        )
    return True


def _label_shape(who: str, predicted: tuple[int, ...], labels: tuple[int, ...], axis: int) -> None:
    axis %= len(predicted)
    expected = predicted[:axis] + predicted[axis + 1 :]
    if labels == expected:
        return
    fitting = [a for a in range(1, len(predicted)) if predicted[:a] + predicted[a + 1 :] == labels]
    if fitting:
        hint = f"the classes seem to be in axis {fitting[0]}: write axis={fitting[0]}."
    elif labels == predicted:
        hint = "integer targets of this shape look one-hot; convert with .argmax(-1), or to float for probabilities."
    elif len(labels) == len(expected) + 1 and labels[-1] == 1 and labels[:-1] == expected:
        hint = "take the last axis away with ground_truth[..., 0]."
    else:
        hint = ""
    fail(
        who,
        f"expected labels of shape {shape_text(expected)} for predicted of shape {shape_text(predicted)}, "
        f"got {shape_text(labels)}.",
        hint,
    )


def same_targets(who: str, predicted: np.ndarray, ground_truth: np.ndarray) -> None:
    """Check that predictions and truth have the same shape."""
    _arrays(who, predicted, ground_truth)
    if ground_truth.dtype.kind not in "fiu":
        fail(who, f"expected ground_truth to hold numbers, got {ground_truth.dtype}.", kind=TypeError)
    same_target_shape(who, predicted, ground_truth)


def same_target_shape(who: str, predicted: np.ndarray, ground_truth: np.ndarray) -> None:
    """Check that two arrays have the same shape, and something in it."""
    if predicted.shape != ground_truth.shape:
        squeezed = tuple(size for size in predicted.shape if size != 1)
        hint = ""
        if squeezed == tuple(size for size in ground_truth.shape if size != 1):
            hint = f"reshape the truth with .reshape({shape_text(predicted.shape)})."
        fail(
            who,
            f"expected ground_truth of shape {shape_text(predicted.shape)} like predicted, "
            f"got {shape_text(ground_truth.shape)}.",
            hint,
        )
    if predicted.size == 0:
        fail(who, f"expected at least one prediction, got shape {shape_text(predicted.shape)}.")


def _arrays(who: str, predicted: np.ndarray, ground_truth: np.ndarray) -> None:
    array(who, predicted, "predicted")
    array(who, ground_truth, "ground_truth")
    if predicted.dtype.kind != "f":
        fail(who, f"expected predicted to hold floating-point numbers, got {predicted.dtype}.", kind=TypeError)


def class_labels(
    who: str, predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1, ignore_index: int | None = None
) -> None:
    """Check predictions over classes against integer labels, but for those to ignore."""
    if not class_targets(who, predicted, ground_truth, axis, ignore_index):
        hint = "take the likeliest class with .argmax(-1)."
        fail(who, "expected integer labels, got probabilities.", hint, TypeError)


def labels_to_ignore(who: str, ignore_index: int | None) -> None:
    """Check that no label is to be ignored where the truth is probabilities."""
    if ignore_index is not None:
        fail(
            who,
            f"ignore_index={ignore_index} is for integer labels, but probabilities came.",
            "give those rows the weight 0 by making all their probabilities 0.",
        )
