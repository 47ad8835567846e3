"""Losses over numbers: absolute, Huber, hinge, binary cross-entropy; by hand, derivatives, extremes, errors."""

from functools import partial

import numpy as np
import pytest

from tests.layers.differences import slope
from tinynet.losses import (
    binary_cross_entropy_with_logits,
    hinge,
    huber,
    mean_absolute_error,
    mean_squared_error,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4)) * 2


def test_the_sum_is_the_mean_times_the_count():
    truth = np.sign(RNG.normal(size=X.shape))
    for loss in (mean_squared_error, mean_absolute_error, huber, hinge):
        mean, total = loss(X, truth), loss(X, truth, reduction="sum")
        assert total[0] == pytest.approx(12 * mean[0])
        np.testing.assert_allclose(total[1], 12 * mean[1])


def test_mean_absolute_error_by_hand():
    loss, gradient = mean_absolute_error(np.array([[1.0, 3.0, 5.0, 0.0]]), np.array([[2.0, 3.0, 3.0, 1.0]]))
    assert loss == 1
    np.testing.assert_array_equal(gradient, [[-0.25, 0, 0.25, -0.25]])


def test_huber_by_hand():
    loss, gradient = huber(np.array([0.5, -2.0, 4.0, 1.0]), np.zeros(4), delta=2.0)
    assert loss == pytest.approx((0.125 + 2 + 2 * 3 + 0.5) / 4)
    np.testing.assert_allclose(gradient, [0.125, -0.5, 0.5, 0.25])


def test_hinge_by_hand():
    loss, gradient = hinge(np.array([0.5, -0.5, 2.0, -2.0]), np.array([1, 1, 1, -1]))
    assert loss == (0.5 + 1.5) / 4
    np.testing.assert_array_equal(gradient, [-0.25, -0.25, 0, 0])
    assert hinge(np.array([0.5]), np.array([1.0]), margin=0.25)[0] == 0


def test_binary_cross_entropy_by_hand():
    x = np.log([3.0, 3.0, 1.0])  # σ = 3/4, 3/4, 1/2
    loss, gradient = binary_cross_entropy_with_logits(x, np.array([1, 0, 0.5]))
    assert loss == pytest.approx((np.log(4 / 3) + np.log(4) + np.log(2)) / 3)
    np.testing.assert_allclose(gradient, [-0.25 / 3, 0.75 / 3, 0], atol=1e-16)
    loss, gradient = binary_cross_entropy_with_logits(
        x, np.array([1, 0, 0]), weight=np.array([1.0, 2.0, 0.0]), pos_weight=5.0, reduction="sum"
    )
    assert loss == pytest.approx(5 * np.log(4 / 3) + 2 * np.log(4))
    np.testing.assert_allclose(gradient, [-5 / 4, 2 * 3 / 4, 0])


def test_a_pos_weight_for_each_column():
    x, weight = np.zeros((2, 3)), np.array([1.0, 2.0, 4.0])
    _, gradient = binary_cross_entropy_with_logits(x, np.ones((2, 3)), pos_weight=weight, reduction="sum")
    np.testing.assert_allclose(gradient, [[-0.5, -1, -2]] * 2)


def test_extremes_in_float32():
    x = np.array([1e4, -1e4, 1e4, -1e4, -30], np.float32)
    loss, gradient = binary_cross_entropy_with_logits(x, np.array([1, 0, 0, 1, 0]), reduction="sum")
    assert loss == 2e4
    np.testing.assert_allclose(gradient, [0, 0, 1, -1, np.exp(-30)], rtol=1e-6)
    assert gradient.dtype == np.float32
    for other in (mean_absolute_error, huber):
        value, gradient = other(x, np.zeros(5, np.float32))
        assert np.isfinite(value)
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, [0.2, -0.2, 0.2, -0.2, -0.2])


OPTIONS = [
    (mean_absolute_error, RNG.normal(size=X.shape)),
    (partial(mean_squared_error, reduction="sum"), RNG.normal(size=X.shape)),
    (partial(huber, delta=0.7), RNG.normal(size=X.shape)),
    (partial(hinge, margin=0.3), np.sign(RNG.normal(size=X.shape))),
    (binary_cross_entropy_with_logits, RNG.uniform(size=X.shape)),
    (
        partial(binary_cross_entropy_with_logits, weight=RNG.uniform(size=(3, 1)), pos_weight=RNG.uniform(size=4)),
        RNG.uniform(size=X.shape),
    ),
]


@pytest.mark.parametrize(("loss", "truth"), OPTIONS)
def test_gradient_is_the_derivative_of_the_value(loss, truth):
    predicted = X.copy()
    _, gradient = loss(predicted, truth)
    np.testing.assert_allclose(gradient, slope(lambda: loss(predicted, truth)[0], predicted), rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(predicted, X)


Y = np.ones(X.shape)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (partial(mean_absolute_error, X, Y[:2]), r"mean_absolute_error: expected ground_truth of shape \(3, 4\) like"),
        (partial(mean_absolute_error, X, Y, "none"), r"reduction must be one of 'mean', 'sum'; got 'none'\."),
        (partial(mean_squared_error, X, Y, "avg"), r"mean_squared_error: reduction must be one of 'mean', 'sum'"),
        (partial(huber, X, Y, 0), r"huber: delta must be greater than 0, got 0\."),
        (
            partial(hinge, X, 0 * Y),
            r"hinge: expected labels -1 and 1, got 0\.\nHint: for labels 0 and 1 pass 2 \* ground",
        ),
        (partial(hinge, X, Y, -1), r"hinge: margin must be greater than 0, got -1\."),
        (
            partial(binary_cross_entropy_with_logits, X, -Y),
            r"expected ground_truth from 0 to 1, got -1 to -1\.\nHint: for labels -1 and 1 pass \(ground_truth \+ 1\)",
        ),
        (
            partial(binary_cross_entropy_with_logits, X, Y, np.ones(3)),
            r"weight of shape \(3,\) cannot be spread over \(3, 4\)\.",
        ),
        (
            partial(binary_cross_entropy_with_logits, X, Y, np.ones((2, 3, 4))),
            r"weight of shape \(2, 3, 4\) cannot be spr",
        ),
        (partial(binary_cross_entropy_with_logits, X, Y, None, -1), r"expected pos_weight of at least 0, got -1\."),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()
