"""Masks of each query and key: bools hide, numbers are added, shapes broadcast, and what is hidden stays absent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.gradcheck import check_layer
from tinynet.layers import Layer, MultiHeadAttention, TransformerBlock
from tinynet.layers.scaled_dot_product import attend

N, HEADS, T, S, E = 3, 2, 4, 5, 6
each_choice = pytest.mark.parametrize("choice", ["plain", "loops", "auto", "compiled"])


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def hidden(*shape: int, seed: int = 0, share: float = 0.4) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < share


def build(**options: Any) -> MultiHeadAttention:
    layer = MultiHeadAttention(E, HEADS, **options).astype(np.float64)
    for path, parameter in layer.parameters().items():
        if path.endswith("bias"):
            parameter.tensor = normal(*parameter.shape, seed=len(path))
    return layer


def step(layer: Layer, *inputs: np.ndarray, **masks: Any) -> list[np.ndarray]:
    layer.zero_gradient()
    y = layer.forward(*inputs, **masks)
    dx = layer.backward(normal(*y.shape, seed=9).astype(y.dtype))
    dx = dx if isinstance(dx, tuple) else (dx,)
    return [y, *dx, *(parameter.gradient.copy() for parameter in layer.parameters().values())]


def assert_alike(found: list[np.ndarray], expected: list[np.ndarray], **bounds: float) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, **({"rtol": 1e-10, "atol": 1e-11} | bounds))


def by_definition(layer: MultiHeadAttention, x: np.ndarray, memory: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Attention query by query, with what is added to each score in four axes; −∞ hides."""
    q, k, v = layer.project((x, memory))
    heads = np.zeros_like(q)
    for n, h, t in np.ndindex(q.shape[:3]):
        scores = k[n, h] @ q[n, h, t] / np.sqrt(q.shape[-1]) + np.broadcast_to(added, (N, HEADS, T, S))[n, h, t]
        e = np.exp(scores)
        heads[n, h, t] = 0 if e.sum() == 0 else e @ v[n, h] / e.sum()
    return layer.out_proj.forward(heads.transpose(0, 2, 1, 3).reshape(N, T, E))


SHAPES = [
    (T, S),
    (N * HEADS, T, S),
    (N, HEADS, T, S),
    (N, 1, T, S),
    (1, HEADS, 1, S),
    (HEADS, T, S),
    (1, T, S),
    (T, 1),
    (S,),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_shape_of_bools_and_of_numbers(shape: tuple[int, ...]) -> None:
    layer, x, memory = build(), normal(N, T, E), normal(N, S, E, seed=1)
    full = (N, HEADS, T, S) if shape == (N * HEADS, T, S) else shape
    mask, numbers = hidden(*shape), normal(*shape, seed=3)
    y = layer.forward(x, memory, attn_mask=mask)
    np.testing.assert_allclose(y, by_definition(layer, x, memory, np.where(mask, -np.inf, 0).reshape(full)))
    y = layer.forward(x, memory, attn_mask=numbers)
    np.testing.assert_allclose(y, by_definition(layer, x, memory, numbers.reshape(full)))


@pytest.mark.parametrize("choice", ["plain", "loops", "compiled"])
@pytest.mark.parametrize("causal", [False, True])
def test_a_key_is_seen_where_all_masks_allow_it(choice: str, causal: bool) -> None:
    layer, x, memory = build(causal=causal), normal(N, T, E), normal(N, S, E, seed=1)
    padding, mask, numbers = hidden(N, S, seed=1), hidden(T, S, seed=2), normal(N * HEADS, T, S, seed=3)
    later = ~np.tri(T, S, S - T, dtype=bool) if causal else np.zeros((T, S), bool)
    every = mask | later | padding[:, np.newaxis, np.newaxis]
    with faster.use(choice):
        y = layer.forward(x, memory, key_padding_mask=padding, attn_mask=mask)
        np.testing.assert_allclose(y, by_definition(layer, x, memory, np.where(every, -np.inf, 0)))
        added = np.where(mask, -np.inf, numbers)
        y = layer.forward(x, memory, key_padding_mask=padding, attn_mask=added)
        expected = by_definition(layer, x, memory, np.where(every, -np.inf, added.reshape(N, HEADS, T, S)))
        np.testing.assert_allclose(y, expected)


def test_true_hides_and_a_mask_of_the_future_is_the_causal_one() -> None:
    x, future = normal(N, T, E), ~np.tri(T, dtype=bool)
    causal, full = build(causal=True), build()
    full.load_state(causal.state())
    assert_alike(step(full, x, attn_mask=future), step(causal, x))
    assert_alike(step(full, x, attn_mask=np.where(future, -np.inf, 0.0)), step(causal, x))


def test_a_padding_mask_is_a_mask_of_each_key() -> None:
    layer, x, padding = build(), normal(N, T, E), hidden(N, T)
    assert_alike(step(layer, x, attn_mask=padding[:, np.newaxis, np.newaxis]), step(layer, x, key_padding_mask=padding))


def test_the_same_number_everywhere_changes_nothing() -> None:
    layer, x = build(), normal(N, T, E)
    assert_alike(step(layer, x, attn_mask=np.full((T, T), 3.5)), step(layer, x))


class WithMask(Layer):
    """Attention with one mask, as a layer of its inputs alone."""

    def __init__(self, inner: Layer, mask: np.ndarray) -> None:
        self.inner, self._mask = inner, mask

    def forward(self, *inputs: np.ndarray) -> np.ndarray:
        self.remember()
        return self.inner.forward(*inputs, attn_mask=self._mask)

    def backward(self, dy: np.ndarray) -> Any:
        self.recall()
        return self.inner.backward(dy)

    def config(self) -> dict[str, Any]:
        raise TypeError("an array")


@pytest.mark.parametrize("mask", [hidden(T, S), normal(HEADS, T, S)], ids=["bools", "numbers"])
def test_finite_differences(mask: np.ndarray) -> None:
    attention, block = MultiHeadAttention(E, HEADS), TransformerBlock(E, HEADS, 3, norm_first=False)
    assert check_layer(WithMask(attention, mask), [(N, T, E), (N, S, E)]).max_error < 1e-6
    assert check_layer(WithMask(block, mask[..., :T]), (N, T, E)).max_error < 1e-6


def test_a_mask_of_another_type_keeps_the_type_of_the_layer() -> None:
    layer, x = MultiHeadAttention(E, HEADS), normal(N, T, E).astype(np.float32)
    for made in step(layer, x, attn_mask=normal(T, T)):
        assert made.dtype == np.float32


@each_choice
@pytest.mark.parametrize("length", [5, 60])
def test_every_choice_agrees(choice: str, length: int) -> None:
    layer = MultiHeadAttention(E, HEADS, causal=True, rotary=False)
    x = normal(2, length, E).astype(np.float32)
    masks = [hidden(length, length), normal(4, length, length).astype(np.float32)]
    with faster.use("plain"):
        expected = [step(layer, x, attn_mask=mask) for mask in masks]
    if choice == "loops" and length > 5:
        return  # which take seconds
    with faster.use(choice):
        for mask, right in zip(masks, expected, strict=True):
            assert_alike(step(layer, x, attn_mask=mask), right, rtol=1e-3, atol=1e-4)


# What is hidden.


@each_choice
@pytest.mark.parametrize("kind", ["bools", "numbers"])
@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.filterwarnings("ignore:invalid value")  # where infinities meet
def test_what_stands_at_a_hidden_key_changes_nothing(choice: str, kind: str, nothing: float) -> None:
    layer, x, memory = build(), normal(N, T, E), normal(N, S, E, seed=1)
    mask = hidden(N, 1, T, S, share=0.2)
    mask[0, ..., 2] = mask[2, ..., 4] = True  # by no query
    broken = memory.copy()
    broken[0, 2], broken[2, 4] = nothing, nothing
    given = mask if kind == "bools" else np.where(mask, -np.inf, 0.5)
    with faster.use(choice):
        expected = step(layer, x, memory, attn_mask=given)
        assert_alike(step(layer, x, broken, attn_mask=given), expected)
        assert_alike(step(layer, x, broken, broken, attn_mask=given), step(layer, x, memory, memory, attn_mask=given))


@each_choice
def test_only_queries_that_see_a_nan_get_one(choice: str) -> None:
    layer, x, memory = build(), normal(N, T, E), normal(N, S, E, seed=1)
    mask = np.zeros((T, S), bool)
    mask[1:3, 3] = True
    memory[1, 3] = np.nan
    with faster.use(choice):
        y, dx, *_ = step(layer, x, memory, attn_mask=mask)
    expected = np.zeros((N, T), bool)
    expected[1, [0, 3]] = True
    np.testing.assert_array_equal(np.isnan(y).all(axis=-1), expected)
    np.testing.assert_array_equal(np.isnan(dx).any(axis=-1), expected)


@each_choice
@pytest.mark.parametrize("kind", ["bools", "numbers"])
def test_a_query_that_sees_nothing_gives_the_bias_and_nothing_goes_back(choice: str, kind: str) -> None:
    layer, x = build(), normal(N, T, E)
    mask = np.zeros((N * HEADS, T, T), bool)
    mask[2:4, 1] = True  # the second query of the second sample, in both heads
    given = mask if kind == "bools" else np.where(mask, -np.inf, 0.0)
    with faster.use(choice):
        y, dx, *gradients = step(layer, x, attn_mask=given)
    np.testing.assert_allclose(y[1, 1], layer.out_proj.bias.tensor)
    assert all(np.isfinite(made).all() for made in (y, dx, *gradients))
    alone, _ = attend(*(normal(1, 1, 2, 4, seed=i) for i in range(3)), False, None, np.ones((1, 1, 2, 2), bool))
    assert not alone.any()


@each_choice
def test_a_place_that_neither_sees_nor_is_seen_may_hold_anything(choice: str) -> None:
    layer, x = build(), normal(N, T, E)
    mask = np.zeros((T, T), bool)
    mask[2] = mask[:, 2] = True
    with faster.use(choice):
        expected = step(layer, x, attn_mask=mask)
        x[:, 2] = np.nan
        assert_alike(step(layer, x, attn_mask=mask), expected)


@each_choice
def test_a_sequence_that_is_padding_alone_may_hold_anything(choice: str) -> None:
    layer, x, padding = build(), normal(N, T, E), np.array([[False] * T, [True] * T, [False] * T])
    with faster.use(choice):
        expected = step(layer, x, key_padding_mask=padding)
        x[1] = np.nan
        assert_alike(step(layer, x, key_padding_mask=padding), expected)


# What it refuses.

X = np.ones((2, 3, 4), np.float32)
SENTENCE = r"expected attn_mask of shape \(3, 3\), \(4, 3, 3\) or one that broadcasts to \(2, 2, 3, 3\), got "


@pytest.mark.parametrize(
    ("mask", "kind", "words"),
    [
        (np.zeros((3, 4), bool), ValueError, SENTENCE + r"\(3, 4\)\.\nHint: its last two axes are queries and keys\."),
        (np.zeros((3, 3, 3), bool), ValueError, SENTENCE + r"\(3, 3, 3\)\."),
        (np.zeros((1, 2, 2, 3, 3), bool), ValueError, SENTENCE + r"\(1, 2, 2, 3, 3\)\."),
        (np.zeros((2, 2, 3, 3, 3), bool), ValueError, SENTENCE + r"\(2, 2, 3, 3, 3\)\."),
        (
            np.zeros((3, 3), int),
            TypeError,
            r"attn_mask of bools, True where a key is hidden, or of numbers to add, got int",
        ),
        ([[True] * 3] * 3, TypeError, r"expected attn_mask to be a NumPy array, got list\."),
    ],
)
def test_a_wrong_mask_is_refused(mask: Any, kind: type, words: str) -> None:
    for layer in (MultiHeadAttention(4, 2), TransformerBlock(4, 2)):
        with pytest.raises(kind, match=words):
            layer.forward(X, attn_mask=mask)


def test_a_wrong_state_of_step_is_refused() -> None:
    layer = MultiHeadAttention(4, 2, causal=True)
    with pytest.raises(ValueError, match=r"expected keys and values of shape \(2, 2, 1, 2\), got \(2, 2, 1, 3\)\."):
        layer.step(X[:, :1], (np.ones((2, 2, 1, 2), np.float32), np.ones((2, 2, 1, 3), np.float32)))


@each_choice
@pytest.mark.parametrize("nearly_hidden", [-1e4, -1e9, np.finfo(np.float32).min])
def test_a_query_whose_keys_are_all_nearly_hidden_sees_them_alike(choice: str, nearly_hidden: float) -> None:
    layer = build().astype(np.float32)
    query, value = normal(N, T, E, seed=1).astype(np.float32), normal(N, S, E, seed=2).astype(np.float32)
    key = np.repeat(normal(N, 1, E, seed=3), S, axis=1).astype(np.float32)  # alike, so that all scores of a query are
    mask = np.zeros((T, S), np.float32)
    mask[1] = nearly_hidden
    with faster.use(choice):
        found, expected = step(layer, query, key, value, attn_mask=mask), step(layer, query, key, value)
    assert_alike(found, expected, rtol=1e-5, atol=1e-5)


def test_the_least_number_of_a_wider_type_is_not_minus_infinity() -> None:
    layer = build().astype(np.float32)
    x, wide = normal(N, T, E).astype(np.float32), np.zeros((T, T))
    wide[1], wide[2, :2], wide[3, 0] = np.finfo(np.float64).min, -1e300, -np.inf
    narrow = np.maximum(wide, np.finfo(np.float32).min).astype(np.float32)
    narrow[3, 0] = -np.inf
    assert_alike(step(layer, x, attn_mask=wide), step(layer, x, attn_mask=narrow), rtol=0, atol=0)
    assert np.abs(layer.forward(x, attn_mask=wide)[:, 1] - layer.out_proj.bias.tensor).min() > 1e-4
