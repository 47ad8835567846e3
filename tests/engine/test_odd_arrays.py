"""Arrays that are read-only, unaligned, big-endian or mapped from a file: the right numbers, and no word of Numba's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tinynet import layers
from tinynet.core import faster
from tinynet.layers import Layer
from tinynet.losses import cross_entropy
from tinynet.net import Net

pytestmark = pytest.mark.needs_compiler


def read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


def big_endian(x: np.ndarray) -> np.ndarray:
    return x.astype(x.dtype.newbyteorder(">"))


def unaligned(x: np.ndarray) -> np.ndarray:
    memory = bytes(1) + x.tobytes()
    found = np.frombuffer(memory, x.dtype, offset=1).reshape(x.shape)
    assert not found.flags.aligned
    return found


KINDS = (read_only, big_endian, unaligned)
CASES: dict[str, tuple[Callable[[], Layer], tuple[int, ...]]] = {
    "Linear": (lambda: layers.Linear(300, 128), (64, 300)),
    "GELU": (layers.GELU, (64, 1000)),
    "ReLU": (layers.ReLU, (64, 4000)),
    "LayerNorm": (lambda: layers.LayerNorm(1000), (64, 1000)),
    "Softmax": (layers.Softmax, (64, 3000)),
    "attention": (lambda: layers.MultiHeadAttention(64, 4), (4, 50, 64)),
    "LSTM": (lambda: layers.LSTM(32, 64), (16, 20, 32)),
    "Conv2D": (lambda: layers.Conv2D(3, 16, 3, padding=1), (4, 3, 32, 32)),
    "depthwise": (lambda: layers.Conv2D(8, 8, 3, groups=8), (4, 8, 32, 32)),
    "BatchNorm2D": (lambda: layers.BatchNorm2D(3), (4, 3, 32, 32)),
    "GroupNorm": (lambda: layers.GroupNorm(4, 16), (4, 16, 32, 32)),
    "MaxPool2D": (lambda: layers.MaxPool2D(2), (4, 3, 64, 64)),
    "GlobalAvgPool2D": (layers.GlobalAvgPool2D, (4, 16, 64, 64)),
    "Dropout": (lambda: layers.Dropout(0.3), (64, 4000)),
}


def both_ways(make: Callable[[], Layer], x: np.ndarray, dy: np.ndarray, in_net: bool) -> list[np.ndarray]:
    tn.seed(0)
    layer = Net([make()]) if in_net else make()
    y = layer.forward(x)
    dx = layer.backward(dy)
    return [y, dx, *[parameter.gradient.copy() for parameter in layer.parameters().values()]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
def test_layers_take_them(name: str, kind: Callable) -> None:
    make, shape = CASES[name]
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape).astype(np.float32)
    dy = rng.normal(size=make().forward(x).shape).astype(np.float32)
    with faster.use("compiled"), tn.threads(2):
        for in_net in (False, True):
            right = both_ways(make, x, dy, in_net)
            found = both_ways(make, kind(x), kind(dy), in_net)
            for a, b in zip(found, right, strict=True):
                if kind is big_endian:  # the lesson takes it, in other steps
                    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * abs(b).max())
                else:
                    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("of_labels", KINDS)
@pytest.mark.parametrize("of_logits", KINDS)
def test_cross_entropy_and_an_embedding_take_them(of_logits: Callable, of_labels: Callable) -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(64, 1000)).astype(np.float32), rng.integers(0, 1000, 64)
    with faster.use("compiled"):
        loss, gradient = cross_entropy(logits, labels)
        found_loss, found = cross_entropy(of_logits(logits), of_labels(labels))
        np.testing.assert_allclose(found_loss, loss, rtol=1e-6)
        np.testing.assert_allclose(found, gradient, rtol=1e-5, atol=1e-9)
        table = layers.Embedding(1000, 64)
        right = table.forward(labels)
        table.backward(right)
        dW = table.weight.gradient.copy()
        table.zero_gradient()
        np.testing.assert_array_equal(table.forward(of_labels(labels)), right)
        table.backward(of_logits(right))
        np.testing.assert_allclose(table.weight.gradient, dW, rtol=1e-6)


def test_a_file_that_is_mapped_read_only(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(64, 784)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    net = Net([layers.Linear(784, 128), layers.GELU(), layers.Linear(128, 10)])
    y = net.forward(np.load(tmp_path / "x.npy", mmap_mode="r"))
    dx = net.backward(np.ones_like(y))
    np.testing.assert_allclose(y, net.predict(x), rtol=1e-4, atol=1e-5)
    assert dx.shape == x.shape
