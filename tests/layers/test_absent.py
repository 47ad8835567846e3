"""Absent means absent: what is masked, dropped, padding or outside has no effect, even where it is NaN or infinite."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.core.faster import load_engine
from tinynet.layers import (
    GRU,
    LSTM,
    RNN,
    AdaptiveAvgPool1D,
    AdaptiveAvgPool2D,
    AdaptiveMaxPool2D,
    AvgPool1D,
    AvgPool2D,
    BatchNorm2D,
    Conv1D,
    Conv2D,
    ConvTranspose1D,
    ConvTranspose2D,
    Dropout,
    Dropout2D,
    Embedding,
    Layer,
    MaxPool2D,
    MultiHeadAttention,
    ReflectionPad1D,
    ReflectionPad2D,
    ReLU,
    ReplicationPad1D,
    ReplicationPad2D,
    TransformerBlock,
    Upsample,
    ZeroPad1D,
    ZeroPad2D,
)
from tinynet.net import Net

load_engine()
pytestmark = pytest.mark.filterwarnings("ignore:invalid value")  # where infinities meet, as in ∞ − ∞
NOTHING = (np.nan, np.inf, -np.inf)

each_choice = pytest.mark.parametrize("choice", ["plain", "loops", "auto", "compiled"])
each_type = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])


def drawn(seed: int, *shape: int, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def step(layer: Layer, inputs: tuple[Any, ...], dy: Any, **options: Any) -> list[np.ndarray]:
    """y, dx and the gradients of all weights; the layer stays as it is."""
    layer = copy.deepcopy(layer)
    y = layer.forward(*inputs, **options)
    dx = layer.backward(*dy) if isinstance(dy, tuple) else layer.backward(dy)
    results = [*(y if isinstance(y, tuple) else (y,)), *(dx if isinstance(dx, tuple) else (dx,))]
    return [*results, *[parameter.gradient for parameter in layer.parameters().values()]]


def assert_alike(found: list[np.ndarray], true: list[np.ndarray]) -> None:
    for a, b in zip(found, true, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
        assert np.isfinite(a).all()


# Attention


@each_choice
@each_type
def test_a_masked_key_is_seen_by_no_other_query(choice: str, dtype: type) -> None:
    layer = MultiHeadAttention(8, 2).astype(dtype)
    x, mask = drawn(0, 2, 6, 8, dtype=dtype), np.zeros((2, 6), bool)
    mask[0, 3], x[0, 3] = True, np.nan
    with faster.use(choice):
        y = layer.forward(x, key_padding_mask=mask)
    assert np.argwhere(~np.isfinite(y).all(axis=-1)).tolist() == [[0, 3]]


@each_choice
@each_type
def test_a_causal_query_sees_no_later_key(choice: str, dtype: type) -> None:
    layer = MultiHeadAttention(8, 2, causal=True).astype(dtype)
    x = drawn(0, 1, 40, 8, dtype=dtype)
    x[0, 30] = np.nan
    with faster.use(choice):
        y = layer.forward(x)
    assert np.argwhere(np.isnan(y).any(axis=-1))[:, 1].tolist() == list(range(30, 40))


@each_choice
@each_type
@pytest.mark.parametrize("nothing", NOTHING, ids=str)
@pytest.mark.parametrize("rotary", [False, True])
def test_a_masked_place_of_the_memory_changes_no_gradient(
    choice: str, dtype: type, nothing: float, rotary: bool
) -> None:
    layer = MultiHeadAttention(8, 2, rotary=rotary).astype(dtype)
    x, memory, dy = (drawn(seed, *shape, dtype=dtype) for seed, shape in enumerate([(2, 5, 8), (2, 30, 8), (2, 5, 8)]))
    mask = np.random.default_rng(3).random((2, 30)) < 0.4
    mask[1, -4:] = True
    with faster.use(choice):
        true = step(layer, (x, memory), dy, key_padding_mask=mask)
        broken = np.where(mask[..., np.newaxis], dtype(nothing), memory)
        assert_alike(step(layer, (x, broken), dy, key_padding_mask=mask), true)
        keys, values = memory.copy(), memory.copy()
        keys[mask], values[mask] = nothing, np.nan
        of_three = step(layer, (x, memory, memory), dy, key_padding_mask=mask)
        assert_alike(step(layer, (x, keys, values), dy, key_padding_mask=mask), of_three)


@each_choice
def test_a_block_reads_no_masked_place(choice: str) -> None:
    block = TransformerBlock(8, 2)
    x, mask = drawn(0, 2, 6, 8, dtype=np.float32), np.zeros((2, 6), bool)
    mask[1, 4:] = True
    with faster.use(choice):
        true = block.forward(x, key_padding_mask=mask)
        x[1, 4:] = np.nan
        y = block.forward(x, key_padding_mask=mask)
    np.testing.assert_allclose(y[~mask], true[~mask], rtol=1e-5, atol=1e-6)
    assert np.isnan(y[mask]).all()


# Recurrent layers


@each_choice
@each_type
@pytest.mark.parametrize("nothing", NOTHING, ids=str)
@pytest.mark.parametrize("cell", [RNN, LSTM, GRU, "relu"])
def test_steps_behind_a_mask_change_nothing(choice: str, dtype: type, nothing: float, cell: Any) -> None:
    options: dict[str, Any] = {"num_layers": 2, "bidirectional": True, "return_state": True}
    cell, options = (RNN, {**options, "nonlinearity": "relu"}) if cell == "relu" else (cell, options)
    layer = cell(3, 5, **options).astype(dtype)
    n_states = 2 if cell is LSTM else 1
    x, dy = drawn(0, 4, 9, 3, dtype=dtype), drawn(1, 4, 9, 10, dtype=dtype)
    states = [drawn(2 + i, 4, 4, 5, dtype=dtype) for i in range(n_states)]  # (layers · directions, N, H)
    dlast = tuple(drawn(4 + i, 4, 4, 5, dtype=dtype) for i in range(n_states))
    mask = np.zeros((4, 9), bool)
    mask[0, 6:] = mask[1, 4] = mask[2, :3] = mask[3] = True  # at the end, in between, at the start, a whole sample
    with faster.use(choice):
        for state, d in zip(states, dlast, strict=True):
            state[:, 3] = d[:, 3] = 0
        true = step(layer, (x, *states), (dy, *dlast), padding_mask=mask)
        x[mask] = dy[mask] = nothing
        assert_alike(step(layer, (x, *states), (dy, *dlast), padding_mask=mask), true)
        for state in states:
            state[:, 3] = nothing  # of the sample that is padding alone
        found = step(layer, (x, *states), (dy, *dlast), padding_mask=mask)
    after = 1 + n_states  # the last state of that sample is its first
    assert_alike([found[0], *found[after:]], [true[0], *true[after:]])


# Layers whose outputs are weighted sums of inputs. Where a number of 1 comes, a NaN comes too, and nowhere else.

LINEAR: dict[str, tuple[Callable[[], Layer], tuple[int, ...]]] = {
    "mean of windows": (lambda: AvgPool2D(3, stride=2, padding=1), (2, 3, 7, 6)),
    "mean of the pixels inside": (lambda: AvgPool2D(3, padding=1, count_include_pad=False), (1, 40, 6, 6)),
    "mean over the end": (lambda: AvgPool2D(3, stride=2, padding=1, ceil_mode=True), (1, 20, 6, 4)),
    "mean over the end, inside": (lambda: AvgPool2D(3, 2, ceil_mode=True, count_include_pad=False), (1, 3, 6, 4)),
    "sum over a divisor": (lambda: AvgPool2D(2, divisor_override=3), (1, 20, 6, 4)),
    "mean of steps": (lambda: AvgPool1D(3, padding=1), (2, 7, 3)),
    "adaptive": (lambda: AdaptiveAvgPool2D(2), (1, 1, 4, 4)),
    "adaptive, shared pixels": (lambda: AdaptiveAvgPool2D((3, 4)), (1, 48, 5, 7)),
    "adaptive, steps": (lambda: AdaptiveAvgPool1D(3), (2, 7, 4)),
    "nearest": (lambda: Upsample(scale_factor=2), (1, 3, 5, 5)),
    "bilinear": (lambda: Upsample(scale_factor=2, mode="bilinear"), (1, 1, 6, 6)),
    "bilinear, many channels": (lambda: Upsample(scale_factor=2, mode="bilinear"), (1, 40, 6, 6)),
    "bilinear, whole places": (lambda: Upsample(size=24, mode="bilinear", align_corners=True), (1, 1, 14, 14)),
    "bilinear, whole places again": (lambda: Upsample(size=(25, 23), mode="bilinear"), (1, 1, 7, 13)),
    "bilinear, three times": (lambda: Upsample(scale_factor=3, mode="bilinear"), (1, 2, 7, 5)),
    "bilinear, smaller": (lambda: Upsample(scale_factor=0.5, mode="bilinear"), (1, 2, 8, 6)),
    "reflection": (lambda: ReflectionPad2D(2), (1, 2, 5, 4)),
    "reflection of many": (lambda: ReflectionPad2D(1), (1, 64, 5, 4)),
    "reflected steps": (lambda: ReflectionPad1D(2), (2, 5, 3)),
    "replication": (lambda: ReplicationPad2D((2, 0, 7, 1)), (1, 2, 5, 4)),
    "replication of many": (lambda: ReplicationPad2D(1), (1, 64, 5, 4)),
    "repeated steps": (lambda: ReplicationPad1D((3, 9)), (2, 5, 3)),
    "zeros": (lambda: ZeroPad2D((1, 2, 0, 1)), (1, 2, 3, 4)),
    "zeros beside steps": (lambda: ZeroPad1D(2), (1, 3, 2)),
    "convolution": (lambda: Conv2D(2, 3, 3, padding=1), (2, 2, 6, 5)),
    "one channel, side by side": (lambda: Conv2D(1, 6, 5, padding=2), (2, 1, 12, 12)),
    "few channels": (lambda: Conv2D(6, 8, 5, padding=2), (2, 6, 12, 12)),
    "stride and dilation": (lambda: Conv2D(3, 4, 3, stride=2, padding=2, dilation=2), (1, 3, 9, 10)),
    "many channels": (lambda: Conv2D(16, 32, 3, padding=1), (1, 16, 10, 9)),
    "many channels, no padding": (lambda: Conv2D(16, 16, 3), (2, 16, 10, 10)),
    "depthwise": (lambda: Conv2D(5, 5, 3, padding=1, groups=5), (2, 5, 7, 8)),
    "groups": (lambda: Conv2D(4, 6, 3, padding=1, groups=2), (1, 4, 5, 6)),
    "pointwise": (lambda: Conv2D(20, 16, 1), (1, 20, 4, 4)),
    "over padding alone": (lambda: Conv2D(2, 3, 3, padding=1), (2, 2, 1, 1)),
    "steps": (lambda: Conv1D(3, 4, 3, padding=1), (2, 9, 3)),
    "transposed": (lambda: ConvTranspose2D(3, 2, 3, stride=2, padding=1, output_padding=1), (1, 3, 5, 4)),
    "transposed, many channels": (lambda: ConvTranspose2D(16, 16, 3, padding=1), (1, 16, 8, 8)),
    "transposed steps": (lambda: ConvTranspose1D(3, 2, 3, stride=2, padding=1), (1, 5, 3)),
}


# Loops do not ask how many channels there are, and take seconds for many.
CHOICES = [
    (c, name)
    for c in ("plain", "loops", "auto", "compiled")
    for name in LINEAR
    if c != "loops" or "channel" not in name
]


@pytest.mark.parametrize(("choice", "name"), CHOICES)
@each_type
def test_a_nan_comes_where_a_one_comes_and_nowhere_else(choice: str, dtype: type, name: str) -> None:
    make, shape = LINEAR[name]
    layer, rng = make().astype(dtype), np.random.default_rng(0)
    for path, parameter in layer.parameters().items():
        parameter.tensor[...] = "weight" in path  # so that no sum is 0 by chance
    ones = np.ones(shape, dtype)
    with faster.use(choice):
        dy = np.ones_like(layer.forward(ones))
        for _ in range(3):
            for which, full in (("x", ones), ("dy", dy)):
                at = tuple(rng.integers(full.shape))
                one, nan = np.zeros_like(full), full.copy()
                one[at], nan[at] = 1, rng.choice(NOTHING)
                reached = step(layer, (one,) if which == "x" else (ones,), dy if which == "x" else one)
                found = step(layer, (nan,) if which == "x" else (ones,), dy if which == "x" else nan)
                free = 1 if which == "x" else 0  # dx does not depend on x, nor y on dy
                for i, (r, f) in enumerate(zip(reached, found, strict=True)):
                    is_bias = i >= 2 and f.ndim == 1 and which == "x"
                    expected = np.zeros(f.shape, bool) if i == free or is_bias else abs(r) > 0.01
                    np.testing.assert_array_equal(~np.isfinite(f), expected, err_msg=f"{name}, {which}, result {i}")


@each_choice
def test_an_infinite_weight_over_the_padding_adds_nothing(choice: str) -> None:
    layer = Conv2D(1, 1, 3, padding=1)
    layer.weight.tensor[0, 0, 0, 0] = np.inf
    with faster.use(choice):
        y = layer.forward(np.ones((1, 1, 4, 4), np.float32))
        layer.backward(np.ones_like(y))
    assert np.isinf(y[0, 0]).tolist() == [[False] * 4, *[[False, True, True, True]] * 3]


# The places that a layer itself takes out


@each_choice
@each_type
@pytest.mark.parametrize("make", [Dropout, Dropout2D])
def test_what_is_dropped_is_gone(choice: str, dtype: type, make: type) -> None:
    layer, x = make(0.5), np.full((4, 12, 30, 30), np.nan, dtype)
    with faster.use(choice):
        y = layer.forward(x)
        dx = layer.backward(x)
    assert 0.2 < np.isnan(y).mean() < 0.8
    np.testing.assert_array_equal(np.isnan(dx), np.isnan(y))
    assert (y[~np.isnan(y)] == 0).all()


@each_choice
@each_type
def test_relu_lets_no_gradient_through_where_it_is_0(choice: str, dtype: type) -> None:
    x, dy = drawn(0, 2, 20, 12, 12, dtype=dtype), drawn(1, 2, 20, 12, 12, dtype=dtype)
    dy[x <= 0] = np.random.default_rng(2).choice(NOTHING, size=(x <= 0).sum())
    layer = ReLU()
    with faster.use(choice):
        layer.forward(x)
        np.testing.assert_array_equal(layer.backward(dy), np.where(x > 0, dy, 0))


@each_choice
@pytest.mark.parametrize(
    "head", [lambda: [BatchNorm2D(20), ReLU()], lambda: [ReLU(), MaxPool2D(2)]], ids=["norm", "pool"]
)
def test_nor_do_pairs_with_relu(choice: str, head: Callable[[], list[Layer]]) -> None:
    x = drawn(0, 2, 20, 12, 12, dtype=np.float32) - np.float32(1.5)  # so low that whole windows are below 0
    net = Net(head())
    with faster.use(choice):
        y = net.forward(x)
        dy = np.where(y > 0, np.float32(1), np.float32(np.nan))
        assert np.isnan(dy).any()
        dx = net.backward(dy)
        net.forward(x)
        np.testing.assert_array_equal(dx, net.backward(np.where(y > 0, np.float32(1), np.float32(0))))


@each_choice
def test_only_the_winner_of_a_window_gets_its_gradient(choice: str) -> None:
    x = drawn(0, 1, 40, 6, 6, dtype=np.float32)
    for layer in (MaxPool2D(2), AdaptiveMaxPool2D(3)):
        with faster.use(choice):
            layer.forward(x)
            dx = layer.backward(np.full((1, 40, 3, 3), np.nan, np.float32))
        assert np.isnan(dx).sum() == 40 * 9
        assert (dx[~np.isnan(dx)] == 0).all()


@each_choice
def test_the_padding_token_gets_no_gradient(choice: str) -> None:
    layer, tokens = Embedding(5, 70, padding_idx=2), np.array([[0, 2, 1], [2, 2, 4]])
    dy = np.where(tokens[..., np.newaxis] == 2, np.float32(np.nan), np.float32(1)) * np.ones((2, 3, 70), np.float32)
    with faster.use(choice):
        layer.forward(tokens)
        layer.backward(dy)
    assert layer.weight.gradient[:, 0].tolist() == [1, 1, 0, 0, 1]
