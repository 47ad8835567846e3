"""Small things about nets: what the errors say, inputs without features, and which columns a notebook shows."""

import re

import numpy as np
import pytest

from tinynet.layers import Embedding, Linear, ReLU
from tinynet.net import Net, Residual
from tinynet.net.summary import net_html


def test_a_residual_says_that_its_body_is_no_layer():
    with pytest.raises(TypeError, match=r"^Residual: body must be a layer or a list of layers, got a str"):
        Residual("Linear(4, 4)")
    with pytest.raises(TypeError, match=r"^Residual: body\[1\] must be a Layer, got an int"):
        Residual([Linear(4, 4), 3])


@pytest.mark.parametrize("method", ["forward", "predict"])
def test_rows_of_different_lengths_are_refused_by_the_net(method):
    with pytest.raises(TypeError, match=r"^Net: x must be an array, got rows of different lengths"):
        getattr(Net([Linear(2, 1)]), method)([[1.0, 2.0], [3.0]])


def test_a_net_takes_lists_of_numbers():
    net = Net([Linear(2, 3)])
    rows = [[1.0, 2.0], [3.0, 4.0]]
    expected = np.array(rows, np.float32) @ net[0].weight.tensor.T + net[0].bias.tensor
    np.testing.assert_allclose(net.forward(rows), expected, rtol=1e-6)
    np.testing.assert_allclose(net.predict(rows), expected, rtol=1e-6)


@pytest.mark.parametrize("index", [2, -3])
def test_an_index_behind_the_last_layer_is_refused(index):
    with pytest.raises(IndexError, match=rf"^Net: there is no layer {index}, they count from 0 to 1\.$"):
        Net([Linear(2, 2), ReLU()])[index]


def test_tokens_of_shape_n_are_rows():
    net = Net([Embedding(10, 4)])
    tokens = np.array([3, 1, 4, 1, 5])
    np.testing.assert_array_equal(net.predict(tokens), net[0].weight.tensor[tokens])
    np.testing.assert_array_equal(net.predict(tokens, batch_size=2), net[0].weight.tensor[tokens])


def test_a_summary_needs_no_second_token():
    summary = Net([Embedding(1, 4), Linear(4, 2)]).summary((3,))
    assert [row.shape for row in summary.rows] == [(3, 4), (3, 2)]


def test_a_net_in_a_notebook_shows_path_layer_parameters_and_formula():
    html = net_html(Net([Linear(4, 3), ReLU()]))
    assert re.findall(r"<th [^>]*>([^<]*)</th>", html) == ["Path", "Layer", "Parameters", "Formula"]
    cells = re.findall(r"<td [^>]*>([^<]*)</td>", html)
    assert cells[:4] == ["0", "Linear(4, 3)", "15", "y = x Wᵀ + b"]
    assert cells[4:7] == ["1", "ReLU()", ""]
