"""How well scores rank the members of a class above the rest, for all thresholds at once."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import array, shape_text
from tinynet.core.checks.targets import class_targets, same_targets
from tinynet.core.joinable import of_all


def roc_auc(predicted: np.ndarray, ground_truth: np.ndarray) -> float:
    """The area under the curve of true over false positives: how often a yes is scored higher than a no.

    Equation:
        AUC = 1/(P·Q) Σ_{i of P} Σ_{j of Q} ([scoreᵢ > scoreⱼ] + ½ [scoreᵢ = scoreⱼ]), for P rows of
        the class and Q others

    Shapes:
        predicted: (N,) or (N, 1): scores for class 1; or (N, C): a score for each class
        ground_truth: (N,): integer labels, 0 or 1 for scores for class 1; for (N, 1) also of that shape, of any type

    Args:
        predicted: Scores; any that grow with the likelihood will do, infinite ones too.
        ground_truth: The labels.

    Returns:
        A number from 0 to 1, where 0.5 is chance; for (N, C) the mean over the classes, each against all others. A
        class that has all rows or none cannot be ranked: it is left out, and if none remains the result is NaN. It is
        NaN too if a score is.

    Raises:
        TypeError: Labels are not integers.
        ValueError: A label is out of range, or the shapes do not fit.

    Example:
        >>> roc_auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))
        0.75
    """
    areas = [_area(scores, of_class) for scores, of_class in _rankings("roc_auc", predicted, ground_truth)]
    return of_all(np.mean(areas) if areas else np.nan, roc_auc, predicted, ground_truth)


def average_precision(predicted: np.ndarray, ground_truth: np.ndarray) -> float:
    """The mean precision on the way down a ranking, taken wherever another one of the class is found.

    Equation:
        AP = Σₖ (Rₖ − Rₖ₋₁) Pₖ, with precision P and recall R of the rows that score at least as high as the k-th
        highest of all different scores

    Shapes:
        predicted: (N,) or (N, 1): scores for class 1; or (N, C): a score for each class
        ground_truth: (N,): integer labels, 0 or 1 for scores for class 1; for (N, 1) also of that shape, of any type

    Args:
        predicted: Scores; any that grow with the likelihood will do, infinite ones too.
        ground_truth: The labels.

    Returns:
        A number from 0 to 1; for (N, C) the mean over the classes that have rows, each against all others. If there is
        none of class 1 to find in scores (N,), 0. NaN if a score is.

    Raises:
        TypeError: Labels are not integers.
        ValueError: A label is out of range, or the shapes do not fit.

    Example:
        >>> round(average_precision(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1])), 4)
        0.8333
    """
    rankings = _rankings("average_precision", predicted, ground_truth, all_rows=True)
    mean = np.mean([_precision(*ranking) for ranking in rankings]) if rankings else 0.0
    return of_all(mean, average_precision, predicted, ground_truth)


def _rankings(
    who: str, predicted: np.ndarray, ground_truth: np.ndarray, all_rows: bool = False
) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each class that can be ranked, the scores and which rows are of it."""
    columns, labels = _scores_to_rank(who, predicted, ground_truth)
    rankings = [(scores, labels == label) for label, scores in columns]
    return [(scores, y) for scores, y in rankings if y.any() and (all_rows or not y.all())]


def _down(scores: np.ndarray, of_class: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """True and false positives at each different score, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last_of_equals = np.append(ranked[1:] != ranked[:-1], True)  # their difference would be NaN for two infinities
    tp = np.cumsum(of_class[order])[last_of_equals]
    return tp, np.flatnonzero(last_of_equals) + 1 - tp


def _area(scores: np.ndarray, of_class: np.ndarray) -> float:
    if np.isnan(scores).any():
        return np.nan
    tp, fp = (np.append(0, counts) for counts in _down(scores, of_class))
    return float(np.sum(np.diff(fp) * (tp[1:] + tp[:-1])) / (2 * tp[-1] * fp[-1]))  # trapezoids


def _precision(scores: np.ndarray, of_class: np.ndarray) -> float:
    if np.isnan(scores).any():
        return np.nan
    tp, fp = _down(scores, of_class)
    return float(np.sum(np.diff(tp, prepend=0) * tp / (tp + fp)) / tp[-1])


def _scores_to_rank(
    who: str, predicted: np.ndarray, ground_truth: np.ndarray
) -> tuple[list[tuple[int, np.ndarray]], np.ndarray]:
    """Check scores (N,) against labels 0 and 1, or (N, C) against labels below C.

    Returns:
        Each class that is ranked, with its scores (N,), and the labels (N,).
    """
    array(who, predicted, "predicted")
    if predicted.ndim not in (1, 2):
        checks.fail(who, f"expected scores of shape (N,) or (N, C), got {shape_text(predicted.shape)}.")
    if predicted.shape[1:] == (1,):
        predicted, ground_truth = predicted[:, 0], _one_column(who, predicted, ground_truth)
    binary = predicted.ndim == 1
    scores = np.stack([predicted, predicted], axis=1) if binary else predicted
    if not class_targets(who, scores, ground_truth):
        checks.fail(
            who, f"expected integer labels, got {ground_truth.dtype}.", "convert with .astype(np.int64).", TypeError
        )
    columns = [(1, predicted)] if binary else [(label, scores[:, label]) for label in range(scores.shape[1])]
    return columns, ground_truth


def _one_column(who: str, predicted: np.ndarray, ground_truth: np.ndarray) -> np.ndarray:
    """The truth (N,) of scores (N, 1), which may be numbers 0 and 1 as binary cross-entropy takes them."""
    if np.ndim(ground_truth) < 2:
        return ground_truth
    same_targets(who, predicted, ground_truth)
    wrong = ground_truth[(ground_truth != 0) & (ground_truth != 1)]
    if wrong.size:
        checks.fail(who, f"expected labels 0 and 1 for one column of scores, got {wrong[0]:g}.")
    return ground_truth[:, 0].astype(np.int64)
