"""Residual and Concat."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import Conv2D, Linear, ReLU, Reshape, Tanh
from tinynet.net import Concat, Net, Residual

X = np.random.default_rng(0).normal(size=(3, 4))


def test_residual_adds_its_input():
    layer = Residual(Linear(4, 4)).astype(np.float64)
    np.testing.assert_allclose(layer.forward(X), layer.body[0].forward(X) + X)


def test_residual_adds_its_shortcut():
    layer = Residual([Linear(4, 2), ReLU()], shortcut=[Linear(4, 2)]).astype(np.float64)
    np.testing.assert_allclose(layer.forward(X), layer.body.forward(X) + layer.shortcut.forward(X))


@pytest.mark.parametrize("shortcut", [None, [Linear(4, 4)]], ids=["identity", "shortcut"])
def test_residual_derivative(shortcut):
    assert_derivative(Residual([Linear(4, 5), Tanh(), Linear(5, 4)], shortcut), X.copy())


def test_residual_around_nothing_doubles():
    np.testing.assert_array_equal(Residual([]).astype(np.float64).forward(X), 2 * X)


def test_concat_puts_side_by_side():
    layer = Concat([Linear(4, 3), [Linear(4, 2), ReLU()], []]).astype(np.float64)
    y = layer.forward(X)
    assert y.shape == (3, 9)
    np.testing.assert_allclose(y[:, :3], layer.branches[0].forward(X))
    np.testing.assert_allclose(y[:, 3:5], layer.branches[1].forward(X))
    np.testing.assert_array_equal(y[:, 5:], X)


@pytest.mark.parametrize("axis", [1, -1])
def test_concat_derivative(axis):
    assert_derivative(Concat([Linear(4, 3), [Linear(4, 2), Tanh()], []], axis=axis), X.copy())


def test_concat_of_channels_derivative():
    x = np.random.default_rng(1).normal(size=(2, 2, 3, 3))
    assert_derivative(Net([Concat([Conv2D(2, 1, 1), Conv2D(2, 3, 3, padding=1)]), Conv2D(4, 1, 2)]), x)


def test_branches_are_found_by_path():
    assert list(Residual(Linear(4, 4), shortcut=Linear(4, 4, bias=False)).parameters()) == [
        "body.0.weight",
        "body.0.bias",
        "shortcut.0.weight",
    ]
    assert list(Concat([Linear(4, 1), []]).parameters()) == ["branches.0.0.weight", "branches.0.0.bias"]


def test_a_net_is_taken_as_it_is():
    body = Net([Linear(4, 4)])
    assert Residual(body).body is body


def test_residual_refuses_shapes_that_cannot_be_added():
    with pytest.raises(
        ValueError, match=r"Residual: the body gives shape \(3, 1\), the shortcut \(3, 4\); they cannot"
    ):
        Residual(Linear(4, 1)).forward(X.astype(np.float32))  # NumPy alone would broadcast it


def test_concat_refuses_what_cannot_be_joined():
    with pytest.raises(
        ValueError, match=r"Concat: the branches give \(3, 2\), \(3, 3\); they may differ in axis 0 only\."
    ):
        Concat([Linear(4, 2), Linear(4, 3)], axis=0).forward(X.astype(np.float32))
    with pytest.raises(
        ValueError, match=r"Concat: the branches give \(3, 4, 1\), \(3, 4\); they may differ in axis 2 only\."
    ):
        Concat([[], Reshape(4)], axis=2).forward(np.ones((3, 4, 1)))
    with pytest.raises(ValueError, match=r"Concat: axis 2 does not exist in outputs of shape \(3, 2\)\."):
        Concat([Linear(4, 2)], axis=2).forward(X.astype(np.float32))


def test_concat_refuses_bad_arguments():
    with pytest.raises(ValueError, match=r"Concat: branches must hold at least one entry, got an empty list\."):
        Concat([])
    with pytest.raises(TypeError, match=r"Concat: branches must be a list, got Linear\."):
        Concat(Linear(2, 2))
    with pytest.raises(TypeError, match="Concat: axis must be an integer, got 1.0"):
        Concat([ReLU()], axis=1.0)
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        Concat([ReLU()]).backward(X)
