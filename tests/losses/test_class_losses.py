"""Losses over classes: options of cross-entropy, NLL, focal, KL, multi-class hinge; by hand, derivatives, errors."""

from functools import partial

import numpy as np
import pytest

from tests.layers.differences import slope
from tinynet.losses import cross_entropy, focal, kl_divergence, multi_margin, negative_log_likelihood

RNG = np.random.default_rng(0)
LN2, LN4 = np.log(2), np.log(4)
THIRDS = np.log([[1.0, 3.0], [1.0, 1.0]])  # p = 1/4, 3/4 and 1/2, 1/2
WEIGHT = np.array([3.0, 1.0])
X, LABELS = RNG.normal(size=(4, 3)), np.array([0, 2, 1, 2])


def assert_slope(loss, predicted, truth):
    value, gradient = loss(predicted, truth)
    assert isinstance(value, float)
    np.testing.assert_allclose(gradient, slope(lambda: loss(predicted, truth)[0], predicted), rtol=1e-6, atol=1e-9)


def test_a_weighted_mean_is_over_the_weights():
    loss, gradient = cross_entropy(THIRDS, np.array([0, 1]), weight=WEIGHT)
    assert loss == pytest.approx((3 * LN4 + LN2) / 4)
    np.testing.assert_allclose(gradient, [[-0.75 * 0.75, 0.75 * 0.75], [0.125, -0.125]])
    assert cross_entropy(THIRDS, np.array([0, 1]), weight=WEIGHT, reduction="sum")[0] == pytest.approx(3 * LN4 + LN2)


def test_weights_of_probabilities_leave_the_mean_over_rows():
    loss, _ = cross_entropy(THIRDS, np.array([[0.5, 0.5], [0.0, 1.0]]), weight=WEIGHT)
    assert loss == pytest.approx((1.5 * LN4 + 0.5 * np.log(4 / 3) + LN2) / 2)


def test_ignored_labels_count_for_nothing():
    loss, gradient = cross_entropy(THIRDS, np.array([0, -1]), ignore_index=-1)
    assert loss == pytest.approx(LN4)
    np.testing.assert_allclose(gradient, [[-0.75, 0.75], [0, 0]])
    assert cross_entropy(THIRDS, np.array([0, 1]), ignore_index=0)[0] == pytest.approx(LN2)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_where_all_labels_are_ignored_loss_and_gradient_are_zero(smoothing):
    loss, gradient = cross_entropy(THIRDS, np.array([-1, -1]), ignore_index=-1, label_smoothing=smoothing)
    assert loss == 0
    np.testing.assert_array_equal(gradient, np.zeros((2, 2)))
    assert negative_log_likelihood(THIRDS, np.array([-1, -1]), ignore_index=-1)[0] == 0


def test_label_smoothing_spreads_a_share_over_all_classes():
    loss, gradient = cross_entropy(THIRDS[:1], np.array([0]), label_smoothing=0.2)
    assert loss == pytest.approx(0.9 * LN4 + 0.1 * np.log(4 / 3))
    np.testing.assert_allclose(gradient, [[0.25 - 0.9, 0.75 - 0.1]])
    by_row = cross_entropy(THIRDS[:1], np.array([[1.0, 0.0]]), label_smoothing=0.2)
    assert by_row[0] == pytest.approx(loss)
    np.testing.assert_allclose(by_row[1], gradient)


def test_smoothing_counts_a_label_of_weight_0_but_not_an_ignored_one():
    weight = np.array([0.0, 1.0])
    loss, _ = cross_entropy(THIRDS, np.array([0, 1]), weight=weight, label_smoothing=0.5)
    assert loss == pytest.approx(0.25 * np.log(4 / 3) + 0.75 * LN2)
    loss, _ = cross_entropy(THIRDS, np.array([0, 1]), weight=weight, label_smoothing=0.5, ignore_index=0)
    assert loss == pytest.approx(0.75 * LN2)


def test_negative_log_likelihood_by_hand():
    log_p = np.log([[0.25, 0.75], [0.5, 0.5]])
    loss, gradient = negative_log_likelihood(log_p, np.array([0, 1]))
    assert loss == pytest.approx((LN4 + LN2) / 2)
    np.testing.assert_allclose(gradient, [[-0.5, 0], [0, -0.5]])
    loss, gradient = negative_log_likelihood(log_p, np.array([0, 1]), weight=WEIGHT, reduction="sum")
    assert loss == pytest.approx(3 * LN4 + LN2)
    np.testing.assert_allclose(gradient, [[-3, 0], [0, -1]])


def test_focal_by_hand():
    loss, _ = focal(THIRDS, np.array([0, 1]), gamma=2.0)
    assert loss == pytest.approx((0.75**2 * LN4 + 0.25 * LN2) / 2)
    loss, _ = focal(THIRDS, np.array([0, 1]), gamma=1.0, alpha=WEIGHT, reduction="sum")
    assert loss == pytest.approx(3 * 0.75 * LN4 + 0.5 * LN2)
    plain, entropy = focal(X, LABELS, gamma=0), cross_entropy(X, LABELS)
    assert plain[0] == pytest.approx(entropy[0])
    np.testing.assert_allclose(plain[1], entropy[1])


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 3.0])
def test_focal_at_the_extremes(gamma):
    x = np.array([[1e4, -1e4], [1e4, -1e4]], np.float32)
    loss, gradient = focal(x, np.array([0, 1]), gamma)
    assert loss == 1e4
    np.testing.assert_array_equal(gradient, [[0, 0], [0.5, -0.5]])


def test_kl_divergence_by_hand():
    loss, gradient = kl_divergence(np.log([[0.25, 0.75], [0.5, 0.5]]), np.array([[0.5, 0.5], [0.0, 1.0]]))
    assert loss == pytest.approx((0.5 * LN2 + 0.5 * np.log(2 / 3) + LN2) / 2)
    np.testing.assert_allclose(gradient, [[-0.25, -0.25], [0, -0.5]])
    q = np.array([[0.1, 0.9]])
    assert kl_divergence(np.log(q), q)[0] == pytest.approx(0, abs=1e-15)


def test_kl_divergence_where_a_class_is_impossible():
    with np.errstate(divide="ignore"):
        log_p = np.log([[0.0, 1.0]])
    assert kl_divergence(log_p, np.array([[0.0, 1.0]]))[0] == 0
    assert kl_divergence(log_p, np.array([[0.5, 0.5]]))[0] == np.inf


def test_multi_margin_by_hand():
    loss, gradient = multi_margin(np.array([[1.0, 0.5, -2.0]]), np.array([0]))
    assert loss == pytest.approx(0.5 / 3)
    np.testing.assert_allclose(gradient, [[-1 / 3, 1 / 3, 0]])
    loss, gradient = multi_margin(np.array([[1.0, 0.5, -2.0]]), np.array([2]), margin=2, weight=np.array([1.0, 1, 6]))
    assert loss == pytest.approx(6 * (5 + 4.5) / 3)
    np.testing.assert_allclose(gradient, [[2, 2, -4]])


OPTIONS = [
    partial(cross_entropy, weight=np.array([0.5, 2, 0]), label_smoothing=0.3, ignore_index=1),
    partial(cross_entropy, weight=np.array([0.5, 2, 0]), reduction="sum"),
    partial(negative_log_likelihood, weight=np.array([0.5, 2, 1]), ignore_index=1),
    partial(focal, gamma=0.5, alpha=np.array([0.5, 2, 1])),
    partial(focal, gamma=2.0, reduction="sum"),
    partial(multi_margin, margin=0.7, weight=np.array([0.5, 2, 1])),
]


@pytest.mark.parametrize("loss", OPTIONS, ids=lambda loss: loss.func.__name__)
def test_gradient_is_the_derivative_of_the_value(loss):
    assert_slope(loss, X.copy(), LABELS)


@pytest.mark.parametrize("loss", OPTIONS, ids=lambda loss: loss.func.__name__)
def test_images_of_classes_agree_with_rows(loss):
    images, labels = RNG.normal(size=(2, 3, 2, 2)), RNG.integers(0, 3, (2, 2, 2))
    value, gradient = loss(images, labels, axis=1)
    rows_value, rows_gradient = loss(images.transpose(0, 2, 3, 1).reshape(-1, 3), labels.ravel())
    assert value == pytest.approx(rows_value)
    np.testing.assert_allclose(gradient.transpose(0, 2, 3, 1).reshape(-1, 3), rows_gradient)


def test_kl_gradient_is_the_derivative_of_the_value():
    q = RNG.dirichlet(np.ones(3), (2, 4))
    assert_slope(kl_divergence, RNG.normal(size=(2, 4, 3)), q)
    assert_slope(partial(kl_divergence, axis=1, reduction="sum"), RNG.normal(size=(2, 3, 4)), q.transpose(0, 2, 1))


SOFT = np.full((4, 3), 1 / 3)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (
            partial(cross_entropy, X, LABELS, weight=[1, 2, 3]),
            TypeError,
            r"expected weight to be a NumPy array, got list",
        ),
        (
            partial(cross_entropy, X, LABELS, weight=np.ones(2)),
            ValueError,
            r"expected weight with a number for each of 3 classes, got \(2,\)\.",
        ),
        (partial(cross_entropy, X, LABELS, weight=-np.ones(3)), ValueError, r"expected weight of at least 0, got -1\."),
        (partial(focal, X, LABELS, alpha=np.array(["a"] * 3)), TypeError, r"expected alpha to hold numbers, got <U1\."),
        (
            partial(cross_entropy, X, LABELS, label_smoothing=1.0),
            ValueError,
            r"label_smoothing must be at least 0 and bel",
        ),
        (
            partial(cross_entropy, X, LABELS, reduction="none"),
            ValueError,
            r"reduction must be one of 'mean', 'sum'; got",
        ),
        (
            partial(cross_entropy, X, SOFT, ignore_index=0),
            ValueError,
            r"ignore_index=0 is for integer labels, but probabilities came\.\nHint: give those rows the weight 0",
        ),
        (
            partial(cross_entropy, X, LABELS - 1, ignore_index=-100),
            ValueError,
            r"labels from 0 to 2 for 3 classes, got -1",
        ),
        (
            partial(negative_log_likelihood, X, SOFT),
            TypeError,
            r"negative_log_likelihood: expected integer labels, got probabilities\.\nHint: take the likeliest",
        ),
        (partial(focal, X, SOFT), TypeError, r"focal: expected integer labels, got probabilities\."),
        (partial(multi_margin, X, SOFT), TypeError, r"multi_margin: expected integer labels, got probabilities\."),
        (partial(multi_margin, X, LABELS, margin=0), ValueError, r"margin must be greater than 0, got 0\."),
        (partial(focal, X, LABELS, gamma=-1), ValueError, r"gamma must be at least 0, got -1\."),
        (
            partial(kl_divergence, X, LABELS),
            TypeError,
            r"kl_divergence: expected probabilities, got integer labels\.\nHint: for labels use negative_log_like",
        ),
        (partial(kl_divergence, X, 2 * SOFT + 1), ValueError, r"expected ground_truth from 0 to 1, got 1\.66667 to"),
    ],
)
def test_refusals(call, kind, words):
    with pytest.raises(kind, match=words):
        call()
