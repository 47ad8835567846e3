"""The engine's losses know what they are means over, as the lessons do."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from tinynet.core import Mean, Total, faster
from tinynet.losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    focal,
    huber,
    mean_absolute_error,
    mean_squared_error,
    negative_log_likelihood,
)

rng = np.random.default_rng(0)
WEIGHT = np.array([0.5, 2.0, 0.0, 1.0])
IGNORING: dict[str, Any] = {"weight": WEIGHT, "ignore_index": -1}
NUMBERS = [mean_squared_error, mean_absolute_error, huber, binary_cross_entropy_with_logits]
CLASSES = [
    cross_entropy,
    partial(cross_entropy, **IGNORING),
    partial(cross_entropy, **IGNORING, label_smoothing=0.1),
    negative_log_likelihood,
    partial(negative_log_likelihood, **IGNORING),
    focal,
    partial(focal, alpha=WEIGHT),
]


def labels_for(loss: Any, n: int) -> np.ndarray:
    labels = rng.integers(0, 4, n)
    return np.where(rng.random(n) < 0.3, -1, labels) if "ignore_index" in getattr(loss, "keywords", {}) else labels


def both(loss: Any, predicted: np.ndarray, truth: np.ndarray, reduction: str) -> list[Any]:
    numbers = []
    for choice in ("plain", "compiled", "auto"):
        with faster.use(choice):
            numbers.append(loss(predicted, truth, reduction=reduction)[0])
    return numbers


@pytest.mark.parametrize("n", [7, 9000])
@pytest.mark.parametrize("loss", NUMBERS + CLASSES)
def test_a_mean_is_over_the_same(loss: Any, n: int) -> None:
    predicted = rng.normal(size=(n, 4)).astype(np.float32)
    truth = rng.random((n, 4)).astype(np.float32) if loss in NUMBERS else labels_for(loss, n)
    lesson, *engine = both(loss, predicted, truth, "mean")
    for number in engine:
        assert isinstance(number, Mean)
        assert number.over == pytest.approx(lesson.over, rel=1e-6)
        assert number.total == pytest.approx(lesson.total, rel=1e-5)
    for number in both(loss, predicted, truth, "sum"):
        assert isinstance(number, Total)
        assert number == pytest.approx(lesson.total, rel=1e-5)


@pytest.mark.parametrize("n", [7, 9000])
@pytest.mark.parametrize("loss", CLASSES[1:3] + CLASSES[4:5])
def test_a_batch_that_is_ignored_whole_counts_nothing(loss: Any, n: int) -> None:
    for number in both(loss, np.zeros((n, 4), np.float32), np.full(n, -1), "mean"):
        assert number == number.over == number.total == 0


@pytest.mark.parametrize("n", [7, 9000])
def test_probabilities_count_by_rows(n: int) -> None:
    truth = np.full((n, 4), 0.25, np.float32)
    for number in both(partial(cross_entropy, weight=WEIGHT), np.zeros((n, 4), np.float32), truth, "mean"):
        assert number.over == n
