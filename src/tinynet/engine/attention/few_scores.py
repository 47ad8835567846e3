"""Attention with few scores, in NumPy.

For a short axis, NumPy takes longer to start its inner loop than to run it. So the keys come first in memory, scores
are (S, N, heads, T), and a maximum or sum over the keys is a loop over whole rows. It declines where a query may see no
key or a result is not finite: the lesson has rules for that.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from tinynet.engine.machine.gemm import one_thread


@one_thread
def forward(q: np.ndarray, k: np.ndarray, v: np.ndarray, causal: bool, ignored: np.ndarray | None) -> Any:
    """softmax(q kᵀ / √D) v and the logarithm of each row's sum of exponentials."""
    if not _is_served(q, k, causal, ignored):
        return NotImplemented
    s = _scores(q, k, causal)
    top = s.max(axis=0)
    s -= top
    e = np.exp(s, out=s)
    total = e.sum(axis=0)
    y = e.transpose(1, 2, 3, 0) @ v
    y /= total[..., np.newaxis]
    top += np.log(total, out=total)
    return (y, top[..., np.newaxis]) if math.isfinite(y.sum()) else NotImplemented


@one_thread
def backward(
    dy: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    y: np.ndarray,
    log_sum: np.ndarray,
    causal: bool,
    ignored: np.ndarray | None,
) -> Any:
    """dv = pᵀ dy; ds = p (dy vᵀ − Σ dy y) / √D; dq = ds k; dk = dsᵀ q."""
    if not _is_served(q, k, causal, ignored):
        return NotImplemented
    s = _scores(q, k, causal)
    s -= log_sum[..., 0]
    p = np.exp(s, out=s)
    dv = p.transpose(1, 2, 0, 3) @ dy
    ds = _products(v, dy)
    ds -= np.einsum("nhtd,nhtd->nht", dy, y)
    ds *= p
    ds *= q.dtype.type(1 / math.sqrt(q.shape[-1]))
    dq, dk = ds.transpose(1, 2, 3, 0) @ k, ds.transpose(1, 2, 0, 3) @ q
    return (dq, dk, dv) if math.isfinite(dq.sum() + dk.sum() + dv.sum()) else NotImplemented


def _is_served(q: np.ndarray, k: np.ndarray, causal: bool, ignored: np.ndarray | None) -> bool:
    sees_something = ignored is None and k.shape[2] > 0 and (not causal or q.shape[2] <= k.shape[2])
    return sees_something and q.size > 0


def _scores(q: np.ndarray, k: np.ndarray, causal: bool) -> np.ndarray:
    """k qᵀ / √D, −∞ where a key is not seen: (S, N, heads, T)."""
    s = _products(k, q)
    s *= q.dtype.type(1 / math.sqrt(q.shape[-1]))
    if causal and q.shape[2] > 1:
        np.copyto(s, -np.inf, where=_later(q.shape[2], k.shape[2]))
    return s


def _products(keys: np.ndarray, queries: np.ndarray) -> np.ndarray:
    (N, heads, T, _), S = queries.shape, keys.shape[2]
    products = np.empty((S, N, heads, T), queries.dtype)
    np.matmul(keys, queries.swapaxes(-1, -2), out=products.transpose(1, 2, 0, 3))
    return products


@cache
def _later(T: int, S: int) -> np.ndarray:
    """Where key s stands later than query t: (S, 1, 1, T)."""
    return ~np.tri(T, S, S - T, dtype=bool).T[:, np.newaxis, np.newaxis]
