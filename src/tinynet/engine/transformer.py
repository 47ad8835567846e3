"""The transformer block, with each residual sum and the norm beside it in one pass over memory.

The rows of a sum are in the cache when its norm reads them. A norm that is watched, or of another class, is called as
usual.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine import layer_norm
from tinynet.engine.serves import is_floating
from tinynet.layers import LayerNorm, TransformerBlock


def forward(
    block: TransformerBlock,
    x: np.ndarray,
    key_padding_mask: np.ndarray | None = None,
    attn_mask: np.ndarray | None = None,
) -> Any:
    """h = x + dropout1(attention(norm1(x))) and norm2(h) in one pass, then y; where the norm is first."""
    if not is_floating(x) or not block.norm_first:
        return NotImplemented
    masks = {"key_padding_mask": key_padding_mask, "attn_mask": attn_mask}
    attended = block.attention.forward(block.norm1.forward(x), **masks)
    h, y = _sum_and_norm(block.norm2, x, block.dropout1.forward(attended))
    y = block.linear2.forward(block.activation.forward(block.linear1.forward(y)))
    return h + block.dropout2.forward(y)


def backward(block: TransformerBlock, dy: np.ndarray) -> Any:
    """dx. The gradient of a norm's input is added to that of the residual while its rows are in the cache."""
    if not is_floating(dy) or not block.norm_first:
        return NotImplemented
    d = block.activation.backward(block.linear2.backward(block.dropout2.backward(dy)))
    dh = _sum_of_gradients(block.norm2, block.linear1.backward(d), dy)
    return _sum_of_gradients(block.norm1, block.attention.backward(block.dropout1.backward(dh)), dh)


def _sum_and_norm(norm: LayerNorm, x: np.ndarray, r: np.ndarray) -> Any:
    """h = x + r and norm(h); a norm that is watched, or of another class, is called."""
    both = layer_norm.forward_of_sum(norm, x, r)
    if both is not NotImplemented:
        return both
    h = x + r
    return h, norm.forward(h)


def _sum_of_gradients(norm: LayerNorm, dy: np.ndarray, dh: np.ndarray) -> np.ndarray:
    """dh + norm.backward(dy)."""
    dx = layer_norm.backward_of_sum(norm, dy, dh)
    return dh + norm.backward(dy) if dx is NotImplemented else dx
