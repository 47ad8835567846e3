"""Softmax compiled by Numba.

Along the last axis in memory rows may be short, as for ten classes. So a block of rows is taken at a time, and one long
loop computes all its exponentials. Along another axis, neighbours in memory belong to different sums. Then a tile of
such lanes is taken at a time.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.engine.machine import layout
from tinynet.engine.machine.functions import NUMBERS_IN_FLOAT32, exp, largest, sum_of
from tinynet.engine.machine.jit import compiled, compiled_in_order
from tinynet.engine.machine.memory_order import along
from tinynet.engine.machine.pool import run_parallel

NUMBERS_PER_BLOCK = 1 << 12  # They stay in a first-level cache between the loops.
LANE_IN_FLOAT32 = 16  # numbers of a lane that are added up before their sum is added in float64
LANES_PER_TILE = 1 << 8  # So do the sums of a tile.


def softmax(x: np.ndarray, axis: int) -> Any:
    """y."""
    y = np.empty_like(x)
    return y if _run((_softmax_rows, _softmax_lanes), axis, x, y) else NotImplemented


def log_softmax(x: np.ndarray, axis: int) -> Any:
    """y."""
    y = np.empty_like(x)
    return y if _run((_log_softmax_rows, _log_softmax_lanes), axis, x, y) else NotImplemented


def softmax_gradient(y: np.ndarray, dy: np.ndarray, axis: int) -> Any:
    """dx."""
    dx = np.empty_like(y)
    works = _softmax_rows_gradient, _softmax_lanes_gradient
    return dx if _run(works, axis, y, layout.like(y, dy), dx) else NotImplemented


def log_softmax_gradient(y: np.ndarray, dy: np.ndarray, axis: int) -> Any:
    """dx."""
    dx = np.empty_like(y)
    works = _log_softmax_rows_gradient, _log_softmax_lanes_gradient
    return dx if _run(works, axis, y, layout.like(y, dy), dx) else NotImplemented


def _run(works: tuple[Callable[..., None], Callable[..., None]], axis: int, *arrays: np.ndarray) -> bool:
    """Do the work along rows or along lanes, as the memory order asks, and say whether it was done."""
    views = along(axis, *arrays)
    if views is None:
        return False
    (outer, length, inner), (rows, lanes) = views[0].shape, works
    if inner == 1:
        n_rows = max(1, NUMBERS_PER_BLOCK // length)
        run_parallel(rows, -(-outer // n_rows), *[view.reshape(outer, length) for view in views], n_rows)
    else:
        run_parallel(lanes, outer * -(-inner // LANES_PER_TILE), *views)
    return True


# Rows (N, C). Each function does the blocks of n_rows from start to end.


@compiled
def _softmax_rows(start, end, x, y, n_rows):
    for block in range(start, end):
        rows, out = x[block * n_rows : (block + 1) * n_rows], y[block * n_rows : (block + 1) * n_rows]
        for r in range(len(rows)):
            row, shifted, top = rows[r], out[r], largest(rows[r])
            for c in range(row.size):
                shifted[c] = row[c] - top
        flat = out.reshape(out.size)
        for i in range(flat.size):
            flat[i] = exp(flat[i])
        for r in range(len(rows)):
            e = out[r]
            total = sum_of(e)
            for c in range(e.size):
                e[c] /= total


@compiled
def _softmax_rows_gradient(start, end, y, dy, dx, n_rows):
    for r in range(start * n_rows, min(len(y), end * n_rows)):
        p, back, out, total = y[r], dy[r], dx[r], np.float64(0)
        for first in range(0, p.size, NUMBERS_IN_FLOAT32):
            some, backs = p[first : first + NUMBERS_IN_FLOAT32], back[first : first + NUMBERS_IN_FLOAT32]
            products = y.dtype.type(0)
            for c in range(some.size):
                products += backs[c] * some[c]
            total += products
        expected = y.dtype.type(total)
        for c in range(p.size):
            out[c] = p[c] * (back[c] - expected)


@compiled
def _log_softmax_rows(start, end, x, y, n_rows):
    e = np.empty((n_rows, x.shape[1]), x.dtype)
    for block in range(start, end):
        rows, out = x[block * n_rows : (block + 1) * n_rows], y[block * n_rows : (block + 1) * n_rows]
        for r in range(len(rows)):
            row, shifted, top = rows[r], out[r], largest(rows[r])
            for c in range(row.size):
                shifted[c] = row[c] - top
        flat, powers = out.reshape(out.size), e.reshape(e.size)
        for i in range(flat.size):
            powers[i] = exp(flat[i])
        for r in range(len(rows)):
            shifted, log_total = out[r], np.log(sum_of(e[r]))
            for c in range(shifted.size):
                shifted[c] -= log_total


@compiled
def _log_softmax_rows_gradient(start, end, y, dy, dx, n_rows):
    for block in range(start, end):
        rows, out = y[block * n_rows : (block + 1) * n_rows], dx[block * n_rows : (block + 1) * n_rows]
        flat, p = rows.reshape(rows.size), out.reshape(out.size)
        for i in range(flat.size):
            p[i] = exp(flat[i])
        for r in range(len(rows)):
            back, row = dy[block * n_rows + r], out[r]
            total = sum_of(back)
            for c in range(row.size):
                row[c] = back[c] - row[c] * total


# Lanes (outer, C, inner). Each function does the tiles from start to end, each of up to LANES_PER_TILE neighbours of
# inner. They are compiled in order, because (x − top) − log(total) must not become x − (top + log(total)).


@compiled_in_order
def _softmax_lanes(start, end, x, y):
    top, total, sums = np.empty(LANES_PER_TILE, x.dtype), np.empty(LANES_PER_TILE, x.dtype), np.empty(LANES_PER_TILE)
    n_tiles = -(-x.shape[2] // LANES_PER_TILE)
    for tile in range(start, end):
        lanes, out = x[tile // n_tiles], y[tile // n_tiles]
        block = slice(tile % n_tiles * LANES_PER_TILE, (tile % n_tiles + 1) * LANES_PER_TILE)
        _exponentials(lanes, out, block, top, total, sums)
        for c in range(len(out)):
            e = out[c][block]
            for j in range(e.size):
                e[j] /= total[j]


@compiled_in_order
def _softmax_lanes_gradient(start, end, y, dy, dx):
    total, sums = np.empty(LANES_PER_TILE, y.dtype), np.empty(LANES_PER_TILE)
    n_tiles = -(-y.shape[2] // LANES_PER_TILE)
    for tile in range(start, end):
        lanes, back, out = y[tile // n_tiles], dy[tile // n_tiles], dx[tile // n_tiles]
        block = slice(tile % n_tiles * LANES_PER_TILE, (tile % n_tiles + 1) * LANES_PER_TILE)
        total[:], sums[:] = 0, 0
        for c in range(len(lanes)):
            p, dp = lanes[c][block], back[c][block]
            for j in range(p.size):
                total[j] += dp[j] * p[j]
            _empty(c, len(lanes), total, sums)
        for c in range(len(lanes)):
            p, dp, row = lanes[c][block], back[c][block], out[c][block]
            for j in range(p.size):
                row[j] = p[j] * (dp[j] - total[j])


@compiled_in_order
def _log_softmax_lanes(start, end, x, y):
    top, total, sums = np.empty(LANES_PER_TILE, x.dtype), np.empty(LANES_PER_TILE, x.dtype), np.empty(LANES_PER_TILE)
    n_tiles = -(-x.shape[2] // LANES_PER_TILE)
    for tile in range(start, end):
        lanes, out = x[tile // n_tiles], y[tile // n_tiles]
        block = slice(tile % n_tiles * LANES_PER_TILE, (tile % n_tiles + 1) * LANES_PER_TILE)
        _exponentials(lanes, out, block, top, total, sums)
        for j in range(min(LANES_PER_TILE, x.shape[2] - tile % n_tiles * LANES_PER_TILE)):
            total[j] = np.log(total[j])
        for c in range(len(out)):
            row, log_p = lanes[c][block], out[c][block]
            for j in range(row.size):
                log_p[j] = (row[j] - top[j]) - total[j]


@compiled_in_order
def _log_softmax_lanes_gradient(start, end, y, dy, dx):
    total, sums = np.empty(LANES_PER_TILE, y.dtype), np.empty(LANES_PER_TILE)
    n_tiles = -(-y.shape[2] // LANES_PER_TILE)
    for tile in range(start, end):
        lanes, back, out = y[tile // n_tiles], dy[tile // n_tiles], dx[tile // n_tiles]
        block = slice(tile % n_tiles * LANES_PER_TILE, (tile % n_tiles + 1) * LANES_PER_TILE)
        total[:], sums[:] = 0, 0
        for c in range(len(lanes)):
            dp = back[c][block]
            for j in range(dp.size):
                total[j] += dp[j]
            _empty(c, len(lanes), total, sums)
        for c in range(len(lanes)):
            log_p, dp, row = lanes[c][block], back[c][block], out[c][block]
            for j in range(dp.size):
                row[j] = dp[j] - exp(log_p[j]) * total[j]


@compiled_in_order
def _exponentials(lanes, out, block, top, total, sums):
    """exp(x − the largest of its lane), the largest of each lane, and the sum of each."""
    top[:], total[:], sums[:] = -np.inf, 0, 0
    for c in range(len(lanes)):
        row = lanes[c][block]
        for j in range(row.size):
            top[j] = row[j] if row[j] > top[j] or np.isnan(row[j]) else top[j]  # keeps NaN
    for c in range(len(lanes)):
        row, e = lanes[c][block], out[c][block]
        for j in range(row.size):
            e[j] = exp(row[j] - top[j])
        for j in range(row.size):
            total[j] += e[j]
        _empty(c, len(lanes), total, sums)


@compiled_in_order
def _empty(c, count, total, sums):
    """After some numbers of each lane, move their sums to those in float64; after the last number move these back."""
    if c % LANE_IN_FLOAT32 == LANE_IN_FLOAT32 - 1 or c == count - 1:
        for j in range(total.size):
            sums[j] += total[j]
            total[j] = sums[j] if c == count - 1 else 0
