"""Embedding by value."""

import numpy as np
import pytest

from tinynet.layers import Embedding


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# Embedding.


def test_looks_up_a_row_for_each_token():
    layer = Embedding(3, 2)
    layer.weight.tensor = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    np.testing.assert_array_equal(layer.forward(np.array([[2, 0]])), [[[4, 5], [0, 1]]])
    np.testing.assert_array_equal(layer.forward(np.array(1)), [2, 3])
    assert layer.forward(np.zeros((2, 3, 4), np.uint8)).shape == (2, 3, 4, 2)


def test_gradients_of_equal_tokens_add():
    layer = Embedding(4, 2)
    layer.forward(np.array([[1, 3, 1]]))
    assert layer.backward(np.array([[[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]]])) is None
    np.testing.assert_array_equal(layer.weight.gradient, [[0, 0], [5, 50], [0, 0], [2, 20]])


def test_many_tokens_add_as_a_loop_would():
    tokens, dy = np.random.default_rng(0).integers(0, 7, (20, 30)), normal(20, 30, 3)
    layer = Embedding(7, 3).astype(np.float64)
    layer.forward(tokens)
    layer.backward(dy)
    expected = np.zeros((7, 3))
    for token, row in zip(tokens.ravel(), dy.reshape(-1, 3), strict=True):
        expected[token] += row
    np.testing.assert_allclose(layer.weight.gradient, expected)


def test_the_vector_of_padding_is_zero_and_stays_so():
    layer = Embedding(3, 2, padding_idx=1)
    assert not layer.weight.tensor[1].any()
    assert layer.weight.tensor[[0, 2]].all()
    layer.forward(np.array([0, 1, 1]))
    layer.backward(np.ones((3, 2)))
    np.testing.assert_array_equal(layer.weight.gradient, [[1, 1], [0, 0], [0, 0]])


def test_no_tokens_at_all():
    layer = Embedding(3, 2)
    assert layer.forward(np.zeros((2, 0), np.int64)).shape == (2, 0, 2)
    layer.backward(np.zeros((2, 0, 2)))
    assert not layer.weight.gradient.any()


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Embedding(0, 2), ValueError, r"Embedding: num_embeddings must be at least 1, got 0\."),
        (lambda: Embedding(3, 2, padding_idx=3), ValueError, r"Embedding: padding_idx must be below 3, got 3\."),
        (lambda: Embedding(3, 2, padding_idx=-1), ValueError, r"Embedding: padding_idx must be at least 0, got -1\."),
        (
            lambda: Embedding(3, 2).forward(np.ones((1, 2))),
            TypeError,
            r"Embedding\(.*\): expected an array of integer tokens, got float64\.\nHint: convert with \.astype",
        ),
        (lambda: Embedding(3, 2).forward([1, 2]), TypeError, "expected an array of integer tokens, got list"),
        (
            lambda: Embedding(3, 2).forward(np.array([1, 5])),
            ValueError,
            r"expected tokens from 0 to 2, got 5\.\nHint: make it Embedding\(6, \.\.\.\)\.",
        ),
        (lambda: Embedding(3, 2).forward(np.array([0, 5])), ValueError, r"expected tokens from 0 to 2, got 5\."),
        (lambda: Embedding(3, 2).forward(np.array([1, -1])), ValueError, r"expected tokens from 0 to 2, got -1\.$"),
    ],
)
def test_what_is_refused(make, kind, words):
    with pytest.raises(kind, match=words):
        make()
