"""Layer normalization compiled by Numba: row by row, each of which stays in the cache between its passes."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.engine.layer_norm import vectorized
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import share

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]
ROWS = 64  # that a thread takes at a time, and that dγ and dβ are summed over apart


def forward(x: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None, eps: float) -> Arrays:
    """y = γ x̂ + β."""
    if not _is_served(x, weight, bias):
        return vectorized.forward(x, weight, bias, eps)
    return _normalized(x, None, weight, bias, eps)[1:]


def forward_of_sum(
    x: np.ndarray, r: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """h = x + r, and y = γ ĥ + β."""
    if not _is_served(x, r, weight, bias):
        return vectorized.forward_of_sum(x, r, weight, bias, eps)
    return _normalized(x, r, weight, bias, eps)


def backward(
    dy: np.ndarray, x_hat: np.ndarray, inverse_std: np.ndarray, weight: np.ndarray | None, more: np.ndarray | None
) -> Arrays:
    """dx, and the sums of dy x̂ and of dy over blocks of rows, added up."""
    if not _is_served(dy, x_hat, weight, more):
        return vectorized.backward(dy, x_hat, inverse_std, weight, more)
    rows, hats, others, scales = (_rows(array) for array in (dy, x_hat, more, weight))
    shape = dy.shape[-1:] if weight is None else weight.shape
    sums = np.zeros((2, _blocks(rows), math.prod(shape) // dy.shape[-1], dy.shape[-1]), dy.dtype)
    dx = np.empty_like(rows)
    share(_backward, _blocks(rows), rows, hats, np.ravel(inverse_std), scales, others, dx, *sums)
    d_weight, d_bias = sums.sum(axis=1)
    return dx.reshape(dy.shape), d_weight.reshape(shape), d_bias.reshape(shape)


def _normalized(
    x: np.ndarray, r: np.ndarray | None, weight: np.ndarray | None, bias: np.ndarray | None, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rows, others, scales, shifts = _rows(x), _rows(r), _rows(weight), _rows(bias)
    x_hat, inverse_std = np.empty_like(rows), np.empty(len(rows), x.dtype)
    h, y = rows if r is None else np.empty_like(rows), x_hat if weight is None else np.empty_like(rows)
    share(_forward, _blocks(rows), rows, others, h, scales, shifts, x.dtype.type(eps), y, x_hat, inverse_std)
    return h.reshape(x.shape), y.reshape(x.shape), x_hat.reshape(x.shape), inverse_std.reshape(*x.shape[:-1], 1)


def _rows(x: Any) -> Any:
    """x as a matrix in C order; None stays None."""
    return None if x is None else np.ascontiguousarray(x).reshape(-1, x.shape[-1])


def _is_served(x: np.ndarray, *others: np.ndarray | None) -> bool:
    alike = all(other is None or other.dtype == x.dtype for other in others)
    return x.dtype in (np.float32, np.float64) and x.size > 0 and alike


def _blocks(rows: np.ndarray) -> int:
    return -(-len(rows) // ROWS)


@compiled
def _forward(start, end, x, more, h, weight, bias, eps, y, x_hat, inverse_std):
    D, one = x.shape[1], x.dtype.type(1)
    for r in range(start * ROWS, min(x.shape[0], end * ROWS)):
        row, hat, out = h[r], x_hat[r], y[r]
        if more is not None:  # or else h is x
            a, b = x[r], more[r]
            for j in range(D):
                row[j] = a[j] + b[j]
        total, squares = np.float64(0), np.float64(0)
        for j in range(D):
            total += row[j]
        mean = x.dtype.type(total / D)
        for j in range(D):
            hat[j] = row[j] - mean
            squares += hat[j] * hat[j]
        inverse = one / np.sqrt(x.dtype.type(squares / D) + eps)
        inverse_std[r] = inverse
        for j in range(D):
            hat[j] *= inverse
        if weight is not None:
            scale = weight[r % len(weight)]
            if bias is None:
                for j in range(D):
                    out[j] = hat[j] * scale[j]
            else:
                shift = bias[r % len(bias)]
                for j in range(D):
                    out[j] = hat[j] * scale[j] + shift[j]


@compiled
def _backward(start, end, dy, x_hat, inverse_std, weight, more, dx, d_weights, d_biases):
    (_, G, D) = d_weights.shape
    for block in range(start, end):
        for r in range(block * ROWS, min(dy.shape[0], (block + 1) * ROWS)):
            d, hat, out = dy[r], x_hat[r], dx[r]
            d_weight, d_bias = d_weights[block, r % G], d_biases[block, r % G]
            through_mean, through_var = dy.dtype.type(0), dy.dtype.type(0)
            for j in range(D):
                d_weight[j] += d[j] * hat[j]
            for j in range(D):
                d_bias[j] += d[j]
            if weight is None:
                for j in range(D):
                    out[j] = d[j]  # g
            else:
                scale = weight[r % G]
                for j in range(D):
                    out[j] = d[j] * scale[j]
            for j in range(D):
                through_mean += out[j]
                through_var += out[j] * hat[j]
            through_mean /= dy.dtype.type(D)
            through_var /= dy.dtype.type(D)
            for j in range(D):
                out[j] = (out[j] - through_mean - hat[j] * through_var) * inverse_std[r]
            if more is not None:  # in a loop of its own, so that dx is rounded as without it
                other = more[r]
                for j in range(D):
                    out[j] += other[j]
