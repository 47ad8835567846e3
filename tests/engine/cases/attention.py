"""Attention: its functions alone, and the layer with one to three inputs."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.engine.walk import Case, Draw
from tinynet.layers import MultiHeadAttention
from tinynet.layers.scaled_dot_product import attend, attend_backward


def functions(draw: Draw) -> Callable[[], Any]:
    n, heads, D = draw.integer(0, 3), draw.integer(1, 3), draw.choice(1, 5, 16, 20)
    T, S, causal = draw.size(0, 40), draw.size(0, 40), draw.choice(True, False)
    q, do = draw.array(n, heads, T, D), draw.array(n, heads, T, D)
    k, v = draw.array(n, heads, S, D), draw.array(n, heads, S, D)
    masks = draw.choice(None, draw.booleans(n, S)), mask_of_each(draw, n, heads, T, S)

    def call() -> Any:
        made = attend(q, k, v, causal, *masks)
        return made, attend_backward(do, q, k, v, *made, causal, *masks)

    return call


def mask_of_each(draw: Draw, n: int, heads: int, T: int, S: int) -> Any:
    """A mask of each query and key, or none, of bools or of numbers, for some axes only."""
    shape = [draw.choice(1, size) for size in (n, heads)] + [T, S]
    return draw.choice(None, None, draw.booleans(*shape), draw.array(*shape))


def definition(draw: Draw) -> Callable[[], Any]:
    n, heads, D = draw.integer(0, 2), draw.integer(1, 2), draw.integer(1, 5)
    T, S, causal = draw.integer(0, 6), draw.integer(0, 6), draw.choice(True, False)
    q, do = draw.array(n, heads, T, D), draw.array(n, heads, T, D)
    k, v = draw.array(n, heads, S, D), draw.array(n, heads, S, D)
    masks = draw.choice(None, draw.booleans(n, S)), mask_of_each(draw, n, heads, T, S)

    def call() -> Any:
        made = attend(q, k, v, causal, *masks)
        return made, attend_backward(do, q, k, v, *made, causal, *masks)

    return call


def layer_and_inputs(draw: Draw) -> tuple[MultiHeadAttention, list[Any], dict[str, Any], Any]:
    num_heads = draw.integer(1, 3)
    E = num_heads * draw.choice(2, 6, 16)
    flags = [draw.choice(True, False) for _ in range(3)]
    layer = draw.layer(MultiHeadAttention(E, num_heads, *flags))
    n, T, S, n_inputs = draw.size(1, 4), draw.size(1, 40), draw.size(1, 40), draw.integer(1, 3)
    inputs = [draw.array(n, T, E), *[draw.array(n, S, E) for _ in range(n_inputs - 1)]]
    S = inputs[-1].shape[1]
    masks = {"key_padding_mask": draw.choice(None, draw.booleans(n, S))}
    masks["attn_mask"] = mask_of_each(draw, n, num_heads, T, S)
    return layer, inputs, masks, draw.array(n, T, E)


def forward(draw: Draw) -> Callable[[], Any]:
    layer, inputs, masks, _ = layer_and_inputs(draw)

    def call() -> Any:
        twin = deepcopy(layer)
        return twin.forward(*inputs, **masks), twin.recall(), twin.out_proj.recall()

    return call


def backward(draw: Draw) -> Callable[[], Any]:
    layer, inputs, masks, dy = layer_and_inputs(draw)

    def call() -> Any:
        twin = deepcopy(layer)
        twin.forward(*inputs, **masks)
        return twin.backward(dy), {path: p.gradient for path, p in twin.parameters().items()}

    return call


CASES = [
    Case(attend, functions),
    Case(attend_backward, functions),
    Case(attend, definition, table="loops", nasty=False),
    Case(attend_backward, definition, table="loops", nasty=False),
    Case(MultiHeadAttention.project, forward),
    Case(MultiHeadAttention.backward, backward),
]
