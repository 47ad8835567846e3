"""A batch on its way through a net: what is told of each layer, found out by asking it."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import place, walk
from tinynet.layers import (
    BatchNorm1D,
    Dropout,
    Embedding,
    Flatten,
    Hardtanh,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2D,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from tinynet.losses import mean_squared_error
from tinynet.net import Net, Residual
from tinynet.probe.doctor import walk as walks


def test_a_batch_on_its_way() -> None:
    net = Net([Linear(2, 2), ReLU(), Residual([Linear(2, 2, bias=False)])])
    net[0].weight.tensor, net[0].bias.tensor = [[1.0, 0.0], [0.0, -1.0]], [0.0, 0.0]
    net[2].body[0].weight.tensor = [[1.0, 0.0], [0.0, 1.0]]
    net[0].weight.gradient = np.full((2, 2), 100.0)  # which is left from before
    x = np.array([[3.0, 4.0]] * 8, np.float32)
    y = np.zeros((8, 2), np.float32)
    found = walks.Walk(net, x, y, mean_squared_error)
    assert [each.path for each in found.places] == ["0", "1", "2.body.0"]
    assert [each.kind for each in found.places] == ["weights", "relu", "weights"]
    assert found.output.tolist() == [[6.0, 0.0]] * 8
    assert found.loss == 18
    first, second, third = found.places
    assert (first.size, second.size, third.size) == pytest.approx((np.sqrt(12.5), np.sqrt(4.5), np.sqrt(4.5)))
    assert (first.varies, first.multiply_adds, first.n_outputs, third.multiply_adds) == (0, 4, 2, 4)
    assert (first.dead, second.dead, first.saturated, second.saturated) == (None, 0.5, None, None)
    dy = 2 * 6 / 16  # of every first output; nothing of the second
    assert third.gradient_size == pytest.approx(dy / np.sqrt(2))
    assert second.gradient_size == pytest.approx(2 * dy / np.sqrt(2))
    assert first.gradient_size == pytest.approx(2 * dy / np.sqrt(2))
    assert third.parameter_gradients == {"weight": pytest.approx(8 * dy * 3)}
    assert first.parameter_gradients == {"weight": pytest.approx(16 * dy * 5), "bias": pytest.approx(16 * dy)}
    assert found.weighted() == [first, third]


def test_a_batch_on_its_way_forward_alone() -> None:
    net = Net([Embedding(5, 2), Tanh()])
    found = walks.Walk(net, np.array([[1, 2]]))
    assert np.isnan(found.loss)
    assert [each.kind for each in found.places] == ["weights", "squash"]
    assert np.isnan(found.places[0].gradient_size)
    assert found.places[1].saturated == 0
    assert found.places[0].parameter_gradients == {"weight": 0}
    pair = walks.Walk(Net([Linear(2, 1)]), (np.ones((3, 2)),))
    assert [each.path for each in pair.places] == ["0"]


def test_the_share_of_dead_units() -> None:
    assert walks.dead_share(walk(place(dead=0.25), place(dead=None), place(dead=0.75))) == 0.5
    assert walks.dead_share(walk(place())) == 0


class Double(Layer):
    """Gives twice what it gets, or fails at what is asked."""

    def __init__(self, factor: float = 2.0, fails: bool = False) -> None:
        self.factor, self.fails = factor, fails

    def forward(self, x: np.ndarray) -> np.ndarray:
        if self.fails:
            raise ValueError("no")
        return self.factor * x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return self.factor * dy


X = np.array([[1.0, 2.0, 3.0], [0.5, 1.0, 2.0]], np.float32)


@pytest.mark.parametrize(
    ("layer", "x", "kind"),
    [
        (Linear(3, 2), X, "weights"),
        (BatchNorm1D(3), X, "norm"),
        (BatchNorm1D(3, affine=False), X, "norm"),
        (Flatten(), X[:, :, None], "shape"),
        (Dropout(0.0), X, "shape"),
        (ReLU(), X, "relu"),  # although all its inputs are above 0
        (ReLU(), -X, "relu"),
        (Softplus(), X, "relu"),
        (LeakyReLU(), X, "other"),
        (Tanh(), X, "squash"),
        (Sigmoid(), X, "squash"),
        (ReLU6(), X, "squash"),
        (Hardtanh(), X / 10, "squash"),
        (Softmax(), X, "softmax"),
        (Softmax(axis=0), X, "squash"),
        (Double(), X, "other"),
        (Double(1.0), X, "shape"),
        (MaxPool2D(2), np.abs(np.ones((1, 1, 2, 2), np.float32)), "other"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Layer) else "",
)
def test_what_a_layer_does(layer: Layer, x: np.ndarray, kind: str) -> None:
    assert walks.kind_of(layer, x, layer.forward(x)) == kind


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (ReLU(), (0.0, inf, False)),
        (Tanh(), (-1.0, 1.0, False)),
        (Sigmoid(), (0.0, 1.0, False)),
        (Softmax(), (0.0, 1.0, True)),
        (Softmax(axis=0), (0.0, 1.0, False)),
        (Double(), (-inf, inf, False)),
        (Hardtanh(-1000.0, 1000.0), (-1000.0, 1000.0, False)),
        (Hardtanh(-1001.0, 1001.0), (-inf, inf, False)),
        (Double(fails=True), (-inf, inf, False)),
        (Double(inf), (-inf, inf, False)),
        (Hardtanh(-0.12345, 0.6789), (-0.123, 0.679, False)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Layer) else "",
)
def test_the_range_of_a_layer(layer: Layer, expected: tuple) -> None:
    assert walks.output_range(layer, X) == expected
    assert walks.output_range(layer, np.tile(X, (9, 1))) == expected


def test_one_number_for_each_sample_is_no_row() -> None:
    assert walks.output_range(Softmax(), X[0]) == (0.0, 1.0, False)


def test_a_layer_is_asked_alone() -> None:
    layer = Dropout(0.5)
    ask = walks._asked(layer)
    np.testing.assert_array_equal(ask(X), X)  # in evaluation mode
    assert layer.training
    assert walks._asked(Double(fails=True))(X) is None


def test_whether_a_layer_bends() -> None:
    assert walks._bends(ReLU(), X)
    assert not walks._bends(Flatten(), X)
    assert not walks._bends(Double(fails=True), X)
    assert walks._bends(MaxPool2D(2), np.ones((1, 1, 2, 2), np.float32))
    asked: list = []

    class Watched(Double):
        def forward(self, x: np.ndarray) -> np.ndarray:
            asked.append(x)
            return x

    assert not walks._bends(Watched(), np.array([[-3.0, 2.0]]))
    assert asked[0].tolist() == [[-4.0, -3.0]]


def test_sizes_and_norms() -> None:
    assert walks._size(np.array([3.0, -4.0])) == pytest.approx(np.sqrt(12.5))
    assert walks._size(np.zeros(0)) == 0
    assert walks._size(np.full(2, 1e30, np.float32)) == pytest.approx(1e30)
    assert walks._norm(np.array([[3.0], [-4.0]])) == 5
    assert walks._norm(np.full(4, 1e30, np.float32)) == pytest.approx(2e30)
    long = np.zeros(100_000)
    long[1::2] = 7
    assert walks._size(long) == pytest.approx(np.sqrt(24.5), rel=0.01)
    assert walks._round(-0.0004) == 0
    assert str(walks._round(-0.0004)) == "0.0"
    assert walks._round(0.12345) == 0.123


def test_how_much_outputs_vary() -> None:
    y = np.array([[3.0, 4.0], [-3.0, 4.0]])
    assert walks._varies(y) == pytest.approx(np.sqrt(4.5) / np.sqrt(12.5))
    assert walks._varies(np.ones((3, 2))) == 0
    assert walks._varies(np.zeros((3, 2))) == 0
    assert np.isnan(walks._varies(y[:1]))
    assert np.isnan(walks._varies(y.astype(int)))
    assert walks._varies(y[:, :, None]) == walks._varies(y)
    assert walks._varies(np.array([[1e30], [-1e30]], np.float32)) == pytest.approx(1)


def test_units_that_are_zero_for_every_row() -> None:
    y = np.ones((8, 4))
    y[:, 0] = y[0, 1] = 0
    assert walks._dead_share(y) == 0.25
    assert walks._dead_share(y[:7]) is None
    images = np.ones((2, 3, 2, 2))
    images[:, 1] = images[0, 0] = 0
    assert walks._dead_share(images) == pytest.approx(1 / 3)
    assert walks._dead_share(images[:1]) is None
    sequences = np.ones((2, 4, 2))
    sequences[..., 1] = sequences[0] = 0
    assert walks._dead_share(sequences) == 0.5


def test_numbers_at_the_ends_of_a_layer() -> None:
    x = np.array([[0.0, 20.0], [-20.0, 1.0]], np.float32)
    assert walks._saturated_share(Tanh(), x, np.tanh(x)) == 0.5
    assert walks._saturated_share(Hardtanh(), x, np.clip(x, -1, 1)) == 0.75
    assert walks._saturated_share(Double(fails=True), x, x) == 0
    edge = np.array([[2.6, 2.7]], np.float32)  # the slope 1 − tanh² is 0.0218 and 0.0179; a step further 0.0216, 0.0177
    assert walks._saturated_share(Tanh(), edge, np.tanh(edge)) == 0.5
    assert walks._saturated_share(Tanh(), -edge, np.tanh(-edge)) == 0.5


def test_a_layer_that_falls_is_asked_for_its_size() -> None:
    class Falling(Double):
        def forward(self, x: np.ndarray) -> np.ndarray:
            return -np.tanh(x)

    x = np.array([[0.0, 20.0]], np.float32)
    found: Any = walks._saturated_share(Falling(), x, -np.tanh(x))
    assert found == 0.5
