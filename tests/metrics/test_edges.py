"""Metrics at the edges: equal, infinite and missing scores, ignored labels, labels far apart."""

from __future__ import annotations

import copy
import math
import pickle
import tracemalloc
from functools import partial

import numpy as np
import pytest

from tinynet import metrics
from tinynet.core.joinable import Mean, keeping_data
from tinynet.learner.monitor import direction
from tinynet.metrics import (
    accuracy,
    average_precision,
    classification,
    confusion_matrix,
    counts,
    f1_score,
    iou,
    perplexity,
    precision,
    r2_score,
    recall,
    roc_auc,
    top_k_accuracy,
)
from tinynet.metrics.counts import count

INF = np.inf
SHARES = [precision, recall, f1_score, iou]


@pytest.mark.parametrize(
    ("scores", "labels", "area"),
    [
        ([INF, INF], [0, 1], 0.5),
        ([-INF, -INF], [0, 1], 0.5),
        ([-INF, -INF, 0], [1, 0, 1], 0.75),
        ([INF, 1, -INF, INF], [1, 0, 0, 1], 1.0),
        ([INF, INF, -INF, -INF], [1, 0, 1, 0], 0.5),
        ([1e308, -1e308, 1e308], [1, 0, 0], 0.75),  # their difference is infinite
    ],
)
def test_roc_auc_of_infinite_scores(scores, labels, area):
    assert roc_auc(np.array(scores, float), np.array(labels)) == area


def test_average_precision_of_infinite_scores():
    assert average_precision(np.array([INF, INF]), np.array([0, 1])) == 0.5
    assert average_precision(np.array([INF, -INF, -INF]), np.array([1, 0, 1])) == pytest.approx(1 / 2 + 1 / 2 * 2 / 3)


def test_infinite_scores_of_classes():
    scores = np.array([[-INF, 0, INF], [INF, INF, 0], [-INF, -INF, -INF]])
    assert accuracy(scores, np.array([2, 0, 0])) == 1
    assert top_k_accuracy(scores, np.array([1, 1, 2]), k=2) == pytest.approx(2 / 3)


ALL_OF_SCORES = [
    accuracy,
    partial(top_k_accuracy, k=1),
    *SHARES,
    roc_auc,
    average_precision,
    perplexity,
]


@pytest.mark.parametrize("metric", ALL_OF_SCORES)
def test_a_missing_score_makes_the_number_missing(metric):
    scores, labels = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), np.array([0, 1, 1])
    assert not math.isnan(metric(scores, labels))
    for place in np.ndindex(scores.shape):
        spoiled = scores.copy()
        spoiled[place] = np.nan
        assert math.isnan(metric(spoiled, labels)), place


def test_a_missing_score_of_one_column():
    scores, labels = np.array([np.nan, 1.0, -1.0]), np.array([0, 1, 0])
    assert math.isnan(roc_auc(scores, labels))
    assert math.isnan(average_precision(scores, labels))
    assert math.isnan(accuracy(scores, labels))
    assert math.isnan(f1_score(scores, labels, average="binary"))


def test_a_missing_score_by_class():
    assert np.isnan(f1_score(np.array([[np.nan, 0.0], [0.0, 1.0]]), np.array([0, 1]), average=None)).all()
    with pytest.raises(
        ValueError, match=r"^confusion_matrix: expected scores, but one of them is NaN\.\nHint: np\.isn"
    ):
        confusion_matrix(np.array([[np.nan, 0.0], [0.0, 1.0]]), np.array([0, 1]))


def test_a_missing_score_that_does_not_count():
    scores, labels = np.array([[np.nan, np.nan], [0.0, 1.0]]), np.array([-1, 1])
    for metric in (accuracy, partial(top_k_accuracy, k=1), *SHARES):
        assert metric(scores, labels, ignore_index=-1) == 1
    assert confusion_matrix(scores, labels, ignore_index=-1).tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize("ignored", [-1, -100, 255, 1])
@pytest.mark.parametrize("metric", [accuracy, partial(top_k_accuracy, k=2), confusion_matrix, *SHARES])
def test_ignored_labels_are_as_if_left_out(metric, ignored):
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(4, 10, 3)), 2 * rng.integers(0, 2, (4, 10))  # 0 or 2
    kept = rng.random((4, 10)) < 0.6
    expected = metric(scores[kept], labels[kept])
    if ignored == 1 and metric in SHARES:  # the class that is ignored is no part of the mean
        by_class = metric(scores[kept], labels[kept], average=None)
        expected = by_class[[0, 2]].mean()
    given = np.where(kept, labels, ignored)
    np.testing.assert_allclose(metric(scores, given, ignore_index=ignored), expected)
    moved = np.moveaxis(scores, -1, 1)
    np.testing.assert_allclose(metric(moved, given, axis=1, ignore_index=ignored), expected)


@pytest.mark.parametrize("metric", [confusion_matrix, *SHARES])
def test_predicted_labels_are_ignored_too_where_the_truth_is(metric):
    guesses, labels = np.array([0, 1, 1, 2, -7]), np.array([0, 1, 0, 2, -1])
    np.testing.assert_allclose(metric(guesses, labels, ignore_index=-1), metric(guesses[:4], labels[:4]))


@pytest.mark.parametrize("metric", [accuracy, partial(top_k_accuracy, k=1), *SHARES, perplexity])
def test_where_every_label_is_ignored(metric):
    assert math.isnan(metric(np.zeros((3, 2)), np.full(3, -1), ignore_index=-1))


def test_where_every_label_is_ignored_the_matrix_is_empty():
    assert confusion_matrix(np.zeros((3, 2)), np.full(3, -1), ignore_index=-1).tolist() == [[0, 0], [0, 0]]
    assert confusion_matrix(np.zeros(3, int), np.full(3, -1), ignore_index=-1).shape == (0, 0)
    assert math.isnan(f1_score(np.zeros(3, int), np.full(3, -1), ignore_index=-1))


def test_probabilities_without_weight_are_ignored_and_labels_to_ignore_refused():
    scores, truth = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [0.3, 0.7], [1.0, 0.0]])
    assert accuracy(scores, truth) == 1 / 2  # a row without probability has no weight in cross-entropy either
    with pytest.raises(ValueError, match=r"^accuracy: ignore_index=1 is for integer labels, but probabilities came\."):
        accuracy(scores, truth, ignore_index=1)


def test_constant_truths_whose_mean_is_rounded():
    assert r2_score(np.full(3, 0.2), np.full(3, 0.1)) == 0
    assert r2_score(np.full(3, 0.1), np.full(3, 0.1)) == 1
    assert r2_score(np.full((7, 2), 0.7), np.stack([np.full(7, 0.7), np.full(7, 1 / 3)], 1)) == 0.5
    assert math.isnan(r2_score(np.array([0.1, np.nan]), np.full(2, 0.1)))


@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e-310])
def test_r2_score_does_not_depend_on_the_unit(scale):
    truth, predicted = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0])
    assert r2_score(predicted * scale, truth * scale) == pytest.approx(0.5, rel=1e-3)


def test_r2_score_of_infinite_numbers():
    assert math.isnan(r2_score(np.array([1.0, 2.0]), np.array([1.0, INF])))
    assert r2_score(np.array([1.0, 1e300]), np.array([1.0, 2.0])) == -INF


@pytest.mark.parametrize("metric", SHARES)
@pytest.mark.parametrize("high", [99_999, 10**15, np.iinfo(np.int64).max])
def test_labels_far_apart_need_no_memory(metric, high):
    labels = np.array([0, high, high, 0])
    tracemalloc.start()
    try:
        assert metric(labels, labels) == 1
        assert metric(np.array([0, high, 0, 0]), labels, average="micro") in (3 / 4, 3 / 5)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()
    assert f1_score(np.array([0, high, 0, 0]), labels) == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_many_classes_cost_no_matrix():
    labels = np.arange(200_000) % 50_000
    tracemalloc.start()
    try:
        assert f1_score(labels, labels) == 1
        assert f1_score(labels, labels, average=None).shape == (50_000,)
        assert tracemalloc.get_traced_memory()[1] < 5e7
    finally:
        tracemalloc.stop()


def test_what_would_need_much_memory_is_refused():
    words = r"confusion_matrix: 100000 classes make a matrix of 100000 × 100000 counts, 80 GB\.\nHint: number the cla"
    with pytest.raises(ValueError, match=words):
        confusion_matrix(np.array([0, 99_999]), np.array([0, 0]))
    with pytest.raises(ValueError, match=r"confusion_matrix: 1000000 classes make a matrix"):
        confusion_matrix(np.array([0, 1]), np.array([0, 0]), n_classes=1_000_000)
    words = r"recall: average=None gives a number for each class, but the largest label is 1000000000\.\nHint: number"
    with pytest.raises(ValueError, match=words):
        recall(np.array([0, 10**9]), np.array([0, 0]), average=None)
    with pytest.raises(
        ValueError, match=r"f1_score: expected labels up to 9223372036854775807, got 18446744073709551615"
    ):
        f1_score(np.array([0, 2**64 - 1], np.uint64), np.array([0, 0], np.uint64))
    with pytest.raises(ValueError, match=r"average='binary' is for two classes, got 100000\."):
        f1_score(np.array([0, 99_999]), np.array([0, 0]), average="binary")


@pytest.mark.parametrize("metric", SHARES)
def test_counts_of_parts_are_joined_whatever_classes_occur_in_each(metric):
    rng = np.random.default_rng(0)
    labels, guesses = rng.choice([0, 3, 4, 90_000], (2, 60))
    parts = [slice(0, 1), slice(1, 30), slice(30, 60)]
    numbers = [metric(guesses[part], labels[part]) for part in parts]
    assert numbers[0].joined(numbers[1:]) == pytest.approx(metric(guesses, labels))


def test_joined_counts():
    parts = [count("iou", np.array(guesses), np.array([0, 0]), -1, None) for guesses in ([0, 1], [2, 0], [0, 0])]
    for order in (parts, parts[::-1]):
        joined = order[0].joined(order[1:])
        assert joined.classes.tolist() == [0, 1, 2]
        assert joined.right.tolist() == [4, 0, 0]
        assert joined.guessed.tolist() == [4, 1, 1]
        assert joined.true.tolist() == [6, 0, 0]
        assert joined.n_classes == 3
        assert joined.right.dtype.kind == "i"


def test_one_missing_score_spoils_the_number_over_all():
    scores, labels = np.array([[1.0, 0.0], [np.nan, 1.0], [0.0, 1.0]]), np.array([0, 1, 1])
    for metric in (accuracy, partial(top_k_accuracy, k=1), *SHARES, perplexity):
        numbers = [metric(scores[[row]], labels[[row]]) for row in range(3)]
        assert math.isnan(numbers[0].joined(numbers[1:]))


def test_classes_that_do_not_occur_are_0():
    np.testing.assert_array_equal(f1_score(np.array([1, 5]), np.array([1, 5]), average=None), [0, 1, 0, 0, 0, 1])


def test_the_bounds_themselves_are_allowed(monkeypatch):
    monkeypatch.setattr(classification, "MAX_COUNTS", 4)
    monkeypatch.setattr(counts, "MAX_CLASSES", 2)
    two, three = np.array([0, 1]), np.array([0, 2])
    assert confusion_matrix(two, two).shape == (2, 2)
    assert f1_score(two, two, average=None).shape == (2,)
    with pytest.raises(ValueError, match="3 classes make a matrix"):
        confusion_matrix(three, three)
    with pytest.raises(ValueError, match="the largest label is 2"):
        f1_score(three, three, average=None)


def test_top_k_accuracy_of_sequences():
    scores = np.array([[[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]]])  # (1, 2, 4)
    assert top_k_accuracy(scores, np.array([[1, 0]]), k=3) == 1
    assert top_k_accuracy(scores, np.array([[0, 3]]), k=3) == 0


@pytest.mark.parametrize("total", [0.5, 0.98, 1.02, 1.5])
def test_probabilities_that_do_not_sum_to_1(total):
    with pytest.raises(
        ValueError, match=r"expected probabilities that sum to 1 along axis -1 of \(1, 2\), got a sum of"
    ):
        accuracy(np.array([[0.0, 1.0]]), np.array([[0.4 * total, 0.6 * total]]))
    assert accuracy(np.array([[0.0, 1.0]]), np.array([[0.398, 0.598]])) == 1


def test_every_metric_that_is_a_number_says_what_is_better():
    better = {
        name: direction("KeepBest", f"valid_{name}", None) for name in metrics.__all__ if name != "confusion_matrix"
    }
    lower = {name for name, mode in better.items() if mode == "min"}
    assert lower == {"perplexity", "mean_absolute_error"}
    assert direction("KeepBest", "valid_iou(average='micro')", None) == "max"
    assert direction("KeepBest", "accuracy(name='error')", None) == "max"


def test_numbers_can_be_copied():
    scores, labels = np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1])
    with keeping_data():
        numbers = [metric(scores, labels) for metric in ALL_OF_SCORES]
    for number in numbers:
        for same in (copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
            assert same == number or math.isnan(number)
    assert copy.deepcopy(Mean(1.0, 4)).joined([Mean(3.0, 4)]) == 0.5


def test_a_number_keeps_no_data_alive():
    assert type(roc_auc(np.array([0.1, 0.2]), np.array([0, 1]))) is float
    assert type(r2_score(np.ones(3), np.ones(3))) is float
