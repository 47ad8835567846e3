"""Scaled dot-product attention: queries weigh the values of the keys that they see. Vaswani et al. 2017."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.core.faster import faster

Three = tuple[np.ndarray, np.ndarray, np.ndarray]


@faster
def attend(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    causal: bool,
    key_padding_mask: np.ndarray | None,
    attn_mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The heads p v, with p = softmax(q kᵀ / √D + attn_mask), and the log Σ exp of the scores of each row.

    From that logarithm `attend_backward` computes p again, so that no T × S weights stay in memory (Dao et al. 2022).

    Args:
        q: Queries, (N, heads, T, D).
        k: Keys, (N, heads, S, D).
        v: Values, (N, heads, S, D).
        causal: If True, query t sees the keys up to its own position t + S − T.
        key_padding_mask: True for keys that no query sees, (N, S); None if every key may be seen.
        attn_mask: True where a query does not see a key, or numbers to add to the scores; it broadcasts to
            (N, heads, T, S) and has four axes.

    Returns:
        heads (N, heads, T, D), and log_sum (N, heads, T, 1). A query that sees no key gives 0, and +∞.

    Example:
        >>> q = k = np.zeros((1, 1, 2, 4)); v = np.array([[[[1.0], [3.0]]]])
        >>> attend(q, k, v, True, None)[0].ravel()
        array([1., 2.])
    """
    seen = seen_keys(q, k, causal, key_padding_mask, attn_mask)
    scores = _scores(q, k, seen, attn_mask)
    top = scores.max(axis=-1, keepdims=True, initial=-np.inf)
    top = np.where(np.isneginf(top), 0, top)  # for a query that sees no key
    e = np.exp(scores - top)  # shifted, so that exp cannot overflow
    total = e.sum(axis=-1, keepdims=True)
    sees_nothing, total = total == 0, np.where(total == 0, 1, total)
    log_sum = np.where(sees_nothing, np.inf, top + np.log(total))
    p = e / total
    return _sum_of_seen(p, v, seen), log_sum


@faster
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
) -> Three:
    """dq, dk and dv for do = ∂L/∂heads: dv = pᵀ do, ds = p (do vᵀ − Σ do · heads), dq = ds k / √D, dk = dsᵀ q / √D.

    Example:
        >>> q = k = np.zeros((1, 1, 2, 4)); v = np.array([[[[1.0], [3.0]]]])
        >>> heads, log_sum = attend(q, k, v, True, None)
        >>> attend_backward(np.ones_like(heads), q, k, v, heads, log_sum, True, None)[2].ravel()
        array([1.5, 0.5])
    """
    seen, root = seen_keys(q, k, causal, key_padding_mask, attn_mask), math.sqrt(q.shape[-1])
    p = np.where(seen, np.exp(_scores(q, k, seen, attn_mask) - log_sum), 0)
    if attn_mask is not None:  # where it adds −10⁹ to all scores of a row, log_sum has no digits left for their sum
        total = p.sum(axis=-1, keepdims=True)
        p = p / np.where(total == 0, 1, total)
    dv = _sum_of_seen(p.swapaxes(-1, -2), do, seen.swapaxes(-1, -2))
    ds = np.where(seen, p * (do @ v.swapaxes(-1, -2) - (do * heads).sum(axis=-1, keepdims=True)), 0)
    dq = _sum_of_seen(ds, k, seen) / root
    dk = _sum_of_seen(ds.swapaxes(-1, -2), q, seen.swapaxes(-1, -2)) / root
    return dq, dk, dv


def seen_keys(
    q: np.ndarray,
    k: np.ndarray,
    causal: bool,
    key_padding_mask: np.ndarray | None,
    attn_mask: np.ndarray | None = None,
) -> np.ndarray:
    """Whether a query sees a key: (1 or N, 1 or heads, T, S).

    Example:
        >>> q = k = np.zeros((1, 1, 2, 4))
        >>> seen_keys(q, k, False, np.array([[True, False]]), np.array([[[[0.0, 1.5], [0.0, -np.inf]]]]))[0, 0]
        array([[False,  True],
               [False, False]])
    """
    T, S = q.shape[2], k.shape[2]
    seen = np.asarray(np.tri(T, S, S - T if causal else S, dtype=bool), like=q)[np.newaxis, np.newaxis]
    if key_padding_mask is not None:
        seen = seen & ~np.asarray(key_padding_mask, like=q)[:, np.newaxis, np.newaxis]
    if attn_mask is not None:
        seen = seen & ~(attn_mask if attn_mask.dtype == bool else np.isneginf(attn_mask))
    return seen


def without_unread(inputs: tuple[np.ndarray, ...], seen: np.ndarray) -> list[np.ndarray]:
    """The inputs, (N, T or S, embed_dim) each, with 0 at places that no query reads and that see nothing themselves.

    The gradient of what they are projected to is 0, and 0 · NaN is NaN.

    Example:
        >>> x, memory = np.ones((1, 1, 1)), np.array([[[np.nan], [2.0]]])
        >>> without_unread((x, memory), np.array([[[[False, True]]]]))[1].ravel()
        array([0., 2.])
    """
    sees: Any = seen.any(axis=(1, 3))  # (1 or N, T)
    is_seen: Any = seen.any(axis=(1, 2))  # (1 or N, S)
    read = [sees | is_seen] if len(inputs) == 1 else [sees, is_seen, is_seen]
    return [np.where(places[..., np.newaxis], x, 0) for x, places in zip(inputs, read, strict=False)]


def _scores(q: np.ndarray, k: np.ndarray, seen: np.ndarray, attn_mask: np.ndarray | None) -> np.ndarray:
    """q kᵀ / √D + attn_mask, and −∞ where the key is not seen: (N, heads, T, S)."""
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    if attn_mask is not None and attn_mask.dtype != bool:
        scores = scores + np.where(seen, attn_mask, 0)
    return np.where(seen, scores, -np.inf)


def _sum_of_seen(weights: np.ndarray, x: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """weights @ x, where the weight of a row that is not seen is 0.

    0 · NaN is NaN. So a row of x that is not finite is left out of the product, and only queries that see it get NaN.
    """
    finite = np.isfinite(x)
    broken = ~finite.all(axis=-1)[..., np.newaxis, :]  # (N, heads, 1, rows of x)
    return np.where(seen & broken, np.nan, weights) @ np.where(finite, x, 0)
