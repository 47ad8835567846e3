"""Losses in float32 at logits of ±1e4, at probabilities of 0 and without any example of a class."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from tinynet.losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    ctc,
    focal,
    hinge,
    huber,
    info_nce,
    kl_divergence,
    mean_absolute_error,
    mean_squared_error,
    multi_margin,
    negative_log_likelihood,
)
from tinynet.metrics import accuracy, confusion_matrix, f1_score, iou, precision, recall

FAR = np.float32(1e4)


def single(*values: Any) -> np.ndarray:
    return np.array(values, np.float32)


def must_be(result: tuple[float, np.ndarray], loss: float, gradient: Any) -> None:
    """Check a loss, and a gradient in float32."""
    assert result[0] == pytest.approx(loss, rel=1e-6, abs=1e-7)
    assert result[1].dtype == np.float32
    np.testing.assert_allclose(result[1], gradient, rtol=1e-6, atol=1e-7)


# Logits of ±1e4.

SURE = single([FAR, -FAR], [FAR, -FAR])  # the first row is right, the second wrong
LABELS = np.array([0, 1])


def test_cross_entropy() -> None:
    must_be(cross_entropy(SURE, LABELS), 1e4, [[0, 0], [0.5, -0.5]])
    must_be(cross_entropy(SURE, LABELS, reduction="sum"), 2e4, [[0, 0], [1, -1]])


def test_cross_entropy_with_weights() -> None:
    must_be(cross_entropy(SURE, LABELS, weight=single(1, 3)), 1.5e4, [[0, 0], [0.75, -0.75]])
    must_be(cross_entropy(SURE, LABELS, weight=single(1, 0)), 0, [[0, 0], [0, 0]])


def test_cross_entropy_with_smoothing() -> None:
    # The truth is (0.9, 0.1) and (0.1, 0.9): 0.1 · 2e4 and 0.9 · 2e4
    must_be(cross_entropy(SURE, LABELS, label_smoothing=0.2), 1e4, [[0.05, -0.05], [0.45, -0.45]])


def test_cross_entropy_of_ignored_labels() -> None:
    must_be(cross_entropy(SURE, np.array([-1, 0]), ignore_index=-1), 0, [[0, 0], [0, 0]])
    must_be(cross_entropy(SURE, np.array([-1, -1]), ignore_index=-1), 0, [[0, 0], [0, 0]])


def test_cross_entropy_of_soft_targets() -> None:
    truth = single([1, 0], [0.5, 0.5])
    must_be(cross_entropy(SURE, truth), 0.5e4, [[0, 0], [0.25, -0.25]])


def test_cross_entropy_of_equal_logits() -> None:
    must_be(cross_entropy(single([FAR, FAR]), np.array([0])), np.log(2), [[-0.5, 0.5]])


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal(gamma: float) -> None:
    must_be(focal(SURE, LABELS, gamma=gamma), 1e4, [[0, 0], [0.5, -0.5]])


def test_binary_cross_entropy() -> None:
    logits, truth = single(FAR, -FAR, FAR, -FAR), single(1, 0, 0, 1)
    must_be(binary_cross_entropy_with_logits(logits, truth), 0.5e4, [0, 0, 0.25, -0.25])
    must_be(binary_cross_entropy_with_logits(logits, truth, pos_weight=3), 1e4, [0, 0, 0.25, -0.75])
    must_be(binary_cross_entropy_with_logits(logits, single(0.5, 0.5, 0.5, 0.5)), 0.5e4, single(1, -1, 1, -1) / 8)


def test_margins() -> None:
    must_be(hinge(single(FAR, -FAR), np.array([1, 1])), (1 + 1e4) / 2, [0, -0.5])
    must_be(multi_margin(SURE, LABELS), (1 + 2e4) / 4, [[0, 0], [0.25, -0.25]])


def test_distances() -> None:
    predicted, truth = single(FAR, -FAR), single(0, 0)
    must_be(mean_squared_error(predicted, truth), 1e8, [1e4, -1e4])
    must_be(mean_absolute_error(predicted, truth), 1e4, [0.5, -0.5])
    must_be(huber(predicted, truth), 1e4 - 0.5, [0.5, -0.5])


@pytest.mark.parametrize("scale", [1e-15, 1.0, 1e4, 1e15])
def test_info_nce_sees_directions_only(scale: float) -> None:
    queries = keys = single([scale, 0], [0, scale])
    loss, gradients = info_nce((queries, keys), temperature=0.001)  # S is 1000 on the diagonal
    assert loss == 0
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    wrong, _ = info_nce((queries, keys), np.array([1, 0]), temperature=0.001)
    assert wrong == pytest.approx(1000)


def test_info_nce_of_queries_without_a_direction() -> None:
    loss, (dq, dk) = info_nce((single([0, 0], [1, 0]), single([1, 0], [0, 0])))
    assert np.isfinite(loss)
    np.testing.assert_array_equal(dq[0], [0, 0])
    np.testing.assert_array_equal(dk[1], [0, 0])
    assert np.isfinite(dq).all()
    assert np.isfinite(dk).all()


TRUTH = np.array([[1, 2]]), np.array([3]), np.array([2])  # two labels in three steps


def steps(*classes: int) -> np.ndarray:
    """Logits of 1e4 for one class at each step and of −1e4 for the others, (1, T, 3)."""
    return np.where(np.eye(3, dtype=bool)[list(classes)], FAR, -FAR)[np.newaxis]


def test_ctc_of_a_sure_path() -> None:
    for path in ((1, 2, 2), (1, 1, 2), (0, 1, 2), (1, 0, 2), (1, 2, 0)):
        must_be(ctc(steps(*path), TRUTH), 0, np.zeros((1, 3, 3)))


def test_ctc_of_a_wrong_path() -> None:
    loss, gradient = ctc(steps(2, 1, 0), TRUTH, reduction="sum")
    assert loss == pytest.approx(4e4 - np.log(3), rel=1e-9)  # (1, 2, 0), (0, 1, 2) and (1, 1, 2) miss two steps each
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(3 * gradient[0], [[-1, -2, 3], [0, 1, -1], [2, 0, -2]], atol=1e-6)


def test_ctc_of_one_step_and_of_no_label() -> None:
    one = np.array([[1]]), np.array([1]), np.array([1])
    must_be(ctc(steps(1), one), 0, np.zeros((1, 1, 3)))
    must_be(ctc(steps(2), one), 2e4, [[[0, -1, 1]]])
    none = np.array([[1]]), np.array([2]), np.array([0])
    must_be(ctc(steps(0, 0), none), 0, np.zeros((1, 2, 3)))


def test_ctc_of_too_few_steps() -> None:
    few = np.array([[1, 1]]), np.array([2]), np.array([2])  # a blank has to stand between
    loss, gradient = ctc(steps(1, 1), few)
    assert loss == np.inf
    assert not gradient.any()
    must_be(ctc(steps(1, 1), few, zero_infinity=True), 0, np.zeros((1, 2, 3)))


# Log of 0.


def test_a_probability_of_zero_in_the_truth_of_kl_divergence() -> None:
    predicted = np.log(single([0.5, 0.5], [0.25, 0.75]))
    must_be(kl_divergence(predicted, single([1, 0], [0, 1])), (np.log(2) - np.log(0.75)) / 2, [[-0.5, 0], [0, -0.5]])


def test_a_probability_of_zero_on_both_sides_of_kl_divergence() -> None:
    must_be(kl_divergence(single([0, -np.inf]), single([1, 0])), 0, [[-1, 0]])


def test_a_probability_of_zero_where_the_truth_has_one() -> None:
    loss, gradient = kl_divergence(single([0, -np.inf]), single([0.5, 0.5]))
    assert loss == np.inf  # that is its value
    np.testing.assert_array_equal(gradient, [[-0.5, -0.5]])


def test_a_probability_of_zero_in_soft_targets() -> None:
    must_be(cross_entropy(single([0, -np.inf]), single([1, 0])), 0, [[0, 0]])
    must_be(cross_entropy(single([0, 0, -FAR]), single([0, 1, 0])), np.log(2), [[0.5, -0.5, 0]])


def test_a_log_probability_of_minus_infinity_for_another_class() -> None:
    must_be(negative_log_likelihood(single([0, -np.inf]), np.array([0])), 0, [[-1, 0]])
    must_be(negative_log_likelihood(single([-FAR, 0]), np.array([0])), 1e4, [[-1, 0]])


# A class that never occurs.

LOGITS = single([2, 1, 0], [0, 1, 3])  # of three classes, none of which is 1


@pytest.mark.parametrize(
    "loss",
    [
        cross_entropy,
        partial(cross_entropy, weight=single(1, 5, 2)),
        partial(cross_entropy, label_smoothing=0.1),
        focal,
        partial(focal, alpha=single(1, 5, 2)),
        multi_margin,
        negative_log_likelihood,
    ],
    ids=["plain", "weighted", "smoothed", "focal", "weighted focal", "multi_margin", "negative_log_likelihood"],
)
def test_losses_without_a_class(loss: Any) -> None:
    value, gradient = loss(LOGITS, np.array([0, 2]))
    exact, exact_gradient = loss(LOGITS.astype(np.float64), np.array([0, 2]))
    assert value == pytest.approx(exact, rel=1e-6)
    np.testing.assert_allclose(gradient, exact_gradient, rtol=1e-5, atol=1e-7)
    assert (gradient[:, 1] >= 0).all()  # nothing draws towards it


def test_metrics_without_a_class() -> None:
    labels = np.array([0, 2])
    assert accuracy(LOGITS, labels) == 1
    np.testing.assert_array_equal(confusion_matrix(LOGITS, labels), [[1, 0, 0], [0, 0, 0], [0, 0, 1]])
    for metric in (precision, recall, f1_score, iou):
        np.testing.assert_array_equal(metric(LOGITS, labels, average=None), [1, 0, 1])
