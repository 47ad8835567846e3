"""Recurrent cells as they are defined: step by step, sample by sample, unit by unit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.engine.serves import is_floating
from tinynet.layers import GRU, LSTM, RNN
from tinynet.layers.recurrent import Pass, States, Weights


def rnn(layer: RNN, weights: Weights, x: np.ndarray, first: States, padding: np.ndarray) -> Any:
    """h[t] = f(W_ih x[t] + b_ih + W_hh h[t−1] + b_hh) with f = tanh or ReLU."""
    if not is_floating(x, weights.weight_hh.tensor, *first):
        return NotImplemented
    W_ih, W_hh, b_ih, b_hh = weights.tensors()
    T, N, H = len(x), *first[0].shape
    h = _from(first[0], T)
    for t, n in np.ndindex(T, N):
        a = W_ih @ x[t, n] + b_ih + W_hh @ h[t, n] + b_hh
        for j in range(H):
            h[t + 1, n, j] = math.tanh(a[j]) if layer.nonlinearity == "tanh" else _relu(a[j])
        if padding[t, n, 0]:
            h[t + 1, n] = h[t, n]
    return Pass(x, padding, (h,), None)


def rnn_back(layer: RNN, weights: Weights, dy: np.ndarray, dlast: States, done: Pass) -> Any:
    """da[t] = dh[t] · f′, dh[t−1] = W_hhᵀ da[t]."""
    if not _is_served(dy, dlast, done):
        return NotImplemented
    x, padding, (h,), _ = done
    T, N, H = dy.shape
    sums, dx, dh = _Sums(weights, x.dtype), np.zeros_like(x), dlast[0].copy()
    for t, n in _backward_in_time(T, N):
        if padding[t, n, 0]:
            continue  # dh goes on unchanged, as the state did
        dh[n] += dy[t, n]
        da = np.zeros(H, x.dtype)
        for j in range(H):
            f = h[t + 1, n, j]
            da[j] = dh[n, j] * (1 - f * f) if layer.nonlinearity == "tanh" else dh[n, j] if f > 0 else 0
        dx[t, n], dh[n] = sums.add(da, da, x[t, n], h[t, n])
    sums.accumulate()
    return dx, (dh,)


def lstm(layer: LSTM, weights: Weights, x: np.ndarray, first: States, padding: np.ndarray) -> Any:
    """c[t] = f c[t−1] + i g, h[t] = o tanh(c[t]), with i, f, g, o of W_ih x[t] + b_ih + W_hh h[t−1] + b_hh."""
    if not is_floating(x, weights.weight_hh.tensor, *first) or layer.proj_size:
        return NotImplemented
    W_ih, W_hh, b_ih, b_hh = weights.tensors()
    T, N, H = len(x), *first[0].shape
    h, c, gates = _from(first[0], T), _from(first[1], T), np.zeros((T, N, 4 * H), x.dtype)
    for t, n in np.ndindex(T, N):
        a = W_ih @ x[t, n] + b_ih + W_hh @ h[t, n] + b_hh
        for j in range(H):
            i, f, g, o = _sigmoid(a[j]), _sigmoid(a[H + j]), math.tanh(a[2 * H + j]), _sigmoid(a[3 * H + j])
            gates[t, n, j::H] = i, f, g, o
            c[t + 1, n, j] = f * c[t, n, j] + i * g
            h[t + 1, n, j] = o * math.tanh(c[t + 1, n, j])
        if padding[t, n, 0]:
            h[t + 1, n], c[t + 1, n] = h[t, n], c[t, n]
    return Pass(x, padding, (h, c), gates)


def lstm_back(layer: LSTM, weights: Weights, dy: np.ndarray, dlast: States, done: Pass) -> Any:
    """dc[t] += dh[t] o (1 − tanh² c[t]); each gate gets its share; dc[t−1] = dc[t] f, dh[t−1] = W_hhᵀ da[t]."""
    if not _is_served(dy, dlast, done) or layer.proj_size:
        return NotImplemented
    x, padding, (h, c), gates = done
    T, N, H = dy.shape
    sums, dx, (dh, dc) = _Sums(weights, x.dtype), np.zeros_like(x), (dend.copy() for dend in dlast)
    for t, n in _backward_in_time(T, N):
        if padding[t, n, 0]:
            continue
        dh[n] += dy[t, n]
        da = np.zeros(4 * H, x.dtype)
        for j in range(H):
            i, f, g, o = gates[t, n, j::H]
            tanh_c = math.tanh(c[t + 1, n, j])
            dc[n, j] += dh[n, j] * o * (1 - tanh_c * tanh_c)
            da[j] = dc[n, j] * g * i * (1 - i)
            da[H + j] = dc[n, j] * c[t, n, j] * f * (1 - f)
            da[2 * H + j] = dc[n, j] * i * (1 - g * g)
            da[3 * H + j] = dh[n, j] * tanh_c * o * (1 - o)
            dc[n, j] *= f
        dx[t, n], dh[n] = sums.add(da, da, x[t, n], h[t, n])
    sums.accumulate()
    return dx, (dh, dc)


def gru(layer: GRU, weights: Weights, x: np.ndarray, first: States, padding: np.ndarray) -> Any:
    """h[t] = (1 − z) n + z h[t−1] with r, z = σ(…) and n = tanh(x_n + r h_n)."""
    if not is_floating(x, weights.weight_hh.tensor, *first):
        return NotImplemented
    W_ih, W_hh, b_ih, b_hh = weights.tensors()
    T, N, H = len(x), *first[0].shape
    h, gates = _from(first[0], T), np.zeros((T, N, 4 * H), x.dtype)
    for t, n in np.ndindex(T, N):
        of_x, of_h = W_ih @ x[t, n] + b_ih, W_hh @ h[t, n] + b_hh
        for j in range(H):
            r, z = _sigmoid(of_x[j] + of_h[j]), _sigmoid(of_x[H + j] + of_h[H + j])
            new = math.tanh(of_x[2 * H + j] + r * of_h[2 * H + j])
            gates[t, n, j::H] = r, z, new, of_h[2 * H + j]
            h[t + 1, n, j] = (1 - z) * new + z * h[t, n, j]
        if padding[t, n, 0]:
            h[t + 1, n] = h[t, n]
    return Pass(x, padding, (h,), gates)


def gru_back(layer: GRU, weights: Weights, dy: np.ndarray, dlast: States, done: Pass) -> Any:
    """dn = dh (1 − z), dz = dh (h[t−1] − n), dr = da_n h_n, each times its slope; dh[t−1] = dh z + W_hhᵀ da_h."""
    if not _is_served(dy, dlast, done):
        return NotImplemented
    x, padding, (h,), gates = done
    T, N, H = dy.shape
    sums, dx, dh = _Sums(weights, x.dtype), np.zeros_like(x), dlast[0].copy()
    for t, n in _backward_in_time(T, N):
        if padding[t, n, 0]:
            continue
        dh[n] += dy[t, n]
        da, da_h, through_z = np.zeros(3 * H, x.dtype), np.zeros(3 * H, x.dtype), np.zeros(H, x.dtype)
        for j in range(H):
            r, z, new, h_n = gates[t, n, j::H]
            da_n = dh[n, j] * (1 - z) * (1 - new * new)
            da_z = dh[n, j] * (h[t, n, j] - new) * z * (1 - z)
            da_r = da_n * h_n * r * (1 - r)
            da[j::H] = da_r, da_z, da_n
            da_h[j::H] = da_r, da_z, da_n * r  # the hidden part of n is multiplied by r
            through_z[j] = dh[n, j] * z
        dx[t, n], through_W = sums.add(da, da_h, x[t, n], h[t, n])
        dh[n] = through_z + through_W
    sums.accumulate()
    return dx, (dh,)


class _Sums:
    """The gradients of the weights, which grow with each step of each sample."""

    def __init__(self, weights: Weights, dtype: np.dtype) -> None:
        self.weights = weights
        self.sums = [None if parameter is None else np.zeros(parameter.shape, dtype) for parameter in weights[:4]]

    def add(self, da: np.ndarray, da_h: np.ndarray, x: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One step of one sample: what it adds to each weight, ∂L/∂x and what goes back to h through W_hh."""
        for total, term in zip(self.sums, (np.outer(da, x), np.outer(da_h, h), da, da_h), strict=True):
            if total is not None:
                total += term
        return self.weights.weight_ih.tensor.T @ da, self.weights.weight_hh.tensor.T @ da_h

    def accumulate(self) -> None:
        for parameter, total in zip(self.weights[:4], self.sums, strict=True):
            if parameter is not None and total is not None:
                parameter.accumulate(total)


def _is_served(dy: np.ndarray, dlast: States, done: Pass) -> bool:
    h = done.states[0]
    fits = dy.shape == h[1:].shape and all(dend.shape == h[0].shape for dend in dlast)
    return fits and is_floating(done.x, dy, *dlast, *done.states)


def _from(first: np.ndarray, n_steps: int) -> np.ndarray:
    """Place for the states of all steps, (T + 1, N, H), with the first one in it."""
    states = np.zeros((n_steps + 1, *first.shape), first.dtype)
    states[0] = first
    return states


def _backward_in_time(n_steps: int, n_samples: int) -> list[tuple[int, int]]:
    return [(t, n) for t in reversed(range(n_steps)) for n in range(n_samples)]


def _relu(x: float) -> float:
    return 0.0 if x < 0 else x  # NaN stays NaN


def _sigmoid(x: float) -> float:
    return 0.5 * math.tanh(0.5 * x) + 0.5  # 1 / (1 + e⁻ˣ), but nothing overflows
