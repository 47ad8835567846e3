"""Singular values of weights."""

import numpy as np
import pytest

from tinynet.layers import Conv2D, Linear, ReLU
from tinynet.net import Net
from tinynet.probe import singular_values


def test_of_a_rotation_and_a_stretch_by_hand():
    net = Net([Linear(2, 3), ReLU(), Conv2D(1, 2, (1, 2))])
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    net[0].weight.tensor = np.vstack([turn @ np.diag([5.0, 0.5]), [[0, 0]]])
    net[2].weight.tensor = np.array([[3.0, 4.0], [0.0, 0.0]]).reshape(2, 1, 1, 2)
    found = singular_values(net)
    assert list(found) == ["0.weight", "2.weight"]
    np.testing.assert_allclose(found["0.weight"], [5, 0.5], rtol=1e-6)
    np.testing.assert_allclose(found["2.weight"], [5, 0], atol=1e-7)


def test_a_net_without_weights_is_told():
    with pytest.raises(ValueError, match=r"singular_values: Net has no weight with two axes\.\nHint: give it a net"):
        singular_values(Net([ReLU()]))


def test_infinite_weights_are_told_by_path():
    net = Net([Linear(2, 2)])
    net[0].weight.tensor = [[np.nan, 0], [0, 0]]
    with pytest.raises(ValueError, match=r"0\.weight holds NaN or infinity\.\nHint: look at the net before"):
        singular_values(net)


def test_something_else_is_refused():
    with pytest.raises(TypeError, match="singular_values: net must be a Layer"):
        singular_values(3)
