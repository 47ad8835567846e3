"""Activations: values, derivatives, extremes, NaN and memory order."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import Layer, LeakyReLU, PReLU, ReLU, Sigmoid, Tanh

ALL = [ReLU, LeakyReLU, Sigmoid, Tanh]


def backward(layer: Layer, x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    layer.forward(x)
    return layer.backward(dy)


X = np.array([[-2.0, -0.5, 0.0, 0.5, 2.0]])
DY = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])


def test_relu_by_hand():
    np.testing.assert_array_equal(ReLU().forward(X), [[0, 0, 0, 0.5, 2]])
    np.testing.assert_array_equal(backward(ReLU(), X, DY), [[0, 0, 0, 4, 5]])


def test_leaky_relu_by_hand():
    np.testing.assert_allclose(LeakyReLU(0.1).forward(X), [[-0.2, -0.05, 0, 0.5, 2]])
    np.testing.assert_allclose(backward(LeakyReLU(0.1), X, DY), [[0.1, 0.2, 0.3, 4, 5]])
    np.testing.assert_allclose(LeakyReLU().forward(X), [[-0.02, -0.005, 0, 0.5, 2]])


@pytest.mark.parametrize("slope", [0.0, 1.0, 3.0])
def test_leaky_relu_takes_any_slope_from_0(slope):
    np.testing.assert_allclose(LeakyReLU(slope).forward(X), np.where(X > 0, X, slope * X))
    np.testing.assert_allclose(backward(LeakyReLU(slope), X, DY), np.where(X > 0, DY, slope * DY))


def test_leaky_relu_refuses_a_negative_slope():
    with pytest.raises(ValueError, match=r"LeakyReLU: negative_slope must be at least 0, got -0\.1\."):
        LeakyReLU(-0.1)


def test_sigmoid_by_hand():
    x, dy = np.array([[0.0, np.log(3)]]), np.array([[1.0, 2.0]])
    np.testing.assert_allclose(Sigmoid().forward(x), [[0.5, 0.75]])
    np.testing.assert_allclose(backward(Sigmoid(), x, dy), [[0.25, 2 * 0.75 * 0.25]])


def test_tanh_by_hand():
    x, dy = np.array([[0.0, np.log(2)]]), np.array([[1.0, 2.0]])
    np.testing.assert_allclose(Tanh().forward(x), [[0, 0.6]])
    np.testing.assert_allclose(backward(Tanh(), x, dy), [[1, 2 * (1 - 0.36)]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_and_tanh_at_the_extremes(dtype):
    x = np.array([-1e4, -100, 100, 1e4, -np.inf, np.inf], dtype)
    y = Sigmoid().forward(x)
    np.testing.assert_array_equal(y[[0, 2, 3, 4, 5]], [0, 1, 1, 0, 1])
    assert y[1] == pytest.approx(np.exp(-100.0), rel=1e-5)  # still exact where 1 + tanh would have lost it
    np.testing.assert_array_equal(Tanh().forward(x), [-1, -1, 1, 1, -1, 1])
    for layer in (Sigmoid(), Tanh()):
        assert np.isfinite(backward(layer, x, np.ones_like(x))).all()


@pytest.mark.parametrize("kind", ALL)
def test_nan_stays_nan(kind):
    y = kind().forward(np.array([np.nan, 1.0], np.float32))
    assert np.isnan(y[0])
    assert np.isfinite(y[1])


@pytest.mark.parametrize("kind", ALL)
def test_derivative(kind):
    x = np.random.default_rng(1).normal(size=(3, 4, 2))
    assert_derivative(kind(), x[np.abs(x) > 1e-3])


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_type_and_leaves_inputs_alone(kind, dtype):
    x, dy = X.astype(dtype), DY.astype(dtype)
    layer = kind()
    y = layer.forward(x)
    dx = layer.backward(dy)
    assert y.dtype == dx.dtype == dtype
    np.testing.assert_array_equal(x, X.astype(dtype))
    np.testing.assert_array_equal(dy, DY.astype(dtype))
    assert not np.shares_memory(x, y)
    assert not np.shares_memory(dy, dx)


@pytest.mark.parametrize("kind", ALL)
def test_memory_order_changes_nothing(kind):
    x, dy = np.random.default_rng(2).normal(size=(2, 2, 3, 4, 5)).astype(np.float32)
    plain = kind()
    y = plain.forward(x)
    dx = plain.backward(dy)
    layer = kind()
    for view in (np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1), np.repeat(x, 2, axis=3)[..., ::2]):
        np.testing.assert_array_equal(layer.forward(view), y)
        np.testing.assert_array_equal(layer.backward(dy), dx)


@pytest.mark.parametrize("kind", ALL)
def test_refuses_integers(kind):
    with pytest.raises(TypeError, match=rf"{kind.__name__}\(\): expected x of floating-point numbers, got int64"):
        kind().forward(np.ones((1, 2), np.int64))


@pytest.mark.parametrize("kind", ALL)
def test_refuses_backward_first(kind):
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        kind().backward(X)


@pytest.mark.parametrize("kind", ALL)
def test_takes_a_batch_of_nothing(kind):
    assert backward(kind(), np.ones((0, 3)), np.ones((0, 3))).shape == (0, 3)


def test_a_derivative_of_nan_does_not_reach_a_slope_that_was_not_used():
    layer = PReLU()
    layer.forward(np.array([[1.0, -2.0]], np.float32))
    layer.backward(np.array([[np.nan, 3.0]], np.float32))
    np.testing.assert_array_equal(layer.weight.gradient, [-6])
