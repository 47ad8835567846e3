"""Batch normalization compiled by Numba: each pass reads every number once.

Whatever the memory order, x becomes a matrix whose rows follow one another in memory, and each of whose columns belongs
to one feature. With the channels last a row is one pixel, or several if they have few channels, so that there is work
for wide registers; in C order it is a whole image.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from tinynet.engine.batch_norm import vectorized
from tinynet.engine.batch_norm.vectorized import Through
from tinynet.engine.machine.jit import compiled_in_order
from tinynet.engine.machine.pool import share

BLOCK = 1 << 16  # numbers that a thread takes at a time: they stay in the cache between two passes over them
WIDTH = 256  # columns to aim at: sums over the rows of fewer would wait for one another


def statistics(x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """μ and σ²: those of blocks, merged (Chan, Golub and LeVeque 1979)."""
    if not _is_served(x):
        return vectorized.statistics(x, axis)
    fold = _fold(x.shape, x.flags.c_contiguous, axis)
    rows = fold.rows(x)
    step, n_blocks = _blocks(rows)
    means, rests, squares = np.zeros((3, n_blocks, rows.shape[1]), x.dtype)
    share(_moments, n_blocks, rows, step, means, rests, squares)
    n = np.full((n_blocks, 1), float(step))
    n[-1] = len(rows) - (n_blocks - 1) * step
    exact = means + rests / n
    mean = fold.sums(n * exact) / (x.size // x.shape[axis])
    squares = squares - rests * (rests / n) + n * np.square(exact - fold.columns(mean))
    return mean.astype(x.dtype), (fold.sums(squares) / (x.size // x.shape[axis])).astype(x.dtype)


def normalize(
    x: np.ndarray, mean: np.ndarray, scale: np.ndarray, shift: np.ndarray, axis: int, relu: bool
) -> np.ndarray:
    """y = (x − μ) · scale + shift."""
    if not _is_served(x, scale):
        return vectorized.normalize(x, mean, scale, shift, axis, relu)
    fold = _fold(x.shape, x.flags.c_contiguous, axis)
    rows = fold.rows(x)
    y, (step, n_blocks) = np.empty_like(rows), _blocks(rows)
    share(_normalize, n_blocks, rows, step, fold.cut, mean, scale, shift, relu, y)
    return fold.back(y)


def sums(dy: np.ndarray, x: np.ndarray, mean: np.ndarray, axis: int, through: Through) -> tuple[np.ndarray, np.ndarray]:
    """Σ dy and Σ dy · (x − μ)."""
    if not _is_served(x, dy):
        return vectorized.sums(dy, x, mean, axis, through)
    fold = _fold(x.shape, x.flags.c_contiguous, axis)
    rows = fold.rows(x)
    step, n_blocks = _blocks(rows)
    found, products = np.zeros((2, n_blocks, rows.shape[1]), x.dtype)
    features = (mean, *(through or (mean, mean)))
    share(_sums, n_blocks, fold.rows(dy), rows, step, fold.cut, *features, through is not None, found, products)
    return fold.sums(found), fold.sums(products)


def input_gradient(
    dy: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    scale: np.ndarray,
    shift: np.ndarray,
    slope: np.ndarray,
    axis: int,
    through: Through,
) -> np.ndarray:
    """dx = (dy − shift − slope · (x − μ)) · scale."""
    if not _is_served(x, dy, scale):
        return vectorized.input_gradient(dy, x, mean, scale, shift, slope, axis, through)
    fold = _fold(x.shape, x.flags.c_contiguous, axis)
    rows = fold.rows(x)
    dx, (step, n_blocks) = np.empty_like(rows), _blocks(rows)
    features = (mean, scale, shift, slope, *(through or (mean, mean)))
    share(_input_gradient, n_blocks, fold.rows(dy), rows, step, fold.cut, *features, through is not None, dx)
    return fold.back(dx)


class Fold:
    """How arrays of the shape of x become rows, and how features spread over the columns."""

    def __init__(self, shape: tuple[int, ...], c_contiguous: bool, axis: int) -> None:
        C, P = shape[axis], math.prod(shape[axis + 1 :])
        self.order = [*range(axis), *range(axis + 1, len(shape)), axis]
        self.undo = [*range(axis), len(shape) - 1, *range(axis, len(shape) - 1)]
        self.in_order = c_contiguous and C > 1 and P > 1  # else the features lie last, or are to be laid last
        self.shape = shape if self.in_order else tuple(shape[other] for other in self.order)
        pixels = math.gcd(math.prod(shape) // C, 1 << max(0, (WIDTH // C).bit_length() - 1))
        # Column (i, c, p) is of feature c.
        self.cut = (1, C, math.prod(shape) // (shape[0] * C)) if self.in_order else (pixels, C, 1)
        self.width = math.prod(self.cut)

    def rows(self, array: np.ndarray) -> np.ndarray:
        """The array as rows, a view if it lies in memory as x does."""
        array = array if self.in_order else array.transpose(self.order)
        return np.ascontiguousarray(array).reshape(-1, self.width)

    def back(self, rows: np.ndarray) -> np.ndarray:
        """Rows in the shape of x."""
        array = rows.reshape(self.shape)
        return array if self.in_order else array.transpose(self.undo)

    def columns(self, v: np.ndarray) -> np.ndarray:
        """v (features,) at each of the columns."""
        pixels, _, P = self.cut
        return v[np.newaxis].repeat(pixels, axis=0).reshape(-1).repeat(P)

    def sums(self, parts: np.ndarray) -> np.ndarray:
        """(features,) in float64, from sums for each block and column."""
        return parts.reshape(-1, *self.cut).sum(axis=(0, 1, 3), dtype=np.float64)


_fold = lru_cache(maxsize=1000)(Fold)


def _is_served(x: np.ndarray, *others: np.ndarray) -> bool:
    return x.dtype in (np.float32, np.float64) and x.size > 0 and all(other.dtype == x.dtype for other in others)


def _blocks(rows: np.ndarray) -> tuple[int, int]:
    """Rows in a block, and the number of blocks."""
    step = max(8, BLOCK // rows.shape[1])
    return step, -(-len(rows) // step)


@compiled_in_order
def _moments(start, end, x, step, means, rests, squares):
    """Of each block the mean of each column, and of the distances from it the sum, which rounding leaves, and that of
    the squares; all three are zero.
    """
    for block in range(start, end):
        mean, rest, square = means[block], rests[block], squares[block]
        first, last = block * step, min(x.shape[0], (block + 1) * step)
        for r in range(first, last):
            row = x[r]
            for f in range(row.shape[0]):
                mean[f] += row[f]
        for f in range(mean.shape[0]):
            mean[f] /= last - first
        for r in range(first, last):
            row = x[r]
            for f in range(row.shape[0]):
                distance = row[f] - mean[f]
                rest[f] += distance
                square[f] += distance * distance


@compiled_in_order
def _columns(cut, v):
    """v (features,) at each of the columns."""
    pixels, C, P = cut
    columns = np.empty(pixels * C * P, v.dtype)
    for pixel in range(pixels):
        for c in range(C):
            for p in range(P):
                columns[(pixel * C + c) * P + p] = v[c]
    return columns


@compiled_in_order
def _normalize(start, end, x, step, cut, mean, scale, shift, relu, y):
    mean, scale, shift = _columns(cut, mean), _columns(cut, scale), _columns(cut, shift)
    zero = shift.dtype.type(0)
    for r in range(start * step, min(x.shape[0], end * step)):
        row, out = x[r], y[r]
        for f in range(row.shape[0]):
            value = (row[f] - mean[f]) * scale[f] + shift[f]
            out[f] = zero if relu and value < zero else value


@compiled_in_order
def _sums(start, end, dy, x, step, cut, mean, scale, shift, relu, found, products):
    mean, scale, shift = _columns(cut, mean), _columns(cut, scale), _columns(cut, shift)
    zero, one = mean.dtype.type(0), mean.dtype.type(1)
    for block in range(start, end):
        total, product = found[block], products[block]
        for r in range(block * step, min(x.shape[0], (block + 1) * step)):
            for f in range(x.shape[1]):
                distance, g = x[r, f] - mean[f], dy[r, f]
                if relu:
                    g *= one if distance * scale[f] + shift[f] > zero else zero
                total[f] += g
                product[f] += g * distance


@compiled_in_order
def _input_gradient(start, end, dy, x, step, cut, mean, scale, shift, slope, y_scale, y_shift, relu, dx):
    mean, scale, shift = _columns(cut, mean), _columns(cut, scale), _columns(cut, shift)
    slope, y_scale, y_shift = _columns(cut, slope), _columns(cut, y_scale), _columns(cut, y_shift)
    zero, one = mean.dtype.type(0), mean.dtype.type(1)
    for r in range(start * step, min(x.shape[0], end * step)):
        for f in range(x.shape[1]):
            distance, g = x[r, f] - mean[f], dy[r, f]
            if relu:
                g *= one if distance * y_scale[f] + y_shift[f] > zero else zero
            dx[r, f] = (g - shift[f] - slope[f] * distance) * scale[f]
