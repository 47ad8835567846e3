"""Softmax and LogSoftmax: values, true Jacobian products, extremes."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import LogSoftmax, Softmax

BOTH = [Softmax, LogSoftmax]


def test_softmax_by_hand():
    layer = Softmax()
    y = layer.forward(np.log([[1.0, 2.0, 5.0]]))
    np.testing.assert_allclose(y, [[0.125, 0.25, 0.625]])
    # The Jacobian is diag(y) − y yᵀ; its first row, times 8² to be whole, is (7, −2, −5).
    np.testing.assert_allclose(layer.backward(np.array([[1.0, 0, 0]])) * 64, [[7, -2, -5]])


def test_softmax_backward_is_the_jacobian_product():
    x, dy = np.random.default_rng(0).normal(size=(2, 1, 4))
    layer = Softmax()
    (y,) = layer.forward(x)
    np.testing.assert_allclose(layer.backward(dy)[0], (np.diag(y) - np.outer(y, y)) @ dy[0])


def test_log_softmax_by_hand():
    layer = LogSoftmax()
    np.testing.assert_allclose(layer.forward(np.log([[1.0, 3.0]])), np.log([[0.25, 0.75]]))
    np.testing.assert_allclose(layer.backward(np.array([[1.0, 0]])), [[0.75, -0.75]])


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("axis", [-1, 0, 1, 2])
def test_derivative_along_any_axis(kind, axis):
    assert_derivative(kind(axis=axis), np.random.default_rng(3).normal(size=(2, 3, 4)))


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_sums_to_one_along_the_axis(axis):
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    np.testing.assert_allclose(Softmax(axis).forward(x).sum(axis), 1, rtol=1e-6)
    np.testing.assert_allclose(np.exp(LogSoftmax(axis).forward(x)), Softmax(axis).forward(x), rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extremes(dtype):
    x = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4]], dtype)
    softmax, log_softmax = Softmax(), LogSoftmax()
    np.testing.assert_allclose(softmax.forward(x), [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    np.testing.assert_allclose(log_softmax.forward(x), [[0, -2e4, -1e4], [-np.log(3)] * 3], rtol=1e-6)
    assert np.isfinite(softmax.backward(np.ones_like(x))).all()
    assert np.isfinite(log_softmax.backward(np.ones_like(x))).all()


@pytest.mark.parametrize("kind", BOTH)
def test_a_masked_class_gets_probability_0_and_no_gradient(kind):
    x = np.array([[-np.inf, 0.5, 1.0]])
    layer, smaller = kind(), kind()
    y, y_smaller = layer.forward(x), smaller.forward(x[:, 1:])
    np.testing.assert_array_equal(y[:, 1:], y_smaller)
    assert y[0, 0] == (0 if kind is Softmax else -np.inf)
    dx = layer.backward(np.array([[0.0, 1.0, 2.0]]))
    np.testing.assert_array_equal(dx, np.append([[0]], smaller.backward(np.array([[1.0, 2.0]])), axis=1))


@pytest.mark.parametrize("kind", BOTH)
def test_memory_order_changes_nothing(kind):
    x, dy = np.random.default_rng(2).normal(size=(2, 2, 3, 4, 5))
    plain, layer = kind(axis=1), kind(axis=1)
    last = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    np.testing.assert_allclose(layer.forward(last), plain.forward(x), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(dy), plain.backward(dy), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", BOTH)
def test_keeps_float32(kind):
    layer = kind()
    assert layer.forward(np.ones((2, 3), np.float32)).dtype == np.float32
    assert layer.backward(np.ones((2, 3), np.float32)).dtype == np.float32


@pytest.mark.parametrize("kind", BOTH)
def test_bad_input(kind):
    name = kind.__name__
    with pytest.raises(ValueError, match=rf"{name}\(axis=2\): axis 2 does not exist in x of shape \(3, 4\)\."):
        kind(axis=2).forward(np.ones((3, 4)))
    with pytest.raises(
        ValueError, match=rf"{name}\(\): expected at least one number along axis -1, got x of shape \(3, 0"
    ):
        kind().forward(np.ones((3, 0)))
    with pytest.raises(TypeError, match="expected x of floating-point numbers, got int64"):
        kind().forward(np.ones((3, 4), np.int64))
    with pytest.raises(TypeError, match="expected x to be a NumPy array, got list"):
        kind().forward([[1.0]])
    with pytest.raises(TypeError, match=f"{name}: axis must be an integer, got 'last'"):
        kind(axis="last")
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        kind().backward(np.ones((3, 4)))
