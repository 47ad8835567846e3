"""Max pooling in float32 where the windows lie side by side: stride as large as the kernel, no padding, no dilation.

Sixteen channels at a time. Where a pixel has fewer, or a rest, the sixteen reach into the pixel after it, whose own
come later and overwrite them; a line has room for those of its last pixel. The first two arguments of what is compiled
say which images one thread does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.kernels.jit import compiled
from tinynet.kernels.vectors import LANES, load, splat, store, where_equal, where_larger, zeros


@compiled
def maximum(start, end, x, y, cells, kernel_size):
    """y (N, OH, OW, C) and the cells that won, from x (N, H, W, C)."""
    (kh, kw), (OH, OW, C), W = kernel_size, y.shape[1:], x.shape[2]
    numbers = np.arange(kh * kw).astype(x.dtype)
    lines, best, won = np.empty(kh * W * C + LANES, x.dtype), _line(y), _line(y)
    for n in range(start, end):
        for r in range(OH):
            given = x[n, r * kh : (r + 1) * kh].reshape(-1)
            for k in range(len(given)):
                lines[k] = given[k]
            for s in range(OW):
                for c in range(0, C, LANES):
                    y_c, cell = load(lines, s * kw * C + c), zeros()
                    for k in range(1, kh * kw):
                        under = load(lines, (k // kw * W + s * kw + k % kw) * C + c)
                        cell = where_larger(under, y_c, splat(numbers, k), cell)
                        y_c = where_larger(under, y_c, under, y_c)
                    store(best, s * C + c, y_c)
                    store(won, s * C + c, cell)
            into, which = y[n, r].reshape(-1), cells[n, r].reshape(-1)
            for k in range(len(into)):
                into[k] = best[k]
                which[k] = won[k]


@compiled
def gradient(start, end, dy, cells, dx, kernel_size):
    """dx (N, H, W, C): each cell of a window is dy where it won, else 0; what no window covers is 0."""
    (kh, kw), (OH, OW, C), W = kernel_size, dy.shape[1:], dx.shape[2]
    numbers = np.arange(kh * kw).astype(dy.dtype)
    line, given, won = np.zeros(W * C + LANES, dy.dtype), _line(dy), _line(dy)
    for n in range(start, end):
        for r in range(OH):
            from_dy, from_cells = dy[n, r].reshape(-1), cells[n, r].reshape(-1)
            for k in range(len(from_dy)):
                given[k] = from_dy[k]
                won[k] = from_cells[k]
            for i in range(kh):
                for s in range(OW):
                    for j in range(kw):
                        for c in range(0, C, LANES):
                            d, cell = load(given, s * C + c), load(won, s * C + c)
                            v = where_equal(cell, splat(numbers, i * kw + j), d, zeros())
                            store(line, (s * kw + j) * C + c, v)
                into = dx[n, r * kh + i].reshape(-1)
                for k in range(OW * kw * C):
                    into[k] = line[k]
                into[OW * kw * C :] = 0
        dx[n, OH * kh :] = 0


@compiled
def _line(y):
    """Room for a line of y (N, OH, OW, C)."""
    return np.zeros(y.shape[2] * y.shape[3] + LANES, y.dtype)
