"""Sequences in float32: one step, everything masked, scores of ±1e4, states that saturate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tinynet.layers import (
    GRU,
    LSTM,
    RNN,
    Embedding,
    Layer,
    LearnedPosition,
    MultiHeadAttention,
    RotaryPosition,
    SinusoidalPosition,
    TransformerBlock,
)

# Every layer that looks along a sequence of four features.
LAYERS: list[Callable[[], Layer]] = [
    lambda: RNN(4, 4),
    lambda: RNN(4, 2, num_layers=2, nonlinearity="relu", bidirectional=True),
    lambda: LSTM(4, 2, num_layers=2, bidirectional=True),
    lambda: GRU(4, 2, num_layers=2, bidirectional=True),
    lambda: MultiHeadAttention(4, 2),
    lambda: MultiHeadAttention(4, 2, causal=True, rotary=True),
    lambda: TransformerBlock(4, 2, causal=True),
    lambda: LearnedPosition(3, 4),
    lambda: SinusoidalPosition(4),
    lambda: RotaryPosition(4),
]
every_layer = pytest.mark.parametrize("build", LAYERS, ids=lambda build: str(build()))


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def finite(*arrays: np.ndarray) -> bool:
    return all(np.isfinite(array).all() for array in arrays)


@every_layer
@pytest.mark.parametrize("n", [1, 3])
def test_a_sequence_of_one_step(build: Callable, n: int) -> None:
    layer, x, dy = build(), numbers(n, 1, 4), numbers(n, 1, 4, seed=1)
    y, dx = layer.forward(x), layer.backward(dy)
    gradients = {path: parameter.gradient.copy() for path, parameter in layer.parameters().items()}
    layer.zero_gradient()
    layer.astype(np.float64)
    np.testing.assert_allclose(y, layer.forward(x.astype(np.float64)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(dx, layer.backward(dy.astype(np.float64)), rtol=1e-4, atol=1e-5)
    for path, parameter in layer.parameters().items():
        np.testing.assert_allclose(gradients[path], parameter.gradient, rtol=1e-4, atol=1e-5, err_msg=path)


def test_attention_over_one_key_gives_its_value() -> None:
    layer = MultiHeadAttention(4, 2)
    layer.forward(numbers(2, 3, 4), numbers(2, 1, 4))
    dx, _ = layer.backward(numbers(2, 3, 4, seed=1))
    np.testing.assert_allclose(dx, 0, atol=1e-6)  # no query can change what is read


# Everything masked.


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("rotary", [False, True])
def test_attention_with_everything_masked_gives_zero(causal: bool, rotary: bool) -> None:
    layer, x = MultiHeadAttention(4, 2, causal=causal, rotary=rotary), numbers(2, 3, 4)
    y = layer.forward(x, key_padding_mask=np.ones((2, 3), bool))
    dx = layer.backward(numbers(2, 3, 4, seed=1))
    assert not y.any()
    assert not dx.any()
    assert not layer.in_proj_weight.gradient.any()


def test_rows_with_everything_masked_beside_others() -> None:
    layer, x, dy = MultiHeadAttention(4, 2), numbers(3, 5, 4), numbers(3, 5, 4, seed=1)
    mask = np.array([[True] * 5, [False, False, True, True, True], [False] * 5])
    y, dx = layer.forward(x, key_padding_mask=mask), layer.backward(dy)
    assert not y[0].any()
    assert not dx[0].any()
    alone = layer.forward(x[1:], key_padding_mask=mask[1:])
    np.testing.assert_allclose(y[1:], alone, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(dx[1:], layer.backward(dy[1:]), rtol=1e-5, atol=1e-7)


def test_causal_places_whose_every_key_is_padding() -> None:
    layer, x = MultiHeadAttention(4, 2, causal=True), numbers(1, 4, 4)
    mask = np.array([[True, True, False, False]])  # the first two places see nothing, not even themselves
    y, dx = layer.forward(x, key_padding_mask=mask), layer.backward(np.ones((1, 4, 4), np.float32))
    assert not y[0, :2].any()
    assert not dx[0, :2].any()
    assert y[0, 2:].all()


def test_more_queries_than_keys_under_a_causal_mask() -> None:
    layer = MultiHeadAttention(4, 2, causal=True)
    y = layer.forward(numbers(1, 4, 4), numbers(1, 2, 4, seed=1))  # the last two places see a key each, or two
    dx, d_memory = layer.backward(np.ones((1, 4, 4), np.float32))
    assert not y[0, :2].any()
    assert not dx[0, :2].any()
    assert y[0, 2:].all()
    assert d_memory.all()


def test_a_block_with_everything_masked_passes_its_input_to_the_small_network() -> None:
    block, x = TransformerBlock(4, 2), numbers(2, 3, 4)
    y = block.forward(x, key_padding_mask=np.ones((2, 3), bool))
    expected = x + block.linear2(block.activation(block.linear1(block.norm2(x))))
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    assert finite(block.backward(np.ones_like(y)))


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_recurrent_layers_with_everything_masked_give_zero(kind: type[Layer]) -> None:
    layer = kind(4, 3, num_layers=2, bidirectional=True)
    y = layer.forward(numbers(2, 3, 4), padding_mask=np.ones((2, 3), bool))
    assert not y.any()
    assert not layer.backward(np.ones_like(y)).any()
    assert not any(parameter.gradient.any() for parameter in layer.parameters().values())


# Scores and states at the ends.


@pytest.mark.parametrize("size", [100.0, 1e8])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_with_scores_at_the_ends_reads_the_best_key(size: float, causal: bool) -> None:
    layer = MultiHeadAttention(2, 1, bias=False, causal=causal)
    layer.in_proj_weight.tensor = np.concatenate([np.eye(2), np.eye(2), np.eye(2) / size])
    layer.out_proj.weight.tensor = np.eye(2)
    x = size * np.array([[[1, 0], [0, 1], [-1, 0]]], np.float32)  # scores up to size² / √2, 7e3 or 7e15
    y = layer.forward(x)
    dx = layer.backward(np.ones_like(y))
    np.testing.assert_allclose(y, x / size, atol=1e-6)  # that of each place itself
    assert finite(dx, layer.in_proj_weight.gradient)


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
@pytest.mark.parametrize("size", [1e4, 1e30])
def test_states_saturate_at_huge_inputs(kind: type[Layer], size: float) -> None:
    layer, x = kind(4, 3, return_state=True), np.float32(size) * numbers(2, 50, 4)
    y, *last = layer.forward(x)
    dx = layer.backward(np.ones_like(y))
    assert (np.abs(y) <= 1).all()
    assert np.abs(y).max() > 0.9
    assert finite(y, *last, dx, *(parameter.gradient for parameter in layer.parameters().values()))


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_huge_first_states(kind: type[Layer]) -> None:
    layer = kind(4, 3, return_state=True)
    states = [np.full((1, 2, 3), 1e4, np.float32)] * layer.n_states
    outputs = layer.forward(numbers(2, 5, 4), *states)
    gradients = layer.backward(np.ones((2, 5, 3), np.float32))
    assert finite(*outputs, *gradients)


def test_positions_far_out() -> None:
    for layer in (SinusoidalPosition(4), RotaryPosition(4)):
        y, state = layer.step(numbers(1, 1, 4), 10**6)
        assert finite(y)
        assert np.abs(y).max() < 10
        assert state == 10**6 + 1


def test_no_sequences_and_no_tokens() -> None:
    assert Embedding(3, 4).forward(np.zeros((0, 5), np.int64)).shape == (0, 5, 4)
    for build in LAYERS:
        layer = build()
        assert layer.forward(np.zeros((0, 2, 4), np.float32)).shape == (0, 2, 4)
        assert layer.backward(np.zeros((0, 2, 4), np.float32)).shape == (0, 2, 4)
