"""Linear: values by hand, derivatives, options, errors."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.core import seed
from tinynet.layers import Linear


def by_hand() -> Linear:
    layer = Linear(2, 3).astype(np.float64)
    layer.weight.tensor = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    layer.bias.tensor = np.array([0.1, 0.2, 0.3])
    return layer


X = np.array([[1.0, 1.0], [2.0, 0.0]])
DY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 2.0]])


def test_forward_by_hand():
    np.testing.assert_allclose(by_hand().forward(X), [[3.1, 7.2, 11.3], [2.1, 6.2, 10.3]])


def test_backward_by_hand():
    layer = by_hand()
    layer.forward(X)
    np.testing.assert_allclose(layer.backward(DY), [[1, 2], [13, 16]])
    np.testing.assert_allclose(layer.weight.gradient, [[1, 1], [2, 0], [4, 0]])
    np.testing.assert_allclose(layer.bias.gradient, [1, 1, 2])


def test_gradients_add():
    layer = by_hand()
    for _ in range(2):
        layer.forward(X)
        layer.backward(DY)
    np.testing.assert_allclose(layer.weight.gradient, [[2, 2], [4, 0], [8, 0]])
    np.testing.assert_allclose(layer.bias.gradient, [2, 2, 4])


@pytest.mark.parametrize("shape", [(5, 4), (1, 4), (2, 3, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_derivative(shape, bias):
    assert_derivative(Linear(4, 3, bias=bias), np.random.default_rng(0).normal(size=shape))


def test_without_bias():
    layer = Linear(2, 3, bias=False)
    assert list(layer.parameters()) == ["weight"]
    np.testing.assert_array_equal(layer.forward(np.zeros((1, 2), np.float32)), [[0, 0, 0]])


def test_initial_weights_are_uniform_up_to_1_over_root_fan_in():
    layer = Linear(100, 200, rng=np.random.default_rng(0))
    for parameter in (layer.weight, layer.bias):
        assert 0.09 < np.abs(parameter.tensor).max() <= 0.1
        assert parameter.tensor.mean() == pytest.approx(0, abs=0.01)


def test_weights_come_from_the_seed_or_from_rng():
    seed(5)
    first = Linear(3, 2)
    seed(5)
    np.testing.assert_array_equal(Linear(3, 2).weight.tensor, first.weight.tensor)
    a, b = Linear(3, 2, rng=np.random.default_rng(1)), Linear(3, 2, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(a.weight.tensor, b.weight.tensor)
    np.testing.assert_array_equal(a.bias.tensor, b.bias.tensor)


def test_leaves_its_inputs_alone():
    layer, x, dy = by_hand(), X.copy(), DY.copy()
    layer.forward(x)
    layer.backward(dy)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(dy, DY)


def test_a_frozen_parameter_collects_nothing():
    layer = by_hand()
    layer.weight.trainable = False
    layer.forward(X)
    layer.backward(DY)
    assert not layer.weight.gradient.any()
    np.testing.assert_allclose(layer.bias.gradient, [1, 1, 2])


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((5, 2, 2), r"Hint: put Flatten\(\) before this layer\.$"),
        ((5, 2, 3), r"Hint: put Flatten\(\) before this layer and make it Linear\(6, \.\.\.\)\."),
        ((5, 3), r"Hint: make it Linear\(3, \.\.\.\), or change what comes before\."),
        ((3,), r"got \(3,\)\.$"),
    ],
)
def test_a_wrong_shape_says_what_to_do(shape, hint):
    with pytest.raises(ValueError, match=r"^Linear\(in_features=4, out_features=3\): expected x of shape \(N, 4\)"):
        Linear(4, 3).forward(np.ones(shape))
    with pytest.raises(ValueError, match=hint):
        Linear(4, 3).forward(np.ones(shape))


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"Linear: in_features must be at least 1, got 0\."):
        Linear(0, 3)
    with pytest.raises(ValueError, match=r"Linear: out_features must be at least 1, got -3\."):
        Linear(3, -3)
    with pytest.raises(TypeError, match=r"Linear: in_features must be an integer, got 2\.5\."):
        Linear(2.5, 3)
    with pytest.raises(TypeError, match=r"Linear: in_features must be an integer, got True\."):
        Linear(True, 3)
    with pytest.raises(TypeError, match="expected x of floating-point numbers, got int64"):
        Linear(2, 3).forward(np.ones((1, 2), np.int64))
    with pytest.raises(TypeError, match="expected x to be a NumPy array, got list"):
        Linear(2, 3).forward([[1.0, 2.0]])
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        Linear(2, 3).backward(np.ones((1, 3)))
