"""Sentences about metrics."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import array, shape_text
from tinynet.core.checks.targets import class_targets
from tinynet.core.checks.words import fail


def two_classes(who: str, n_classes: int) -> None:
    """Check that there are not more than two classes."""
    if n_classes > 2:
        hint = "use average='macro', 'micro' or None."
        fail(who, f"average='binary' is for two classes, got {n_classes}.", hint)


def scores_to_rank(who: str, predicted: np.ndarray, ground_truth: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Check scores (N,) against labels 0 and 1, or (N, C) against labels below C.

    Returns:
        Each class that is ranked, with its scores (N,).
    """
    array(who, predicted, "predicted")
    if predicted.ndim not in (1, 2):
        fail(who, f"expected scores of shape (N,) or (N, C), got {shape_text(predicted.shape)}.")
    binary = predicted.ndim == 1
    scores = np.stack([predicted, predicted], axis=1) if binary else predicted
    if not class_targets(who, scores, ground_truth):
        fail(who, f"expected integer labels, got {ground_truth.dtype}.", "convert with .astype(np.int64).", TypeError)
    return [(1, predicted)] if binary else [(label, scores[:, label]) for label in range(scores.shape[1])]
