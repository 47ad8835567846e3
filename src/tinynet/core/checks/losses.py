"""Sentences about the options of losses that several of them share."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import array, shape_text
from tinynet.core.checks.values import one_of
from tinynet.core.checks.words import fail


def reduction(who: str, value: object) -> bool:
    """Check that a reduction is "mean" or "sum", and say whether it is the mean."""
    return one_of(who, "reduction", value, ("mean", "sum")) == "mean"


def class_weight(who: str, weight: np.ndarray | None, n_classes: int, name: str = "weight") -> np.ndarray | None:
    """Check that there is a weight of at least 0 for each class, where weights are given."""
    if weight is None:
        return None
    array(who, weight, name)
    if weight.shape != (n_classes,):
        fail(who, f"expected {name} with a number for each of {n_classes} classes, got {shape_text(weight.shape)}.")
    return not_negative(who, name, weight)


def not_negative(who: str, name: str, weight: np.ndarray) -> np.ndarray:
    """Check that an array holds numbers of at least 0."""
    if weight.dtype.kind not in "fiu":
        fail(who, f"expected {name} to hold numbers, got {weight.dtype}.", kind=TypeError)
    if not (weight >= 0).all():
        fail(who, f"expected {name} of at least 0, got {weight.min():g}.")
    return weight


def between_0_and_1(who: str, ground_truth: np.ndarray) -> None:
    """Check that every truth is a probability."""
    if not ((ground_truth >= 0) & (ground_truth <= 1)).all():
        fail(
            who,
            f"expected ground_truth from 0 to 1, got {ground_truth.min():g} to {ground_truth.max():g}.",
            "for labels -1 and 1 pass (ground_truth + 1) / 2.",
        )
