"""Precision, recall, F1 and intersection over union, against values computed by hand."""

import numpy as np
import pytest

from tinynet.metrics import f1_score, iou, precision, recall

TRUTH = np.array([0, 0, 0, 1, 1, 2])
GUESS = np.array([0, 0, 1, 1, 2, 1])  # tp 2, 1, 0; predicted 2, 3, 1; true 3, 2, 1

BY_CLASS = {
    precision: [1, 1 / 3, 0],
    recall: [2 / 3, 1 / 2, 0],
    f1_score: [4 / 5, 2 / 5, 0],
    iou: [2 / 3, 1 / 4, 0],
}


@pytest.mark.parametrize("metric", BY_CLASS)
def test_by_hand(metric):
    np.testing.assert_allclose(metric(GUESS, TRUTH, average=None), BY_CLASS[metric])
    assert metric(GUESS, TRUTH) == pytest.approx(np.mean(BY_CLASS[metric]))
    assert isinstance(metric(GUESS, TRUTH), float)


def test_micro_counts_all_predictions_together():
    for metric in (precision, recall, f1_score):
        assert metric(GUESS, TRUTH, average="micro") == 0.5  # the accuracy
    assert iou(GUESS, TRUTH, average="micro") == 3 / 9


def test_binary_is_class_1():
    truth, guess = np.array([1, 1, 1, 0]), np.array([1, 0, 0, 1])
    assert precision(guess, truth, average="binary") == 1 / 2
    assert recall(guess, truth, average="binary") == 1 / 3
    assert f1_score(guess, truth, average="binary") == 2 / 5
    assert iou(guess, truth, average="binary") == 1 / 4
    assert recall(np.zeros(3, int), np.zeros(3, int), average="binary") == 0


@pytest.mark.parametrize("metric", BY_CLASS)
def test_a_class_that_never_occurs_is_0_and_not_part_of_the_mean(metric):
    scores = np.eye(5)[GUESS]  # classes 3 and 4 neither predicted nor true
    np.testing.assert_allclose(metric(scores, TRUTH, average=None), [*BY_CLASS[metric], 0, 0])
    assert metric(scores, TRUTH) == pytest.approx(np.mean(BY_CLASS[metric]))


@pytest.mark.parametrize("metric", BY_CLASS)
def test_a_class_that_is_only_predicted_or_only_true_is_part_of_the_mean(metric):
    truth, guess = np.array([0, 0, 0, 1]), np.array([0, 0, 2, 0])
    by_class = metric(guess, truth, average=None)
    np.testing.assert_array_equal(by_class[1:], 0)
    assert metric(guess, truth) == pytest.approx(by_class[0] / 3)


def test_images_of_classes():
    scores = np.eye(3)[GUESS].T.reshape(1, 3, 2, 3)
    assert iou(scores, TRUTH.reshape(1, 2, 3), axis=1) == pytest.approx(11 / 36)
    with pytest.raises(ValueError, match=r"^iou: .*\nHint: the classes seem to be in axis 1: write axis=1\."):
        iou(scores, TRUTH.reshape(1, 2, 3))


@pytest.mark.parametrize("metric", BY_CLASS)
def test_refusals(metric):
    with pytest.raises(
        ValueError, match=rf"{metric.__name__}: average='binary' is for two classes, got 3\.\nHint: use"
    ):
        metric(GUESS, TRUTH, average="binary")
    with pytest.raises(ValueError, match=r"average must be one of 'macro', 'micro', 'binary'; got 'weighted'\."):
        metric(GUESS, TRUTH, average="weighted")
    with pytest.raises(ValueError, match=rf"{metric.__name__}: expected ground_truth of shape \(6,\) like predicted"):
        metric(GUESS, TRUTH[:5])
