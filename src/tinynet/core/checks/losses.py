"""Sentences about the options of losses that several of them share."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core.arrays import is_number
from tinynet.core.checks.shapes import array, not_half, shape_text
from tinynet.core.checks.values import of_kind, one_of
from tinynet.core.checks.words import fail


def loss_and_gradient(who: str, returned: Any) -> tuple[float, Any]:
    """Check that a loss gave two things, and that the first is a number."""
    if not isinstance(returned, tuple) or len(returned) != 2 or not is_number(returned[0]):
        came = f"a tuple of {len(returned)}" if isinstance(returned, tuple) else of_kind(returned)
        if isinstance(returned, tuple) and len(returned) == 2:
            came = f"({', '.join(map(of_kind, returned))})"
        fail(
            who,
            f"the loss must return (loss, gradient), a number and an array; it returned {came}.",
            "return the derivative of the loss with respect to predicted too; check_loss checks it.",
            TypeError,
        )
    return returned


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


def probabilities(who: str, predicted: np.ndarray, hint: str) -> None:
    """Check that what was predicted are probabilities; NaN stays NaN."""
    if ((predicted < 0) | (predicted > 1)).any():
        low, high = np.nanmin(predicted), np.nanmax(predicted)
        fail(who, f"expected predicted from 0 to 1, got {low:g} to {high:g}.", hint)


def signs(who: str, ground_truth: np.ndarray) -> None:
    """Check that every truth is −1 or 1."""
    wrong = ground_truth[np.abs(ground_truth) != 1]
    if wrong.size:
        hint = "for labels 0 and 1 pass 2 * ground_truth - 1."
        fail(who, f"expected labels -1 and 1, got {wrong[0]:g}.", hint)


def two_predictions(who: str, predicted: Any, names: tuple[str, str]) -> None:
    """Check that what was predicted is a pair of arrays of floating-point numbers."""
    if not isinstance(predicted, (tuple, list)) or len(predicted) != 2:
        came = f"{len(predicted)} of them" if isinstance(predicted, (tuple, list)) else type(predicted).__name__
        fail(who, f"expected predicted as a pair ({', '.join(names)}), got {came}.", kind=TypeError)
    for name, x in zip(names, predicted, strict=True):
        array(who, x, name)
        if x.dtype.kind != "f":
            fail(who, f"expected {name} to hold floating-point numbers, got {x.dtype}.", kind=TypeError)
        not_half(who, x, name)
