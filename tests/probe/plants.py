"""Numbers that are not finite, planted in nets: where, by which operation, in which sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinynet.core import Parameter
from tinynet.layers import (
    GELU,
    GRU,
    LSTM,
    BatchNorm2D,
    Conv2D,
    Dropout,
    Embedding,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    LayerNorm,
    Linear,
    MaxPool2D,
    MultiHeadAttention,
    ReLU,
    Tanh,
    TransformerBlock,
)
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net, Residual

N, SAMPLE = 6, 4  # rows of the batch, and the one that is spoiled


class Planting(NamedTuple):
    """An operation that is not finite: what it does to an array of zeros, and its words."""

    of_zeros: Callable[[Any], Any]
    words: str
    operands: tuple[float, ...]


PLANTINGS = [
    Planting(lambda zeros: np.log(zeros - 0.3), "log of -0.3 = nan", (-0.3,)),
    Planting(lambda zeros: 1 / zeros, "1 / 0 = inf", (1.0, 0.0)),
    Planting(lambda zeros: np.sqrt(zeros - 2), "square root of -2 = nan", (-2.0,)),
    Planting(lambda zeros: np.exp(zeros + 1000), "exp of 1000 = inf", (1000.0,)),
    Planting(lambda zeros: (zeros + 3e38) * 10, "3e+38 · 10 = inf", (3e38, 10.0)),
    Planting(lambda zeros: zeros / zeros, "0 / 0 = nan", (0.0, 0.0)),
]


class Scale(Layer):
    """A layer of one's own, with a parameter and a layer inside."""

    def __init__(self, n: int) -> None:
        self.factor = Parameter(np.ones(n))
        self.inner = Tanh()

    def forward(self, x):
        h = self.inner(x)
        self.remember(h=h)
        return self.factor.tensor * h

    def backward(self, dy):
        (h,) = self.recall()
        self.factor.accumulate((dy * h).sum(axis=0))
        return self.inner.backward(self.factor.tensor * dy)


class Gate(Layer):
    """A layer of one's own with two ways."""

    def __init__(self, n: int) -> None:
        self.left, self.right = Linear(n, n), Net([Linear(n, n), Tanh()])

    def forward(self, x):
        a, b = self.left(x), self.right(x)
        self.remember(a=a, b=b)
        return a * b

    def backward(self, dy):
        a, b = self.recall()
        return self.left.backward(dy * b) + self.right.backward(dy * a)


def tokens(T: int = 5) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 7, (N, T))


def rows(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((N, *shape)).astype(np.float32)


LABELS = np.arange(N) % 3


def mlp() -> tuple[Net, Any, Any, Any]:
    net = Net([Linear(4, 8), ReLU(), Dropout(0.3), Linear(8, 8), Tanh(), Linear(8, 3)])
    return net, rows(4), LABELS, cross_entropy


def recurrent() -> tuple[Net, Any, Any, Any]:
    net = Net([Embedding(7, 4), LSTM(4, 5), GRU(5, 5, bidirectional=True), Linear(10, 2)])
    return net, tokens(), rows(5, 2), mean_squared_error


def transformer() -> tuple[Net, Any, Any, Any]:
    net = Net(
        [Embedding(7, 8), MultiHeadAttention(8, 2, causal=True), TransformerBlock(8, 2), LayerNorm(8), Linear(8, 3)]
    )
    return net, tokens(), tokens() % 3, cross_entropy


def residual_cnn() -> tuple[Net, Any, Any, Any]:
    body = [Conv2D(4, 4, 3, padding=1), BatchNorm2D(4), ReLU(), Conv2D(4, 4, 3, padding=1), BatchNorm2D(4)]
    layers = [Conv2D(1, 4, 3, padding=1), BatchNorm2D(4), ReLU(), Residual(body), MaxPool2D(2), GlobalAvgPool2D()]
    return Net([*layers, Linear(4, 3)]), rows(1, 8, 8), LABELS, cross_entropy


def own_layers() -> tuple[Net, Any, Any, Any]:
    net = Net([Flatten(), Scale(4), Gate(4), GELU(), Linear(4, 3)])
    return net, rows(2, 2), LABELS, cross_entropy


NETS = {make.__name__: make for make in (mlp, recurrent, transformer, residual_cnn, own_layers)}


def spoil(array: Any, planting: Planting) -> Any:
    """Add the planted operation to one sample."""
    added = np.zeros_like(array)
    added[SAMPLE] = planting.of_zeros(np.zeros_like(array[SAMPLE]))
    return array + added


def plant(layer: Layer, method: str, planting: Planting, spoiling: Callable[[Any], Any] | None = None) -> None:
    """Let a layer spoil what its forward or its backward returns."""
    kind = type(layer)

    def spoiled(self: Any, *arrays: Any, **options: Any) -> Any:
        result = getattr(kind, method)(self, *arrays, **options)
        return result if result is None else spoil(result, planting) if spoiling is None else spoiling(result)

    layer.__class__ = type(kind.__name__, (kind,), {method: spoiled})


def plant_at_entry(layer: Layer, method: str, planting: Planting) -> None:
    """Let a layer spoil what its forward or its backward is given."""
    kind = type(layer)

    def spoiled(self: Any, array: Any, **options: Any) -> Any:
        return getattr(kind, method)(self, spoil(array, planting), **options)

    layer.__class__ = type(kind.__name__, (kind,), {method: spoiled})
