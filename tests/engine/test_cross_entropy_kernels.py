"""Cross-entropy row by row: extremes, kinds of arrays, what is declined, threads."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import faster
from tinynet.engine.cross_entropy import _of_labels, cross_entropy, focal, negative_log_likelihood
from tinynet.losses import cross_entropy as lesson

CHOICES = ["loops", "plain", "auto", "compiled"]


def case(shape: tuple[int, ...], dtype: type) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return (
        (3 * rng.normal(size=shape)).astype(dtype),
        rng.integers(0, shape[-1], shape[:-1]),
        rng.uniform(size=shape[-1]),
    )


@pytest.mark.parametrize("choice", CHOICES)
def test_by_hand(choice: str) -> None:
    logits, labels = np.log([[1.0, 3.0], [1.0, 1.0]]), np.array([0, 1])
    with faster.use(choice):
        loss, gradient = lesson(logits, labels, weight=np.array([2.0, 1.0]), reduction="sum")
    assert loss == pytest.approx(2 * np.log(4) + np.log(2))
    np.testing.assert_allclose(gradient, [[-1.5, 1.5], [0.5, -0.5]])


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_float32_at_extremes_and_rows_that_count_for_nothing(choice: str, smoothing: float) -> None:
    logits = np.array([[1e4, -1e4, 0.0], [0.0, -np.inf, 0.0], [np.nan, 0.0, 0.0]], np.float32)
    with faster.use(choice), np.errstate(invalid="ignore"):
        loss, gradient = lesson(logits, np.array([1, -1, -1]), ignore_index=-1, label_smoothing=smoothing)
    assert loss == pytest.approx(2e4 if smoothing == 0 else 2e4 * (0.9 + 0.1 / 3) + 1e4 * 0.1 / 3)
    assert gradient.dtype == np.float32
    if smoothing == 0:
        np.testing.assert_allclose(gradient, [[1, -1, 0], [0, 0, 0], [0, 0, 0]], atol=1e-30)
    np.testing.assert_array_equal(gradient[1:], 0)  # not even where a logit is NaN


@pytest.mark.parametrize("choice", CHOICES)
def test_types_and_strides(choice: str) -> None:
    logits, labels, weight = case((4, 3, 5), np.float32)
    with faster.use(choice):
        expected = lesson(logits, labels, weight=weight)
        moved = np.moveaxis(np.ascontiguousarray(np.moveaxis(logits, -1, 1)), 1, -1)
        loss, gradient = lesson(moved, labels.astype(np.uint8), weight=weight)
        long = lesson(logits.astype(np.longdouble), labels, weight=weight)[1]
    assert loss == pytest.approx(expected[0])
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-6)
    assert long.dtype == np.longdouble


@pytest.mark.parametrize(
    "options",
    [{}, {"label_smoothing": 0.1}, {"ignore_index": 2}, {"ignore_index": 2, "label_smoothing": 0.1}],
    ids=str,
)
def test_the_number_of_threads_changes_no_bit_and_inputs_stay(options: dict) -> None:
    logits, labels, weight = case((3000, 5), np.float32)
    probabilities = np.random.default_rng(1).uniform(size=logits.shape).astype(np.float32)
    before, found = logits.copy(), []
    for n in (1, 2, 3):
        with tn.threads(n), faster.use("compiled"):
            found.append(lesson(logits, labels, weight=weight, **options))
            if "ignore_index" not in options:
                found[-1] += lesson(logits, probabilities, weight=weight, **options)
    for other in found[1:]:
        for one, another in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, another)
    np.testing.assert_array_equal(logits, before)


def test_small_and_large_batches_agree() -> None:
    logits, labels, _ = case((40, 5), np.float64)
    with faster.use("compiled"):
        loss, gradient = lesson(logits, labels)
    small, small_gradient = _of_labels(logits, labels, None, len(labels))
    assert loss == pytest.approx(small, rel=1e-13)
    np.testing.assert_allclose(gradient, small_gradient, rtol=1e-12, atol=1e-16)


LOGITS, LABELS = np.zeros((4, 3)), np.zeros(4, int)


@pytest.mark.parametrize(
    "call",
    [
        partial(cross_entropy, LOGITS, LABELS - 1),
        partial(cross_entropy, LOGITS, LABELS + 3),
        partial(cross_entropy, LOGITS, LABELS[:3]),
        partial(cross_entropy, LOGITS, LABELS, axis=2),
        partial(cross_entropy, LOGITS, LABELS, label_smoothing=True),
        partial(cross_entropy, LOGITS, LABELS, label_smoothing=1.0),
        partial(cross_entropy, LOGITS, LABELS, reduction="none"),
        partial(cross_entropy, LOGITS, LABELS, weight=[1, 2, 3]),
        partial(cross_entropy, LOGITS, LABELS, weight=np.array([1.0, -1, 1])),
        partial(cross_entropy, LOGITS, LABELS, weight=np.ones(2)),
        partial(cross_entropy, LOGITS, LABELS, ignore_index=1.0),
        partial(cross_entropy, LOGITS, LOGITS, ignore_index=0),
        partial(cross_entropy, LOGITS, LOGITS[:2]),
        partial(cross_entropy, LOGITS.astype(np.float16), LABELS),
        partial(cross_entropy, LOGITS[:0], LABELS[:0]),
        partial(cross_entropy, LOGITS.tolist(), LABELS),
        partial(negative_log_likelihood, LOGITS, LABELS + 3),
        partial(negative_log_likelihood, LOGITS, LOGITS),
        partial(negative_log_likelihood, LOGITS, LABELS, reduction="none"),
        partial(focal, LOGITS, LABELS, -1.0),
        partial(focal, LOGITS, LABELS, True),
        partial(focal, LOGITS, LOGITS),
    ],
)
def test_what_the_lesson_refuses_or_no_kernel_serves_is_declined(call: partial) -> None:
    with faster.use("compiled"):
        assert call() is NotImplemented
