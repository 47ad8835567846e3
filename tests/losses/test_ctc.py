"""CTC: against the sum over every path, derivatives, lengths, impossible labels, errors."""

from itertools import groupby, product

import numpy as np
import pytest

from tests.layers.differences import slope
from tinynet.losses import ctc

RNG = np.random.default_rng(0)


def probability(logits: np.ndarray, labels: list[int], blank: int = 0) -> float:
    """Graves et al. 2006, equation 3: the sum over every path that becomes the labels."""
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    total = 0.0
    for path in product(range(logits.shape[1]), repeat=len(logits)):
        if [label for label, _ in groupby(path) if label != blank] == labels:
            total += float(np.prod([p[t, label] for t, label in enumerate(path)]))
    return total


def truth(labels, input_lengths, label_lengths):
    return np.array(labels), np.array(input_lengths), np.array(label_lengths)


@pytest.mark.parametrize("labels", [[1], [1, 2], [1, 1], [2, 1, 2], []])
def test_equals_the_sum_over_every_path(labels):
    logits = RNG.normal(size=(1, 5, 3))
    loss, _ = ctc(logits, truth([labels or [-1]], [5], [len(labels)]), reduction="sum")
    assert loss == pytest.approx(-np.log(probability(logits[0], labels)), rel=1e-12)


def test_another_blank():
    logits = RNG.normal(size=(1, 4, 3))
    loss, _ = ctc(logits, truth([[0, 1]], [4], [2]), blank=2)
    assert loss == pytest.approx(-np.log(probability(logits[0], [0, 1], blank=2)) / 2)


def test_the_mean_divides_by_the_number_of_labels():
    logits = RNG.normal(size=(2, 4, 3))
    loss, _ = ctc(logits, truth([[1, 2], [1, -1]], [4, 3], [2, 1]))
    first, second = probability(logits[0], [1, 2]), probability(logits[1, :3], [1])
    assert loss == pytest.approx(-(np.log(first) / 2 + np.log(second)) / 2)


@pytest.mark.parametrize("filling", [-1, 0, 1, 99])
def test_what_stands_behind_the_labels_does_not_count(filling):
    logits = np.random.default_rng(1).normal(size=(1, 4, 3))
    loss, gradient = ctc(logits, truth([[2, filling, filling]], [4], [1]))
    assert loss == pytest.approx(-np.log(probability(logits[0], [2])))
    np.testing.assert_array_equal(gradient, ctc(logits, truth([[2]], [4], [1]))[1])


def test_one_number_is_enough():
    loss, gradient = ctc(np.zeros((1, 1, 1)), truth([[0]], [1], [0]))  # one step, one class, which is the blank
    assert loss == 0
    np.testing.assert_array_equal(gradient, [[[0]]])


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_gradient_is_the_derivative_of_the_value(reduction):
    logits = RNG.normal(size=(3, 5, 3))
    given = truth([[1, 1, 2], [2, 0, 0], [0, 0, 0]], [5, 3, 2], [3, 1, 0])
    _, gradient = ctc(logits, given, reduction=reduction)
    expected = slope(lambda: ctc(logits, given, reduction=reduction)[0], logits)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)
    assert not gradient[1, 3:].any()  # beyond its input length
    np.testing.assert_allclose(gradient.sum(axis=2), 0, atol=1e-13)


def test_too_few_steps_make_the_loss_infinite_or_count_for_nothing():
    logits = RNG.normal(size=(2, 2, 3))
    given = truth([[1, 1], [1, 2]], [2, 2], [2, 2])  # 1, 1 needs a blank between
    loss, gradient = ctc(logits, given)
    assert loss == np.inf
    assert np.isfinite(gradient).all()
    assert not gradient[0].any()
    loss, same = ctc(logits, given, zero_infinity=True)
    assert loss == pytest.approx(-np.log(probability(logits[1], [1, 2])) / 4)
    np.testing.assert_array_equal(same, gradient)


def test_extremes_in_float32_and_one_step():
    logits = np.array([[[-1e4, 1e4, 0]]], np.float32)
    loss, gradient = ctc(logits, truth([[1]], [1], [1]))
    assert loss == 0
    assert gradient.dtype == np.float32
    loss, gradient = ctc(logits, truth([[2]], [1], [1]))
    assert loss == 1e4
    np.testing.assert_array_equal(gradient, [[[0, 1, -1]]])


def test_long_sequences_do_not_underflow():
    loss, gradient = ctc(np.zeros((1, 2000, 5)), truth([[1, 2, 3] * 50], [2000], [150]))
    assert 0 < loss < np.inf
    assert np.isfinite(gradient).all()


LOGITS = np.zeros((2, 4, 3))
GOOD = truth([[1, 2], [1, 2]], [4, 4], [2, 2])


@pytest.mark.parametrize(
    ("predicted", "given", "kind", "words"),
    [
        (LOGITS.tolist(), GOOD, TypeError, r"expected predicted to be a NumPy array, got list\."),
        (LOGITS.astype(int), GOOD, TypeError, r"expected predicted to hold floating-point numbers, got int64\."),
        (LOGITS[0], GOOD, ValueError, r"expected predicted of shape \(N, T, C\), got \(4, 3\)\."),
        (LOGITS[:0], GOOD, ValueError, r"expected predicted of shape \(N, T, C\), got \(0, 4, 3\)\."),
        (LOGITS, GOOD[:2], TypeError, r"expected ground_truth as a tuple \(labels, input_lengths, label_lengths\)\."),
        (LOGITS, GOOD[0], TypeError, r"expected ground_truth as a tuple \(labels, input_lengths, label_lengths\)\."),
        (LOGITS, (GOOD[0].astype(float), *GOOD[1:]), TypeError, r"expected labels to hold integers, got float64\."),
        (LOGITS, ([[1]], *GOOD[1:]), TypeError, r"expected labels to be a NumPy array, got list\."),
        (LOGITS, truth([1, 2], [4, 4], [2, 2]), ValueError, r"expected labels of shape \(2, S\), got \(2,\)\."),
        (LOGITS, truth([[1], [2]], [4], [1, 1]), ValueError, r"expected input_lengths of shape \(2,\), got \(1,\)\."),
        (LOGITS, truth([[1], [2]], [4, 5], [1, 1]), ValueError, r"expected input_lengths from 1 to 4, got 4 to 5\."),
        (LOGITS, truth([[1], [2]], [0, 4], [1, 1]), ValueError, r"expected input_lengths from 1 to 4, got 0 to 4\."),
        (LOGITS, truth([[1], [2]], [4, 4], [1, 2]), ValueError, r"expected label_lengths from 0 to 1, got 1 to 2\."),
        (LOGITS, truth([[1], [3]], [4, 4], [1, 1]), ValueError, r"labels from 0 to 2 without the blank 0, got 3\."),
        (LOGITS, truth([[1], [0]], [4, 4], [1, 1]), ValueError, r"labels from 0 to 2 without the blank 0, got 0\."),
    ],
)
def test_refusals(predicted, given, kind, words):
    with pytest.raises(kind, match=f"ctc: .*{words}"):
        ctc(predicted, given)


def test_options_that_are_refused():
    with pytest.raises(ValueError, match=r"ctc: blank must be a class from 0 to 2, got 3\."):
        ctc(LOGITS, GOOD, blank=3)
    with pytest.raises(ValueError, match=r"ctc: reduction must be one of 'mean', 'sum'; got 'none'\."):
        ctc(LOGITS, GOOD, reduction="none")
