"""Losses over numbers and over classes, with their options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    focal,
    huber,
    mean_absolute_error,
    mean_squared_error,
    negative_log_likelihood,
)

REDUCTIONS = "mean", "sum"


def _numbers(draw: Draw) -> tuple[np.ndarray, np.ndarray]:
    shape = draw.choice((draw.size(1),), (draw.size(1), draw.size(1)), (2, draw.size(1), draw.size(1), draw.size(1)))
    return draw.array(*shape), draw.choice(draw.array(*shape), draw.integers(-3, 3, *shape))


def squared(draw: Draw) -> Callable[[], Any]:
    predicted, truth = _numbers(draw)
    reduction = draw.choice(*REDUCTIONS)
    return lambda: mean_squared_error(predicted, truth, reduction=reduction)


def absolute(draw: Draw) -> Callable[[], Any]:
    predicted, truth = _numbers(draw)
    reduction = draw.choice(*REDUCTIONS)
    return lambda: mean_absolute_error(predicted, truth, reduction=reduction)


def huber_loss(draw: Draw) -> Callable[[], Any]:
    (predicted, truth), delta = _numbers(draw), draw.choice(1, 0.3, 2.0)
    reduction = draw.choice(*REDUCTIONS)
    return lambda: huber(predicted, truth, delta, reduction)


def binary(draw: Draw) -> Callable[[], Any]:
    predicted, _ = _numbers(draw)
    truth = draw.choice(draw.rng.random(predicted.shape).astype(draw.dtype), draw.integers(0, 1, *predicted.shape))
    weights = [draw.choice(None, None, 2.5, draw.integers(0, 2, *predicted.shape[1:])) for _ in range(2)]
    reduction = draw.choice(*REDUCTIONS)
    return lambda: binary_cross_entropy_with_logits(predicted, truth, *weights, reduction)


def _classes(draw: Draw) -> tuple[np.ndarray, int, np.ndarray, dict]:
    """Logits, their class axis, labels some of which may be −1, and options."""
    shape = draw.choice((draw.size(1), draw.size(1)), (2, draw.size(1), draw.size(1), draw.size(1)))
    axis = draw.integer(-len(shape), len(shape) - 1)
    n_classes, ignored = shape[axis], draw.choice(None, -1, 0)
    labels = draw.integers(-1 if ignored == -1 else 0, n_classes - 1, *np.delete(shape, axis))
    weight = draw.choice(None, draw.integers(0, 3, n_classes).astype(np.float64))
    options = {"weight": weight, "ignore_index": ignored, "reduction": draw.choice(*REDUCTIONS)}
    return draw.array(*shape), axis, labels, options


def labels(draw: Draw) -> Callable[[], Any]:
    predicted, axis, truth, options = _classes(draw)
    return lambda: cross_entropy(predicted, truth, axis, **options)


def smoothed_labels(draw: Draw) -> Callable[[], Any]:
    predicted, axis, truth, options = _classes(draw)
    return lambda: cross_entropy(predicted, truth, axis, label_smoothing=0.1, **options)


def probabilities(draw: Draw) -> Callable[[], Any]:
    predicted, axis, _, options = _classes(draw)
    truth = draw.arranged((draw.rng.random(predicted.shape) * draw.booleans(*predicted.shape)).astype(draw.dtype))
    options["ignore_index"], options["label_smoothing"] = None, draw.choice(0, 0.2)
    return lambda: cross_entropy(predicted, truth, axis, **options)


def likelihood(draw: Draw) -> Callable[[], Any]:
    predicted, axis, truth, options = _classes(draw)
    return lambda: negative_log_likelihood(predicted, truth, axis, **options)


def focal_loss(draw: Draw) -> Callable[[], Any]:
    predicted, axis, _, options = _classes(draw)
    truth = draw.integers(0, predicted.shape[axis] - 1, *np.delete(predicted.shape, axis))
    gamma = draw.choice(0, 0.5, 2.0)
    return lambda: focal(predicted, truth, gamma, options["weight"], axis, options["reduction"])


CASES = [
    Case(mean_squared_error, squared),
    Case(mean_absolute_error, absolute),
    Case(huber, huber_loss),
    Case(binary_cross_entropy_with_logits, binary),
    Case(cross_entropy, labels),
    Case(cross_entropy, smoothed_labels),
    Case(cross_entropy, probabilities),
    Case(negative_log_likelihood, likelihood),
    Case(focal, focal_loss),
]
