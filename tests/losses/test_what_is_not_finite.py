"""Losses where a probability is 0, a class has no weight, or a vector hardly any length."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.losses import cosine_embedding, cross_entropy, focal, info_nce, soft_dice

CHOICES = ("plain", "compiled")


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("choice", CHOICES)
def test_an_impossible_label_has_the_slope_of_cross_entropy(choice, gamma):
    x = np.array([[-np.inf, 0.0, np.log(3.0)]])  # the others have the probabilities ¼ and ¾
    with faster.use(choice):
        loss, gradient = focal(x, np.array([0]), gamma=gamma)
    assert loss == np.inf
    np.testing.assert_allclose(gradient, [[-1.0, 0.25, 0.75]], rtol=1e-6)


@pytest.mark.parametrize("choice", CHOICES)
def test_labels_without_any_weight_move_nothing(choice):
    x, weight = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([0.0, 3.0])
    with faster.use(choice):
        loss, gradient = cross_entropy(x, np.array([0, 0]), weight=weight, label_smoothing=0.1)
        assert loss == 0
        np.testing.assert_array_equal(gradient, np.zeros_like(x))
        total, of_sum = cross_entropy(x, np.array([0, 0]), weight=weight, label_smoothing=0.1, reduction="sum")
    surprise = np.log(1 + np.exp(x[:, 0] - x[:, 1]))  # at class 1, which has a part of ε/2 in each truth
    np.testing.assert_allclose(total, (0.15 * surprise).sum(), rtol=1e-6)
    assert np.abs(of_sum).min() > 0


@pytest.mark.parametrize("nothing", [np.nan, 0.3])
def test_a_region_without_weight_may_hold_anything(nothing):
    p = np.array([[[nothing, 0.5], [0.2, 0.25]]])  # two places, two classes
    loss, gradient = soft_dice(p, np.array([[1, 0]]), weight=np.array([0.0, 2.0]))
    D = (2 * 0.5 + 1) / (0.5**2 + 0.25**2 + 1 + 1)
    np.testing.assert_allclose(loss, 1 - D)
    np.testing.assert_array_equal(gradient[..., 0], [[0.0, 0.0]])
    np.testing.assert_allclose(gradient[..., 1], [[2 * (D * 0.5 - 1) / 2.3125, 2 * D * 0.25 / 2.3125]])


def test_the_slope_of_a_very_short_vector_is_infinite():
    short, unit = np.full((1, 2), 1e-42, np.float32), np.array([[1.0, 0.0]], np.float32)
    loss, (da, db) = cosine_embedding((short, unit), np.array([1]))
    np.testing.assert_allclose(loss, 1 - 0.5**0.5, rtol=1e-6)
    np.testing.assert_array_equal(da, [[-np.inf, np.inf]])
    np.testing.assert_allclose(db, [[0.0, -(0.5**0.5)]], rtol=1e-6)
    loss, (dq, _) = info_nce((np.repeat(short, 2, axis=0), np.eye(2, dtype=np.float32)))
    np.testing.assert_allclose(loss, np.log(2), rtol=1e-6)
    np.testing.assert_array_equal(dq, [[-np.inf, np.inf], [np.inf, -np.inf]])
