"""Resampling compiled by Numba: each line of y is a sum of lines of x, whose pixels are then summed."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.jit import compiled_in_order
from tinynet.engine.machine.layout import pixels
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.vectors import LANES, load, splat, store, zeros
from tinynet.engine.resampling import Sparse


def resample(A: Sparse, B: Sparse, x: np.ndarray) -> np.ndarray:
    """A x Bᵀ for each channel of x (N, C, H, W)."""
    OH, OW = len(A.first) - 1, len(B.first) - 1
    y = np.empty((len(x), OH, OW, x.shape[1]), x.dtype)
    weights = np.result_type(A.weights, B.weights)
    lines = _lines_of_vectors if weights == np.float32 else _lines
    A, B = A._replace(weights=A.weights.astype(weights)), B._replace(weights=B.weights.astype(weights))
    run_parallel(lines, len(x) * OH, *A, *B, pixels(x), y)
    return y.transpose(0, 3, 1, 2)


@compiled_in_order
def _lines_of_vectors(start, end, A_first, A_rows, A_weights, B_first, B_columns, B_weights, x, y):
    """Lines of y (N, OH, OW, C) from x (N, H, W, C), sixteen channels at a time.

    If a pixel has fewer, or a remainder, a vector reaches into the next pixel, whose own channels are written later.
    """
    (_, H, W, C), (_, OH, OW, _) = x.shape, y.shape
    given, made = x.reshape(-1), y.reshape(-1)
    line, out = np.zeros(W * C + LANES, x.dtype), np.zeros(OW * C + LANES, x.dtype)
    for row in range(start, end):
        n, r = row // OH, row % OH
        _sum_lines(given, n * H, W * C, A_first[r], A_first[r + 1], A_rows, A_weights, line)
        for s in range(OW):
            first, last = B_first[s], B_first[s + 1]
            for c in range(0, C, LANES):
                y_c = zeros()
                for k in range(first, last):
                    y_c += splat(B_weights, k) * load(line, B_columns[k] * C + c)
                store(out, s * C + c, y_c)
        into = made[row * OW * C : (row + 1) * OW * C]
        for i in range(len(into)):
            into[i] = out[i]


@compiled_in_order
def _lines(start, end, A_first, A_rows, A_weights, B_first, B_columns, B_weights, x, y):
    """Lines of y (N, OH, OW, C) from x (N, H, W, C), in the type of the weights."""
    (_, H, W, C), (_, OH, OW, _) = x.shape, y.shape
    given, line, out = x.reshape(-1), np.zeros(W * C, A_weights.dtype), np.zeros(C, A_weights.dtype)
    for row in range(start, end):
        n, r = row // OH, row % OH
        _sum_lines(given, n * H, W * C, A_first[r], A_first[r + 1], A_rows, A_weights, line)
        for s in range(OW):
            out[:] = 0
            for k in range(B_first[s], B_first[s + 1]):
                weight, under = B_weights[k], line[B_columns[k] * C : (B_columns[k] + 1) * C]
                for c in range(C):
                    out[c] += weight * under[c]
            for c in range(C):
                y[n, r, s, c] = out[c]


@compiled_in_order
def _sum_lines(given, first_line, length, first, last, rows, weights, line):
    """line = Σ weight · line of x, for the entries first to last of a sparse matrix."""
    if first == last:
        line[:] = 0
    for k in range(first, last):
        weight, at = weights[k], (first_line + rows[k]) * length
        under = given[at : at + length]
        if k == first:
            for i in range(length):
                line[i] = weight * under[i]
        else:
            for i in range(length):
                line[i] += weight * under[i]
