"""Group normalization where the channels are last in memory.

A row is one pixel or several, and each column belongs to one channel. So a group is summed over the rows first, and
over its columns afterwards. In float32, where the columns can be taken 64 at a time, their sums and factors stay in
registers from row to row. That takes 0.7 of the time.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from functools import partial

import numpy as np

from tinynet.engine.layer_norm.compiled import inverse_root
from tinynet.engine.machine.jit import FLAGS, compiled, inlined
from tinynet.engine.machine.samples import rows_of_pixels
from tinynet.engine.machine.vectors import WIDE, load_wide, store, wide_zeros

MIN_SQUARE, MAX_SQUARE = 1e-30, 1e30  # of distances from the mean: so far float32 has all digits of squares
LEAST_SPREAD = 1e-8  # σ² over μ²: below it, what a sum in float32 loses of the mean would be seen in the spread
ROWS_IN_FLOAT32 = 16  # that are added up before their sum is added in float64, which costs twice as much
MAX_WIDE_ROW = 256  # numbers: from row to row of longer ones, the processor no longer foresees what is read
NO_FMA = FLAGS - {"contract"}  # γ dy − mean(γ dy) is 0 in a group of one, but not if only the mean is rounded


def wide_rows(x: np.ndarray) -> int:
    """How many pixels of x (N, C, ...) make a row whose columns are taken 64 at a time; 0 if there are none.

    A single pixel is none. It may have groups of one number, where γ dy must be rounded before its mean is subtracted
    (see `NO_FMA`), and wide vectors do both in one instruction.
    """
    n_pixels, k = math.prod(x.shape[2:]), WIDE // math.gcd(WIDE, x.shape[1])
    fits = n_pixels > 1 and n_pixels % k == 0 and k * x.shape[1] <= MAX_WIDE_ROW
    return k if x.dtype == np.float32 and fits else 0


def rows_of(x: np.ndarray, k: int) -> np.ndarray:
    """x (N, C, ...), whose channels are last in memory, as rows (N, R, k · C); where k is 0, of some wide k."""
    return np.ascontiguousarray(rows_of_pixels(x, k or None))


@partial(compiled, flags=set(), forceinline=True)
def standardized(x, mean, inverse):
    """x̂ of one number. Without flags, so that it has the same bits in every loop, and those of NumPy."""
    return (x - mean) * inverse


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


@inlined
def _set_means(sums, C, size, of_groups, columns):
    """μ of each group (G,), and at each column; the sums of the columns are overwritten."""
    means = np.empty(of_groups.size)
    _gather(sums, C, means)
    for g in range(of_groups.size):
        means[g] /= size
        of_groups[g] = means[g]
    _spread(means, C, columns)


@inlined
def _set_spreads(rows, squares, C, eps, means, inverses, mean, inverse):
    """1/σ of each group (G,), from the squared distances of the columns; and μ and 1/σ at each column.

    Where float32 has too few digits for the squares, both are computed again in float64.
    """
    G, sums = means.size, np.empty(means.size)
    size = rows.size / G
    _gather(squares, C, sums)
    for g in range(G):
        var, square = sums[g] / size, np.float64(means[g]) ** 2
        if not MIN_SQUARE < var < MAX_SQUARE or var < LEAST_SPREAD * square:
            means[g], sums[g] = _moments_of_group(rows, C, g, G)
        inverses[g] = inverse_root(sums[g] / size, eps, rows)
    _spread(means, C, mean)
    _spread(inverses, C, inverse)


@inlined
def _set_means_of_gradient(sums, of_channels, weight, size, G, columns):
    """The gradient of each channel's γ or β, and the mean of its product with γ in each group, at each column."""
    C = weight.size
    weighted, means = np.empty(C), np.empty(G)
    _gather(sums, C, of_channels)
    for c in range(C):
        weighted[c] = weight[c] * np.float64(of_channels[c])
    _gather(weighted, C, means)
    for g in range(G):
        means[g] /= size
    _spread(means, C, columns)


@compiled
def forward(start, end, x, weight, bias, eps, y, means, inverses):
    """y of x (N, R, k · C); means and inverses (N, G, 1) are written, too."""
    (_, R, width), C, G = x.shape, len(weight), inverses.shape[1]
    scale, shift, mean, inverse, part = np.empty((5, width), x.dtype)
    sums = np.empty(width)
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
        _set_means(sums, C, R * width / G, means[n, :, 0], mean)
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
        _set_spreads(x[n], sums, C, eps, means[n, :, 0], inverses[n, :, 0], mean, inverse)
        for r in range(R):
            row, out = x[n, r], y[n, r]
            for f in range(width):
                out[f] = scale[f] * standardized(row[f], mean[f], inverse[f]) + shift[f]


@partial(compiled, flags=NO_FMA)
def backward(start, end, dy, x, means, inverses, weight, dx, d_weight, d_bias):
    """dx of dy (N, R, k · C); d_weight and d_bias (N, C) are written, too."""
    (_, R, width), C, G = dy.shape, len(weight), inverses.shape[1]
    scale, of_x, inverse, mean, slope, part, products_of_part = np.empty((7, width), dy.dtype)
    totals, products = np.empty((2, width))
    _spread(weight, C, scale)
    for n in range(start, end):
        _spread(means[n, :, 0], C, of_x)
        _spread(inverses[n, :, 0], C, inverse)
        totals[:] = 0
        products[:] = 0
        for first in range(0, R, ROWS_IN_FLOAT32):
            part[:] = 0
            products_of_part[:] = 0
            for r in range(first, min(R, first + ROWS_IN_FLOAT32)):
                d, row = dy[n, r], x[n, r]
                for f in range(width):
                    part[f] += d[f]
                    products_of_part[f] += d[f] * standardized(row[f], of_x[f], inverse[f])
            for f in range(width):
                totals[f] += part[f]
                products[f] += products_of_part[f]
        _set_means_of_gradient(totals, d_bias[n], weight, R * width / G, G, mean)
        _set_means_of_gradient(products, d_weight[n], weight, R * width / G, G, slope)
        for r in range(R):
            d, row, out = dy[n, r], x[n, r], dx[n, r]
            for f in range(width):
                x_hat = standardized(row[f], of_x[f], inverse[f])
                out[f] = (scale[f] * d[f] - mean[f] - x_hat * slope[f]) * inverse[f]


# The same, 64 columns at a time.


@compiled
def wide_forward(start, end, x, weight, bias, eps, y, means, inverses):
    """y of x (N, R, k · C); means and inverses (N, G, 1) are written, too."""
    (_, R, width), C, G = x.shape, len(weight), inverses.shape[1]
    scale, shift, mean, inverse, part = np.empty((5, width), x.dtype)
    sums, numbers, made = np.empty(width), x.reshape(-1), y.reshape(-1)
    _spread(weight, C, scale)
    _spread(bias, C, shift)
    for n in range(start, end):
        sample, stop = n * R * width, (n + 1) * R * width
        sums[:] = 0
        for first in range(sample, stop, ROWS_IN_FLOAT32 * width):
            for f in range(0, width, WIDE):
                total = wide_zeros()
                for k in range(first + f, min(first + ROWS_IN_FLOAT32 * width, stop), width):
                    total += load_wide(numbers, k)
                store(part, f, total)
            for f in range(width):
                sums[f] += part[f]
        _set_means(sums, C, R * width / G, means[n, :, 0], mean)
        sums[:] = 0
        for first in range(sample, stop, ROWS_IN_FLOAT32 * width):
            for f in range(0, width, WIDE):
                total, of_column = wide_zeros(), load_wide(mean, f)
                for k in range(first + f, min(first + ROWS_IN_FLOAT32 * width, stop), width):
                    distance = load_wide(numbers, k) - of_column
                    total += distance * distance
                store(part, f, total)
            for f in range(width):
                sums[f] += part[f]
        _set_spreads(x[n], sums, C, eps, means[n, :, 0], inverses[n, :, 0], mean, inverse)
        for f in range(0, width, WIDE):
            a, b = load_wide(scale, f), load_wide(shift, f)
            of_column, by = load_wide(mean, f), load_wide(inverse, f)
            for k in range(sample + f, stop, width):
                store(made, k, a * ((load_wide(numbers, k) - of_column) * by) + b)


@compiled
def wide_backward(start, end, dy, x, means, inverses, weight, dx, d_weight, d_bias):
    """dx of dy (N, R, k · C); d_weight and d_bias (N, C) are written, too."""
    (_, R, width), C, G = dy.shape, len(weight), inverses.shape[1]
    scale, of_x, inverse, mean, slope, part, products_of_part = np.empty((7, width), dy.dtype)
    totals, products = np.empty((2, width))
    gradient, numbers, made = dy.reshape(-1), x.reshape(-1), dx.reshape(-1)
    _spread(weight, C, scale)
    for n in range(start, end):
        sample, stop = n * R * width, (n + 1) * R * width
        _spread(means[n, :, 0], C, of_x)
        _spread(inverses[n, :, 0], C, inverse)
        totals[:] = 0
        products[:] = 0
        for first in range(sample, stop, ROWS_IN_FLOAT32 * width):
            for f in range(0, width, WIDE):
                total, product = wide_zeros(), wide_zeros()
                of_column, by = load_wide(of_x, f), load_wide(inverse, f)
                for k in range(first + f, min(first + ROWS_IN_FLOAT32 * width, stop), width):
                    d = load_wide(gradient, k)
                    total += d
                    product += d * ((load_wide(numbers, k) - of_column) * by)
                store(part, f, total)
                store(products_of_part, f, product)
            for f in range(width):
                totals[f] += part[f]
                products[f] += products_of_part[f]
        _set_means_of_gradient(totals, d_bias[n], weight, R * width / G, G, mean)
        _set_means_of_gradient(products, d_weight[n], weight, R * width / G, G, slope)
        for f in range(0, width, WIDE):
            a, of_g, of_gx = load_wide(scale, f), load_wide(mean, f), load_wide(slope, f)
            of_column, by = load_wide(of_x, f), load_wide(inverse, f)
            for k in range(sample + f, stop, width):
                x_hat = (load_wide(numbers, k) - of_column) * by
                store(made, k, (a * load_wide(gradient, k) - of_g - x_hat * of_gx) * by)
