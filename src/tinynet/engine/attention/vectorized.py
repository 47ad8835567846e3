"""Attention in NumPy, one sample after the other, so that the T × S weights of only one are in memory."""

from __future__ import annotations

import math

import numpy as np

from tinynet.engine.machine.gemm import one_thread


@one_thread()
def forward(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, causal: bool, ignored: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """y = softmax(q kᵀ / √D) v.

    Args:
        q: Queries, (N, heads, T, D).
        k: Keys, (N, heads, S, D).
        v: Values, (N, heads, S, D).
        causal: If True, query t sees the keys up to its own place t + S − T.
        ignored: True for keys that nobody sees, (N, S); None for none.

    Returns:
        y (N, heads, T, D), and the logarithm of each row's sum of exponentials (N, heads, T), from which `backward`
        gets the weights again. A row that sees no key gives 0, and +∞ as that logarithm.
    """
    y = np.empty(q.shape[:-1] + v.shape[-1:], q.dtype)
    log_sum = np.empty(q.shape[:-1], q.dtype)
    for n in range(len(q)):
        s = _scores(q[n], k[n], causal, None if ignored is None else ignored[n])
        top = s.max(axis=-1, keepdims=True, initial=-np.inf)
        top[np.isneginf(top)] = 0
        s -= top
        p = np.exp(s, out=s)
        total = p.sum(axis=-1, keepdims=True)
        empty = total == 0
        total[empty] = 1
        np.matmul(p, v[n], out=y[n])
        y[n] /= total
        log_sum[n] = np.where(empty, np.inf, top + np.log(total))[..., 0]
    return y, log_sum


@one_thread()
def backward(
    dy: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    y: np.ndarray,
    log_sum: np.ndarray,
    causal: bool,
    ignored: np.ndarray | None,
    out: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """dv = pᵀ dy; ds = p (dy vᵀ − Σ dy y); dq = ds k / √D; dk = dsᵀ q / √D. Dao et al. 2022, algorithm 4."""
    dq, dk, dv = out
    scale = q.dtype.type(1 / math.sqrt(q.shape[-1]))
    for n in range(len(q)):
        s = _scores(q[n], k[n], causal, None if ignored is None else ignored[n])
        s -= log_sum[n][..., np.newaxis]
        p = np.exp(s, out=s)
        np.matmul(p.transpose(0, 2, 1), dy[n], out=dv[n])
        ds = dy[n] @ v[n].transpose(0, 2, 1)
        ds -= (dy[n] * y[n]).sum(axis=-1, keepdims=True)
        ds *= p
        ds *= scale
        np.matmul(ds, k[n], out=dq[n])
        np.matmul(ds.transpose(0, 2, 1), q[n], out=dk[n])


def _scores(q: np.ndarray, k: np.ndarray, causal: bool, ignored: np.ndarray | None) -> np.ndarray:
    """q kᵀ / √D for one sample, −∞ where a key is not seen: (heads, T, S)."""
    T, S = q.shape[1], k.shape[1]
    s = (q * q.dtype.type(1 / math.sqrt(q.shape[-1]))) @ k.transpose(0, 2, 1)
    if causal and T > 1:
        np.copyto(s, -np.inf, where=~np.tri(T, S, S - T, dtype=bool))
    if ignored is not None:
        s[:, :, ignored] = -np.inf
    return s
