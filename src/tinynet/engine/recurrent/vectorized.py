"""Recurrent cells over time in NumPy: one matrix product a step."""

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.gemm import product

Arrays = tuple[np.ndarray, ...]
Rows = np.ndarray | None


def rnn_forward(
    gx: np.ndarray, W: np.ndarray, h0: np.ndarray, keep: np.ndarray | None, relu: bool, rows: Rows = None
) -> np.ndarray:
    """h[t] = f(gx[t] + h[t−1] Wᵀ) with f = tanh or ReLU.

    Args:
        gx: What the input and the biases give to each step, (T, N, H).
        W: (H, H).
        h0: The state before the first step, (N, H).
        keep: 1 where a step counts and 0 where it is padding and the state goes on unchanged, (T, N, 1); None for all.
        relu: Whether f is the ReLU.
        rows: If given, (T, N), then gx is a table and gx[rows] is meant.

    Returns:
        The states, (T + 1, N, H), h0 included.
    """
    gx = gx if rows is None else gx[rows]
    h = np.empty((len(gx) + 1, *h0.shape), gx.dtype)
    h[0] = h0
    for t in range(len(gx)):
        a = gx[t] + product(h[t], W.T)
        new = np.maximum(a, 0) if relu else np.tanh(a)
        h[t + 1] = new if keep is None else np.where(keep[t], new, h[t])
    return h


def rnn_backward(
    dy: np.ndarray, dh: np.ndarray, h: np.ndarray, W: np.ndarray, keep: np.ndarray | None, relu: bool
) -> Arrays:
    """Back through time: da[t] = dh[t] · f′, dh[t−1] = da[t] W; gives da (T, N, H) and dh0."""
    da = np.empty_like(dy)
    for t in reversed(range(len(dy))):
        dh = dh + dy[t]
        new = h[t + 1]
        slope = (new > 0) if relu else 1 - new * new
        da[t] = dh * slope if keep is None else dh * slope * keep[t]
        dh = product(da[t], W) if keep is None else product(da[t], W) + dh * (1 - keep[t])
    return da, dh


def lstm_forward(
    gx: np.ndarray, W: np.ndarray, h0: np.ndarray, c0: np.ndarray, keep: np.ndarray | None, rows: Rows = None
) -> Arrays:
    """c[t] = f c[t−1] + i g, h[t] = o tanh(c[t]), with the gates i, f, g, o = σ, σ, tanh, σ of gx[t] + h[t−1] Wᵀ.

    Args:
        gx: What the input and the biases give to the four gates of each step, (T, N, 4H).
        W: (4H, H).
        h0: The hidden state before the first step, (N, H).
        c0: The cell state before the first step, (N, H).
        keep, rows: As in `rnn_forward`.

    Returns:
        h and c, each (T + 1, N, H), and the gates after their functions, (T, N, 4H).
    """
    gx = gx if rows is None else gx[rows]
    T, H = len(gx), h0.shape[-1]
    h, c = np.empty((2, T + 1, *h0.shape), gx.dtype)
    gates = np.empty_like(gx)
    h[0], c[0] = h0, c0
    for t in range(T):
        a = gx[t] + product(h[t], W.T)
        gate = gates[t]
        gate[:] = sigmoid(a)
        gate[:, 2 * H : 3 * H] = np.tanh(a[:, 2 * H : 3 * H])
        i, f, g, o = np.split(gate, 4, axis=1)
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
        if keep is not None:
            c[t + 1], h[t + 1] = np.where(keep[t], c[t + 1], c[t]), np.where(keep[t], h[t + 1], h[t])
    return h, c, gates


def lstm_backward(
    dy: np.ndarray,
    dh: np.ndarray,
    dc: np.ndarray,
    c: np.ndarray,
    gates: np.ndarray,
    W: np.ndarray,
    keep: np.ndarray | None,
) -> Arrays:
    """Back through time; gives the gradient before the gates' functions (T, N, 4H), dh0 and dc0."""
    H = dh.shape[-1]
    da = np.empty_like(gates)
    for t in reversed(range(len(dy))):
        dh = dh + dy[t]
        skipped = None if keep is None else (dh * (1 - keep[t]), dc * (1 - keep[t]))
        if keep is not None:
            dh, dc = dh * keep[t], dc * keep[t]
        i, f, g, o = np.split(gates[t], 4, axis=1)
        tanh_c = np.tanh(c[t + 1])
        dc = dc + dh * o * (1 - tanh_c * tanh_c)
        da[t, :, :H] = dc * g * i * (1 - i)
        da[t, :, H : 2 * H] = dc * c[t] * f * (1 - f)
        da[t, :, 2 * H : 3 * H] = dc * i * (1 - g * g)
        da[t, :, 3 * H :] = dh * tanh_c * o * (1 - o)
        dh, dc = product(da[t], W), dc * f
        if skipped is not None:
            dh, dc = dh + skipped[0], dc + skipped[1]
    return da, dh, dc


def gru_forward(
    gx: np.ndarray, W: np.ndarray, b: np.ndarray, h0: np.ndarray, keep: np.ndarray | None, rows: Rows = None
) -> Arrays:
    """h[t] = (1 − z) n + z h[t−1] with r, z = σ(…) and n = tanh(gx_n + r (h[t−1] W_nᵀ + b_n)).

    Args:
        gx: What the input and its biases give to r, z and n of each step, (T, N, 3H).
        W: (3H, H).
        b: The biases of the hidden side, (3H,); that of n stands inside the product with r.
        h0: The state before the first step, (N, H).
        keep, rows: As in `rnn_forward`.

    Returns:
        h (T + 1, N, H); r, z and n (T, N, 3H); and h[t−1] W_nᵀ + b_n (T, N, H).
    """
    gx = gx if rows is None else gx[rows]
    T, H = len(gx), h0.shape[-1]
    h = np.empty((T + 1, *h0.shape), gx.dtype)
    gates, inner = np.empty_like(gx), np.empty((T, *h0.shape), gx.dtype)
    h[0] = h0
    for t in range(T):
        gh = product(h[t], W.T) + b
        rz = sigmoid(gx[t, :, : 2 * H] + gh[:, : 2 * H])
        r, z = rz[:, :H], rz[:, H:]
        inner[t] = gh[:, 2 * H :]
        n = np.tanh(gx[t, :, 2 * H :] + r * inner[t])
        gates[t, :, : 2 * H], gates[t, :, 2 * H :] = rz, n
        new = n + z * (h[t] - n)
        h[t + 1] = new if keep is None else np.where(keep[t], new, h[t])
    return h, gates, inner


def gru_backward(
    dy: np.ndarray,
    dh: np.ndarray,
    h: np.ndarray,
    gates: np.ndarray,
    inner: np.ndarray,
    W: np.ndarray,
    keep: np.ndarray | None,
) -> Arrays:
    """Back through time; gives the gradients on the input side and on the hidden side (T, N, 3H) each, and dh0."""
    H = dh.shape[-1]
    dgx = np.empty_like(gates)
    dgh = np.empty_like(gates)
    for t in reversed(range(len(dy))):
        dh = dh + dy[t]
        active = dh if keep is None else dh * keep[t]
        r, z, n = np.split(gates[t], 3, axis=1)
        dn = active * (1 - z) * (1 - n * n)
        dgx[t, :, :H] = dn * inner[t] * r * (1 - r)
        dgx[t, :, H : 2 * H] = active * (h[t] - n) * z * (1 - z)
        dgx[t, :, 2 * H :] = dn
        dgh[t, :, : 2 * H] = dgx[t, :, : 2 * H]
        dgh[t, :, 2 * H :] = dn * r
        back = product(dgh[t], W) + active * z
        dh = back if keep is None else back + dh * (1 - keep[t])
    return dgx, dgh, dh


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e⁻ˣ), written with tanh so that nothing overflows."""
    return 0.5 * np.tanh(0.5 * x) + 0.5
