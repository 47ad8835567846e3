"""Metrics, against values computed by hand."""

import numpy as np
import pytest

from tinynet.metrics import accuracy, confusion_matrix, mean_absolute_error, r2_score, top_k_accuracy

SCORES = np.array([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [0.2, 0.3, 0.5], [0.4, 0.35, 0.25]])  # best: 1, 0, 2, 0
LABELS = np.array([1, 0, 0, 1])


def test_accuracy():
    assert accuracy(SCORES, LABELS) == 0.5
    assert accuracy(SCORES, SCORES.argmax(1)) == 1
    assert isinstance(accuracy(SCORES, LABELS), float)


def test_accuracy_takes_probabilities_as_truth():
    assert accuracy(SCORES, np.eye(3)[LABELS]) == 0.5
    assert accuracy(SCORES, 0.4 * np.eye(3)[LABELS] + 0.2) == 0.5


def test_accuracy_along_another_axis():
    images = SCORES.T.reshape(1, 3, 2, 2)  # (N, C, H, W)
    assert accuracy(images, LABELS.reshape(1, 2, 2), axis=1) == 0.5
    assert accuracy(images.transpose(0, 2, 3, 1), LABELS.reshape(1, 2, 2)) == 0.5
    with pytest.raises(ValueError, match=r"^accuracy: .*\nHint: the classes seem to be in axis 1: write axis=1\."):
        accuracy(images, LABELS.reshape(1, 2, 2))


def test_the_first_of_equal_scores_counts():
    assert accuracy(np.zeros((4, 3)), np.array([0, 1, 2, 0])) == 0.5
    assert top_k_accuracy(np.zeros((4, 3)), np.array([0, 1, 2, 0]), k=1) == 0.5
    assert top_k_accuracy(np.zeros((4, 3)), np.array([0, 1, 2, 0]), k=2) == 0.75
    many = np.tile([0.0, 1.0], (2, 500))  # the first of the larger ones are 1, 3, 5, 7 and 9
    assert top_k_accuracy(many, np.array([9, 11])) == 0.5


def test_top_k_accuracy():
    truth = np.array([1, 1, 1, 2])
    assert [top_k_accuracy(SCORES, truth, k=k) for k in (1, 2, 3)] == [0.25, 0.5, 1]
    assert top_k_accuracy(np.tile(np.arange(10.0), (10, 1)), np.arange(10)) == 0.5
    assert top_k_accuracy(SCORES, np.eye(3)[truth], k=2) == 0.5
    assert top_k_accuracy(SCORES.T.reshape(1, 3, 4), truth.reshape(1, 4), k=2, axis=1) == 0.5


def test_top_k_accuracy_refuses_a_k_that_makes_no_sense():
    with pytest.raises(ValueError, match=r"top_k_accuracy: k must be at most the number of classes, 3; got 5\."):
        top_k_accuracy(SCORES, LABELS)
    with pytest.raises(ValueError, match=r"top_k_accuracy: k must be at least 1, got 0\."):
        top_k_accuracy(SCORES, LABELS, k=0)


def test_confusion_matrix_has_the_truth_in_its_rows():
    expected = [[1, 0, 1], [1, 1, 0], [0, 0, 0]]
    matrix = confusion_matrix(SCORES, LABELS)
    np.testing.assert_array_equal(matrix, expected)
    assert matrix.dtype.kind == "i"
    np.testing.assert_array_equal(confusion_matrix(SCORES, np.eye(3)[LABELS]), expected)
    np.testing.assert_array_equal(confusion_matrix(SCORES.T.reshape(1, 3, 4), LABELS.reshape(1, 4), axis=1), expected)
    np.testing.assert_array_equal(confusion_matrix(SCORES.argmax(1), LABELS), expected)


def test_confusion_matrix_of_so_many_classes():
    assert confusion_matrix(SCORES, LABELS, n_classes=4).shape == (4, 4)
    assert confusion_matrix(np.array([0, 1]), np.array([0, 0]), n_classes=3).tolist() == [
        [1, 1, 0],
        [0, 0, 0],
        [0, 0, 0],
    ]
    assert confusion_matrix(np.array([0, 0]), np.array([0, 2])).tolist() == [[1, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert confusion_matrix(np.array([0, 2]), np.array([0, 0])).tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 0]]
    with pytest.raises(ValueError, match=r"confusion_matrix: n_classes must be at least 3, got 2\."):
        confusion_matrix(SCORES, LABELS, n_classes=2)


def test_confusion_matrix_of_small_integer_types_does_not_overflow():
    labels = np.arange(200, dtype=np.uint8)
    np.testing.assert_array_equal(confusion_matrix(labels, labels), np.eye(200))


def test_confusion_matrix_refuses():
    with pytest.raises(ValueError, match=r"expected labels from 0 on, got -1\."):
        confusion_matrix(np.array([0, -1]), np.array([0, 1]))
    with pytest.raises(ValueError, match=r"expected labels from 0 on, got -1\."):
        confusion_matrix(np.array([0, 1]), np.array([0, -1]))
    with pytest.raises(ValueError, match=r"expected labels from 0 on, got -1\."):
        confusion_matrix(np.array([0, 1]), np.array([-1, 1]))
    with pytest.raises(ValueError, match=r"expected ground_truth of shape \(2,\) like predicted, got \(3,\)\."):
        confusion_matrix(np.array([0, 1]), np.array([0, 1, 1]))
    with pytest.raises(ValueError, match=r"expected at least one prediction, got shape \(0,\)\."):
        confusion_matrix(np.zeros(0, int), np.zeros(0, int))
    with pytest.raises(TypeError, match=r"expected integer labels in ground_truth, got float64\."):
        confusion_matrix(np.array([0, 1]), np.array([0.0, 1.0]))
    with pytest.raises(TypeError, match=r"expected ground_truth to be a NumPy array, got list\."):
        confusion_matrix(np.array([0, 1]), [0, 1])


@pytest.mark.parametrize("metric", [accuracy, top_k_accuracy, confusion_matrix])
def test_classification_refuses_bad_labels(metric):
    name = metric.__name__
    with pytest.raises(ValueError, match=rf"^{name}: expected labels from 0 to 2 for 3 classes, got 3\."):
        metric(SCORES, np.array([0, 1, 3, 0]))
    with pytest.raises(TypeError, match=rf"^{name}: expected integer labels, or probabilities of shape \(4, 3\)"):
        metric(SCORES, np.zeros(4))
    with pytest.raises(TypeError, match=rf"^{name}: expected predicted to be a NumPy array, got list"):
        metric(SCORES.tolist(), LABELS)


def test_mean_absolute_error():
    assert mean_absolute_error(np.array([[1.0, -2.0], [3.0, 4.0]]), np.array([[2.0, 2.0], [3.0, 5.0]])) == 1.5
    assert mean_absolute_error(np.array([1.0], np.float32), np.array([3])) == 2


def test_r2_score():
    truth = np.array([1.0, 2.0, 3.0, 4.0])  # mean 2.5, squares around it sum to 5
    assert r2_score(truth, truth) == 1
    assert r2_score(np.full(4, 2.5), truth) == 0
    assert r2_score(np.array([1.0, 2.0, 3.0, 5.0]), truth) == pytest.approx(0.8)
    assert r2_score(truth[::-1].copy(), truth) == -3


def test_r2_score_is_the_mean_over_columns():
    truth = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    predicted = np.array([[1.0, 20.0], [2.0, 20.0], [3.0, 20.0]])
    assert r2_score(predicted, truth) == pytest.approx((1 + 0) / 2)
    assert r2_score(predicted.reshape(3, 2, 1), truth.reshape(3, 2, 1)) == pytest.approx(0.5)


def test_r2_score_of_a_constant_truth():
    assert r2_score(np.array([2.0, 2.0]), np.array([2.0, 2.0])) == 1
    assert r2_score(np.array([2.0, 3.0]), np.array([2.0, 2.0])) == 0
    assert r2_score(np.array([3.0]), np.array([2.0])) == 0


@pytest.mark.parametrize("metric", [mean_absolute_error, r2_score])
def test_regression_refuses(metric):
    with pytest.raises(
        ValueError, match=rf"^{metric.__name__}: expected ground_truth of shape \(4, 1\) like predicted"
    ):
        metric(np.zeros((4, 1)), np.zeros(4))
    with pytest.raises(ValueError, match=r"expected at least one prediction, got shape \(0,\)\."):
        metric(np.zeros(0), np.zeros(0))
