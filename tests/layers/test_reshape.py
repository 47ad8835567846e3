"""Reshape and Permute: values, derivatives, errors."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import Permute, Reshape

X = np.arange(24.0).reshape(2, 3, 4)


def test_reshape():
    np.testing.assert_array_equal(Reshape(2, 6).forward(X), X.reshape(2, 2, 6))
    np.testing.assert_array_equal(Reshape(-1, 2).forward(X), X.reshape(2, 6, 2))
    np.testing.assert_array_equal(Reshape(-1).forward(X), X.reshape(2, 12))
    assert Reshape(3, -1).forward(np.ones((0, 6))).shape == (0, 3, 2)
    np.testing.assert_array_equal(Reshape(1).forward(np.array([5.0, 6.0])), [[5], [6]])  # samples of one number


def test_permute():
    np.testing.assert_array_equal(Permute(1, 0).forward(X), X.transpose(0, 2, 1))
    x = np.arange(120.0).reshape(2, 3, 4, 5)
    np.testing.assert_array_equal(Permute(2, 0, 1).forward(x), x.transpose(0, 3, 1, 2))


def test_the_way_back_is_the_inverse():
    layer, x = Permute(2, 0, 1), np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    np.testing.assert_array_equal(layer.backward(layer.forward(x)), x)


@pytest.mark.parametrize("layer", [Reshape(2, 6), Reshape(-1), Permute(1, 0), Permute(0, 1)], ids=repr)
def test_derivative(layer):
    assert_derivative(layer, np.random.default_rng(0).normal(size=(2, 3, 4)))


def test_built_again_from_its_arguments():
    assert Reshape(2, -1).arguments == {"shape": (2, -1)}
    assert repr(Reshape(2, -1)) == "Reshape(2, -1)"
    assert repr(Permute(1, 0)) == "Permute(1, 0)"


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Reshape(-1, -1), ValueError, r"Reshape: at most one size may be -1, got \(-1, -1\)\."),
        (lambda: Reshape(-2), ValueError, r"shape\[0\] must be at least -1, got -2\."),
        (lambda: Reshape(2.0), TypeError, r"shape\[0\] must be an integer, got 2\.0\."),
        (lambda: Reshape((2, 3)), TypeError, r"expected sizes, got \(2, 3\)\.\nHint: write Reshape\(\*\(2, 3\)\)\."),
        (
            lambda: Reshape(5, -1).forward(X),
            ValueError,
            r"samples of 12 numbers, x of shape \(2, 3, 4\), cannot become \(5, -1\) each\.",
        ),
        (lambda: Reshape(3).forward(X), ValueError, r"cannot become \(3,\) each\."),
        (lambda: Reshape(1).forward(np.array(1.0)), ValueError, r"a single number, x of shape \(\), cannot become"),
        (lambda: Reshape(1).forward([1.0]), TypeError, r"expected x to be a NumPy array, got list\."),
        (
            lambda: Permute(1, 2),
            ValueError,
            r"each axis from 0 to 1 once, got \(1, 2\)\.\nHint: the axes of one sample",
        ),
        (lambda: Permute(0, 0), ValueError, r"expected each axis from 0 to 1 once, got \(0, 0\)\."),
        (lambda: Permute((1, 0)), TypeError, r"expected axes, got \(1, 0\)\.\nHint: write Permute\(\*\(1, 0\)\)\."),
        (lambda: Permute(0, "a"), TypeError, r"axes\[1\] must be an integer, got 'a'\."),
        (lambda: Permute(1, 0).forward(np.ones((2, 3))), ValueError, r"x with 2 axes after the batch axis, got shape"),
    ],
)
def test_refusals(make, kind, words):
    with pytest.raises(kind, match=words):
        make()
