"""The gradient of an embedding, in every body."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.layers import Embedding

BODIES = ["loops", "plain", "compiled"]


def gradient(tokens: np.ndarray, dy: np.ndarray, n: int, body: str, padding_idx: int | None = None) -> np.ndarray:
    """∂L/∂W of an embedding of n tokens."""
    layer = Embedding(n, dy.shape[-1], padding_idx).astype(dy.dtype)
    with faster.use(body):
        layer.forward(tokens)
        layer.backward(dy)
    return layer.weight.gradient


@pytest.mark.parametrize("body", BODIES)
def test_by_hand(body: str) -> None:
    result = gradient(np.array([[2, 0], [2, 2]]), np.arange(8.0).reshape(2, 2, 2), 4, body)
    np.testing.assert_array_equal(result, [[2, 3], [0, 0], [0 + 4 + 6, 1 + 5 + 7], [0, 0]])


@pytest.mark.parametrize("body", BODIES[1:])
@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 9), length=st.integers(0, 20), D=st.integers(1, 70), seed=st.integers(0, 99))
def test_bodies_agree(body: str, n: int, length: int, D: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tokens, dy, padding_idx = rng.integers(0, n, length), rng.normal(size=(length, D)), (None, 0, n - 1)[seed % 3]
    true = gradient(tokens, dy, n, "loops", padding_idx)
    np.testing.assert_allclose(gradient(tokens, dy, n, body, padding_idx), true, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_types_and_strides(body: str, dtype: type) -> None:
    dy = np.arange(24).reshape(4, 6).astype(dtype)
    result = gradient(np.array([1, 0, 1, 0, 9])[:4].astype(np.int32), dy[:, ::2], 2, body)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, [dy[1, ::2] + dy[3, ::2], dy[0, ::2] + dy[2, ::2]])


@pytest.mark.parametrize("body", BODIES)
def test_the_row_of_padding_gets_nothing_not_even_a_nan(body: str) -> None:
    dy = np.array([[1.0], [np.nan], [2.0]])
    np.testing.assert_array_equal(gradient(np.array([0, 1, 0]), dy, 3, body, padding_idx=1), [[3], [0], [0]])


@pytest.mark.parametrize("body", BODIES)
def test_gradients_add_up_but_not_those_of_what_is_frozen(body: str) -> None:
    layer, tokens = Embedding(3, 2), np.array([0, 2, 2])
    with faster.use(body):
        for _ in range(2):
            layer.forward(tokens)
            assert layer.backward(np.ones((3, 2), np.float32)) is None
        np.testing.assert_array_equal(layer.weight.gradient, [[2, 2], [0, 0], [4, 4]])
        layer.weight.trainable = False
        layer.backward(np.ones((3, 2), np.float32))
    np.testing.assert_array_equal(layer.weight.gradient, [[2, 2], [0, 0], [4, 4]])


def test_the_number_of_threads_changes_no_bit() -> None:
    rng = np.random.default_rng(0)
    tokens, dy, found = rng.integers(0, 3, 50), rng.normal(size=(50, 200)).astype(np.float32), []
    for n in (1, 2, 3):
        with tn.threads(n):
            found.append(gradient(tokens, dy, 3, "compiled"))
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


@pytest.mark.parametrize("body", BODIES)
def test_rows_that_lie_time_first(body: str) -> None:
    rng = np.random.default_rng(0)
    tokens, dy = rng.integers(0, 4, (5, 7)), rng.normal(size=(7, 5, 3)).transpose(1, 0, 2)
    found, expected = gradient(tokens, dy, 4, body), gradient(tokens, dy.copy(), 4, body)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_a_gradient_of_another_shape_or_type_is_left_to_the_lesson() -> None:
    pytest.importorskip("numba")
    layer, tokens = Embedding(3, 2000), np.array([[0, 2]])
    layer.forward(tokens)
    layer.backward(np.zeros((1, 2, 2000), np.float32))  # which fills the tables
    backward, dy = faster.TABLES["compiled"][Embedding.backward], np.ones((1, 2, 2000), np.float32)
    for other in (dy[:, :1], dy[..., :1], dy.astype(np.float64), dy.astype(np.float16)):
        assert backward(layer, other) is NotImplemented
    assert not layer.weight.gradient.any()
    assert backward(layer, dy) is None
    assert layer.weight.gradient.sum() == 4000
