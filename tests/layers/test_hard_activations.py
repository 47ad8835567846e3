"""Activations of straight pieces: values, slopes at the bends, errors."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import Hardsigmoid, Hardswish, Hardtanh, ReLU6

ALL = [ReLU6(), Hardtanh(), Hardtanh(-0.5, 2.0), Hardsigmoid(), Hardswish()]
X = np.array([[-9.0, -3.0, -1.5, 0.0, 1.5, 3.0, 6.0, 9.0]])
DY = np.arange(1.0, 9.0)[np.newaxis]


def passed(layer, x, dy):
    y = layer.forward(x)
    return y, layer.backward(dy)


@pytest.mark.parametrize(
    ("layer", "y", "slope"),
    [
        (ReLU6(), [0, 0, 0, 0, 1.5, 3, 6, 6], [0, 0, 0, 0, 1, 1, 0, 0]),
        (Hardtanh(), [-1, -1, -1, 0, 1, 1, 1, 1], [0, 0, 0, 1, 0, 0, 0, 0]),
        (Hardtanh(-1.5, 6.0), [-1.5, -1.5, -1.5, 0, 1.5, 3, 6, 6], [0, 0, 0, 1, 1, 1, 0, 0]),
        (Hardsigmoid(), [0, 0, 0.25, 0.5, 0.75, 1, 1, 1], [0, 0, 1 / 6, 1 / 6, 1 / 6, 0, 0, 0]),
        (Hardswish(), [0, 0, -0.375, 0, 1.125, 3, 6, 9], [0, 0, 0, 0.5, 1, 1, 1, 1]),
    ],
    ids=repr,
)
def test_by_hand(layer, y, slope):
    found, dx = passed(layer, X, DY)
    np.testing.assert_allclose(found, [y], rtol=1e-15, atol=0)
    np.testing.assert_allclose(dx, np.array([slope]) * DY, rtol=1e-15, atol=0)


def test_relu6_is_a_hardtanh_from_0_to_6_and_hardsigmoid_a_sixth_of_it():
    x = np.random.default_rng(0).normal(0, 5, (3, 50))
    np.testing.assert_array_equal(ReLU6().forward(x), Hardtanh(0, 6).forward(x))
    np.testing.assert_array_equal(Hardsigmoid().forward(x), ReLU6().forward(x + 3) / 6)


@pytest.mark.parametrize("layer", ALL, ids=repr)
def test_derivative(layer):
    x = np.random.default_rng(1).normal(0, 4, (3, 4, 20))
    bends = (-3, -1, -0.5, 0, 1, 2, 3, 6)
    assert_derivative(layer, x[np.all([np.abs(x - bend) > 1e-3 for bend in bends], axis=0)])


@pytest.mark.parametrize("layer", ALL, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_type_and_nan_and_leaves_inputs_alone(layer, dtype):
    x, dy = np.array([[np.nan, -1.0, 0.5, 9.0]], dtype), np.ones((1, 4), dtype)
    y, dx = passed(layer, x, dy)
    assert y.dtype == dx.dtype == dtype
    assert np.isnan(y).tolist() == [[True, False, False, False]]
    np.testing.assert_array_equal(x, np.array([[np.nan, -1.0, 0.5, 9.0]], dtype))
    np.testing.assert_array_equal(dy, np.ones((1, 4)))
    assert not np.shares_memory(x, y)


def test_a_gradient_of_nan_does_not_pass_where_it_is_flat():
    for layer in (ReLU6(), Hardtanh(), Hardsigmoid(), Hardswish()):
        _, dx = passed(layer, np.array([-9.0, -3.0]), np.full(2, np.nan))
        assert dx.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            (1.0, 1.0),
            r"Hardtanh: max_val must be greater than min_val=1\.0, got 1\.0\.\nHint: name the lower",
        ),
        ((2, -2), r"Hardtanh: max_val must be greater than min_val=2\.0, got -2\.0\."),
        ((float("nan"), 1), r"Hardtanh: min_val must be finite, got nan\."),
    ],
)
def test_bounds_must_be_in_order(arguments, words):
    with pytest.raises(ValueError, match=words):
        Hardtanh(*arguments)


@pytest.mark.parametrize("layer", ALL, ids=repr)
def test_refusals(layer):
    with pytest.raises(TypeError, match="expected x of floating-point numbers, got int64"):
        layer.forward(np.ones((1, 2), np.int64))
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        type(layer)(**layer.arguments).backward(X)
