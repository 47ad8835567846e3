"""Max pooling in float32 where windows do not overlap: stride as large as the kernel, no padding, no dilation.

It takes sixteen channels at a time. If a pixel has fewer, or a remainder, a vector reaches into the next pixel, whose
own channels are written later. A line has room for the vector of its last pixel. The first two arguments of compiled
functions say which images one thread does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.vectors import LANES, load, splat, store, where_equal, where_larger, zeros


@compiled
def maximum(start, end, x, y, cells, kernel_size, relu):
    """y (N, OH, OW, C) and the indices of max pooling, from x (N, H, W, C); for `relu` see `compiled.maximum`."""
    (kh, kw), (_, H, W, C), (_, OH, OW, _) = kernel_size, x.shape, y.shape
    under, numbers = _cells(kernel_size, W * C, C), np.arange(kh * kw + 1).astype(x.dtype)
    n_cells = splat(numbers, kh * kw)
    lines, best, won = np.empty(kh * W * C + LANES, x.dtype), _line(y), _line(y)
    pixels, largest, winners = x.reshape(-1), y.reshape(-1), cells.reshape(-1)
    for row in range(start * OH, end * OH):
        at, to = (row // OH * H + row % OH * kh) * W * C, row * OW * C
        given = pixels[at : at + kh * W * C]
        for k in range(len(given)):
            lines[k] = given[k]
        for s in range(OW):
            for c in range(s * C, (s + 1) * C, LANES):
                p = c + s * (kw - 1) * C
                x_0 = load(lines, p)
                y_c, cell = x_0, zeros()
                for k in range(1, len(under)):
                    x_c = load(lines, p + under[k])
                    cell = where_larger(x_c, y_c, splat(numbers, k), cell)
                    y_c = where_larger(x_c, y_c, x_c, y_c)
                if relu:
                    y_c = where_larger(y_c, zeros(), y_c, where_equal(x_0, zeros(), x_0, zeros()))  # keeps -0
                    is_nan = where_equal(y_c, y_c, zeros(), n_cells)  # NaN is not itself
                    cell = where_equal(y_c, zeros(), n_cells, cell + is_nan)
                store(best, c, y_c)
                store(won, c, cell)
        into, which = largest[to : to + OW * C], winners[to : to + OW * C]
        for k in range(len(into)):
            into[k] = best[k]
        for k in range(len(which)):
            which[k] = won[k]


@compiled
def gradient(start, end, dy, cells, dx, kernel_size):
    """dx (N, H, W, C): each cell of a window is dy where it won, else 0. Pixels that no window covers are 0."""
    (kh, kw), (_, H, W, C), (_, OH, OW, _) = kernel_size, dx.shape, dy.shape
    line = W * C + LANES  # from one line of the windows to the next
    under, numbers = _cells(kernel_size, line, C), np.arange(kh * kw).astype(dy.dtype)
    lines, given, won = np.zeros(kh * line, dy.dtype), _line(dy), _line(dy)
    places, winners, pixels = dy.reshape(-1), cells.reshape(-1), dx.reshape(-1)
    for row in range(start * OH, end * OH):
        at, to = row * OW * C, (row // OH * H + row % OH * kh) * W * C
        from_dy, from_cells = places[at : at + OW * C], winners[at : at + OW * C]
        for k in range(len(from_dy)):
            given[k] = from_dy[k]
        for k in range(len(from_cells)):
            won[k] = from_cells[k]
        for s in range(OW):
            for k in range(len(under)):
                number, p = splat(numbers, k), s * (kw - 1) * C + under[k]
                for c in range(s * C, (s + 1) * C, LANES):
                    store(lines, p + c, where_equal(load(won, c), number, load(given, c), zeros()))
        for i in range(kh):
            into, made = pixels[to + i * W * C : to + (i + 1) * W * C], lines[i * line : i * line + OW * kw * C]
            for k in range(len(made)):
                into[k] = made[k]
            into[len(made) :] = 0
    for n in range(start, end):
        pixels[(n * H + OH * kh) * W * C : (n + 1) * H * W * C] = 0


@compiled
def _cells(kernel_size, line, C):
    """The positions of the pixels of a window, relative to its first."""
    kh, kw = kernel_size
    places = np.empty(kh * kw, np.int64)
    for k in range(kh * kw):
        places[k] = k // kw * line + k % kw * C
    return places


@compiled
def _line(y):
    """A line of y (N, OH, OW, C), with room for one more vector."""
    return np.zeros(y.shape[2] * y.shape[3] + LANES, y.dtype)
