"""Group normalization compiled by Numba. A sample, or a group of it, stays in the cache between the passes over it.

In C order a group is one row, channel after channel. If the channels are last in memory, a row is one pixel or several,
and each column belongs to one channel. Then a group is summed over the rows first, and over its columns afterwards.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from functools import partial

import numpy as np

from tinynet.engine.layer_norm.compiled import inverse_root
from tinynet.engine.machine.functions import NUMBERS_IN_FLOAT32
from tinynet.engine.machine.jit import FLAGS, compiled, inlined
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.samples import channels_lie_last, pixels_of_rows, rows_of_pixels

MIN_SQUARE, MAX_SQUARE = 1e-30, 1e30  # of distances from the mean: so far float32 has all digits of squares
LEAST_SPREAD = 1e-8  # σ² over μ²: below it, what a sum in float32 loses of the mean would be seen in the spread
ROWS_IN_FLOAT32 = 16  # that are added up before their sum is added in float64, which costs twice as much
NO_FMA = FLAGS - {"contract"}  # γ dy − mean(γ dy) is 0 in a group of one, but not if only the mean is rounded
Array = np.ndarray
Arrays = tuple[Array, ...]


def forward(x: Array, n_groups: int, weight: Array, bias: Array, eps: float) -> Arrays:
    """y = γ x̂ + β in the memory order of x; x itself, or a copy in C order; μ and 1/σ (N, n_groups, 1)."""
    N, (mean, inverse_std) = len(x), np.empty((2, len(x), n_groups, 1), x.dtype)
    given = weight, bias, float(eps)
    if _by_pixels(x):
        rows = np.ascontiguousarray(rows_of_pixels(x))
        y = np.empty_like(rows)
        run_parallel(_forward_of_pixels, N, rows, *given, y, mean, inverse_std)
        return pixels_of_rows(y, x.shape), x, mean, inverse_std
    x = np.ascontiguousarray(x)
    groups = x.reshape(N * n_groups, -1)
    y = np.empty_like(groups)
    run_parallel(_forward, N * n_groups, groups, n_groups, *given, y, mean.reshape(-1), inverse_std.reshape(-1))
    return y.reshape(x.shape), x, mean, inverse_std


def backward(dy: Array, x: Array, mean: Array, inverse_std: Array, weight: Array) -> Arrays:
    """dx, in the memory order of x; dγ = Σ dy x̂ and dβ = Σ dy, sums over each sample that are added up."""
    N, n_groups, _ = inverse_std.shape
    sums = np.empty((2, N, len(weight)), dy.dtype)
    if _by_pixels(x):
        rows, given = (np.ascontiguousarray(rows_of_pixels(array)) for array in (dy, x))
        dx = np.empty_like(rows)
        run_parallel(_backward_of_pixels, N, rows, given, mean, inverse_std, weight, dx, *sums)
        dx = pixels_of_rows(dx, dy.shape)
    else:
        groups, given = (np.ascontiguousarray(array).reshape(N * n_groups, -1) for array in (dy, x))
        dx = np.empty_like(groups)
        means = mean.reshape(-1), inverse_std.reshape(-1)
        run_parallel(
            _backward, N * n_groups, groups, given, *means, n_groups, weight, dx, *sums.reshape(2, N * n_groups, -1)
        )
        dx = dx.reshape(dy.shape)
    d_weight, d_bias = sums.sum(axis=1, dtype=np.float64)
    return dx, d_weight, d_bias


def _by_pixels(x: np.ndarray) -> bool:
    return channels_lie_last(x) or math.prod(x.shape[2:]) == 1  # of a single pixel the channels lie last, too


@partial(compiled, flags=set(), forceinline=True)
def _standardized(x, mean, inverse):
    """x̂ of one number. Without flags, so that it has the same bits in every loop, and those of NumPy."""
    return (x - mean) * inverse


@compiled
def _forward(start, end, x, n_groups, weight, bias, eps, y, means, inverse_std):
    size = x.shape[1]
    n_channels = len(weight) // n_groups
    n_pixels = size // n_channels
    for item in range(start, end):
        row = x[item]
        total, squares = np.float64(0), np.float64(0)
        for j in range(size):
            total += row[j]
        mean = x.dtype.type(total / size)
        for j in range(size):
            distance = np.float64(row[j] - mean)
            squares += distance * distance
        inverse = inverse_root(squares / size, eps, x)
        means[item], inverse_std[item] = mean, inverse
        first = item % n_groups * n_channels
        for c in range(n_channels):
            scale, shift = weight[first + c], bias[first + c]
            channel = slice(c * n_pixels, (c + 1) * n_pixels)
            given, out = row[channel], y[item, channel]
            for p in range(n_pixels):
                out[p] = scale * _standardized(given[p], mean, inverse) + shift


@partial(compiled, flags=NO_FMA)
def _backward(start, end, dy, x, means, inverse_std, n_groups, weight, dx, d_weight, d_bias):
    size, n_channels = dy.shape[1], d_weight.shape[1]
    n_pixels = size // n_channels
    for item in range(start, end):
        first, of_x, inverse = item % n_groups * n_channels, means[item], inverse_std[item]
        mean_g, mean_gx = np.float64(0), np.float64(0)
        for c in range(n_channels):
            channel = slice(c * n_pixels, (c + 1) * n_pixels)
            d, given = dy[item, channel], x[item, channel]
            total, product = np.float64(0), np.float64(0)
            for before in range(0, n_pixels, NUMBERS_IN_FLOAT32):
                some, numbers = d[before : before + NUMBERS_IN_FLOAT32], given[before : before + NUMBERS_IN_FLOAT32]
                of_some, products = dy.dtype.type(0), dy.dtype.type(0)
                for p in range(some.size):
                    of_some += some[p]
                    products += some[p] * _standardized(numbers[p], of_x, inverse)
                total += of_some
                product += products
            d_weight[item, c], d_bias[item, c] = product, total
            mean_g += weight[first + c] * total
            mean_gx += weight[first + c] * product
        mean, slope = dy.dtype.type(mean_g / size), dy.dtype.type(mean_gx / size)
        for c in range(n_channels):
            channel, scale = slice(c * n_pixels, (c + 1) * n_pixels), weight[first + c]
            d, given, out = dy[item, channel], x[item, channel], dx[item, channel]
            for p in range(n_pixels):
                out[p] = (scale * d[p] - mean - _standardized(given[p], of_x, inverse) * slope) * inverse


@inlined
def _spread(values, n_channels, columns):
    """What there is one of for each channel, or each group of channels, at each column."""
    per_value, width = n_channels // values.size, n_channels
    for i in range(values.size):
        for f in range(per_value):
            columns[i * per_value + f] = values[i]
    while width < columns.size:  # the pixels of a row are a power of two
        given, copy = columns[:width], columns[width : 2 * width]
        for f in range(width):
            copy[f] = given[f]
        width *= 2


@inlined
def _gather(columns, n_channels, sums):
    """The sums of the columns of each channel, or each group of channels; the columns are overwritten."""
    per_sum, width = n_channels // sums.size, columns.size
    while width > n_channels:
        width //= 2
        total, more = columns[:width], columns[width : 2 * width]
        for f in range(width):
            total[f] += more[f]
    for i in range(sums.size):
        sums[i] = 0
        for f in range(per_sum):
            sums[i] += columns[i * per_sum + f]


@compiled
def _moments_of_group(rows, C, g, G):
    """The mean of a group, and the sum of the squared distances from it, in float64; rows (R, k · C)."""
    total, squares, per_group = np.float64(0), np.float64(0), C // G
    for row in rows:
        for f in range(row.size):
            if f % C // per_group == g:
                total += row[f]
    mean = rows.dtype.type(total / (rows.size / G))
    for row in rows:
        for f in range(row.size):
            if f % C // per_group == g:
                squares += np.float64(row[f] - mean) * np.float64(row[f] - mean)
    return mean, squares


@compiled
def _forward_of_pixels(start, end, x, weight, bias, eps, y, means_of_groups, inverse_std):
    """x (N, R, k · C)."""
    (_, R, width), C, G = x.shape, len(weight), inverse_std.shape[1]
    scale, shift, mean, inverse, part = np.empty((5, width), x.dtype)
    sums, means = np.empty(width), np.empty(G)
    size = R * width / G
    _spread(weight, C, scale)
    _spread(bias, C, shift)
    for n in range(start, end):
        sums[:] = 0
        for first in range(0, R, ROWS_IN_FLOAT32):
            part[:] = 0
            for r in range(first, min(R, first + ROWS_IN_FLOAT32)):
                row = x[n, r]
                for f in range(width):
                    part[f] += row[f]
            for f in range(width):
                sums[f] += part[f]
        _gather(sums, C, means)
        for g in range(G):
            means[g] /= size
            means_of_groups[n, g, 0] = means[g]
        _spread(means, C, mean)
        sums[:] = 0
        for first in range(0, R, ROWS_IN_FLOAT32):
            part[:] = 0
            for r in range(first, min(R, first + ROWS_IN_FLOAT32)):
                row = x[n, r]
                for f in range(width):
                    distance = row[f] - mean[f]
                    part[f] += distance * distance
            for f in range(width):
                sums[f] += part[f]
        _gather(sums, C, means)
        for g in range(G):
            var, square = means[g] / size, np.float64(means_of_groups[n, g, 0]) ** 2
            if not MIN_SQUARE < var < MAX_SQUARE or var < LEAST_SPREAD * square:  # float32 has too few digits
                means_of_groups[n, g, 0], means[g] = _moments_of_group(x[n], C, g, G)
            inverse_std[n, g, 0] = inverse_root(means[g] / size, eps, x)
        _spread(means_of_groups[n, :, 0], C, mean)
        _spread(inverse_std[n, :, 0], C, inverse)
        for r in range(R):
            row, out = x[n, r], y[n, r]
            for f in range(width):
                out[f] = scale[f] * _standardized(row[f], mean[f], inverse[f]) + shift[f]


@partial(compiled, flags=NO_FMA)
def _backward_of_pixels(start, end, dy, x, means_of_groups, inverse_std, weight, dx, d_weight, d_bias):
    (_, R, width), C, G = dy.shape, len(weight), inverse_std.shape[1]
    scale, of_x, inverse, mean, slope, part, products_of_part = np.empty((7, width), dy.dtype)
    totals, products = np.empty((2, width))
    weighted, means, size = np.empty(C), np.empty(G), R * width / G
    _spread(weight, C, scale)
    for n in range(start, end):
        _spread(means_of_groups[n, :, 0], C, of_x)
        _spread(inverse_std[n, :, 0], C, inverse)
        totals[:] = 0
        products[:] = 0
        for first in range(0, R, ROWS_IN_FLOAT32):
            part[:] = 0
            products_of_part[:] = 0
            for r in range(first, min(R, first + ROWS_IN_FLOAT32)):
                d, row = dy[n, r], x[n, r]
                for f in range(width):
                    part[f] += d[f]
                    products_of_part[f] += d[f] * _standardized(row[f], of_x[f], inverse[f])
            for f in range(width):
                totals[f] += part[f]
                products[f] += products_of_part[f]
        for sums, of_channels, columns in ((totals, d_bias[n], mean), (products, d_weight[n], slope)):
            _gather(sums, C, of_channels)
            for c in range(C):
                weighted[c] = weight[c] * np.float64(of_channels[c])
            _gather(weighted, C, means)
            for g in range(G):
                means[g] /= size
            _spread(means, C, columns)
        for r in range(R):
            d, row, out = dy[n, r], x[n, r], dx[n, r]
            for f in range(width):
                x_hat = _standardized(row[f], of_x[f], inverse[f])
                out[f] = (scale[f] * d[f] - mean[f] - x_hat * slope[f]) * inverse[f]
