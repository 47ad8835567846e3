"""Attention without its matrix of weights, and one matrix product for all projections of an input.

The lesson keeps T × S scores of every head in memory. Here they are computed a few queries at a time and stay in the
cache, and the backward computes them again from the logarithm of each row's sum. With few scores NumPy is faster, in
another memory order (`few_scores`). Results that are not finite are declined, because masked values must not leak into
them. Masks of each query and key are left to the lesson, which then runs sample by sample.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tinynet.core.faster import in_use
from tinynet.engine.attention import few_scores
from tinynet.engine.machine.gemm import add_column_sums, add_product, at_once, one_thread, product
from tinynet.engine.positions import turn_in_place
from tinynet.engine.serves import compiled_code, is_floating
from tinynet.layers import MultiHeadAttention
from tinynet.layers import scaled_dot_product as lesson

# With fewer scores in a sample, their matrix is small, and NumPy is fast enough.
MIN_SCORES = 1000
# For one, two or three inputs: which of q, k and v each is projected to, as the first and the one after the last.
PROJECTIONS = {1: ((0, 3),), 2: ((0, 1), (1, 3)), 3: ((0, 1), (1, 2), (2, 3))}


def attend(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    causal: bool,
    key_padding_mask: np.ndarray | None,
    attn_mask: np.ndarray | None = None,
) -> Any:
    """The heads p v and the logarithm of each row's sum of exponentials."""
    if not is_floating(q, k, v):
        return NotImplemented
    if not _has_many_scores(q, k):
        return few_scores.forward(q, k, v, causal, key_padding_mask) if attn_mask is None else NotImplemented
    kernels = _kernels(q, attn_mask)
    result = NotImplemented if kernels is None else kernels.forward(q, k, v, causal, key_padding_mask)
    if result is not NotImplemented:
        return result
    return _one_by_one(lesson.attend, (q, k, v), causal, key_padding_mask, attn_mask)


def attend_backward(
    do: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    heads: np.ndarray,
    log_sum: np.ndarray,
    causal: bool,
    key_padding_mask: np.ndarray | None,
    attn_mask: np.ndarray | None = None,
) -> Any:
    """dq, dk and dv."""
    arrays = do, q, k, v, heads, log_sum
    result = _gradients(*arrays, causal, key_padding_mask, attn_mask, out=None)
    if result is NotImplemented and is_floating(*arrays) and _has_many_scores(q, k):
        return _one_by_one(lesson.attend_backward, arrays, causal, key_padding_mask, attn_mask)
    return result


def project(layer: MultiHeadAttention, inputs: tuple[np.ndarray, ...], start: int = 0) -> Any:
    """q, k and v, each a view of one product for each input."""
    if not is_floating(*inputs):
        return NotImplemented
    E, made = layer.embed_dim, []
    W, b = layer.in_proj_weight.tensor, None if layer.in_proj_bias is None else layer.in_proj_bias.tensor
    for x, (first, end) in zip(inputs, PROJECTIONS[len(inputs)], strict=True):
        y = product(x.reshape(-1, E), W[first * E : end * E].T, None if b is None else b[first * E : end * E])
        made.append(y.reshape(*x.shape[:2], (end - first) * E))
    _turn(layer, made, start, 1)
    return tuple([layer.cut(part) for part in _parts(made, E)])


def backward(layer: MultiHeadAttention, dy: np.ndarray) -> Any:
    """dx. For that dq, dk and dv are written side by side, so that each input needs one product for its gradient."""
    inputs, q, k, v, heads, log_sum, padding, attn_mask = layer.recall()
    masks = padding, attn_mask
    if not is_floating(dy, q, *inputs):
        return NotImplemented
    E, shares = layer.embed_dim, PROJECTIONS[len(inputs)]
    made = [
        np.empty((*x.shape[:2], (end - first) * E), q.dtype) for x, (first, end) in zip(inputs, shares, strict=True)
    ]
    out = tuple([layer.cut(part) for part in _parts(made, E)])
    given = layer.cut(layer.out_proj.backward(dy)), q, k, v, heads, log_sum, layer.causal, *masks
    gradients = _gradients(*given, out)
    if gradients is NotImplemented:
        gradients = lesson.attend_backward(*given)
    for array, gradient in zip(out, gradients, strict=True):
        if array is not gradient:
            array[...] = gradient
    _turn(layer, made, 0, -1)
    read: Any = inputs
    if any(mask is not None for mask in masks) or (layer.causal and q.shape[2] > k.shape[2]):
        read = lesson.without_unread(inputs, lesson.seen_keys(q, k, layer.causal, *masks))
    dx = [_input_gradient(layer, x, d, first * E) for x, d, (first, _) in zip(read, made, shares, strict=True)]
    return dx[0] if len(dx) == 1 else tuple(dx)


def _gradients(
    do: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    heads: np.ndarray,
    log_sum: np.ndarray,
    causal: bool,
    key_padding_mask: np.ndarray | None,
    attn_mask: np.ndarray | None,
    out: tuple[np.ndarray, ...] | None,
) -> Any:
    """dq, dk and dv, written to the arrays of `out` where that is possible."""
    if not is_floating(do, q, k, v, heads, log_sum):
        return NotImplemented
    if not _has_many_scores(q, k):
        if attn_mask is not None:
            return NotImplemented
        return few_scores.backward(do, q, k, v, heads, log_sum, causal, key_padding_mask)
    kernels = _kernels(q, attn_mask)
    if kernels is None:
        return NotImplemented
    return kernels.backward(do, q, k, v, heads, log_sum, causal, key_padding_mask, out)


@at_once
def _input_gradient(layer: MultiHeadAttention, x: np.ndarray, d: np.ndarray, first: int) -> np.ndarray:
    """From ∂L/∂(x Wᵀ + b) of some rows of the projection: their gradients, and ∂L/∂x."""
    E, W, b = layer.embed_dim, layer.in_proj_weight, layer.in_proj_bias
    rows, part = d.reshape(-1, d.shape[-1]), slice(first, first + d.shape[-1])  # (N · T, rows of W)
    if W.trainable:
        add_product(rows.T, x.reshape(-1, E), to=W.gradient[part])
    if b is not None and b.trainable:
        add_column_sums(rows, to=b.gradient[part])
    dx = product(rows, W.tensor[part])
    return dx.reshape(x.shape)


def _turn(layer: MultiHeadAttention, made: list[np.ndarray], start: int, direction: int) -> None:
    """Rotate q and k in place, if the layer has rotary positions."""
    if layer.rotary is None:
        return
    E = layer.embed_dim
    if len(made) == 1:
        turn_in_place(layer.rotary, made[0][..., : 2 * E], start, direction)
        return
    first_query = start + layer.first_query(made[0].shape[1], made[1].shape[1])
    turn_in_place(layer.rotary, made[0], first_query, direction)
    turn_in_place(layer.rotary, made[1][..., :E], start, direction)


def _parts(made: list[np.ndarray], E: int) -> list[np.ndarray]:
    """The parts for q, k and v, (N, T, embed_dim) each, of arrays that hold them side by side."""
    return [array[..., at : at + E] for array in made for at in range(0, array.shape[-1], E)]


def _has_many_scores(q: np.ndarray, k: np.ndarray) -> bool:
    return q.shape[1] * q.shape[2] * k.shape[2] >= MIN_SCORES or in_use() == "compiled"


def _kernels(q: np.ndarray, attn_mask: np.ndarray | None) -> ModuleType | None:
    """The compiled kernels, if they serve this: float32, without a mask of each query and key."""
    return compiled_code("attention", 0, min_size=0) if q.dtype == np.float32 and attn_mask is None else None


@one_thread
def _one_by_one(
    function: Any,
    arrays: tuple[np.ndarray, ...],
    causal: bool,
    *masks: np.ndarray | None,
) -> Any:
    """The lesson for one sample at a time, so that only its scores are in memory."""
    if not len(arrays[0]):
        return NotImplemented
    results = []
    for n in range(len(arrays[0])):
        own = [mask if mask is None or len(mask) == 1 else mask[n : n + 1] for mask in masks]
        results.append(function.lesson(*[array[n : n + 1] for array in arrays], causal, *own))
    return tuple([np.concatenate(parts) for parts in zip(*results, strict=True)])
