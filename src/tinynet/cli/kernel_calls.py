"""Work of a usual size for each kind of layer, loss and optimizer, to time what serves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tinynet.core import Parameter
from tinynet.layers import (
    GELU,
    GRU,
    LSTM,
    RNN,
    AvgPool2D,
    BatchNorm2D,
    Conv2D,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    Linear,
    MaxPool2D,
    MultiHeadAttention,
    ReLU,
    Sigmoid,
    Softmax,
)
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, Optimizer

N_PARAMETERS = 1 << 20  # numbers that an optimizer updates
Shape = tuple[int, ...]


class Work(NamedTuple):
    """Something to time."""

    name: str
    call: Callable[[], Any]
    multiply_adds: int = 0  #: Of a layer whose work is sums of products.


class _Entry(NamedTuple):
    """A layer, and shapes of x: a usual one, and one that nested loops get through."""

    build: Callable[[Shape], Layer]
    large: Shape
    small: Shape


IMAGES, FEW_IMAGES = (16, 32, 32, 32), (1, 4, 6, 6)
SEQUENCES, FEW_SEQUENCES = (16, 128, 128), (1, 4, 8)
LAYERS: dict[str, _Entry] = {
    "Linear": _Entry(lambda s: Linear(s[1], 256), (64, 784), (2, 3)),
    "Conv2D": _Entry(lambda s: Conv2D(s[1], s[1], 3, padding=1), IMAGES, FEW_IMAGES),
    "Conv2D, depthwise": _Entry(lambda s: Conv2D(s[1], s[1], 3, padding=1, groups=s[1]), IMAGES, FEW_IMAGES),
    "MaxPool2D": _Entry(lambda s: MaxPool2D(2), IMAGES, FEW_IMAGES),
    "AvgPool2D": _Entry(lambda s: AvgPool2D(2), IMAGES, FEW_IMAGES),
    "ReLU": _Entry(lambda s: ReLU(), IMAGES, FEW_IMAGES),
    "Sigmoid": _Entry(lambda s: Sigmoid(), IMAGES, FEW_IMAGES),
    "GELU": _Entry(lambda s: GELU(), SEQUENCES, FEW_SEQUENCES),
    "Softmax": _Entry(lambda s: Softmax(), SEQUENCES, FEW_SEQUENCES),
    "Dropout": _Entry(lambda s: Dropout(0.25), IMAGES, FEW_IMAGES),
    "BatchNorm2D": _Entry(lambda s: BatchNorm2D(s[1]), IMAGES, FEW_IMAGES),
    "LayerNorm": _Entry(lambda s: LayerNorm(s[2]), SEQUENCES, FEW_SEQUENCES),
    "Embedding": _Entry(lambda s: Embedding(65, 128), (16, 128), (1, 4)),
    "RNN": _Entry(lambda s: RNN(s[2], s[2]), (32, 32, 128), FEW_SEQUENCES),
    "LSTM": _Entry(lambda s: LSTM(s[2], s[2]), (32, 32, 128), FEW_SEQUENCES),
    "GRU": _Entry(lambda s: GRU(s[2], s[2]), (32, 32, 128), FEW_SEQUENCES),
    "MultiHeadAttention": _Entry(lambda s: MultiHeadAttention(s[2], 4), SEQUENCES, FEW_SEQUENCES),
}
LOSSES: dict[str, Callable[..., Any]] = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
}
OPTIMIZERS: dict[str, Callable[[], Optimizer]] = {
    "SGD": lambda: SGD(lr=0.01),
    "SGD, momentum": lambda: SGD(lr=0.01, momentum=0.9),
    "Adam": lambda: Adam(),
}


def works(large: bool = True) -> Iterator[Work]:
    """All of it, forward and backward of each layer apart.

    Example:
        >>> [work.name for work in works(large=False)][:2]
        ['Linear.forward', 'Linear.backward']
    """
    for name, entry in LAYERS.items():
        yield from of_layer(
            name, entry.build(entry.large if large else entry.small), entry.large if large else entry.small
        )
    for name, loss in LOSSES.items():
        logits = _numbers((2048, 65) if large else (4, 5))
        truth = np.zeros(len(logits), np.intp) if name == "cross_entropy" else np.zeros_like(logits)
        yield Work(name, partial(loss, logits, truth))
    for name, build in OPTIMIZERS.items():
        parameters = {"weight": Parameter(_numbers((N_PARAMETERS if large else 64,)))}
        yield Work(name, partial(build().step, parameters))


def of_layer(name: str, layer: Layer, shape: Shape) -> tuple[Work, Work]:
    """Forward and backward of one layer on x of a shape; in a net, so that threads are as they are there."""
    x = np.zeros(shape, np.intp) if isinstance(layer, Embedding) else _channels_last(_numbers(shape))
    net = Net([layer])
    y = net.forward(x)
    dy, products = _channels_last(np.ones_like(y)), layer.multiply_adds(x, y)

    def backward() -> None:
        layer.backward(dy)

    return Work(f"{name}.forward", lambda: layer.forward(x), products), Work(f"{name}.backward", backward, 2 * products)


def _numbers(shape: Shape) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, shape).astype(np.float32)


def _channels_last(x: np.ndarray) -> np.ndarray:
    """Images as one layer of a net hands them to the next, with their channels last in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1) if x.ndim == 4 else x
