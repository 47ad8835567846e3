"""Margin ranking and cosine embedding: by hand, derivatives, lengths of any size, errors."""

import math

import numpy as np
import pytest

from tests.layers.differences import slope
from tinynet.losses import cosine_embedding, margin_ranking

RNG = np.random.default_rng(0)
A, B, SIGNS = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3)), np.array([1, -1, 1, -1, -1])


def test_margin_ranking_by_hand():
    a, b, t = np.array([3.0, 1.0, 0.0]), np.array([1.0, 2.0, 0.5]), np.array([1, 1, -1])
    loss, (da, db) = margin_ranking((a, b), t)
    assert loss == pytest.approx(1 / 3)
    np.testing.assert_allclose(da, [0, -1 / 3, 0])
    np.testing.assert_allclose(db, [0, 1 / 3, 0])
    loss, (da, _) = margin_ranking((a, b), t, margin=1.0, reduction="sum")
    assert loss == pytest.approx(2 + 0.5)
    np.testing.assert_allclose(da, [0, -1, 1])


def test_equal_scores_are_pushed_apart():
    loss, (da, db) = margin_ranking((np.ones(2), np.ones(2)), np.array([1, -1]))
    assert loss == 0
    np.testing.assert_array_equal(da, [-0.5, 0.5])
    np.testing.assert_array_equal(db, [0.5, -0.5])


def test_scores_whose_difference_is_too_large_for_their_type():
    far = np.array([3e38], np.float32)
    loss, (da, db) = margin_ranking((-far, far), np.array([1]))
    assert loss == pytest.approx(6e38)
    assert da.dtype == db.dtype == np.float32
    assert (da[0], db[0]) == (-1, 1)


@pytest.mark.parametrize("loss", [margin_ranking, cosine_embedding], ids=lambda loss: loss.__name__)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_gradients_are_the_derivative_of_the_value(loss, reduction):
    truth = SIGNS if loss is cosine_embedding else np.sign(RNG.normal(size=(5, 3)))
    options = {"margin": 0.3, "reduction": reduction}
    _, gradients = loss((A, B), truth, **options)
    for array, gradient in zip((A, B), gradients, strict=True):
        expected = slope(lambda: loss((A, B), truth, **options)[0], array)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


def test_cosine_embedding_by_hand():
    a, b = np.array([[3.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), np.array([[3.0, 4.0], [0.0, 5.0], [-1.0, -1.0]])
    loss, (da, db) = cosine_embedding((a, b), np.array([1, -1, -1]), margin=0.25)
    assert loss == pytest.approx(((1 - 0.6) + (1 - 0.25) + 0) / 3)
    # dc (v − c u) / |a| = −(0.6 − 0.6 · 1, 0.8) / 3 for the first, and 0 for parallel and for opposite vectors
    np.testing.assert_allclose(da, [[0, -0.8 / 9], [0, 0], [0, 0]], atol=1e-16)
    np.testing.assert_allclose(db, np.array([[-0.64, 0.48], [0, 0], [0, 0]]) / 15, atol=1e-16)


@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e20), (np.float32, 1e-20), (np.float64, 1e200)])
def test_lengths_do_not_count(dtype, size):
    a, b = A.astype(dtype), B.astype(dtype)
    loss, (da, db) = cosine_embedding((dtype(size) * a, b), SIGNS)
    expected, (da_1, db_1) = cosine_embedding((a, b), SIGNS)
    assert loss == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(da * dtype(size), da_1, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(db, db_1, rtol=1e-5, atol=1e-7)


def test_a_vector_of_length_zero_points_nowhere():
    zero = np.zeros((2, 3))
    loss, (da, db) = cosine_embedding((zero, B[:2]), np.array([1, -1]), reduction="sum")
    assert loss == 1
    assert not da.any()
    assert not db.any()


def test_equal_vectors_cost_nothing_and_opposite_ones_two():
    x = RNG.normal(size=(50, 7)).astype(np.float32)
    assert cosine_embedding((x, x), np.ones(50, int))[0] == pytest.approx(0, abs=1e-14)
    assert cosine_embedding((x, -x), np.ones(50, int))[0] == pytest.approx(2)
    assert cosine_embedding((x, 3 * x), -np.ones(50))[0] == pytest.approx(1)


def test_nan_stays_nan():
    a = A.copy()
    a[1, 1] = np.nan
    assert math.isnan(cosine_embedding((a, B), SIGNS)[0])
    assert math.isnan(margin_ranking((a, B), np.ones((5, 3)))[0])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (
            lambda: margin_ranking(A, SIGNS),
            TypeError,
            r"margin_ranking: expected predicted as a pair \(first, second\)",
        ),
        (
            lambda: margin_ranking((A[:, 0], B[:, 0], A), SIGNS),
            TypeError,
            r"margin_ranking: expected predicted as a pair \(first, second\), got 3 of them\.",
        ),
        (
            lambda: margin_ranking((A, B[:2]), np.ones((5, 3))),
            ValueError,
            r"margin_ranking: second: expected shape \(5, 3\), got \(2, 3\)\.",
        ),
        (
            lambda: margin_ranking((A, B), SIGNS),
            ValueError,
            r"margin_ranking: expected ground_truth of shape \(5, 3\) like predicted, got \(5,\)\.",
        ),
        (
            lambda: margin_ranking((A[:, 0], B[:, 0]), SIGNS > 0),
            TypeError,
            r"margin_ranking: expected ground_truth to hold numbers, got bool\.",
        ),
        (
            lambda: margin_ranking((A[:, 0], B[:, 0]), (SIGNS + 1) // 2),
            ValueError,
            r"margin_ranking: expected labels -1 and 1, got 0\.\nHint: for labels 0 and 1 pass 2 \* ground_truth - 1\.",
        ),
        (
            lambda: margin_ranking((A[:, 0], B[:, 0]), SIGNS, margin="a"),
            TypeError,
            r"margin_ranking: margin must be a number, got 'a'",
        ),
        (
            lambda: cosine_embedding((A, A.astype(int)), SIGNS),
            TypeError,
            r"cosine_embedding: expected b to hold floating-point numbers, got int64\.",
        ),
        (
            lambda: cosine_embedding((A, B[:, :2]), SIGNS),
            ValueError,
            r"cosine_embedding: expected two arrays of shape \(N, D\), got \(5, 3\) and \(5, 2\)\.",
        ),
        (
            lambda: cosine_embedding((A[:, :0], B[:, :0]), SIGNS),
            ValueError,
            r"cosine_embedding: expected two arrays of shape \(N, D\), got \(5, 0\) and \(5, 0\)\.",
        ),
        (
            lambda: cosine_embedding((A, B), SIGNS[:3]),
            ValueError,
            r"cosine_embedding: expected ground_truth of shape \(5,\) like predicted, got \(3,\)\.",
        ),
        (
            lambda: cosine_embedding((A[:0], B[:0]), SIGNS[:0]),
            ValueError,
            r"cosine_embedding: expected at least one prediction",
        ),
        (lambda: cosine_embedding((A, B), 2 * SIGNS), ValueError, r"cosine_embedding: expected labels -1 and 1, got 2"),
        (
            lambda: cosine_embedding((A, B), SIGNS, reduction="none"),
            ValueError,
            r"cosine_embedding: reduction must be one of 'mean', 'sum'; got 'none'",
        ),
    ],
)
def test_refusals(call, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        call()
