"""Smooth activations: values, derivatives, extremes, errors."""

import math

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import ELU, GELU, SELU, Mish, PReLU, SiLU, Softplus

ALL = [GELU(), GELU("tanh"), SiLU(), ELU(1.5), SELU(), Softplus(2.0, threshold=3.0), Mish(), PReLU()]
X = np.array([[-3.0, -0.7, 0.2, 1.0, 4.0]])


def phi(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2


def expected(function, x=X):
    return np.array([[function(value) for value in row] for row in x])


def test_gelu_by_hand():
    np.testing.assert_allclose(GELU().forward(X), expected(lambda x: x * phi(x)), rtol=1e-12)
    u = math.sqrt(2 / math.pi) * (1 + 0.044715)
    assert GELU(approximate="tanh").forward(np.ones((1, 1))).item() == pytest.approx((1 + math.tanh(u)) / 2, rel=1e-12)


def test_the_approximation_is_close_to_gelu_but_not_it():
    apart = np.abs(GELU().forward(X) - GELU("tanh").forward(X)).max()
    assert 1e-5 < apart < 1e-3


def test_silu_by_hand():
    np.testing.assert_allclose(SiLU().forward(X), expected(lambda x: x / (1 + math.exp(-x))), rtol=1e-12)


def test_elu_and_selu_by_hand():
    elu = ELU(2.0)
    np.testing.assert_allclose(elu.forward(X), expected(lambda x: x if x > 0 else 2 * (math.exp(x) - 1)))
    elu.forward(np.zeros((1, 1)))
    assert elu.backward(np.ones((1, 1))) == 2  # the slope from the left, as in PyTorch
    np.testing.assert_allclose(
        SELU().forward(X)[0, [0, 3]], [1.0507009873 * 1.6732632423 * (math.exp(-3) - 1), 1.0507009873]
    )
    selu = SELU()
    selu.forward(np.array([[-1.0, 0.0, 1.0]]))
    slopes = [1.0507009873 * 1.6732632423 / math.e, 1.0507009873 * 1.6732632423, 1.0507009873]  # at 0 from the left
    np.testing.assert_allclose(selu.backward(np.ones((1, 3))), [slopes])


def test_selu_keeps_mean_0_and_variance_1():
    y = SELU().forward(np.random.default_rng(0).normal(size=(1000, 1000)))
    assert abs(y.mean()) < 5e-3
    assert abs(y.var() - 1) < 5e-3


def test_prelu_by_hand():
    layer = PReLU(init=0.5)
    np.testing.assert_array_equal(layer.forward(np.array([[-2.0, 3.0, -4.0]])), [[-1, 3, -2]])
    np.testing.assert_array_equal(layer.backward(np.array([[1.0, 10.0, 100.0]])), [[0.5, 10, 50]])
    np.testing.assert_array_equal(layer.weight.gradient, [-2 * 1 - 4 * 100])


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 4, 3), (4, 3)])
def test_prelu_has_a_slope_for_each_channel(shape):
    layer, x = PReLU(3), -np.ones(shape)
    layer.weight.tensor = np.array([0.25, 0.5, 1.0])
    y = layer.forward(x)
    slopes = y[0, :, 0, 0] if len(shape) == 4 else y.reshape(-1, 3)[0]
    np.testing.assert_array_equal(slopes, [-0.25, -0.5, -1])


@pytest.mark.parametrize("layer", ALL, ids=repr)
def test_derivative(layer):
    assert_derivative(layer, np.random.default_rng(1).normal(size=(3, 4)) * 2)


@pytest.mark.parametrize("n_axes", [2, 3, 4])
def test_derivative_of_prelu_with_channels(n_axes):
    shape = {2: (4, 3), 3: (2, 4, 3), 4: (2, 3, 2, 4)}[n_axes]
    assert_derivative(PReLU(3), np.random.default_rng(1).normal(size=shape))


@pytest.mark.parametrize("layer", ALL, ids=repr)
def test_extremes_in_float32(layer):
    layer = type(layer)(**layer.arguments)
    x = np.array([[-1e4, -100, -0.0, 0.0, 100, 1e4]], np.float32)
    y = layer.forward(x)
    dx = layer.backward(np.ones_like(x))
    assert y.dtype == dx.dtype == np.float32
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()
    scale = SELU.scale if isinstance(layer, SELU) else 1
    np.testing.assert_allclose(y[0, 4:], scale * x[0, 4:], rtol=1e-6)
    np.testing.assert_allclose(dx[0, 4:], scale, rtol=1e-6)
    if not isinstance(layer, PReLU):
        np.testing.assert_allclose(dx[0, :1], 0, atol=1e-30)


@pytest.mark.parametrize("layer", ALL, ids=repr)
def test_memory_order_changes_nothing(layer):
    layer = type(layer)(**layer.arguments)
    x, dy = np.random.default_rng(0).normal(size=(2, 2, 3, 4, 5))
    y, dx = layer.forward(x), layer.backward(dy)
    last = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    np.testing.assert_array_equal(layer.forward(last), y)
    np.testing.assert_array_equal(layer.backward(dy), dx)


def test_refusals():
    with pytest.raises(
        ValueError, match=r"GELU: approximate must be one of 'none', 'tanh'; got 'tan'\.\nHint: did you"
    ):
        GELU("tan")
    with pytest.raises(ValueError, match=r"ELU: alpha must be at least 0, got -1\."):
        ELU(-1)
    with pytest.raises(ValueError, match=r"PReLU: num_parameters must be at least 1, got 0\."):
        PReLU(0)
    with pytest.raises(
        ValueError, match=r"expected x with 3 channels in axis 1, got shape \(2, 4, 5, 3\)\.\nHint: give num"
    ):
        PReLU(3).forward(np.ones((2, 4, 5, 3)))
    with pytest.raises(ValueError, match=r"expected x with 3 channels in the last axis, got shape \(2, 4\)\."):
        PReLU(3).forward(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"expected x with 3 channels in the last axis, got shape \(3,\)\."):
        PReLU(3).forward(np.ones(3))
    for layer in ALL:
        with pytest.raises(TypeError, match="expected x of floating-point numbers, got int64"):
            layer.forward(np.ones((2, 2), np.int64))
