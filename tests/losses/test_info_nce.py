"""InfoNCE: by hand, derivative of both inputs, errors."""

import numpy as np
import pytest

from tests.layers.differences import slope
from tinynet.losses import info_nce

RNG = np.random.default_rng(0)


def test_by_hand():
    queries, keys = np.array([[3.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [5.0, 5.0]])
    cosines = np.array([[1, np.sqrt(0.5)], [0, np.sqrt(0.5)]])
    p = np.exp(cosines / 0.5)
    p /= p.sum(axis=1, keepdims=True)
    loss, _ = info_nce((queries, keys), temperature=0.5)
    assert loss == pytest.approx(-(np.log(p[0, 0]) + np.log(p[1, 1])) / 2)
    loss, _ = info_nce((queries, keys), np.array([1, 0]), temperature=0.5, reduction="sum")
    assert loss == pytest.approx(-np.log(p[0, 1]) - np.log(p[1, 0]))


@pytest.mark.parametrize("truth", [None, np.array([4, 0, 0])])
def test_gradients_are_the_derivative_of_the_value(truth):
    queries, keys = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4))
    _, gradients = info_nce((queries, keys), truth, temperature=0.3)
    for array, gradient in zip((queries, keys), gradients, strict=True):
        expected = slope(lambda: info_nce((queries, keys), truth, temperature=0.3)[0], array)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


def test_lengths_do_not_count_and_zero_has_no_direction():
    queries, keys = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))
    assert info_nce((1e4 * queries, keys))[0] == pytest.approx(info_nce((queries, 1e-4 * keys))[0])
    loss, (dq, dk) = info_nce((0 * queries, keys))
    assert loss == pytest.approx(np.log(3))
    assert not dq.any()
    assert np.isfinite(dk).all()


A = np.ones((3, 4))


@pytest.mark.parametrize(
    ("predicted", "truth", "kind", "words"),
    [
        (A, None, TypeError, r"expected predicted as a pair \(queries, keys\), got ndarray\."),
        ((A, A, A), None, TypeError, r"expected predicted as a pair \(queries, keys\), got 3 of them\."),
        ((A, A.astype(int)), None, TypeError, r"expected keys to hold floating-point numbers, got int64\."),
        (([1.0], A), None, TypeError, r"expected queries to be a NumPy array, got list\."),
        (
            (A, A[:, :2]),
            None,
            ValueError,
            r"queries of shape \(N, D\) and keys of shape \(M, D\), got \(3, 4\) and \(3, 2\)",
        ),
        ((A, A[:2]), None, ValueError, r"expected at least 3 keys, one for each query, got 2\."),
        ((A, A), np.array([0, 1, 3]), ValueError, r"info_nce: expected labels from 0 to 2 for 3 classes, got 3\."),
        ((A, A), np.ones((3, 3)), TypeError, r"info_nce: expected integer labels, got probabilities\."),
    ],
)
def test_refusals(predicted, truth, kind, words):
    with pytest.raises(kind, match=words):
        info_nce(predicted, truth)


def test_refuses_a_temperature_of_0():
    with pytest.raises(ValueError, match=r"info_nce: temperature must be greater than 0, got 0\."):
        info_nce((A, A), temperature=0)
