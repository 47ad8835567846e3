"""Batch normalization compiled by Numba: each pass reads every number once.

x is taken as a matrix in its memory order, with one feature for each column. If the channels are last in memory, a row
is one pixel, or several pixels of few channels, so that wide registers are filled. In C order a row is a whole image.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from tinynet.engine.machine.jit import compiled_in_order
from tinynet.engine.machine.pool import run_parallel

NUMBERS_PER_BLOCK = 1 << 16  # A thread takes them at a time. They stay in the cache between two passes over them.
ROWS_IN_FLOAT32 = 32  # that are added up before their sums are added: float32 loses digits in long sums
MIN_SQUARE, MAX_SQUARE = 1e-30, 1e30  # of distances from the mean: so far float32 has all digits of squares
MIN_COLUMNS = 256  # To aim at. Sums over the rows of fewer columns would wait for one another.


# What there is one of for each feature has the shape (features,); `scale` is γ / √(σ² + eps). Where a ReLU follows,
# `through` holds scale and β of the forward, from which y is computed again: dy passes only where y > 0.
Through = tuple[np.ndarray, np.ndarray] | None


def statistics(x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """μ, and σ² in float64: those of blocks, merged (Chan, Golub and LeVeque 1979)."""
    fold = _fold(x.shape, x.flags.c_contiguous, axis)
    rows = fold.rows(x)
    step, n_blocks = _blocks(rows)
    (means, rests), squares = np.zeros((2, n_blocks, rows.shape[1]), x.dtype), np.zeros((n_blocks, rows.shape[1]))
    run_parallel(_moments, n_blocks, rows, step, means, rests, squares)
    n = np.full((n_blocks, 1), float(step))
    n[-1] = len(rows) - (n_blocks - 1) * step
    exact = means + rests / n
    mean = fold.sums(n * exact) / (x.size // x.shape[axis])
    squares = squares - rests * (rests / n) + n * np.square(exact - fold.columns(mean))
    return mean.astype(x.dtype), fold.sums(squares) / (x.size // x.shape[axis])


def normalize(
    x: np.ndarray, mean: np.ndarray, scale: np.ndarray, bias: np.ndarray, axis: int, relu: bool
) -> np.ndarray:
    """y = (x − μ) · scale + β, or max(y, 0)."""
    fold = _fold(x.shape, x.flags.c_contiguous, axis)
    rows = fold.rows(x)
    y, (step, n_blocks) = np.empty_like(rows), _blocks(rows)
    run_parallel(_normalize, n_blocks, rows, step, fold.cut, mean, scale, bias, relu, y)
    return fold.back(y)


def sums(
    dy: np.ndarray, x: np.ndarray, mean: np.ndarray, inverse_std: np.ndarray, axis: int, through: Through
) -> tuple[np.ndarray, np.ndarray]:
    """Σ dy and Σ dy · x̂ of each feature, in float64."""
    fold = _fold(x.shape, x.flags.c_contiguous, axis)
    rows = fold.rows(x)
    step, n_blocks = _blocks(rows)
    found, products = np.zeros((2, n_blocks, rows.shape[1]), x.dtype)
    given = (mean, inverse_std, *(through or (mean, mean)), through is not None)
    run_parallel(_sums, n_blocks, fold.rows(dy), rows, step, fold.cut, *given, found, products)
    return fold.sums(found), fold.sums(products)


def input_gradient(
    dy: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    scale: np.ndarray,
    means: tuple[np.ndarray, np.ndarray] | None,
    axis: int,
    through: Through,
) -> np.ndarray:
    """dx = (dy − shift − slope · (x − μ)) · scale, with the two `means` as shift and slope, or dy · scale without."""
    fold = _fold(x.shape, x.flags.c_contiguous, axis)
    rows = fold.rows(x)
    dx, (step, n_blocks) = np.empty_like(rows), _blocks(rows)
    given = (mean, scale, *(means or (mean, mean)), *(through or (mean, mean)), means is not None, through is not None)
    run_parallel(_input_gradient, n_blocks, fold.rows(dy), rows, step, fold.cut, *given, dx)
    return fold.back(dx)


class Fold:
    """How arrays of the shape of x become rows, and how features spread over the columns."""

    def __init__(self, shape: tuple[int, ...], c_contiguous: bool, axis: int) -> None:
        C, P = shape[axis], math.prod(shape[axis + 1 :])
        self.order = [*range(axis), *range(axis + 1, len(shape)), axis]
        self.undo = [*range(axis), len(shape) - 1, *range(axis, len(shape) - 1)]
        self.in_order = c_contiguous and C > 1 and P > 1  # else the features are last in memory, or are copied so
        self.shape = shape if self.in_order else tuple(shape[other] for other in self.order)
        pixels = math.gcd(math.prod(shape) // C, 1 << max(0, (MIN_COLUMNS // C).bit_length() - 1))
        # Column (i, c, p) is of feature c.
        self.cut = (1, C, math.prod(shape) // (shape[0] * C)) if self.in_order else (pixels, C, 1)
        self.width = math.prod(self.cut)

    def rows(self, array: np.ndarray) -> np.ndarray:
        """The array as rows, a view if it has the memory order of x."""
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


def _blocks(rows: np.ndarray) -> tuple[int, int]:
    """Rows in a block, and the number of blocks."""
    step = max(8, NUMBERS_PER_BLOCK // rows.shape[1])
    return step, -(-len(rows) // step)


@compiled_in_order
def _moments(start, end, x, step, means, rests, squares):
    """Of each block the mean of each column, and of the distances from it the sum, which rounding leaves, and that of
    the squares; all three are zero.
    """
    part = np.empty(x.shape[1], x.dtype)
    for block in range(start, end):
        mean, rest, square = means[block], rests[block], squares[block]
        first, last = block * step, min(x.shape[0], (block + 1) * step)
        for r in range(first, last):
            row = x[r]
            for f in range(row.shape[0]):
                mean[f] += row[f]
        for f in range(mean.shape[0]):
            mean[f] /= last - first
            if not np.isfinite(mean[f]):  # it may be the sum that has no place in float32
                total = np.float64(0)
                for r in range(first, last):
                    total += x[r, f]
                mean[f] = total / (last - first)
        for some in range(first, last, ROWS_IN_FLOAT32):
            part[:] = 0
            for r in range(some, min(last, some + ROWS_IN_FLOAT32)):
                row = x[r]
                for f in range(row.shape[0]):
                    distance = row[f] - mean[f]
                    rest[f] += distance
                    part[f] += distance * distance
            for f in range(mean.shape[0]):
                square[f] += part[f]
        for f in range(mean.shape[0]):
            if not MIN_SQUARE * (last - first) < square[f] < MAX_SQUARE:  # too small or too large for float32
                total, square[f] = np.float64(0), 0
                for r in range(first, last):
                    distance = np.float64(x[r, f]) - np.float64(mean[f])  # which may have no place in float32, too
                    total += distance
                    square[f] += distance * distance
                rest[f] = total
            rest[f] = rest[f] if np.isfinite(rest[f]) else 0  # there is no distance from an infinite mean


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
def _normalize(start, end, x, step, cut, mean, scale, bias, relu, y):
    mean, scale, bias = _columns(cut, mean), _columns(cut, scale), _columns(cut, bias)
    zero = x.dtype.type(0)
    for r in range(start * step, min(x.shape[0], end * step)):
        row, out = x[r], y[r]
        for f in range(row.shape[0]):
            value = (row[f] - mean[f]) * scale[f] + bias[f]
            out[f] = zero if relu and value < zero else value


@compiled_in_order
def _sums(start, end, dy, x, step, cut, mean, inverse_std, scale, bias, relu, found, products):
    mean, inverse_std = _columns(cut, mean), _columns(cut, inverse_std)
    scale, bias = _columns(cut, scale), _columns(cut, bias)
    zero = x.dtype.type(0)
    parts, sums = np.empty((2, x.shape[1]), x.dtype), np.empty((2, x.shape[1]))
    for block in range(start, end):
        total, product = found[block], products[block]
        last = min(x.shape[0], (block + 1) * step)
        sums[:] = 0
        for first in range(block * step, last, ROWS_IN_FLOAT32):
            part, of_part = (total, product) if step <= ROWS_IN_FLOAT32 else (parts[0], parts[1])
            part[:], of_part[:] = 0, 0
            for r in range(first, min(last, first + ROWS_IN_FLOAT32)):
                for f in range(x.shape[1]):
                    distance, d = x[r, f] - mean[f], dy[r, f]
                    if relu:
                        d = d if distance * scale[f] + bias[f] > zero else zero
                    part[f] += d
                    of_part[f] += d * (distance * inverse_std[f])
            if step > ROWS_IN_FLOAT32:
                for f in range(x.shape[1]):
                    sums[0, f] += part[f]
                    sums[1, f] += of_part[f]
        if step > ROWS_IN_FLOAT32:
            total[:], product[:] = sums[0], sums[1]


@compiled_in_order
def _input_gradient(start, end, dy, x, step, cut, mean, scale, shift, slope, y_scale, y_bias, from_batch, relu, dx):
    mean, scale, shift = _columns(cut, mean), _columns(cut, scale), _columns(cut, shift)
    slope, y_scale, y_bias = _columns(cut, slope), _columns(cut, y_scale), _columns(cut, y_bias)
    zero = x.dtype.type(0)
    for r in range(start * step, min(x.shape[0], end * step)):
        for f in range(x.shape[1]):
            distance, d = x[r, f] - mean[f], dy[r, f]
            if relu:
                d = d if distance * y_scale[f] + y_bias[f] > zero else zero
            if from_batch:
                d = d - shift[f] - slope[f] * distance
            dx[r, f] = d * scale[f]
