"""The recurrent cells in float32 compiled by Numba. Threads share the samples, through all steps.

If the samples are too few to share, threads share the hidden units. Compiled code takes states whose size is a multiple
of 16. Others are padded with zeros, which add nothing.

    gx (rows, gates · H)    x W_ihᵀ and the biases; `rows` (T, N) says which row each step of each sample reads
    W (gates · H, H)        the weights of the state of the step before
    h (T + 1, N, H)         all states, with the first one
    dy (T, N, H)            the gradient of each state from outside
    dh (N, H)               the gradient of the last state
    padding (T, N, 1)       True where a step does not count, and the state goes on unchanged
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.tiles import ROWS, pack, pack_transposed, rounded_to_panels
from tinynet.engine.recurrent import compiled_cells as cells
from tinynet.engine.recurrent import compiled_steps as steps
from tinynet.engine.recurrent.repeated import sums_for_each_row as sums_for_each_row

MIN_MULTIPLY_ADDS_FOR_THREADS = 1 << 18  # With fewer, a second thread costs more than it gains.
Array = np.ndarray
Arrays = tuple[np.ndarray, ...]


def rnn_forward(gx: Array, rows: Array, W: Array, h0: Array, padding: Array, relu: bool) -> Array:
    """h[t] = f(gx[t] + h[t−1] Wᵀ) with f = tanh or ReLU. Returns h."""
    H, h = h0.shape[1], states(h0, len(rows))
    _forward(cells.rnn_forward, (wide(gx, H), rows, panels_of_transpose(W), h), padding, W, relu)
    return narrow(h, H)


def rnn_backward(dy: Array, dh: Array, h: Array, W: Array, padding: Array, relu: bool) -> Arrays:
    """Back through time: da[t] = dh[t] · f′, dh[t−1] = da[t] W. Returns da (T, N, H) and dh0."""
    H, dh = dh.shape[1], wide(dh, dh.shape[1], copy=True)  # it becomes dh0
    da = np.empty((*dy.shape[:2], rounded_to_panels(H)), dy.dtype)
    _backward(cells.rnn_backward, (wide(dy, H), dh, wide(h, H), panels_of(W), da), padding, W, relu)
    return narrow(da, H), narrow(dh, H)


def lstm_forward(gx: Array, rows: Array, W: Array, h0: Array, c0: Array, padding: Array) -> Arrays:
    """c[t] = f c[t−1] + i g, h[t] = o tanh(c[t]), with the gates i, f, g, o of gx[t] + h[t−1] Wᵀ.

    Returns h, c and the gates (T, N, 4H).
    """
    H, h, c = h0.shape[1], states(h0, len(rows)), states(c0, len(rows))
    gates = np.empty((*rows.shape, 4 * rounded_to_panels(H)), gx.dtype)
    _forward(cells.lstm_forward, (wide(gx, H), rows, panels_of_transpose(W), h, c, gates), padding, W)
    return narrow(h, H), narrow(c, H), narrow(gates, H)


def lstm_backward(dy: Array, dh: Array, dc: Array, c: Array, gates: Array, W: Array, padding: Array) -> Arrays:
    """Back through time. Returns the gradient before the gates' functions (T, N, 4H), dh0 and dc0."""
    H, gates = dh.shape[1], wide(gates, dh.shape[1])
    dh, dc = wide(dh, H, copy=True), wide(dc, H, copy=True)  # they become dh0 and dc0
    da = np.empty(gates.shape, gates.dtype)
    _backward(cells.lstm_backward, (wide(dy, H), dh, dc, wide(c, H), gates, panels_of(W), da), padding, W)
    return narrow(da, H), narrow(dh, H), narrow(dc, H)


def gru_forward(gx: Array, rows: Array, W: Array, b: Array, h0: Array, padding: Array) -> Arrays:
    """h[t] = (1 − z) n + z h[t−1] with r, z = σ(…) and n = tanh(gx_n + r (h[t−1] W_nᵀ + b_n)).

    Returns h, and r, z, n and the factor of r (T, N, 4H).
    """
    H, h = h0.shape[1], states(h0, len(rows))
    gates = np.empty((*rows.shape, 4 * rounded_to_panels(H)), gx.dtype)
    _forward(cells.gru_forward, (wide(gx, H), rows, panels_of_transpose(W), wide(b, H), h, gates), padding, W)
    return narrow(h, H), narrow(gates, H)


def gru_backward(dy: Array, dh: Array, h: Array, gates: Array, W: Array, padding: Array) -> Arrays:
    """Back through time. Returns the gradients on the input side and on the hidden side (T, N, 3H) each, and dh0."""
    H, dh = dh.shape[1], wide(dh, dh.shape[1], copy=True)  # it becomes dh0
    dgx, dgh = np.empty((2, *dy.shape[:2], 3 * rounded_to_panels(H)), dy.dtype)
    _backward(cells.gru_backward, (wide(dy, H), dh, wide(h, H), wide(gates, H), panels_of(W), dgx, dgh), padding, W)
    return narrow(dgx, H), narrow(dgh, H), narrow(dh, H)


def _backward(cell: Callable[..., None], arrays: Arrays, padding: Array, W: Array, *options: bool) -> None:
    """Share the samples among threads."""
    counts = counted(padding)
    groups = -(-counts.shape[1] // ROWS)
    arguments = (*[array.reshape(-1) for array in arrays], counts, rounded_to_panels(W.shape[1]), *options)
    if counts.size * W.size < MIN_MULTIPLY_ADDS_FOR_THREADS:
        cell(0, groups, *arguments)
    else:
        run_parallel(cell, groups, *arguments)


def _forward(cell: Callable[..., None], arrays: Arrays, padding: Array, W: Array, *options: bool) -> None:
    """Share the samples among threads or, if there is a single group of them, the hidden units."""
    counts, H = counted(padding), rounded_to_panels(W.shape[1])
    T, N = counts.shape
    count, reached = steps.work_to_share(N, T, H)
    arguments = (*[array.reshape(-1) for array in arrays], counts, H, reached, *options)
    if counts.size * W.size >= MIN_MULTIPLY_ADDS_FOR_THREADS:
        run_parallel(cell, count, *arguments)
        if steps.are_done(reached, T):
            return
    cell(0, count, *arguments)  # A single thread waits for no other.


def counted(padding: Array) -> Array:
    """Whether each step of each sample counts, (T, N)."""
    return np.ascontiguousarray(~padding[..., 0])


def states(first: np.ndarray, n_steps: int) -> np.ndarray:
    """An array for the states of all steps, (T + 1, N, H), with the first one filled in."""
    h = np.empty((n_steps + 1, len(first), rounded_to_panels(first.shape[1])), first.dtype)
    h[0] = wide(first, first.shape[1])
    return h


def wide(x: np.ndarray, H: int, copy: bool = False) -> np.ndarray:
    """x (..., gates · H) in C order, with each H padded with zeros to a multiple of 16."""
    if rounded_to_panels(H) == H:
        return np.array(x, order="C") if copy else np.ascontiguousarray(x)
    padded = np.zeros((*x.shape[:-1], x.shape[-1] // H, rounded_to_panels(H)), x.dtype)
    padded[..., :H] = x.reshape(*x.shape[:-1], -1, H)
    return padded.reshape(*x.shape[:-1], -1)


def narrow(x: np.ndarray, H: int) -> np.ndarray:
    """The inverse of `wide`."""
    if rounded_to_panels(H) == H:
        return x
    return x.reshape(*x.shape[:-1], -1, rounded_to_panels(H))[..., :H].reshape(*x.shape[:-1], -1)


def panels_of_transpose(W: np.ndarray) -> np.ndarray:
    """Wᵀ in panels, for h Wᵀ."""
    W = _weights(W)
    P = np.empty(W.size, W.dtype)
    pack_transposed(W.reshape(-1), 0, W.shape[1], *W.shape, P)
    return P


def panels_of(W: np.ndarray) -> np.ndarray:
    """W in panels, for da W."""
    W = _weights(W)
    P = np.empty(W.size, W.dtype)
    pack(W.reshape(-1), 0, W.shape[1], *W.shape, P)
    return P


def _weights(W: np.ndarray) -> np.ndarray:
    """W (gates · H, H) with H padded with zeros."""
    H = W.shape[1]
    columns = wide(W, H)  # (gates · H, wide H)
    gates = columns.reshape(-1, H, columns.shape[1]).transpose(0, 2, 1)
    return columns if rounded_to_panels(H) == H else wide(gates, H).transpose(0, 2, 1).reshape(-1, columns.shape[1])
