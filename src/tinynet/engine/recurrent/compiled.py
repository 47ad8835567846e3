"""The recurrent cells in float32 compiled by Numba: each thread takes some samples through all of time.

Of too few samples to share, it takes some hidden units. float64, where proofs are made, and other types go to the
vectorized body. What is compiled takes states whose size is a multiple of 16; others are filled up with zeros, which
add nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.engine.machine.pool import share
from tinynet.engine.machine.tiles import ROWS, pack, pack_transposed, rounded
from tinynet.engine.recurrent import compiled_cells as cells
from tinynet.engine.recurrent import compiled_steps as steps
from tinynet.engine.recurrent import vectorized

Arrays = tuple[np.ndarray, ...]
Keep = np.ndarray | None
Rows = np.ndarray | None


def rnn_forward(gx: np.ndarray, W: np.ndarray, h0: np.ndarray, keep: Keep, relu: bool, rows: Rows = None) -> np.ndarray:
    """h[t] = f(gx[t] + h[t−1] Wᵀ) with f = tanh or ReLU."""
    if not is_served(gx, W, h0):
        return vectorized.rnn_forward(gx, W, h0, keep, relu, rows)
    H, rows = h0.shape[1], drawn(gx, rows)
    h = states(h0, len(rows))
    run_forward(cells.rnn_forward, (wide(gx, H), rows, ahead(W), h), counted(rows, keep), H, relu)
    return narrow(h, H)


def rnn_backward(dy: np.ndarray, dh: np.ndarray, h: np.ndarray, W: np.ndarray, keep: Keep, relu: bool) -> Arrays:
    """Back through time: da[t] = dh[t] · f′, dh[t−1] = da[t] W; gives da (T, N, H) and dh0."""
    if not is_served(dy, dh, h, W):
        return vectorized.rnn_backward(dy, dh, h, W, keep, relu)
    H, dh = dh.shape[1], wide(dh, dh.shape[1], copy=True)  # it becomes dh0
    da = np.empty((*dy.shape[:2], rounded(H)), dy.dtype)
    run(cells.rnn_backward, (wide(dy, H), dh, wide(h, H), back(W), da), counted(dy, keep), H, relu)
    return narrow(da, H), narrow(dh, H)


def lstm_forward(
    gx: np.ndarray, W: np.ndarray, h0: np.ndarray, c0: np.ndarray, keep: Keep, rows: Rows = None
) -> Arrays:
    """c[t] = f c[t−1] + i g, h[t] = o tanh(c[t]), with the gates i, f, g, o of gx[t] + h[t−1] Wᵀ."""
    if not is_served(gx, W, h0, c0):
        return vectorized.lstm_forward(gx, W, h0, c0, keep, rows)
    H, gx, rows = h0.shape[1], wide(gx, h0.shape[1]), drawn(gx, rows)
    h, c = states(h0, len(rows)), states(c0, len(rows))
    gates = np.empty((*rows.shape, gx.shape[-1]), gx.dtype)
    run_forward(cells.lstm_forward, (gx, rows, ahead(W), h, c, gates), counted(rows, keep), H)
    return narrow(h, H), narrow(c, H), narrow(gates, H)


def lstm_backward(
    dy: np.ndarray, dh: np.ndarray, dc: np.ndarray, c: np.ndarray, gates: np.ndarray, W: np.ndarray, keep: Keep
) -> Arrays:
    """Back through time; gives the gradient before the gates' functions (T, N, 4H), dh0 and dc0."""
    if not is_served(dy, dh, dc, c, gates, W):
        return vectorized.lstm_backward(dy, dh, dc, c, gates, W, keep)
    H, gates = dh.shape[1], wide(gates, dh.shape[1])
    dh, dc = wide(dh, H, copy=True), wide(dc, H, copy=True)  # they become dh0 and dc0
    da = np.empty(gates.shape, gates.dtype)
    run(cells.lstm_backward, (wide(dy, H), dh, dc, wide(c, H), gates, back(W), da), counted(dy, keep), H)
    return narrow(da, H), narrow(dh, H), narrow(dc, H)


def gru_forward(gx: np.ndarray, W: np.ndarray, b: np.ndarray, h0: np.ndarray, keep: Keep, rows: Rows = None) -> Arrays:
    """h[t] = (1 − z) n + z h[t−1] with r, z = σ(…) and n = tanh(gx_n + r (h[t−1] W_nᵀ + b_n))."""
    if not is_served(gx, W, b, h0):
        return vectorized.gru_forward(gx, W, b, h0, keep, rows)
    H, gx, rows = h0.shape[1], wide(gx, h0.shape[1]), drawn(gx, rows)
    h, inner = states(h0, len(rows)), np.empty((*rows.shape, rounded(H)), gx.dtype)
    gates = np.empty((*rows.shape, gx.shape[-1]), gx.dtype)
    run_forward(cells.gru_forward, (gx, rows, ahead(W), wide(b, H), h, gates, inner), counted(rows, keep), H)
    return narrow(h, H), narrow(gates, H), narrow(inner, H)


def gru_backward(
    dy: np.ndarray, dh: np.ndarray, h: np.ndarray, gates: np.ndarray, inner: np.ndarray, W: np.ndarray, keep: Keep
) -> Arrays:
    """Back through time; gives the gradients on the input side and on the hidden side (T, N, 3H) each, and dh0."""
    if not is_served(dy, dh, h, gates, inner, W):
        return vectorized.gru_backward(dy, dh, h, gates, inner, W, keep)
    H, dh = dh.shape[1], wide(dh, dh.shape[1], copy=True)  # it becomes dh0
    dgx, dgh = np.empty((2, *dy.shape[:2], 3 * rounded(H)), dy.dtype)
    given = (wide(dy, H), dh, wide(h, H), wide(gates, H), wide(inner, H), back(W), dgx, dgh)
    run(cells.gru_backward, given, counted(dy, keep), H)
    return narrow(dgx, H), narrow(dgh, H), narrow(dh, H)


def is_served(*arrays: np.ndarray) -> bool:
    """Whether the arrays are what these kernels are made for."""
    return all(array.dtype == np.float32 and array.size for array in arrays)


def run(cell: Callable[..., None], arrays: Arrays, counts: np.ndarray, H: int, *options: bool) -> None:
    """Share the samples among threads."""
    groups = -(-counts.shape[1] // ROWS)
    share(cell, groups, *(array.reshape(-1) for array in arrays), counts, rounded(H), *options)


def run_forward(cell: Callable[..., None], arrays: Arrays, counts: np.ndarray, H: int, *options: bool) -> None:
    """Share the samples among threads or, of a single group of them, the hidden units."""
    (T, N), H = counts.shape, rounded(H)
    count, reached = steps.room(N, T, H)
    arguments = *(array.reshape(-1) for array in arrays), counts, H, reached, *options
    share(cell, count, *arguments)
    if not steps.are_done(reached, T):
        cell(0, count, *arguments)  # who does it alone waits for nobody


def counted(x: np.ndarray, keep: Keep) -> np.ndarray:
    """Whether each step of each sample counts, (T, N)."""
    return np.ones(x.shape[:2], bool) if keep is None else keep[..., 0] != 0


def drawn(gx: np.ndarray, rows: Rows) -> np.ndarray:
    """Which row of gx each step of each sample reads, (T, N): if it is no table, its own."""
    if rows is None:
        return np.arange(gx.shape[0] * gx.shape[1]).reshape(gx.shape[:2])
    return np.ascontiguousarray(rows, np.int64)


def states(first: np.ndarray, n_steps: int) -> np.ndarray:
    """Room for the states of all steps, (T + 1, N, H), with the first one in its place."""
    room = np.empty((n_steps + 1, len(first), rounded(first.shape[1])), first.dtype)
    room[0] = wide(first, first.shape[1])
    return room


def wide(x: np.ndarray, H: int, copy: bool = False) -> np.ndarray:
    """x (..., gates · H) in C order, with zeros after each H numbers to make them a multiple of 16."""
    if rounded(H) == H:
        return np.array(x, order="C") if copy else np.ascontiguousarray(x)
    room = np.zeros((*x.shape[:-1], x.shape[-1] // H, rounded(H)), x.dtype)
    room[..., :H] = x.reshape(*x.shape[:-1], -1, H)
    return room.reshape(*x.shape[:-1], -1)


def narrow(x: np.ndarray, H: int) -> np.ndarray:
    """The inverse of `wide`."""
    if rounded(H) == H:
        return x
    return x.reshape(*x.shape[:-1], -1, rounded(H))[..., :H].reshape(*x.shape[:-1], -1)


def ahead(W: np.ndarray) -> np.ndarray:
    """Wᵀ in panels, for h Wᵀ."""
    W = _weights(W)
    P = np.empty(W.size, W.dtype)
    pack_transposed(W.reshape(-1), 0, W.shape[1], *W.shape, P)
    return P


def back(W: np.ndarray) -> np.ndarray:
    """W in panels, for da W."""
    W = _weights(W)
    P = np.empty(W.size, W.dtype)
    pack(W.reshape(-1), 0, W.shape[1], *W.shape, P)
    return P


def _weights(W: np.ndarray) -> np.ndarray:
    """W (gates · H, H) with zeros in the rows and columns that fill up H."""
    H = W.shape[1]
    columns = wide(W, H)  # (gates · H, wide H)
    gates = columns.reshape(-1, H, columns.shape[1]).transpose(0, 2, 1)
    return columns if rounded(H) == H else wide(gates, H).transpose(0, 2, 1).reshape(-1, columns.shape[1])
