"""GLU and SwiGLU: value, derivative, parameters."""

import math

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import GLU, Sigmoid, SwiGLU


def test_glu_by_hand():
    layer, x = GLU(), np.array([[1.0, 2.0, 0.0, math.log(3)]])
    np.testing.assert_allclose(layer.forward(x), [[0.5, 1.5]], rtol=1e-15)
    found = layer.backward(np.array([[1.0, 10.0]]))
    np.testing.assert_allclose(found, [[0.5, 7.5, 0.25, 10 * 2 * 0.75 * 0.25]], rtol=1e-15)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_glu_along_an_axis(axis):
    layer, x = GLU(axis), np.random.default_rng(0).normal(size=(4, 2, 6))
    a, b = np.split(x, 2, axis)
    np.testing.assert_array_equal(layer.forward(x), a * Sigmoid().forward(b))
    assert_derivative(layer, x)


def test_glu_refuses_what_has_no_halves():
    with pytest.raises(ValueError, match=r"expected an even number along axis -1, got x of shape \(2, 3\)\.\nHint"):
        GLU().forward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"GLU\(axis=2\): .*axis"):
        GLU(axis=2).forward(np.ones((2, 4)))
    with pytest.raises(TypeError, match="expected x of floating-point numbers, got int64"):
        GLU().forward(np.ones((2, 4), np.int64))
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        GLU().backward(np.ones((2, 2)))


def test_by_hand():
    layer = SwiGLU(1, 2)
    layer.gate.weight.tensor = np.array([[1.0], [-1.0]])
    layer.up.weight.tensor = np.array([[2.0], [3.0]])
    layer.down.weight.tensor = np.array([[5.0, 7.0]])
    s = 1 / (1 + np.exp(-2.0))  # σ(2)
    expected = 5 * (2 * s) * 4 + 7 * (-2 * (1 - s)) * 6
    np.testing.assert_allclose(layer.astype(np.float64).forward(np.array([[2.0]])), [[expected]])


@pytest.mark.parametrize(("arguments", "shape"), [((3, 5), (4, 3)), ((3, 2, 4, True), (2, 2, 3))])
def test_derivative(arguments, shape):
    assert_derivative(SwiGLU(*arguments), np.random.default_rng(0).normal(size=shape))


def test_parameters_have_the_three_names():
    shapes = {path: parameter.shape for path, parameter in SwiGLU(3, 5, 2).parameters().items()}
    assert shapes == {"gate.weight": (5, 3), "up.weight": (5, 3), "down.weight": (2, 5)}
    assert len(SwiGLU(3, 5, bias=True).parameters()) == 6
    assert SwiGLU(3, 5).forward(np.ones((2, 3), np.float32)).shape == (2, 3)


def test_refusals():
    with pytest.raises(ValueError, match=r"SwiGLU: hidden_features must be at least 1, got 0\."):
        SwiGLU(3, 0)
    with pytest.raises(ValueError, match=r"expected x of shape \(N, 3\), got \(2, 4\)\."):
        SwiGLU(3, 5).forward(np.ones((2, 4)))
