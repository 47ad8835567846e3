"""Losses of probabilities, binary cross-entropy and soft Dice: by hand, at the ends, what is left out, errors."""

import math

import numpy as np
import pytest

from tests.layers.differences import slope
from tinynet.losses import binary_cross_entropy, binary_cross_entropy_with_logits, soft_dice

RNG = np.random.default_rng(0)
P = RNG.uniform(0.05, 0.95, (4, 3))
YES = (RNG.random((4, 3)) < 0.5).astype(int)


def test_binary_cross_entropy_by_hand():
    p, t = np.array([0.25, 0.5]), np.array([1.0, 0.0])
    loss, gradient = binary_cross_entropy(p, t)
    assert loss == pytest.approx((math.log(4) + math.log(2)) / 2)
    np.testing.assert_allclose(gradient, [-2.0, 1.0])
    loss, gradient = binary_cross_entropy(p, t, weight=np.array([3.0, 0.5]), reduction="sum")
    assert loss == pytest.approx(3 * math.log(4) + 0.5 * math.log(2))
    np.testing.assert_allclose(gradient, [-12.0, 1.0])


def test_it_is_that_of_the_logits():
    x = RNG.normal(size=(5, 2))
    t = RNG.random((5, 2))
    loss, gradient = binary_cross_entropy(1 / (1 + np.exp(-x)), t, weight=[0.5, 2.0])
    of_logits, of_logits_gradient = binary_cross_entropy_with_logits(x, t, weight=[0.5, 2.0])
    assert loss == pytest.approx(of_logits, rel=1e-12)
    p = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(gradient * p * (1 - p), of_logits_gradient, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sure_answer(dtype):
    p, t = np.array([0, 1, 0, 1], dtype), np.array([0, 1, 1, 0])
    loss, gradient = binary_cross_entropy(p, t, reduction="sum")
    assert loss == 200
    np.testing.assert_allclose(gradient, [0, 0, -1e12, 1e12], rtol=1e-6)
    assert gradient.dtype == dtype


def test_a_probability_too_small_for_a_logarithm_of_100():
    assert binary_cross_entropy(np.array([1e-44, 1e-40]), np.array([1, 1]), reduction="sum")[0] == pytest.approx(
        100 + 40 * math.log(10)
    )


def test_a_small_probability_keeps_its_digits():
    assert binary_cross_entropy(np.array([1e-20]), np.array([0]))[0] == pytest.approx(1e-20, rel=1e-12)


def test_nan_stays_nan_and_a_weight_of_0_leaves_out():
    p = P.copy()
    p[1, 2] = np.nan
    assert math.isnan(binary_cross_entropy(p, YES)[0])
    p[1, 2] = -7
    weight = np.ones((4, 3))
    weight[1, 2] = 0
    loss, gradient = binary_cross_entropy(p, YES, weight)
    assert loss == pytest.approx(binary_cross_entropy(P, YES, weight)[0])
    assert gradient[1, 2] == 0


def test_soft_dice_by_hand():
    p = np.array([[[0.5, 0.5], [1.0, 0.0]]])  # one sample, two places, two classes
    labels = np.array([[0, 1]])
    # Class 0: overlap 2 · 0.5 + 1, areas 1.25 + 1 + 1; class 1: overlap 1, areas 0.25 + 1 + 1.
    D = np.array([2 / 3.25, 1 / 2.25])
    loss, gradient = soft_dice(p, labels)
    assert loss == pytest.approx((1 - D).mean())
    t = np.array([[[1, 0], [0, 1]]])
    np.testing.assert_allclose(gradient, -2 * (t - D * p) / [3.25, 2.25] / 2)
    assert soft_dice(p, t.astype(float))[0] == loss
    weighted, _ = soft_dice(p, labels, weight=np.array([3.0, 1.0]))
    assert weighted == pytest.approx((1 - D) @ [3, 1] / 4)
    assert soft_dice(p, labels, weight=np.array([3.0, 1.0]), reduction="sum")[0] == pytest.approx((1 - D) @ [3, 1])


def test_soft_dice_of_yes_or_no():
    p, t = np.array([[0.5, 1.0, 0.0], [0.0, 0.0, 1.0]]), np.array([[1, 1, 0], [0, 0, 1]])
    loss, _ = soft_dice(p, t, axis=None, smooth=0.0)
    assert loss == pytest.approx((1 - 3 / 3.25) / 2)
    assert soft_dice(t.astype(float), t, axis=None)[0] == 0
    assert soft_dice(1.0 - t, t, axis=None, smooth=0.0)[0] == 1


def test_the_class_axis_is_where_one_says():
    p, labels = RNG.dirichlet(np.ones(3), (2, 4, 5)), RNG.integers(0, 3, (2, 4, 5))
    loss, gradient = soft_dice(p, labels, weight=np.array([0.5, 2.0, 1.0]))
    moved, moved_gradient = soft_dice(np.moveaxis(p, -1, 1), labels, axis=1, weight=np.array([0.5, 2.0, 1.0]))
    assert moved == pytest.approx(loss)
    np.testing.assert_allclose(np.moveaxis(moved_gradient, 1, -1), gradient)


@pytest.mark.parametrize("smooth", [0.0, 0.3])
@pytest.mark.parametrize("axis", [-1, None])
def test_the_gradient_of_soft_dice_is_its_derivative(axis, smooth):
    p, t = RNG.uniform(0.1, 0.9, (2, 4, 3)), RNG.integers(0, 3, (2, 4)) if axis else RNG.integers(0, 2, (2, 4, 3))
    options = {"axis": axis, "smooth": smooth, "ignore_index": 1}
    expected = slope(lambda: soft_dice(p, t, **options)[0], p)
    np.testing.assert_allclose(soft_dice(p, t, **options)[1], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_a_class_that_is_neither_there_nor_predicted_costs_nothing(smooth):
    p, labels = np.zeros((1, 2, 3), np.float32), np.zeros((1, 2), int)
    p[..., 0] = 1
    loss, gradient = soft_dice(p, labels, smooth=smooth)
    assert loss == 0
    np.testing.assert_array_equal(gradient, 0)


def test_places_that_are_ignored_have_no_effect():
    p, labels = RNG.dirichlet(np.ones(3), (2, 5)), RNG.integers(0, 3, (2, 5))
    labels[:, 3] = 255
    loss, gradient = soft_dice(p, labels, ignore_index=255)
    assert loss == pytest.approx(soft_dice(np.delete(p, 3, 1), np.delete(labels, 3, 1))[0])
    p[:, 3] = [np.nan, np.inf, -4]
    again, again_gradient = soft_dice(p, labels, ignore_index=255)
    assert again == loss
    np.testing.assert_array_equal(again_gradient, gradient)
    assert not gradient[:, 3].any()
    yes = np.array([[1, 0, 255]])
    assert soft_dice(np.array([[0.5, 0.5, np.nan]]), yes, axis=None, ignore_index=255)[0] == pytest.approx(
        soft_dice(np.array([[0.5, 0.5]]), yes[:, :2], axis=None)[0]
    )


def test_nan_in_soft_dice_stays_nan():
    assert math.isnan(soft_dice(np.array([[np.nan, 0.5]]), np.array([[1, 0]]), axis=None)[0])


def test_no_class_with_a_weight():
    loss, gradient = soft_dice(P[None], np.array([[0, 1, 2, 0]]), weight=np.zeros(3))
    assert loss == 0
    assert not gradient.any()


HINT = r"\nHint: for logits use binary_cross_entropy_with_logits, or end the net in Sigmoid\(\)\."


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (
            lambda: binary_cross_entropy(np.array([0.5, -3.0, 2.5]), np.array([0, 1, 1])),
            ValueError,
            r"binary_cross_entropy: expected predicted from 0 to 1, got -3 to 2\.5\." + HINT,
        ),
        (
            lambda: binary_cross_entropy(P, YES - 1),
            ValueError,
            r"binary_cross_entropy: expected ground_truth from 0 to 1, got -1 to 0\.",
        ),
        (
            lambda: binary_cross_entropy(P, YES[:2]),
            ValueError,
            r"binary_cross_entropy: expected ground_truth of shape \(4, 3\) like predicted, got \(2, 3\)\.",
        ),
        (
            lambda: binary_cross_entropy(P, YES, weight=np.ones(4)),
            ValueError,
            r"binary_cross_entropy: weight of shape \(4,\) cannot be spread over \(4, 3\)\.",
        ),
        (
            lambda: binary_cross_entropy(P, YES, weight=-1.0),
            ValueError,
            r"binary_cross_entropy: expected weight of at least 0, got -1\.",
        ),
        (
            lambda: binary_cross_entropy(P, YES, reduction="none"),
            ValueError,
            r"binary_cross_entropy: reduction must be one of 'mean', 'sum'; got 'none'",
        ),
        (
            lambda: soft_dice(5 * P, np.array([0, 1, 2, 0])),
            ValueError,
            r"soft_dice: expected predicted from 0 to 1, got .*\.\nHint: end the net in Softmax\(\), or in Sigmoid\(\)",
        ),
        (
            lambda: soft_dice(P[0], np.array(1)),
            ValueError,
            r"soft_dice: expected predicted with a class axis after that of the samples, got \(3,\)\.",
        ),
        (lambda: soft_dice(P, np.array([0, 1, 2, 3])), ValueError, r"soft_dice: expected labels from 0 to 2 for 3"),
        (lambda: soft_dice(P, YES[:2], axis=None), ValueError, r"soft_dice: expected ground_truth of shape \(4, 3\)"),
        (lambda: soft_dice(P, 2 * YES, axis=None), ValueError, r"soft_dice: expected ground_truth from 0 to 1, got 0 "),
        (lambda: soft_dice(P, 2.0 * YES), ValueError, r"soft_dice: expected ground_truth from 0 to 1, got 0 to 2\."),
        (lambda: soft_dice(P, np.array([0, 1, 2, 0]), smooth=-1), ValueError, r"soft_dice: smooth must be at least 0"),
        (
            lambda: soft_dice(P, np.array([0, 1, 2, 0]), weight=np.ones(2)),
            ValueError,
            r"soft_dice: expected weight with a number for each of 3 classes, got \(2,\)\.",
        ),
        (lambda: soft_dice(P, P, ignore_index=0), ValueError, r"soft_dice: ignore_index=0 is for integer labels, but"),
        (lambda: soft_dice(P, YES, None, ignore_index=0.5), TypeError, r"soft_dice: ignore_index must be an integer"),
        (lambda: soft_dice(P, YES, None, reduction="none"), ValueError, r"soft_dice: reduction must be one of 'mean'"),
    ],
)
def test_refusals(call, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        call()
