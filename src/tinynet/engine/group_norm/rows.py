"""What group norm computes over rows of pixels, for each column.

The numbers that belong to a column, such as μ and 1/σ, would be read from the first-level cache as often as x itself.
So float32 takes four rows together, sixteen columns at a time, and reads them once for the four. The rows that are
left over, float64, and rows whose length is no multiple of sixteen are taken one by one.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import partial

import numpy as np
from numba import types
from numba.extending import overload

from tinynet.engine.machine.jit import FLAGS, compiled
from tinynet.engine.machine.vectors import LANES, load, store

NO_FMA = FLAGS - {"contract"}  # γ dy − mean(γ dy) is 0 in a group of one, but not if only the mean is rounded
TOGETHER = 4  # rows


@partial(compiled, flags=set(), forceinline=True)
def standardized(x, mean, inverse):
    """x̂ of one number. Without flags, so that it has the same bits in every loop, and those of NumPy."""
    return (x - mean) * inverse


def rows_together(rows: np.ndarray) -> int:
    """How many of the rows are taken four together."""
    return len(rows) // TOGETHER * TOGETHER if rows.dtype == np.float32 and rows.shape[1] % LANES == 0 else 0


@overload(rows_together)
def _rows_together(rows):
    if rows.dtype == types.float32:
        return lambda rows: len(rows) // TOGETHER * TOGETHER if rows.shape[1] % LANES == 0 else 0
    return lambda rows: 0


@compiled
def add_rows(rows, sums):
    """Add the rows (R, width) to the sums of the columns."""
    (R, width), flat, first = rows.shape, rows.reshape(-1), rows_together(rows)
    for r in range(0, first, TOGETHER):
        for f in range(0, width, LANES):
            at = r * width + f
            upper = load(flat, at) + load(flat, at + width)
            lower = load(flat, at + 2 * width) + load(flat, at + 3 * width)
            store(sums, f, load(sums, f) + (upper + lower))
    for r in range(first, R):
        row = rows[r]
        for f in range(width):
            sums[f] += row[f]


@compiled
def add_squares(rows, mean, sums):
    """Add (x − μ)² to the sums of the columns."""
    (R, width), flat, first = rows.shape, rows.reshape(-1), rows_together(rows)
    for r in range(0, first, TOGETHER):
        for f in range(0, width, LANES):
            at, middle = r * width + f, load(mean, f)
            a, b = load(flat, at) - middle, load(flat, at + width) - middle
            c, d = load(flat, at + 2 * width) - middle, load(flat, at + 3 * width) - middle
            store(sums, f, load(sums, f) + ((a * a + b * b) + (c * c + d * d)))
    for r in range(first, R):
        row = rows[r]
        for f in range(width):
            distance = row[f] - mean[f]
            sums[f] += distance * distance


@compiled
def add_products(dy, x, mean, inverse, sums, products):
    """Add dy and dy · x̂ to the sums of the columns."""
    (R, width), flat_dy, flat_x, first = x.shape, dy.reshape(-1), x.reshape(-1), rows_together(x)
    for r in range(0, first, TOGETHER):
        for f in range(0, width, LANES):
            total, product, middle, scale = load(sums, f), load(products, f), load(mean, f), load(inverse, f)
            for row in range(TOGETHER):
                at = (r + row) * width + f
                d = load(flat_dy, at)
                total += d
                product += d * ((load(flat_x, at) - middle) * scale)
            store(sums, f, total)
            store(products, f, product)
    for r in range(first, R):
        d, row = dy[r], x[r]
        for f in range(width):
            sums[f] += d[f]
            products[f] += d[f] * standardized(row[f], mean[f], inverse[f])


@compiled
def scale_and_shift(x, mean, inverse, weight, bias, y):
    """y = γ x̂ + β."""
    (R, width), flat_x, flat_y, first = x.shape, x.reshape(-1), y.reshape(-1), rows_together(x)
    for r in range(0, first, TOGETHER):
        for f in range(0, width, LANES):
            middle, scale, gamma, beta = load(mean, f), load(inverse, f), load(weight, f), load(bias, f)
            for row in range(TOGETHER):
                at = (r + row) * width + f
                store(flat_y, at, gamma * ((load(flat_x, at) - middle) * scale) + beta)
    for r in range(first, R):
        row, out = x[r], y[r]
        for f in range(width):
            out[f] = weight[f] * standardized(row[f], mean[f], inverse[f]) + bias[f]


@partial(compiled, flags=NO_FMA)
def input_gradient(dy, x, mean, inverse, weight, mean_g, mean_gx, dx):
    """dx = (γ dy − x̂ · mean(g · x̂) − mean(g)) / σ."""
    (R, width), first = x.shape, rows_together(x)
    flat_dy, flat_x, flat_dx = dy.reshape(-1), x.reshape(-1), dx.reshape(-1)
    for r in range(0, first, TOGETHER):
        for f in range(0, width, LANES):
            middle, scale, gamma = load(mean, f), load(inverse, f), load(weight, f)
            shift, slope = load(mean_g, f), load(mean_gx, f)
            for row in range(TOGETHER):
                at = (r + row) * width + f
                x_hat = (load(flat_x, at) - middle) * scale
                store(flat_dx, at, (gamma * load(flat_dy, at) - x_hat * slope - shift) * scale)
    for r in range(first, R):
        d, row, out = dy[r], x[r], dx[r]
        for f in range(width):
            x_hat = standardized(row[f], mean[f], inverse[f])
            out[f] = (weight[f] * d[f] - x_hat * mean_gx[f] - mean_g[f]) * inverse[f]
