"""Flatten: shapes, order, errors."""

import numpy as np
import pytest

from tinynet.layers import Flatten
from tinynet.net import Net


def channels_last(x):
    """The same numbers with the channels last in memory."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


@pytest.mark.parametrize(
    ("start", "end", "shape"),
    [
        (1, -1, (2, 60)),
        (0, -1, (120,)),
        (0, 1, (6, 4, 5)),
        (2, 3, (2, 3, 20)),
        (-2, -1, (2, 3, 20)),
        (1, 1, (2, 3, 4, 5)),
    ],
)
def test_shapes_and_order(start, end, shape):
    x = np.arange(120.0).reshape(2, 3, 4, 5)
    layer = Flatten(start, end)
    y = layer.forward(x)
    assert y.shape == shape
    np.testing.assert_array_equal(y.ravel(), np.arange(120))
    np.testing.assert_array_equal(layer.backward(y), x)


def test_a_row_stays_a_row():
    assert Flatten().forward(np.ones((4, 3))).shape == (4, 3)


def test_an_empty_batch_keeps_its_width():
    layer = Flatten()
    assert layer.forward(np.ones((0, 3, 4))).shape == (0, 12)
    assert layer.backward(np.ones((0, 12))).shape == (0, 3, 4)


def test_channels_last_memory_is_read_in_logical_order():
    x = np.arange(24.0).reshape(1, 2, 3, 4)
    last = channels_last(x)
    np.testing.assert_array_equal(Flatten().forward(last), [np.arange(24)])
    np.testing.assert_array_equal(Net([Flatten()]).astype(np.float64).forward(last), [np.arange(24)])


def test_a_transposed_gradient_is_read_in_logical_order():
    layer = Flatten()
    layer.forward(np.ones((2, 2, 3)))
    dy = np.arange(12.0).reshape(6, 2).T
    np.testing.assert_array_equal(layer.backward(dy), dy.copy().reshape(2, 2, 3))


def test_bad_input():
    with pytest.raises(ValueError, match=r"Flatten\(\): start_dim 1 does not exist in x of shape \(3,\)\."):
        Flatten().forward(np.ones(3))
    with pytest.raises(ValueError, match=r"end_dim 4 does not exist in x of shape \(2, 3\)\."):
        Flatten(end_dim=4).forward(np.ones((2, 3)))
    with pytest.raises(
        ValueError, match=r"of shape \(2, 3, 4\), end_dim \(axis 1\) comes before start_dim \(axis 2\)\."
    ):
        Flatten(2, 1).forward(np.ones((2, 3, 4)))
    with pytest.raises(TypeError, match="Flatten: start_dim must be an integer, got 1.5"):
        Flatten(1.5)
    with pytest.raises(TypeError, match="expected x to be a NumPy array, got list"):
        Flatten().forward([[1.0]])
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        Flatten().backward(np.ones((2, 3)))
