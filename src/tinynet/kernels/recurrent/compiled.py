"""The LSTM compiled by Numba: a matrix product a step as in NumPy, and then one pass over all gates.

The products stay NumPy's, for all threads at once: given some samples each, threads would all read the whole of W in
every step. The other cells are served by the vectorized body.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.kernels.jit import compiled
from tinynet.kernels.recurrent import vectorized
from tinynet.kernels.recurrent.vectorized import gru_backward, gru_forward, rnn_backward, rnn_forward
from tinynet.kernels.smooth import sigmoid, tanh

__all__ = ["gru_backward", "gru_forward", "lstm_backward", "lstm_forward", "rnn_backward", "rnn_forward"]

Arrays = tuple[np.ndarray, ...]


def lstm_forward(gx: np.ndarray, W: np.ndarray, h0: np.ndarray, c0: np.ndarray, keep: np.ndarray | None) -> Arrays:
    """c[t] = f c[t−1] + i g, h[t] = o tanh(c[t]), with the gates i, f, g, o of gx[t] + h[t−1] Wᵀ."""
    if not is_served(gx, W, h0, c0):
        return vectorized.lstm_forward(gx, W, h0, c0, keep)
    (T, N, _), counts = gx.shape, counted(gx, keep)
    h, c = np.empty((2, T + 1, *h0.shape), gx.dtype)
    h[0], c[0], gates, gh = h0, c0, np.array(gx, order="C"), np.empty((N, len(W)), gx.dtype)
    for t in range(T):
        np.matmul(h[t], W.T, out=gh)
        _forward(gates[t], gh, c[t], h[t], c[t + 1], h[t + 1], counts[t])
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
    if not is_served(dy, dh, dc, c, gates, W):
        return vectorized.lstm_backward(dy, dh, dc, c, gates, W, keep)
    counts, da = counted(dy, keep), np.empty(gates.shape, gates.dtype)
    dh, dc = np.array(dh, order="C"), np.array(dc, order="C")  # they become dh0 and dc0
    dy, c, gates = (np.ascontiguousarray(array) for array in (dy, c, gates))
    for t in reversed(range(len(dy))):
        dh += dy[t]
        _backward(da[t], dh, dc, c[t], c[t + 1], gates[t], counts[t])
        back = da[t] @ W
        if keep is None:
            dh = back
        else:
            np.copyto(dh, back, where=counts[t][:, np.newaxis])
    return da, dh, dc


def is_served(*arrays: np.ndarray) -> bool:
    """Whether all are of one type that the BLAS has."""
    return arrays[0].dtype in (np.float32, np.float64) and len({array.dtype for array in arrays}) == 1


def counted(x: np.ndarray, keep: np.ndarray | None) -> np.ndarray:
    """Whether each step of each sample counts, (T, N)."""
    return np.ones(x.shape[:2], bool) if keep is None else keep[..., 0] != 0


@compiled
def _forward(a, gh, c, h, new_c, new_h, counts):
    """One step: a is gx before and the gates after; a, gh (N, 4H), the states (N, H)."""
    H = c.shape[1]
    for n in range(len(a)):
        gate, hidden, before, cell, state = a[n], gh[n], c[n], new_c[n], new_h[n]
        for j in range(2 * H):
            gate[j] = sigmoid(gate[j] + hidden[j])
        for j in range(2 * H, 3 * H):
            gate[j] = tanh(gate[j] + hidden[j])
        for j in range(3 * H, 4 * H):
            gate[j] = sigmoid(gate[j] + hidden[j])
        if counts[n]:
            for j in range(H):
                cell[j] = gate[H + j] * before[j] + gate[j] * gate[2 * H + j]
                state[j] = gate[3 * H + j] * tanh(cell[j])
        else:
            cell[:], state[:] = before, h[n]


@compiled
def _backward(da, dh, dc, c, new_c, gates, counts):
    """One step back: fill da, and take dc to the step before; dh and dc (N, H)."""
    H = c.shape[1]
    one = c.dtype.type(1)  # a bare 1 would make float64 of float32
    for n in range(len(da)):
        gate, d, before, cell, up, down = gates[n], da[n], c[n], new_c[n], dh[n], dc[n]
        if not counts[n]:
            d[:] = 0
            continue
        for j in range(H):
            i, f, g, o, shown = gate[j], gate[H + j], gate[2 * H + j], gate[3 * H + j], tanh(cell[j])
            inner = down[j] + up[j] * o * (one - shown * shown)
            d[j] = inner * g * i * (one - i)
            d[H + j] = inner * before[j] * f * (one - f)
            d[2 * H + j] = inner * i * (one - g * g)
            d[3 * H + j] = up[j] * shown * o * (one - o)
            down[j] = inner * f
