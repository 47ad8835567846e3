"""Losses: values by hand, gradients as the derivative of the value returned, extremes, label errors."""

import numpy as np
import pytest

from tests.layers.differences import slope
from tinynet.losses import cross_entropy, mean_squared_error

RNG = np.random.default_rng(0)


def labels_for(shape: tuple[int, ...], axis: int) -> np.ndarray:
    return RNG.integers(0, shape[axis], np.delete(shape, axis))


def probabilities_for(shape: tuple[int, ...], axis: int) -> np.ndarray:
    q = RNG.uniform(size=shape)
    return q / q.sum(axis, keepdims=True)


# Cross-entropy.


def test_cross_entropy_by_hand():
    loss, gradient = cross_entropy(np.log([[1.0, 3.0], [1.0, 1.0]]), np.array([1, 0]))
    assert loss == pytest.approx(-(np.log(0.75) + np.log(0.5)) / 2)
    np.testing.assert_allclose(gradient, [[0.125, -0.125], [-0.25, 0.25]])


def test_cross_entropy_with_probabilities_by_hand():
    loss, gradient = cross_entropy(np.log([[1.0, 3.0]]), np.array([[0.5, 0.5]]))
    assert loss == pytest.approx(-(np.log(0.25) + np.log(0.75)) / 2)
    np.testing.assert_allclose(gradient, [[-0.25, 0.25]])


SHAPES = [((1, 2), -1), ((7, 3), -1), ((7, 3), 1), ((4, 5, 3), -1), ((2, 3, 4, 5), 1), ((3, 2), 0), ((5,), 0)]


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_cross_entropy_gradient_is_the_derivative_of_the_value(shape, axis):
    predicted = RNG.normal(size=shape)
    for truth in (labels_for(shape, axis), probabilities_for(shape, axis), RNG.uniform(size=shape)):
        _, gradient = cross_entropy(predicted, truth, axis=axis)
        expected = slope(lambda truth=truth: cross_entropy(predicted, truth, axis=axis)[0], predicted)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
def test_more_than_128_samples_with_any_integer_type(dtype):
    predicted, labels = RNG.normal(size=(300, 4)), RNG.integers(0, 4, 300)
    loss, gradient = cross_entropy(predicted, labels.astype(dtype))
    p = np.exp(predicted) / np.exp(predicted).sum(axis=1, keepdims=True)
    assert loss == pytest.approx(-np.log(p[np.arange(300), labels]).mean())
    np.testing.assert_allclose(gradient, (p - np.eye(4)[labels]) / 300)


def test_labels_and_one_hot_probabilities_agree():
    predicted, labels = RNG.normal(size=(6, 3)), np.array([0, 1, 2, 2, 1, 0])
    by_label, by_row = cross_entropy(predicted, labels), cross_entropy(predicted, np.eye(3)[labels])
    assert by_label[0] == pytest.approx(by_row[0], rel=1e-12)
    np.testing.assert_allclose(by_label[1], by_row[1], rtol=1e-9, atol=1e-15)


def test_images_of_classes_agree_with_rows_of_classes():
    predicted, labels = RNG.normal(size=(2, 3, 4, 5)), RNG.integers(0, 3, (2, 4, 5))
    loss, gradient = cross_entropy(predicted, labels, axis=1)
    rows_loss, rows_gradient = cross_entropy(predicted.transpose(0, 2, 3, 1).reshape(-1, 3), labels.ravel())
    assert loss == pytest.approx(rows_loss)
    assert gradient.shape == predicted.shape
    np.testing.assert_allclose(gradient.transpose(0, 2, 3, 1).reshape(-1, 3), rows_gradient)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_at_the_extremes(dtype):
    predicted = np.array([[1e4, -1e4], [1e4, -1e4]], dtype)
    loss, gradient = cross_entropy(predicted, np.array([0, 1]))
    assert loss == 1e4
    np.testing.assert_array_equal(gradient, [[0, 0], [0.5, -0.5]])
    assert gradient.dtype == dtype
    assert cross_entropy(predicted, np.array([[1, 0], [0.5, 0.5]], dtype))[0] == 5e3


@pytest.mark.parametrize("truth", [np.array([1]), np.array([[0.0, 1.0, 0.0]])], ids=["label", "probabilities"])
def test_a_masked_class_costs_nothing_unless_it_is_true(truth):
    loss, gradient = cross_entropy(np.array([[-np.inf, 0.0, 0.0]]), truth)
    assert loss == pytest.approx(np.log(2))
    np.testing.assert_allclose(gradient, [[0, -0.5, 0.5]])
    assert cross_entropy(np.array([[0.0, -np.inf, 0.0]]), truth)[0] == np.inf


def test_a_perfect_prediction_costs_plain_zero():
    assert str(cross_entropy(np.array([[1e4, 0.0]]), np.array([0]))[0]) == "0.0"


def test_nan_is_not_hidden():
    assert np.isnan(cross_entropy(np.array([[np.nan, 0.0]]), np.array([1]))[0])
    assert np.isnan(mean_squared_error(np.array([np.nan, 0.0]), np.zeros(2))[0])


def test_loss_is_summed_precisely_in_float32():
    predicted = RNG.normal(size=(20000, 10)).astype(np.float32)
    labels = RNG.integers(0, 10, 20000)
    precise = cross_entropy(predicted.astype(np.float64), labels)
    loss, gradient = cross_entropy(predicted, labels)
    assert loss == pytest.approx(precise[0], rel=1e-7)
    np.testing.assert_allclose(gradient, precise[1], rtol=1e-5, atol=1e-11)


@pytest.mark.parametrize("loss", [cross_entropy, mean_squared_error])
def test_inputs_are_left_alone(loss):
    predicted, truth = RNG.normal(size=(3, 4)), probabilities_for((3, 4), 1)
    copies = predicted.copy(), truth.copy()
    _, gradient = loss(predicted, truth)
    np.testing.assert_array_equal(predicted, copies[0])
    np.testing.assert_array_equal(truth, copies[1])
    assert not np.shares_memory(gradient, predicted)
    assert not np.shares_memory(gradient, truth)


LOGITS = np.zeros((4, 3), np.float32)


@pytest.mark.parametrize(
    ("predicted", "truth", "axis", "kind", "words"),
    [
        (LOGITS, [0, 1, 2, 0], -1, TypeError, r"expected ground_truth to be a NumPy array, got list\."),
        (LOGITS.tolist(), np.zeros(4, int), -1, TypeError, r"expected predicted to be a NumPy array, got list\."),
        (LOGITS.astype(int), np.zeros(4, int), -1, TypeError, r"predicted to hold floating-point numbers, got int64\."),
        (
            LOGITS,
            np.zeros(4),
            -1,
            TypeError,
            r"integer labels, or probabilities of shape \(4, 3\); got float64 of shape \(4,\)\.",
        ),
        (LOGITS, np.zeros(4), -1, TypeError, r"Hint: convert labels with \.astype\(np\.int64\)\."),
        (LOGITS, np.zeros(4, bool), -1, TypeError, r"expected integer labels, got bool\."),
        (LOGITS, np.array(["a"] * 4), -1, TypeError, r"expected integer labels, got <U1\."),
        (LOGITS, np.array([0, 1, 3, 0]), -1, ValueError, r"expected labels from 0 to 2 for 3 classes, got 3\."),
        (
            LOGITS,
            np.array([0, 1, 3, 0]),
            -1,
            ValueError,
            r"Hint: let the last layer give 4 classes, or number the labels",
        ),
        (LOGITS, np.array([0, 1, 255, 0], np.uint8), -1, ValueError, r"Hint: let the last layer give 256 classes"),
        (LOGITS, np.array([0, 1, -1, 0]), -1, ValueError, r"expected labels from 0 to 2 for 3 classes, got -1\.$"),
        (
            LOGITS,
            np.zeros(5, int),
            -1,
            ValueError,
            r"labels of shape \(4,\) for predicted of shape \(4, 3\), got \(5,\)\.$",
        ),
        (
            LOGITS,
            np.zeros((4, 1), int),
            -1,
            ValueError,
            r"Hint: take the last axis away with ground_truth\[\.\.\., 0\]\.",
        ),
        (
            LOGITS,
            np.eye(3, dtype=int)[[0, 1, 2, 0]],
            -1,
            ValueError,
            r"Hint: integer targets of this shape look one-hot",
        ),
        (LOGITS, np.zeros(3, int), 2, ValueError, r"expected predicted with a class axis 2, got shape \(4, 3\)\."),
        (LOGITS[:0], np.zeros(0, int), -1, ValueError, r"expected at least one prediction, got shape \(0, 3\)\."),
        (
            np.zeros((2, 3, 4, 5)),
            np.zeros((2, 4, 5), int),
            -1,
            ValueError,
            r"Hint: the classes seem to be in axis 1: write axis=1\.",
        ),
        (
            np.zeros((2, 4, 5, 3)),
            np.zeros((2, 4, 5), int),
            1,
            ValueError,
            r"Hint: the classes seem to be in axis 3: write axis=3\.",
        ),
    ],
)
def test_cross_entropy_refuses(predicted, truth, axis, kind, words):
    with pytest.raises(kind, match=f"(?s)^cross_entropy: .*{words}") as caught:
        cross_entropy(predicted, truth, axis=axis)
    assert type(caught.value) is kind


# Mean squared error.


def test_mean_squared_error_by_hand():
    loss, gradient = mean_squared_error(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0], [0.0, 4.0]]))
    assert loss == (4 + 9) / 4
    np.testing.assert_allclose(gradient, [[0, 1], [1.5, 0]])


@pytest.mark.parametrize("shape", [(200, 1), (3, 4), (2, 3, 4), (5,)])
def test_mean_squared_error_gradient_is_the_derivative_of_the_value(shape):
    predicted, truth = RNG.normal(size=(2, *shape))
    _, gradient = mean_squared_error(predicted, truth)
    expected = slope(lambda: mean_squared_error(predicted, truth)[0], predicted)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


def test_mean_squared_error_keeps_float32_and_takes_whole_numbers():
    loss, gradient = mean_squared_error(np.array([1e4, -1e4], np.float32), np.array([-10000, 10000]))
    assert loss == 4e8
    assert gradient.dtype == np.float32
    np.testing.assert_array_equal(gradient, [2e4, -2e4])


@pytest.mark.parametrize(
    ("predicted", "truth", "kind", "words"),
    [
        (
            np.zeros((4, 1)),
            np.zeros(4),
            ValueError,
            r"expected ground_truth of shape \(4, 1\) like predicted, got \(4,\)\.",
        ),
        (np.zeros((4, 1)), np.zeros(4), ValueError, r"Hint: reshape the truth with \.reshape\(\(4, 1\)\)\."),
        (np.zeros((4, 2)), np.zeros((4, 3)), ValueError, r"of shape \(4, 2\) like predicted, got \(4, 3\)\.$"),
        (np.zeros((0, 2)), np.zeros((0, 2)), ValueError, r"expected at least one prediction, got shape \(0, 2\)\."),
        (np.zeros(2), [0.0, 0.0], TypeError, r"expected ground_truth to be a NumPy array, got list\."),
        (np.zeros(2), np.array(["a", "b"]), TypeError, r"expected ground_truth to hold numbers, got <U1\."),
        (np.zeros(2, int), np.zeros(2), TypeError, r"expected predicted to hold floating-point numbers, got int64\."),
    ],
)
def test_mean_squared_error_refuses(predicted, truth, kind, words):
    with pytest.raises(kind, match=f"(?s)^mean_squared_error: .*{words}"):
        mean_squared_error(predicted, truth)
