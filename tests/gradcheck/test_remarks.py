"""A plain array that looks like a weight is remarked on; statistics, memory and constants are not."""

import numpy as np
import pytest

from tests.contract.table import LAYERS
from tinynet.core import Parameter
from tinynet.gradcheck import check_layer, check_net
from tinynet.layers import Layer, Linear
from tinynet.losses import mean_squared_error
from tinynet.net import Net


class Forgotten(Layer):
    """Its weight and its bias are plain arrays."""

    def __init__(self, n_in, n_out):
        self.W = np.random.default_rng(0).normal(size=(n_in, n_out))
        self.b = np.zeros(n_out)
        self.scale = Parameter(np.ones(n_out))

    def forward(self, x):
        z = x @ self.W.astype(x.dtype) + self.b.astype(x.dtype)
        self.remember(z=z)
        return z * self.scale.tensor

    def backward(self, dy):
        (z,) = self.recall()
        self.scale.accumulate((dy * z).sum(axis=0))
        return (dy * self.scale.tensor) @ self.W.T.astype(dy.dtype)


class Harmless(Layer):
    """Arrays that are no weights: a constant, a statistic, a value of the last call, a table that was handed in."""

    def __init__(self, n, table):
        self.table = table
        self._constant = np.linspace(0, 1, n)
        self.unused = np.ones(n)
        self.running_mean = np.zeros(n)
        self.kernel = np.ones((n + 7, n + 9))
        self.last = np.zeros(n)

    def forward(self, x):
        self.last = x[0]
        if self.training:
            self.running_mean = 0.9 * self.running_mean + 0.1 * x.mean(axis=0)
        shift = 0 if self.training else self.running_mean.astype(x.dtype)
        return (
            x * self.table.astype(x.dtype) + self._constant.astype(x.dtype) - shift + self.kernel[0, 0].astype(x.dtype)
        )

    def backward(self, dy):
        return dy * self.table.astype(dy.dtype)


def test_plain_weights_are_remarked_on_and_are_no_error():
    report = check_layer(Forgotten(3, 2), (4, 3))
    assert len(report.remarks) == 2
    assert report.remarks[0].startswith(
        "W is a plain array of 3×2 numbers that forward uses, so no optimizer will ever change it."
    )
    assert report.remarks[0].endswith("write Parameter(...); if it stays fixed on purpose, call it _W.")
    assert report.remarks[1].startswith("b is a plain array of 2 numbers")
    assert repr(report).count("\n  remark: ") == 2


def test_the_path_inside_a_net_is_named():
    net = Net([Linear(4, 3), Forgotten(3, 2)])
    remarks = check_net(net, (5, 4), mean_squared_error, np.zeros((5, 2))).remarks
    assert [remark.partition(" ")[0] for remark in remarks] == ["1.W", "1.b"]


def test_other_arrays_are_not():
    assert check_layer(Harmless(3, np.array([1.0, 2.0, 3.0])), (4, 3)).remarks == ()


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_no_layer_of_ours_is_remarked_on(row):
    report = check_layer(row.build(), row.inputs, max_entries=1, batch_of_one=row.batch_of_one)
    assert report.remarks == ()
    assert "remark" not in repr(report)


def test_a_layer_with_nothing_to_differentiate_shows_its_remarks_too():
    class Look(Layer):
        def __init__(self, n):
            self.table = np.arange(n) / n

        def forward(self, x):
            return self.table[x]

        def backward(self, dy):
            return None

    report = check_layer(Look(3), np.array([0, 1, 2, 1]))
    assert [remark.partition(" ")[0] for remark in report.remarks] == ["table"]
    assert "call it _table." in repr(report)
    assert repr(report).startswith("Look(n=3): there is nothing to differentiate")


def test_weights_in_a_dict():
    class Held(Layer):
        def __init__(self, n):
            self.held = {"a": np.ones(n), "b": np.ones(n)}

        def forward(self, x):
            return x * self.held["b"].astype(x.dtype)

        def backward(self, dy):
            return dy * self.held["b"].astype(dy.dtype)

    assert check_layer(Held(3), (2, 3)).remarks[0].startswith("held['b'] is a plain array of 3 numbers")
