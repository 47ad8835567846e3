"""The transformer block in one pass has the bits of its layers one after the other, and leaves their memory."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import faster
from tinynet.core.faster import TABLES, load_engine
from tinynet.layers import LayerNorm, TransformerBlock

load_engine()
MARKED = (TransformerBlock.forward, TransformerBlock.backward)


@pytest.fixture
def layer_by_layer(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def take_away() -> None:
        for marked in MARKED:
            monkeypatch.delitem(TABLES["compiled"], marked)

    return take_away


def results(block: TransformerBlock, x: np.ndarray, dy: np.ndarray, mask: np.ndarray | None) -> list[np.ndarray]:
    """y, dx, all gradients, and all that the layers inside remember."""
    tn.seed(0)
    block = deepcopy(block)
    y = block.forward(x, key_padding_mask=mask)
    memories = [layer.recall() for _, layer in block.layers_inside() if layer._memory is not None]
    arrays = [array for memory in memories for array in memory if isinstance(array, np.ndarray)]
    return [y, *arrays, block.backward(dy), *[p.gradient for p in block.parameters().values()]]


@pytest.mark.parametrize("choice", ["auto", "compiled"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [(2, 5, 8), (2, 40, 32)])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("number", [1.0, np.nan])
def test_equals_its_layers_bit_for_bit(
    choice: str, dtype: type, size: tuple, masked: bool, number: float, layer_by_layer: Callable[[], None]
) -> None:
    rng = np.random.default_rng(0)
    block = TransformerBlock(size[-1], 2, dropout=0.2, causal=True, rotary=True).astype(dtype)
    for parameter in block.parameters().values():
        parameter.tensor += rng.normal(0, 0.1, parameter.shape)
    x, dy = (rng.normal(size=size).astype(dtype) for _ in range(2))
    x[1, 3, 2] = number
    mask = rng.random(size[:2]) < 0.3 if masked else None
    with faster.use(choice):
        at_once = results(block, x, dy, mask)
        layer_by_layer()
        for one, other in zip(at_once, results(block, x, dy, mask), strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


def test_forward_and_backward_may_come_from_different_bodies() -> None:
    rng = np.random.default_rng(0)
    block, x, dy = TransformerBlock(8, 2), *(rng.normal(size=(2, 5, 8)).astype(np.float32) for _ in range(2))
    found = []
    for first, second in (("compiled", "plain"), ("plain", "compiled"), ("plain", "plain")):
        with faster.use(first):
            y = block.forward(x)
        with faster.use(second):
            found.append((y, block.backward(dy)))
    for pair in found[:2]:
        for one, other in zip(pair, found[2], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


class Twice(LayerNorm):
    """A norm of a user's own."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        return 2 * super().forward(x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return super().backward(2 * dy)


@pytest.mark.parametrize("name", ["norm1", "norm2"])
def test_a_norm_of_another_kind_is_called_as_it_is(name: str) -> None:
    rng = np.random.default_rng(0)
    block, x, dy = TransformerBlock(8, 2), *(rng.normal(size=(2, 5, 8)).astype(np.float32) for _ in range(2))
    setattr(block, name, Twice(8))
    with faster.use("plain"):
        expected = block.forward(x), block.backward(dy)
    with faster.use("compiled"):
        for one, other in zip((block.forward(x), block.backward(dy)), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_watched_norm_is_called() -> None:
    block, x, calls = TransformerBlock(8, 2), np.ones((2, 5, 8), np.float32), []
    plain_forward = block.norm2.forward
    block.norm2.forward = lambda h: calls.append(h) or plain_forward(h)  # type: ignore[method-assign]
    with faster.use("compiled"):
        block.forward(x)
    assert len(calls) == 1
