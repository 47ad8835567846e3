"""The transformer block, whose residual sums and norms go over memory together."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tinynet.engine import layer_norm
from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import LayerNorm, TransformerBlock
from tinynet.layers.layer import WATCHED


def forward(block: TransformerBlock, x: np.ndarray, key_padding_mask: np.ndarray | None = None) -> Any:
    """h = x + dropout1(attention(norm1(x))) and norm2(h) in one pass, then y."""
    norm = block.norm2
    kernels = _kernels(block, x)
    if kernels is None or x.shape[1:] != (x.shape[1], *norm.normalized_shape):
        return NotImplemented
    attended = block.attention.forward(block.norm1.forward(x), key_padding_mask=key_padding_mask)
    r = block.dropout1.forward(attended)
    both = kernels.forward_of_sum(x, r, _tensor(norm.weight), _tensor(norm.bias), norm.eps)
    if both is NotImplemented:
        h = x + r
        y = norm.forward(h)
    else:
        h, y, x_hat, inverse_std = both
        norm.remember(x_hat=x_hat, inverse_std=inverse_std)
    y = block.linear2.forward(block.activation.forward(block.linear1.forward(y)))
    return h + block.dropout2.forward(y)


def backward(block: TransformerBlock, dy: np.ndarray) -> Any:
    """The gradient of a norm's input is added to that of the residual around it while its rows are at hand."""
    kernels = _kernels(block, dy)
    if kernels is None:
        return NotImplemented
    d = block.activation.backward(block.linear2.backward(block.dropout2.backward(dy)))
    dh = _plus_input_gradient(kernels, block.norm2, block.linear1.backward(d), dy)
    return _plus_input_gradient(kernels, block.norm1, block.attention.backward(block.dropout1.backward(dh)), dh)


def _kernels(block: TransformerBlock, x: np.ndarray) -> ModuleType | None:
    """The compiled code of the norms, where they would use it; None while one is watched, or is of another class."""
    for norm in (block.norm1, block.norm2):
        if type(norm) is not LayerNorm or not vars(norm).keys().isdisjoint(WATCHED):
            return None
    if not is_floating(x) or x.ndim != 3 or not x.size:
        return None
    return compiled_code("layer_norm", sample_size(x), layer_norm.LARGE)


def _plus_input_gradient(kernels: ModuleType, norm: LayerNorm, dy: np.ndarray, more: np.ndarray) -> np.ndarray:
    """more + norm.backward(dy)."""
    x_hat, inverse_std = norm.recall()[:2]
    weight, bias = norm.weight, norm.bias
    fits = is_floating(dy, x_hat, inverse_std, more) and dy.shape == x_hat.shape == more.shape
    all_three = kernels.backward(dy, x_hat, inverse_std, _tensor(weight), more) if fits else NotImplemented
    if all_three is NotImplemented:
        return more + norm.backward(dy)
    dx, d_weight, d_bias = all_three
    if weight is not None:
        weight.accumulate(d_weight)
    if bias is not None:
        bias.accumulate(d_bias)
    return dx


def _tensor(parameter: Any) -> Any:
    return None if parameter is None else parameter.tensor
