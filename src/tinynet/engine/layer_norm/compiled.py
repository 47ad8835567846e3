"""Layer and root mean square normalization compiled by Numba: each row stays in the cache between its passes."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.functions import NUMBERS_IN_FLOAT32
from tinynet.engine.machine.jit import compiled, inlined
from tinynet.engine.machine.pool import run_parallel

ROWS_PER_BLOCK = 64  # A thread takes them at a time, and sums dγ and dβ over each block by itself.
ROWS_IN_FLOAT32 = 16  # of a block, that are added up before their sums are added: float32 loses digits in long sums


def forward(
    x: np.ndarray, r: np.ndarray | None, weight: np.ndarray | None, bias: np.ndarray | None, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """h = x + r, or x if there is no r; y = γ x̂ + β, x̂ and 1/σ of the rows of h."""
    x_hat, inverse_std = np.empty_like(x), np.empty(len(x), x.dtype)
    h, y = x if r is None else np.empty_like(x), x_hat if weight is None else np.empty_like(x)
    run_parallel(_forward, _n_blocks(x), x, r, h, weight, bias, float(eps), y, x_hat, inverse_std)
    return h, y, x_hat, inverse_std


def backward(
    dy: np.ndarray, x_hat: np.ndarray, inverse_std: np.ndarray, weight: np.ndarray | None, more: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx, plus `more` where it is given; dγ = Σ dy x̂ and dβ = Σ dy, sums over blocks of rows that are added up."""
    dx, sums = np.empty_like(dy), np.zeros((2, _n_blocks(dy), dy.shape[1]), dy.dtype)
    run_parallel(_backward, _n_blocks(dy), dy, x_hat, inverse_std, weight, more, dx, *sums)
    d_weight, d_bias = sums.sum(axis=1, dtype=np.float64)
    return dx, d_weight, d_bias


def forward_of_rms(x: np.ndarray, weight: np.ndarray | None, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """y = γ x̂, x̂ and 1 / √(mean(x²) + eps)."""
    x_hat, inverse_rms = np.empty_like(x), np.empty(len(x), x.dtype)
    y = x_hat if weight is None else np.empty_like(x)
    run_parallel(_forward_of_rms, _n_blocks(x), x, weight, float(eps), y, x_hat, inverse_rms)
    return y, x_hat, inverse_rms


def backward_of_rms(
    dy: np.ndarray, x_hat: np.ndarray, inverse_rms: np.ndarray, weight: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """dx and dγ."""
    dx, sums = np.empty_like(dy), np.zeros((_n_blocks(dy), dy.shape[1]), dy.dtype)
    run_parallel(_backward_of_rms, _n_blocks(dy), dy, x_hat, inverse_rms, weight, dx, sums)
    return dx, sums.sum(axis=0, dtype=np.float64)


def _n_blocks(rows: np.ndarray) -> int:
    return -(-len(rows) // ROWS_PER_BLOCK)


@inlined
def inverse_root(var, eps, x):
    """1 / √(var + eps) in the type of x; var and eps are in float64, where the square of every float32 has a place."""
    return x.dtype.type(1 / np.sqrt(var + eps))


@compiled
def _forward(start, end, x, more, h, weight, bias, eps, y, x_hat, inverse_std):
    D = x.shape[1]
    for r in range(start * ROWS_PER_BLOCK, min(x.shape[0], end * ROWS_PER_BLOCK)):
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
            squares += np.float64(hat[j]) * np.float64(hat[j])
        inverse = inverse_root(squares / D, eps, x)
        inverse_std[r] = inverse
        for j in range(D):
            hat[j] *= inverse
        if weight is not None:
            if bias is None:
                for j in range(D):
                    out[j] = hat[j] * weight[j]
            else:
                for j in range(D):
                    out[j] = hat[j] * weight[j] + bias[j]


@compiled
def _backward(start, end, dy, x_hat, inverse_std, weight, more, dx, d_weights, d_biases):
    D, zero = dy.shape[1], dy.dtype.type(0)
    of_weight, of_bias = np.zeros((2, D), dy.dtype)
    for block in range(start, end):
        d_weight, d_bias, last = d_weights[block], d_biases[block], min(dy.shape[0], (block + 1) * ROWS_PER_BLOCK)
        for r in range(block * ROWS_PER_BLOCK, last):
            d, hat, out = dy[r], x_hat[r], dx[r]
            for j in range(D):
                of_weight[j] += d[j] * hat[j]
            for j in range(D):
                of_bias[j] += d[j]
            if r % ROWS_IN_FLOAT32 == ROWS_IN_FLOAT32 - 1 or r == last - 1:
                for j in range(D):
                    d_weight[j] += of_weight[j]
                    d_bias[j] += of_bias[j]
                    of_weight[j], of_bias[j] = zero, zero
            if weight is None:
                for j in range(D):
                    out[j] = d[j]  # g
            else:
                for j in range(D):
                    out[j] = d[j] * weight[j]
            total, product = np.float64(0), np.float64(0)
            for first in range(0, D, NUMBERS_IN_FLOAT32):
                some, hats = out[first : first + NUMBERS_IN_FLOAT32], hat[first : first + NUMBERS_IN_FLOAT32]
                of_some, products = zero, zero
                for j in range(some.size):
                    of_some += some[j]
                    products += some[j] * hats[j]
                total += of_some
                product += products
            mean_g, mean_gx = dy.dtype.type(total / D), dy.dtype.type(product / D)
            for j in range(D):
                out[j] = (out[j] - mean_g - hat[j] * mean_gx) * inverse_std[r]
            if more is not None:  # in a loop of its own, so that dx is rounded as without it
                other = more[r]
                for j in range(D):
                    out[j] += other[j]


@compiled
def _forward_of_rms(start, end, x, weight, eps, y, x_hat, inverse_rms):
    D = x.shape[1]
    for r in range(start * ROWS_PER_BLOCK, min(x.shape[0], end * ROWS_PER_BLOCK)):
        row, hat, out = x[r], x_hat[r], y[r]
        squares = np.float64(0)
        for j in range(D):
            squares += np.float64(row[j]) * np.float64(row[j])
        inverse = inverse_root(squares / D, eps, x)
        inverse_rms[r] = inverse
        for j in range(D):
            hat[j] = row[j] * inverse
        if weight is not None:
            for j in range(D):
                out[j] = hat[j] * weight[j]


@compiled
def _backward_of_rms(start, end, dy, x_hat, inverse_rms, weight, dx, d_weights):
    D, zero = dy.shape[1], dy.dtype.type(0)
    of_weight = np.zeros(D, dy.dtype)
    for block in range(start, end):
        d_weight, last = d_weights[block], min(dy.shape[0], (block + 1) * ROWS_PER_BLOCK)
        for r in range(block * ROWS_PER_BLOCK, last):
            d, hat, out = dy[r], x_hat[r], dx[r]
            for j in range(D):
                of_weight[j] += d[j] * hat[j]
            if r % ROWS_IN_FLOAT32 == ROWS_IN_FLOAT32 - 1 or r == last - 1:
                for j in range(D):
                    d_weight[j] += of_weight[j]
                    of_weight[j] = zero
            if weight is None:
                for j in range(D):
                    out[j] = d[j]  # g
            else:
                for j in range(D):
                    out[j] = d[j] * weight[j]
            product = np.float64(0)
            for first in range(0, D, NUMBERS_IN_FLOAT32):
                some, hats = out[first : first + NUMBERS_IN_FLOAT32], hat[first : first + NUMBERS_IN_FLOAT32]
                products = zero
                for j in range(some.size):
                    products += some[j] * hats[j]
                product += products
            mean_gx = dy.dtype.type(product / D)
            for j in range(D):
                out[j] = (out[j] - hat[j] * mean_gx) * inverse_rms[r]
