"""Sentences about the options of losses, and about losses that compare other things than numbers and classes."""

from __future__ import annotations

from typing import Any

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
    return _not_negative(who, name, weight)


def element_weight(who: str, name: str, value: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """Check that a number or array of at least 0 can be spread over a shape, where it is given."""
    if value is None:
        return None
    weight = np.asarray(value)
    try:
        fits = np.broadcast_shapes(weight.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        fail(who, f"{name} of shape {shape_text(weight.shape)} cannot be spread over {shape_text(shape)}.")
    return _not_negative(who, name, weight)


def _not_negative(who: str, name: str, weight: np.ndarray) -> np.ndarray:
    if weight.dtype.kind not in "fiu":
        fail(who, f"expected {name} to hold numbers, got {weight.dtype}.", kind=TypeError)
    if not (weight >= 0).all():
        fail(who, f"expected {name} of at least 0, got {weight.min():g}.")
    return weight


def labels_only(who: str, labels: bool) -> None:
    """Check that the truth is integer labels."""
    if not labels:
        fail(
            who, "expected integer labels, got probabilities.", "take the likeliest class with .argmax(-1).", TypeError
        )


def probabilities_only(who: str, labels: bool) -> None:
    """Check that the truth is a distribution."""
    if labels:
        fail(who, "expected probabilities, got integer labels.", "for labels use negative_log_likelihood.", TypeError)


def nothing_to_ignore(who: str, ignore_index: int | None) -> None:
    """Check that no label is to be ignored where the truth is a distribution."""
    if ignore_index is not None:
        hint = "give those rows the weight 0 by making all their probabilities 0."
        fail(who, f"ignore_index={ignore_index} is for integer labels, but probabilities came.", hint)


def between_0_and_1(who: str, ground_truth: np.ndarray) -> None:
    """Check that every truth is a probability."""
    if not ((ground_truth >= 0) & (ground_truth <= 1)).all():
        fail(
            who,
            f"expected ground_truth from 0 to 1, got {ground_truth.min():g} to {ground_truth.max():g}.",
            "for labels -1 and 1 pass (ground_truth + 1) / 2.",
        )


def minus_or_plus_1(who: str, ground_truth: np.ndarray) -> None:
    """Check that every label is −1 or 1."""
    wrong = ground_truth[np.abs(ground_truth) != 1]
    if wrong.size:
        fail(who, f"expected labels -1 and 1, got {wrong[0]:g}.", "for labels 0 and 1 pass 2 * ground_truth - 1.")


def queries_and_keys(who: str, predicted: Any, ground_truth: Any) -> np.ndarray:
    """Check queries (N, D) and keys (M, D), and return which key belongs to each query."""
    if not isinstance(predicted, (tuple, list)) or len(predicted) != 2:
        came = f"{len(predicted)} of them" if isinstance(predicted, (tuple, list)) else type(predicted).__name__
        fail(who, f"expected predicted as a pair (queries, keys), got {came}.", kind=TypeError)
    for name, x in zip(("queries", "keys"), predicted, strict=True):
        array(who, x, name)
        if x.dtype.kind != "f":
            fail(who, f"expected {name} to hold floating-point numbers, got {x.dtype}.", kind=TypeError)
    queries, keys = predicted
    if queries.ndim != 2 or keys.ndim != 2 or queries.shape[1] != keys.shape[1]:
        got = f"{shape_text(queries.shape)} and {shape_text(keys.shape)}"
        fail(who, f"expected queries of shape (N, D) and keys of shape (M, D), got {got}.")
    if ground_truth is not None:
        return ground_truth
    if len(keys) < len(queries):
        fail(who, f"expected at least {len(queries)} keys, one for each query, got {len(keys)}.")
    return np.arange(len(queries))


def labels_in_time(who: str, predicted: np.ndarray, ground_truth: Any, blank: int) -> None:
    """Check scores (N, T, C) against (labels (N, S), input lengths (N,), label lengths (N,))."""
    array(who, predicted, "predicted")
    if predicted.dtype.kind != "f":
        fail(who, f"expected predicted to hold floating-point numbers, got {predicted.dtype}.", kind=TypeError)
    if predicted.ndim != 3 or predicted.size == 0:
        fail(who, f"expected predicted of shape (N, T, C), got {shape_text(predicted.shape)}.")
    if not isinstance(ground_truth, (tuple, list)) or len(ground_truth) != 3:
        problem = "expected ground_truth as a tuple (labels, input_lengths, label_lengths)."
        fail(who, problem, kind=TypeError)
    N, T, C = predicted.shape
    for name, x, shape in zip(
        ("labels", "input_lengths", "label_lengths"), ground_truth, ((N, "S"), (N,), (N,)), strict=True
    ):
        array(who, x, name)
        if x.dtype.kind not in "iu":
            fail(who, f"expected {name} to hold integers, got {x.dtype}.", kind=TypeError)
        if len(x.shape) != len(shape) or x.shape[0] != N:
            fail(who, f"expected {name} of shape {shape_text(shape)}, got {shape_text(x.shape)}.")
    labels, input_lengths, label_lengths = ground_truth
    if not 0 <= blank < C:
        fail(who, f"blank must be a class from 0 to {C - 1}, got {blank}.")
    _lengths(who, "input_lengths", input_lengths, 1, T)
    _lengths(who, "label_lengths", label_lengths, 0, labels.shape[1])
    real = labels[np.arange(labels.shape[1]) < label_lengths[:, np.newaxis]]
    wrong = real[(real < 0) | (real >= C) | (real == blank)]
    if wrong.size:
        fail(who, f"expected labels from 0 to {C - 1} without the blank {blank}, got {wrong[0]}.")


def _lengths(who: str, name: str, lengths: np.ndarray, low: int, high: int) -> None:
    if lengths.min() < low or lengths.max() > high:
        fail(who, f"expected {name} from {low} to {high}, got {lengths.min()} to {lengths.max()}.")
