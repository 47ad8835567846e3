"""What a classifier answered, and what is true, read from scores and labels of every allowed form."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.targets import same_target_shape


class Scored(NamedTuple):
    """Scores for classes, and the truth."""

    scores: np.ndarray  #: (N, C), or (N, …, C) with the class axis at `axis`.
    labels: np.ndarray  #: (N,), or (N, …).
    counted: np.ndarray | None  #: Which labels are not ignored, in the shape of labels; None if all count.
    axis: int

    def where_counted(self, answers: np.ndarray) -> np.ndarray:
        """Those of some answers, in the shape of the labels, whose label is not ignored."""
        return answers if self.counted is None else answers[self.counted]

    def has_nan(self) -> bool:
        """Whether a score that counts is NaN, so that no class is the likeliest."""
        if not np.isnan(self.scores.max()):
            return False
        return bool(self.where_counted(np.isnan(self.scores).any(axis=self.axis)).any())


class Answers(NamedTuple):
    """Predicted and true labels, without those that are ignored."""

    guesses: np.ndarray  #: (n,)
    labels: np.ndarray  #: (n,)
    n_classes: int
    has_nan: bool  #: Whether a guess is worth nothing, because a score is NaN.


def scored(
    who: str, predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1, ignore_index: int | None = None
) -> Scored:
    """Check scores against labels or probabilities.

    A single column of scores holds the logits of a yes. It becomes two, for no and yes, of which no has the logit 0.

    Example:
        >>> scored("accuracy", np.array([0.5, -2.0]), np.array([1.0, 0.0])).scores
        array([[ 0. ,  0.5],
               [ 0. , -2. ]])
    """
    checks.array(who, predicted, "predicted")
    checks.array(who, ground_truth, "ground_truth")
    _check_options(who, axis, ignore_index)
    if _is_one_column(predicted, ground_truth, axis):
        return _of_one_column(who, predicted, ground_truth, axis, ignore_index)
    if checks.class_targets(who, predicted, ground_truth, axis, ignore_index):
        counted = None if ignore_index is None else ground_truth != ignore_index
        return Scored(predicted, ground_truth, counted, axis)
    checks.labels_to_ignore(who, ignore_index)
    sums = _sums_of_probabilities(who, ground_truth, axis)
    return Scored(predicted, ground_truth.argmax(axis), sums > 0, axis)


def answers_of_scores(
    who: str, predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1, ignore_index: int | None = None
) -> Answers:
    """The likeliest classes, the first of equal ones, and the true ones.

    Example:
        >>> answers_of_scores("accuracy", np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, -1]), ignore_index=-1)
        Answers(guesses=array([1]), labels=array([1]), n_classes=2, has_nan=False)
    """
    given = scored(who, predicted, ground_truth, axis, ignore_index)
    guesses, labels = given.where_counted(given.scores.argmax(given.axis)), given.where_counted(given.labels)
    return Answers(guesses.ravel(), labels.ravel(), given.scores.shape[given.axis], given.has_nan())


def answers(
    who: str, predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1, ignore_index: int | None = None
) -> Answers:
    """Predicted and true classes, from scores or from integer labels.

    Example:
        >>> answers("recall", np.array([0, 1, 1]), np.array([0, 2, 1]))
        Answers(guesses=array([0, 1, 1]), labels=array([0, 2, 1]), n_classes=3, has_nan=False)
    """
    if not isinstance(predicted, np.ndarray) or predicted.dtype.kind not in "iu":
        return answers_of_scores(who, predicted, ground_truth, axis, ignore_index)
    _check_options(who, axis, ignore_index)
    for name, labels in (("predicted", predicted), ("ground_truth", ground_truth)):
        checks.array(who, labels, name)
        if labels.dtype.kind not in "iu":
            hint = "convert with .astype(np.int64)."
            checks.fail(who, f"expected integer labels in {name}, got {labels.dtype}.", hint, TypeError)
    same_target_shape(who, predicted, ground_truth)
    counted = slice(None) if ignore_index is None else ground_truth != ignore_index
    guesses, labels = predicted[counted].ravel(), ground_truth[counted].ravel()
    if not labels.size:
        return Answers(guesses, labels, 0, has_nan=False)
    low, high = min(int(guesses.min()), int(labels.min())), max(int(guesses.max()), int(labels.max()))
    if low < 0:
        checks.fail(who, f"expected labels from 0 on, got {low}.")
    if high > np.iinfo(np.int64).max:
        checks.fail(who, f"expected labels up to {np.iinfo(np.int64).max}, got {high}.")
    return Answers(guesses.astype(np.int64), labels.astype(np.int64), 1 + high, has_nan=False)


def _check_options(who: str, axis: int, ignore_index: int | None) -> None:
    checks.integer(who, "axis", axis)
    if ignore_index is not None:
        checks.integer(who, "ignore_index", ignore_index)


def _is_one_column(predicted: np.ndarray, ground_truth: np.ndarray, axis: int) -> bool:
    """Whether there is one score for each label: a class axis of length 1, or none at all."""
    if predicted.ndim == 1 and ground_truth.ndim >= 1:
        return axis in (-1, 0)
    return -predicted.ndim <= axis < predicted.ndim and predicted.shape[axis] == 1


def _of_one_column(
    who: str, predicted: np.ndarray, ground_truth: np.ndarray, axis: int, ignore_index: int | None
) -> Scored:
    if ground_truth.ndim == predicted.ndim - 1:
        predicted = predicted.squeeze(axis)
    checks.same_targets(who, predicted, ground_truth)
    counted = None if ignore_index is None else ground_truth != ignore_index
    truth = ground_truth if counted is None else ground_truth[counted]
    wrong = truth[~((truth >= 0) & (truth <= 1))]
    if wrong.size:
        hint = "let the last layer give a column for each class." if wrong[0] > 1 else ""
        hint = "for labels -1 and 1 pass (ground_truth + 1) / 2." if wrong[0] == -1 else hint
        checks.fail(who, f"expected labels from 0 to 1 for one column of scores, got {wrong[0]:g}.", hint)
    scores = np.stack([np.zeros_like(predicted), predicted], axis=-1)  # (N, …, 2)
    return Scored(scores, (ground_truth > 0.5).astype(np.int64), counted, -1)


def _sums_of_probabilities(who: str, ground_truth: np.ndarray, axis: int) -> np.ndarray:
    """Check that the truth holds distributions: 1 for each, or 0 where a place is given no weight."""
    checks.between_0_and_1(who, ground_truth)
    sums = ground_truth.sum(axis)
    wrong = sums[(np.abs(sums - 1) > 0.01) & (sums != 0)]
    if wrong.size:
        checks.fail(
            who,
            f"expected probabilities that sum to 1 along axis {axis} of {shape_text(ground_truth.shape)}, "
            f"got a sum of {wrong[0]:g}.",
            "name the axis of the classes; pass independent yes-or-no answers one column at a time.",
        )
    return sums
