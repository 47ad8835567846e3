"""Sentences about what attention reads."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core.checks.sequences import sequence
from tinynet.core.checks.shapes import array, floating_input, input_shape, shape_text
from tinynet.core.checks.values import of_kind
from tinynet.core.checks.words import fail


def attention_inputs(layer: Any, query: np.ndarray, key: np.ndarray | None, value: np.ndarray | None) -> None:
    """(N, T, embed_dim) queries, and as many keys as values for the same N."""
    if key is None and value is not None:
        hint = "pass (query, memory) or (query, key, value)."
        fail(layer, "expected a key with the value, got None.", hint, TypeError)
    sequence(layer, query, layer.embed_dim)
    for x in (key, value):
        if x is not None:
            sequence(layer, x, layer.embed_dim)
    if key is not None and len(key) != len(query):
        fail(layer, f"expected keys for {len(query)} sequences, as there are queries; got {len(key)}.")
    if key is not None and value is not None and key.shape != value.shape:
        expected, got = shape_text(key.shape), shape_text(value.shape)
        fail(layer, f"expected a value for each key, of shape {expected}; got {got}.")


def attention_cache(layer: Any, x: np.ndarray, state: Any) -> None:
    """Keys and values (N, heads, S, D) of earlier positions, or None."""
    if state is None:
        return
    if not isinstance(state, tuple) or len(state) != 2:
        problem = f"expected the keys and values that step returned, got {of_kind(state)}."
        fail(layer, problem, kind=TypeError)
    for kept in state:
        floating_input(layer, kept, "keys and values")
        sizes = (len(x), layer.num_heads, state[0].shape[2] if state[0].ndim == 4 else "S")
        input_shape(layer, kept, (*sizes, layer.embed_dim // layer.num_heads), name="keys and values")


def attention_mask(layer: Any, given: np.ndarray, query: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Check a mask of bools or numbers for each query and key.

    Returns:
        The mask with four axes, which broadcasts to (N, heads, T, S); numbers in the type of the queries.
    """
    array(layer, given, "attn_mask")
    if given.dtype.kind not in "bf":
        problem = f"expected attn_mask of bools, True where a key is hidden, or of numbers to add, got {given.dtype}."
        fail(layer, problem, "convert it with .astype(bool) or .astype(np.float32).", TypeError)
    N, T, S = len(query), query.shape[1], key.shape[1]
    full = N, layer.num_heads, T, S
    of_each_head = given.ndim == 3 and len(given) == N * layer.num_heads
    mask = given.reshape(*full[:2], *given.shape[1:]) if of_each_head else given
    mask = mask.reshape(*(1,) * (4 - mask.ndim), *mask.shape)
    if mask.ndim > 4 or any(got not in (1, size) for got, size in zip(mask.shape, full, strict=True)):
        shapes = f"{shape_text((T, S))}, {shape_text((N * layer.num_heads, T, S))} or one that broadcasts to"
        problem = f"expected attn_mask of shape {shapes} {shape_text(full)}, got {shape_text(given.shape)}."
        fail(layer, problem, "its last two axes are queries and keys.")
    mask = np.asarray(mask, like=query)
    if mask.dtype.kind == "f" and mask.dtype.itemsize > query.dtype.itemsize:
        # The least number of a wider type, with which masks are often filled, would become −∞, which hides altogether.
        mask = np.where(np.isfinite(mask), np.clip(mask, *_ends(query.dtype)), mask)
    return mask if mask.dtype == bool else mask.astype(query.dtype)


def _ends(dtype: np.dtype) -> tuple[float, float]:
    """The least and the greatest finite number of a type."""
    return float(np.finfo(dtype).min), float(np.finfo(dtype).max)
