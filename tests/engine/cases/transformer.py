"""The transformer block, forward and backward, and what it leaves in the layers inside it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.layers import TransformerBlock


def block_and_input(draw: Draw) -> tuple[TransformerBlock, Any, Any, Any]:
    num_heads = draw.integer(1, 3)
    E = num_heads * draw.choice(2, 6, 16)
    bias, causal, rotary = (draw.choice(True, False) for _ in range(3))
    options = {"norm_first": draw.choice(True, True, False), "activation": draw.choice("gelu", "relu")}
    block = TransformerBlock(E, num_heads, draw.integer(1, 40), draw.choice(0.0, 0.3), causal, rotary, bias, **options)
    n, T = draw.size(1, 4), draw.size(1, 40)
    return draw.layer(block), draw.array(n, T, E), draw.choice(None, draw.booleans(n, T)), draw.array(n, T, E)


def with_same_dropout(block: TransformerBlock) -> TransformerBlock:
    twin = deepcopy(block)
    twin.dropout1.rng, twin.dropout2.rng = np.random.default_rng(0), np.random.default_rng(1)
    return twin


def forward(draw: Draw) -> Callable[[], Any]:
    block, x, mask, _ = block_and_input(draw)

    def call() -> Any:
        twin = with_same_dropout(block)
        y = twin.forward(x, key_padding_mask=mask)
        return y, [layer.recall() for _, layer in twin.layers_inside() if layer._memory is not None]

    return call


def backward(draw: Draw) -> Callable[[], Any]:
    block, x, mask, dy = block_and_input(draw)

    def call() -> Any:
        twin = with_same_dropout(block)
        twin.forward(x, key_padding_mask=mask)
        return twin.backward(dy), {path: p.gradient for path, p in twin.parameters().items()}

    return call


# In backward, after nine layers with numbers near 1e30, roundings add up beyond the bound: nasty numbers are left to
# the cases of the layers inside. `test_transformer_block.py` holds the block against these layers bit for bit.
CASES = [
    Case(TransformerBlock.forward, forward),
    Case(TransformerBlock.backward, backward, nasty=False),
]
