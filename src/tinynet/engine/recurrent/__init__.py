"""Recurrent cells through time and back.

The products with the input do not depend on the state, so those of all steps are one matrix product. The rest, a
product with the state and the gates, is compiled: Python needs longer for a step than the step itself. It serves
float32; float64 is for proofs, and is left to the lesson.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tinynet.engine.machine.gemm import add_product, at_once, column_sums, product, product_as_among
from tinynet.engine.recurrent.lookup import looked_up, origin
from tinynet.engine.serves import compiled_code, is_floating
from tinynet.layers import GRU, LSTM, RNN, Embedding
from tinynet.layers.recurrent import Pass, States, Weights

# Gates of a sample over all steps. With fewer, compiling takes longer than it saves. The number is small, because the
# time that Python needs for a step hardly depends on its size: of an LSTM with 8 hidden units, 12 steps and back take
# 1.5 ms, compiled 0.24 ms.
MIN_GATES = 200


def rnn(layer: RNN, weights: Weights, x: np.ndarray, first: States, padding: np.ndarray) -> Any:
    """h[t] = f(x[t] W_ihᵀ + b_ih + h[t−1] W_hhᵀ + b_hh)."""
    kernels = _kernels(weights, x, *first)
    if kernels is None:
        return NotImplemented
    gx, rows = _from_input(weights, x, _both_biases(weights))
    h = kernels.rnn_forward(gx, rows, weights.weight_hh.tensor, *first, padding, layer.nonlinearity == "relu")
    return Pass(x, padding, (h,), None)


def rnn_back(layer: RNN, weights: Weights, dy: np.ndarray, dlast: States, done: Pass) -> Any:
    """da[t] = dh[t] · f′, the gradients of the weights, dx and dh of the first state."""
    kernels = _kernels_back(weights, dy, dlast, done)
    if kernels is None:
        return NotImplemented
    relu = layer.nonlinearity == "relu"
    da, dh = kernels.rnn_backward(dy, *dlast, *done.states, weights.weight_hh.tensor, done.padding, relu)
    return _add_up(kernels, weights, da, da, done), (dh,)


def lstm(layer: LSTM, weights: Weights, x: np.ndarray, first: States, padding: np.ndarray) -> Any:
    """c[t] = f c[t−1] + i g, h[t] = o tanh(c[t]), without a projection."""
    kernels = _kernels(weights, x, *first)
    if kernels is None or layer.proj_size:
        return NotImplemented
    gx, rows = _from_input(weights, x, _both_biases(weights))
    h, c, gates = kernels.lstm_forward(gx, rows, weights.weight_hh.tensor, *first, padding)
    return Pass(x, padding, (h, c), gates)


def lstm_back(layer: LSTM, weights: Weights, dy: np.ndarray, dlast: States, done: Pass) -> Any:
    """da of the four gates, the gradients of the weights, dx, and dh and dc of the first states."""
    kernels = _kernels_back(weights, dy, dlast, done)
    if kernels is None or layer.proj_size:
        return NotImplemented
    da, *dfirst = kernels.lstm_backward(dy, *dlast, done.states[1], done.gates, weights.weight_hh.tensor, done.padding)
    return _add_up(kernels, weights, da, da, done), tuple(dfirst)


def gru(layer: GRU, weights: Weights, x: np.ndarray, first: States, padding: np.ndarray) -> Any:
    """h[t] = (1 − z) n + z h[t−1]."""
    kernels = _kernels(weights, x, *first)
    if kernels is None:
        return NotImplemented
    W_hh = weights.weight_hh.tensor
    b_ih = None if weights.bias_ih is None else weights.bias_ih.tensor
    b_hh = np.zeros(len(W_hh), x.dtype) if weights.bias_hh is None else weights.bias_hh.tensor
    gx, rows = _from_input(weights, x, b_ih)  # b_hh belongs to the part that r multiplies
    h, gates = kernels.gru_forward(gx, rows, W_hh, b_hh, *first, padding)
    return Pass(x, padding, (h,), gates)


def gru_back(layer: GRU, weights: Weights, dy: np.ndarray, dlast: States, done: Pass) -> Any:
    """da of the three gates, the gradients of the weights, dx and dh of the first state."""
    kernels = _kernels_back(weights, dy, dlast, done)
    if kernels is None:
        return NotImplemented
    W_hh = weights.weight_hh.tensor
    da, da_h, dh = kernels.gru_backward(dy, *dlast, *done.states, done.gates, W_hh, done.padding)
    return _add_up(kernels, weights, da, da_h, done), (dh,)


def of_tokens(embedding: Embedding, layer: RNN | LSTM | GRU, tokens: np.ndarray) -> Any:
    """An embedding and the recurrent layer that reads it: x[t] W_ihᵀ + b_ih = (W W_ihᵀ + b_ih)[token t].

    The product with the input weights is computed once for each token of the table, not once for each position. For 65
    characters and 2,048 positions that is much less work, and gives the same bits.
    """
    if not _is_read(embedding, layer, tokens):
        return NotImplemented
    by_time = np.ascontiguousarray(tokens.T, np.intp)  # (T, N), in the order of the steps
    embedding.remember(x=tokens)
    with looked_up(embedding.weight.tensor, by_time) as x:
        return layer.forward(x.transpose(1, 0, 2))


def _is_read(embedding: Embedding, layer: RNN | LSTM | GRU, tokens: np.ndarray) -> bool:
    """Whether the tokens are valid, the layer fits the embedding, and it is large enough."""
    if type(tokens) is not np.ndarray or tokens.dtype.kind not in "iu" or tokens.ndim != 2 or not tokens.size:
        return False
    if tokens.min() < 0 or tokens.max() >= embedding.num_embeddings:
        return False
    table, W = embedding.weight.tensor, layer._weights("_l0").weight_ih.tensor
    if embedding.embedding_dim != layer.input_size or not is_floating(table, W) or table.dtype != np.float32:
        return False
    return compiled_code("recurrent", tokens.shape[1] * len(W), MIN_GATES) is not None


def _kernels(weights: Weights, x: np.ndarray, *more: np.ndarray) -> ModuleType | None:
    """The compiled cells, if they serve these arrays: float32, and none of them empty."""
    W = weights.weight_hh.tensor
    if not is_floating(x, W, *more) or x.dtype != np.float32 or not x.size:
        return None
    return compiled_code("recurrent", len(x) * len(W), MIN_GATES)  # the gates of a sample, over all steps


def _kernels_back(weights: Weights, dy: np.ndarray, dlast: States, done: Pass) -> ModuleType | None:
    h = done.states[0]
    fits = dy.shape == h[1:].shape and all(d.shape == h[0].shape for d in dlast)
    return _kernels(weights, done.x, dy, *dlast, *done.states) if fits else None


def _both_biases(weights: Weights) -> np.ndarray | None:
    b_ih, b_hh = weights.bias_ih, weights.bias_hh
    return None if b_ih is None or b_hh is None else b_ih.tensor + b_hh.tensor


def _from_input(weights: Weights, x: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """x W_ihᵀ + b as a table, and the row of it that each step of each sample reads, (T, N)."""
    W = weights.weight_ih.tensor.T
    found = origin(x)
    if found is not None:
        gx = product_as_among(found.table, found.tokens.size, W, b)
        if gx is not None:
            return gx, found.tokens
    gx = product(x.reshape(-1, x.shape[-1]), W, b)  # all steps at once
    return gx, np.arange(len(gx)).reshape(x.shape[:2])


@at_once
def _add_up(kernels: ModuleType, weights: Weights, da: np.ndarray, da_h: np.ndarray, done: Pass) -> np.ndarray:
    """Add the gradients of all steps to the weights, and return dx."""
    rows, rows_h = da.reshape(-1, da.shape[-1]), da_h.reshape(-1, da.shape[-1])  # (T · N, gates · H)
    if weights.bias_ih is not None and weights.bias_hh is not None:
        db = column_sums(rows)
        weights.bias_ih.accumulate(db)
        weights.bias_hh.accumulate(db if da_h is da else column_sums(rows_h))
    h = done.states[0][:-1]
    if done.padding.any():
        h = np.where(done.padding, 0, h)  # 0 · NaN would be NaN
    x, h = done.x.reshape(len(rows), -1), h.reshape(len(rows), -1)
    if weights.weight_ih.trainable:
        x_once, sums = kernels.sums_for_each_row(x, rows) or (x, rows)
        add_product(sums.T, x_once, to=weights.weight_ih.gradient)  # Σₜ da[t]ᵀ x[t]
    if weights.weight_hh.trainable:
        add_product(rows_h.T, h, to=weights.weight_hh.gradient)  # Σₜ da[t]ᵀ h[t−1]
    dx = product(rows, weights.weight_ih.tensor)
    return dx.reshape(done.x.shape)
