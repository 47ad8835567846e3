"""Group normalization compiled by Numba. A sample, or a group of it, stays in the cache between the passes over it.

In C order a group is one row, channel after channel. Where the channels are last in memory, `pixels` does it.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from functools import partial

import numpy as np

from tinynet.engine.group_norm import pixels
from tinynet.engine.group_norm.pixels import NO_FMA, standardized
from tinynet.engine.layer_norm.compiled import inverse_root
from tinynet.engine.machine.functions import NUMBERS_IN_FLOAT32
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.samples import channels_lie_last, pixels_of_rows

Array = np.ndarray
Arrays = tuple[Array, ...]


def forward(x: Array, n_groups: int, weight: Array, bias: Array, eps: float) -> Arrays:
    """y = γ x̂ + β in the memory order of x; x itself, or a copy in C order; μ and 1/σ (N, n_groups, 1)."""
    N, (mean, inverse_std) = len(x), np.empty((2, len(x), n_groups, 1), x.dtype)
    given = weight, bias, float(eps)
    if _by_pixels(x):
        k = pixels.wide_rows(x)
        rows = pixels.rows_of(x, k)
        y = np.empty_like(rows)
        run_parallel(pixels.wide_forward if k else pixels.forward, N, rows, *given, y, mean, inverse_std)
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
        k = pixels.wide_rows(x)
        rows, given = pixels.rows_of(dy, k), pixels.rows_of(x, k)
        dx, kernel = np.empty_like(rows), pixels.wide_backward if k else pixels.backward
        run_parallel(kernel, N, rows, given, mean, inverse_std, weight, dx, *sums)
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
                out[p] = scale * standardized(given[p], mean, inverse) + shift


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
                    products += some[p] * standardized(numbers[p], of_x, inverse)
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
                out[p] = (scale * d[p] - mean - standardized(given[p], of_x, inverse) * slope) * inverse
