"""Recurrent cells as they are defined: step by step, sample by sample, one number of the state after the other."""

from __future__ import annotations

import math

import numpy as np

Arrays = tuple[np.ndarray, ...]
Keep = np.ndarray | None
Rows = np.ndarray | None


def rnn_forward(gx: np.ndarray, W: np.ndarray, h0: np.ndarray, keep: Keep, relu: bool, rows: Rows = None) -> np.ndarray:
    """h[t] = f(gx[t] + W h[t−1]) with f = tanh or ReLU."""
    gx = gx if rows is None else gx[rows]
    T, N, H = gx.shape
    h = _from(h0, T)
    for t, n in np.ndindex(T, N):
        a = gx[t, n] + W @ h[t, n]
        for j in range(H):
            h[t + 1, n, j] = max(a[j], 0) if relu else math.tanh(a[j])
        if _is_padding(keep, t, n):
            h[t + 1, n] = h[t, n]
    return h


def rnn_backward(dy: np.ndarray, dh: np.ndarray, h: np.ndarray, W: np.ndarray, keep: Keep, relu: bool) -> Arrays:
    """da[t] = dh[t] · f′, dh[t−1] = Wᵀ da[t]."""
    T, N, H = dy.shape
    da, dh = np.zeros_like(dy), dh.copy()
    for t, n in _backward_in_time(T, N):
        dh[n] += dy[t, n]
        if _is_padding(keep, t, n):
            continue  # dh goes on unchanged, as the state did
        for j in range(H):
            new = h[t + 1, n, j]
            da[t, n, j] = dh[n, j] * ((new > 0) if relu else 1 - new * new)
        dh[n] = W.T @ da[t, n]
    return da, dh


def lstm_forward(
    gx: np.ndarray, W: np.ndarray, h0: np.ndarray, c0: np.ndarray, keep: Keep, rows: Rows = None
) -> Arrays:
    """c[t] = f c[t−1] + i g, h[t] = o tanh(c[t]), with the gates i, f, g, o of gx[t] + W h[t−1]."""
    gx = gx if rows is None else gx[rows]
    T, N, H = len(gx), *h0.shape
    h, c, gates = _from(h0, T), _from(c0, T), np.empty_like(gx)
    for t, n in np.ndindex(T, N):
        a = gx[t, n] + W @ h[t, n]
        for j in range(H):
            i, f, g, o = _sigmoid(a[j]), _sigmoid(a[H + j]), math.tanh(a[2 * H + j]), _sigmoid(a[3 * H + j])
            gates[t, n, j::H] = i, f, g, o
            c[t + 1, n, j] = f * c[t, n, j] + i * g
            h[t + 1, n, j] = o * math.tanh(c[t + 1, n, j])
        if _is_padding(keep, t, n):
            h[t + 1, n], c[t + 1, n] = h[t, n], c[t, n]
    return h, c, gates


def lstm_backward(
    dy: np.ndarray, dh: np.ndarray, dc: np.ndarray, c: np.ndarray, gates: np.ndarray, W: np.ndarray, keep: Keep
) -> Arrays:
    """dc[t] gets dh[t] o (1 − tanh² c[t]); each gate its share of dc or dh; dc[t−1] = dc[t] f, dh[t−1] = Wᵀ da[t]."""
    T, N, H = dy.shape
    da, dh, dc = np.zeros_like(gates), dh.copy(), dc.copy()
    for t, n in _backward_in_time(T, N):
        dh[n] += dy[t, n]
        if _is_padding(keep, t, n):
            continue
        for j in range(H):
            i, f, g, o = gates[t, n, j::H]
            tanh_c = math.tanh(c[t + 1, n, j])
            dc[n, j] += dh[n, j] * o * (1 - tanh_c * tanh_c)
            da[t, n, j] = dc[n, j] * g * i * (1 - i)
            da[t, n, H + j] = dc[n, j] * c[t, n, j] * f * (1 - f)
            da[t, n, 2 * H + j] = dc[n, j] * i * (1 - g * g)
            da[t, n, 3 * H + j] = dh[n, j] * tanh_c * o * (1 - o)
            dc[n, j] *= f
        dh[n] = W.T @ da[t, n]
    return da, dh, dc


def gru_forward(gx: np.ndarray, W: np.ndarray, b: np.ndarray, h0: np.ndarray, keep: Keep, rows: Rows = None) -> Arrays:
    """h[t] = (1 − z) n + z h[t−1] with r, z = σ(…) and n = tanh(gx_n + r · inner), inner = W_n h[t−1] + b_n."""
    gx = gx if rows is None else gx[rows]
    T, N, H = len(gx), *h0.shape
    h, gates, inner = _from(h0, T), np.empty_like(gx), np.empty((T, N, H), gx.dtype)
    for t, n in np.ndindex(T, N):
        gh = W @ h[t, n] + b
        inner[t, n] = gh[2 * H :]
        for j in range(H):
            r, z = _sigmoid(gx[t, n, j] + gh[j]), _sigmoid(gx[t, n, H + j] + gh[H + j])
            new = math.tanh(gx[t, n, 2 * H + j] + r * inner[t, n, j])
            gates[t, n, j::H] = r, z, new
            h[t + 1, n, j] = (1 - z) * new + z * h[t, n, j]
        if _is_padding(keep, t, n):
            h[t + 1, n] = h[t, n]
    return h, gates, inner


def gru_backward(
    dy: np.ndarray, dh: np.ndarray, h: np.ndarray, gates: np.ndarray, inner: np.ndarray, W: np.ndarray, keep: Keep
) -> Arrays:
    """dn = dh (1 − z), dz = dh (h[t−1] − n), dr = da_n · inner, each times its slope; dh[t−1] = dh z + Wᵀ dgh."""
    T, N, H = dy.shape
    dgx, dgh, dh = np.zeros_like(gates), np.zeros_like(gates), dh.copy()
    for t, n in _backward_in_time(T, N):
        dh[n] += dy[t, n]
        if _is_padding(keep, t, n):
            continue
        for j in range(H):
            r, z, new = gates[t, n, j::H]
            da_n = dh[n, j] * (1 - z) * (1 - new * new)
            da_z = dh[n, j] * (h[t, n, j] - new) * z * (1 - z)
            da_r = da_n * inner[t, n, j] * r * (1 - r)
            dgx[t, n, j::H] = da_r, da_z, da_n
            dgh[t, n, j::H] = da_r, da_z, da_n * r  # the hidden side of n stands behind r
            dh[n, j] *= z
        dh[n] += W.T @ dgh[t, n]
    return dgx, dgh, dh


def _from(first: np.ndarray, n_steps: int) -> np.ndarray:
    """Room for the states of all steps, (T + 1, N, H), with the first one in its place."""
    states = np.empty((n_steps + 1, *first.shape), first.dtype)
    states[0] = first
    return states


def _backward_in_time(n_steps: int, n_samples: int) -> list[tuple[int, int]]:
    return [(t, n) for t in reversed(range(n_steps)) for n in range(n_samples)]


def _is_padding(keep: Keep, t: int, n: int) -> bool:
    return keep is not None and not keep[t, n, 0]


def _sigmoid(x: float) -> float:
    return 0.5 * math.tanh(0.5 * x) + 0.5  # 1 / (1 + e⁻ˣ), but nothing overflows
