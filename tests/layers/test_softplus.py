"""Softplus, the logarithm of the sigmoid and Mish: values, digits far from 0, errors."""

import math

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import LogSigmoid, Mish, Sigmoid, Softplus

X = np.array([[-3.0, -0.7, 0.2, 1.0, 4.0]])


def test_softplus_by_hand():
    np.testing.assert_allclose(Softplus().forward(X), np.log(1 + np.exp(X)), rtol=1e-12)
    np.testing.assert_allclose(Softplus(3.0).forward(X), np.log(1 + np.exp(3 * X)) / 3, rtol=1e-12)


def test_softplus_is_x_beyond_the_threshold():
    layer = Softplus(beta=2.0, threshold=1.0)
    y = layer.forward(np.array([[0.5, 0.51]]))
    np.testing.assert_allclose(y, [[math.log(1 + math.e) / 2, 0.51]], rtol=1e-12)
    np.testing.assert_allclose(layer.backward(np.ones((1, 2))), [[1 / (1 + math.exp(-1)), 1]], rtol=1e-12)


def test_log_sigmoid_by_hand():
    np.testing.assert_allclose(LogSigmoid().forward(X), np.log(Sigmoid().forward(X)), rtol=1e-14)
    layer = LogSigmoid()
    layer.forward(np.array([0.0, math.log(3)]))
    np.testing.assert_allclose(layer.backward(np.array([1.0, 2.0])), [0.5, 2 * 0.25], rtol=1e-15)


def test_log_sigmoid_keeps_its_digits_where_a_sigmoid_has_none():
    layer, x = LogSigmoid(), np.array([-1e4, -800.0, 40.0, 700.0])
    np.testing.assert_allclose(layer.forward(x), [-1e4, -800, -math.exp(-40), -math.exp(-700)], rtol=1e-14)
    np.testing.assert_allclose(layer.backward(np.ones(4)), [1, 1, math.exp(-40), math.exp(-700)], rtol=1e-14)


def test_mish_by_hand():
    layer = Mish()
    np.testing.assert_allclose(layer.forward(X), X * np.tanh(np.log(1 + np.exp(X))), rtol=1e-14)
    layer.forward(np.zeros((1, 1)))
    np.testing.assert_allclose(layer.backward(np.ones((1, 1))), 0.6, rtol=1e-15)  # t = tanh(log 2) = 3/5


def test_mish_keeps_its_digits_where_it_is_almost_0():
    layer, x = Mish(), np.array([-40.0, -300.0])
    np.testing.assert_allclose(layer.forward(x), x * np.exp(x), rtol=1e-14)  # t is e to the x there
    np.testing.assert_allclose(layer.backward(np.ones(2)), (1 + x) * np.exp(x), rtol=1e-14)


@pytest.mark.parametrize("layer", [Softplus(2.0, 3.0), LogSigmoid(), Mish()], ids=repr)
def test_derivative(layer):
    assert_derivative(layer, np.random.default_rng(1).normal(0, 3, (3, 4)))


def test_refusals():
    with pytest.raises(ValueError, match=r"Softplus: beta must be greater than 0, got 0\."):
        Softplus(0)
    for layer in (Softplus(), LogSigmoid(), Mish()):
        with pytest.raises(TypeError, match="expected x of floating-point numbers, got int64"):
            layer.forward(np.ones((2, 2), np.int64))
        with pytest.raises(RuntimeError, match="there is no forward to go back through"):
            type(layer)().backward(X)
