"""Attention as it is defined: each query weighs the values that it sees by a softmax of its scores."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

Index = tuple[int, int, int]
Three = tuple[np.ndarray, np.ndarray, np.ndarray]


def attend(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    causal: bool,
    key_padding_mask: np.ndarray | None,
    attn_mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """heads = Σ p v with p = exp(score) / Σ exp(score), and the logarithm of that sum."""
    heads = np.zeros(q.shape[:-1] + v.shape[-1:], q.dtype)
    log_sum = np.full((*q.shape[:-1], 1), np.inf, q.dtype)
    added = None if attn_mask is None else np.broadcast_to(attn_mask, (*q.shape[:3], k.shape[2]))
    for query, keys in queries(q.shape, k.shape, causal, key_padding_mask, added):
        if not keys:
            continue  # it sees nothing: its head is 0
        scores = [score(q, k, query, key, added) for key in keys]
        top = max(scores)  # taken out of the exponentials, so that none overflows
        total = sum(math.exp(s - top) for s in scores)
        log_sum[query] = top + math.log(total)
        for key, s in zip(keys, scores, strict=True):
            heads[query] += math.exp(s - top) / total * v[key]
    return heads, log_sum


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
    """dv = p do; ds = p (dp − Σ p dp) with dp = do · v, so that Σ p dp = do · heads; dq = ds k / √D; dk = ds q / √D."""
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    added = None if attn_mask is None else np.broadcast_to(attn_mask, (*q.shape[:3], k.shape[2]))
    for query, keys in queries(q.shape, k.shape, causal, key_padding_mask, added):
        p_of = [math.exp(score(q, k, query, key, added) - log_sum[query].item()) for key in keys]
        total = sum(p_of)  # 1, but for what is rounded off a log_sum whose mask is −10⁹
        for key, p in zip(keys, [p / total for p in p_of], strict=True):
            ds = p * float(do[query] @ v[key] - do[query] @ heads[query])
            dq[query] += ds * k[key] / math.sqrt(q.shape[-1])
            dk[key] += ds * q[query] / math.sqrt(q.shape[-1])
            dv[key] += p * do[query]
    return dq, dk, dv


def score(q: np.ndarray, k: np.ndarray, query: Index, key: Index, mask: np.ndarray | None) -> float:
    """q · k / √D for one query and one key, plus what a mask of numbers adds."""
    s = float(q[query] @ k[key]) / math.sqrt(q.shape[-1])
    return s if mask is None or mask.dtype == bool else s + float(mask[(*query, key[-1])])


def queries(
    q_shape: tuple[int, ...],
    k_shape: tuple[int, ...],
    causal: bool,
    key_padding_mask: np.ndarray | None,
    mask: np.ndarray | None,
) -> Iterator[tuple[Index, list[Index]]]:
    """Every query as (n, head, t), with the keys (n, head, s) that it sees."""
    (N, heads, T, _), S = q_shape, k_shape[2]
    for n, head, t in np.ndindex(N, heads, T):
        last = t + S - T if causal else S - 1
        keys = [s for s in range(S) if s <= last and (key_padding_mask is None or not key_padding_mask[n, s])]
        if mask is not None:
            hidden = mask[n, head, t] if mask.dtype == bool else np.isneginf(mask[n, head, t])
            keys = [s for s in keys if not hidden[s]]
        yield (n, head, t), [(n, head, s) for s in keys]
