"""NumPy leaves any number as the stride of an axis of length 1. It decides nothing: not the bits, not the route."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import tinynet as tn
from tinynet.core import faster
from tinynet.engine.machine.layout import like, same_order, strides
from tinynet.layers import (
    ELU,
    GELU,
    GRU,
    LSTM,
    AvgPool2D,
    BatchNorm1D,
    BatchNorm2D,
    Conv1D,
    Conv2D,
    Dropout,
    Dropout2D,
    GlobalAvgPool2D,
    GroupNorm,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Layer,
    LayerNorm,
    Linear,
    LogSigmoid,
    LogSoftmax,
    MaxPool2D,
    Mish,
    MultiHeadAttention,
    PReLU,
    ReLU,
    ReLU6,
    RMSNorm,
    RotaryPosition,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
    TransformerBlock,
)
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from tinynet.net import Net

FUNCTIONS: list[Layer] = [GELU(), GELU("tanh"), SiLU(), Softplus(), ELU(), Sigmoid(), Tanh(), ReLU(), PReLU()]
FUNCTIONS += [ReLU6(), Hardtanh(), Hardsigmoid(), Hardswish(), LogSigmoid(), Mish()]
FUNCTIONS += [Softmax(), Softmax(1), LogSoftmax(1), Dropout(0.3)]
CASES: list[tuple[Layer, tuple[int, ...]]] = [
    (layer, shape)
    for layer in FUNCTIONS
    for shape in ((4, 1, 40, 40), (1, 3, 40, 40), (2, 16, 1, 64), (1, 40, 64), (1, 3000))
]
for images in ((4, 1, 40, 40), (1, 16, 30, 30), (2, 16, 1, 64), (2, 16, 64, 1)):
    C = images[1]
    CASES += [
        (layer, images)
        for layer in (BatchNorm2D(C), GroupNorm(1, C), GlobalAvgPool2D(), MaxPool2D(1), AvgPool2D(1), Dropout2D(0.3))
    ]
    CASES += [
        (layer, images) for layer in (PReLU(C), Conv2D(C, 16, 1), Conv2D(C, 5, 3, padding=1), LayerNorm(images[3]))
    ]
for rows in ((1, 40, 64), (40, 1, 64)):
    CASES += [(layer, rows) for layer in (BatchNorm1D(64), LayerNorm(64), RMSNorm(64), Linear(64, 16), Linear(64, 300))]
    CASES += [(layer, rows) for layer in (Conv1D(64, 16, 1), GRU(64, 16), LSTM(64, 16), RotaryPosition(64))]
    CASES += [(layer, rows) for layer in (MultiHeadAttention(64, 2), TransformerBlock(64, 2))]
CASES += [(Linear(3000, 16), (1, 3000)), (LayerNorm(3000), (1, 3000)), (RotaryPosition(64), (40, 64))]


def odd(x: np.ndarray, stride: int) -> np.ndarray:
    """x with another stride along its axes of length 1."""
    return as_strided(x, x.shape, [stride if size == 1 else s for size, s in zip(x.shape, x.strides, strict=True)])


def results(layer: Layer, x: np.ndarray, dy: np.ndarray, choice: str) -> list[np.ndarray]:
    layer = deepcopy(layer)
    tn.seed(0)
    with faster.use(choice):
        y = layer.forward(x)
        dx = layer.backward(dy)
    return [y, dx, *[parameter.gradient for parameter in layer.parameters().values()]]


@pytest.mark.needs_compiler
@pytest.mark.parametrize("choice", ["plain", "compiled"])
@pytest.mark.parametrize(("layer", "shape"), CASES, ids=lambda value: repr(value).replace("\n", " "))
def test_no_bit_of_a_layer(layer: Layer, shape: tuple[int, ...], choice: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape).astype(np.float32)
    with faster.use("plain"):
        dy = rng.normal(size=deepcopy(layer).forward(x).shape).astype(np.float32)
    expected = results(layer, x, dy, choice)
    for stride in (0, 4, 400_000):
        for found, true in zip(results(layer, odd(x, stride), odd(dy, stride), choice), expected, strict=True):
            np.testing.assert_array_equal(found, true)


@pytest.mark.parametrize("choice", ["plain", "compiled"])
def test_no_bit_of_a_loss(choice: str) -> None:
    x = np.random.default_rng(0).normal(size=(1, 30_000)).astype(np.float32)
    t = (x > 0).astype(np.float32)
    with faster.use(choice):
        for loss, truth in (
            (mean_squared_error, t),
            (binary_cross_entropy_with_logits, t),
            (cross_entropy, np.array([3])),
        ):
            expected: Any = loss(x, truth)
            for stride in (0, 4, 400_000):
                found: Any = loss(odd(x, stride), odd(truth, 8) if truth is t else truth)
                assert found[0] == expected[0]
                np.testing.assert_array_equal(found[1], expected[1])


class Looks:
    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        """Looking is enough: it takes layers out of pairs."""


def test_a_watched_net_gives_the_bits_of_an_unwatched_one() -> None:
    x = np.random.default_rng(0).normal(size=(4, 1, 40, 40)).astype(np.float32)
    net = Net([BatchNorm2D(1), ReLU(), SiLU()])
    y = net.forward(x)
    dx = net.backward(y)
    with net.watch(Looks()):
        np.testing.assert_array_equal(net.forward(x), y)
        np.testing.assert_array_equal(net.backward(y), dx)


def test_strides_of_axes_of_length_1_are_those_of_c_order() -> None:
    x = np.zeros((3, 1, 4, 1), np.float32)
    for stride in (0, 4, 1000):
        assert strides(odd(x, stride)) == (16, 16, 4, 4)
        assert same_order(odd(x, stride), x)
        assert like(x, odd(x, stride)).base is not None  # a view, not a copy
    assert strides(np.zeros((2, 3))) == (24, 8)
    assert not same_order(np.zeros((2, 3)), np.zeros((3, 2)).T)


@pytest.mark.parametrize("choice", ["plain", "compiled"])
def test_linear_takes_a_single_row_without_a_batch_axis(choice: str) -> None:
    layer, x, dy = Linear(300, 200), np.random.default_rng(0).normal(size=300), np.arange(200.0)
    layer.astype(np.float64)
    expected = results(layer, x[np.newaxis], dy[np.newaxis], choice)
    y, dx, dW, db = results(layer, x, dy, choice)
    assert (y.shape, dx.shape) == ((200,), (300,))
    np.testing.assert_array_equal(y, expected[0][0])
    np.testing.assert_array_equal(dx, expected[1][0])
    np.testing.assert_array_equal(dW, expected[2])
    np.testing.assert_array_equal(db, expected[3])
