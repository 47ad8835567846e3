"""Rows added up by an index, compiled by Numba. Threads share the columns, so no two of them add to one number."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import run_parallel

ROWS_IN_FLOAT32 = 16  # of one index, that are added up before their sum is added in float64: float32 loses digits
COLUMNS_PER_BLOCK = 64  # Threads share the columns in blocks of this size.


def add_rows(index: np.ndarray, rows: np.ndarray, left_out: int | None, to: np.ndarray) -> None:
    """to[index[i]] += rows[i] for all i, except where the index is `left_out`: (n,), (n, D), and to (m, D)."""
    index, rows = np.ascontiguousarray(index, np.intp), np.ascontiguousarray(rows)
    often, n_blocks = _often(index, len(to)), -(-rows.shape[1] // COLUMNS_PER_BLOCK)
    run_parallel(_add, n_blocks, index, rows, -1 if left_out is None else left_out, *often, to)


@compiled
def _often(index, count):
    """The indices that occur often, and for each index its place among them, or −1."""
    times = np.zeros(count, np.int64)
    for k in index:
        times[k] += 1
    often = np.flatnonzero(times > ROWS_IN_FLOAT32)
    times[:] = -1
    for place in range(len(often)):
        times[often[place]] = place
    return often, times


@compiled
def _add(start, end, index, rows, left_out, often, place, to):
    columns = slice(start * COLUMNS_PER_BLOCK, end * COLUMNS_PER_BLOCK)
    width = to[0, columns].size
    parts, sums = np.zeros((len(often), width), to.dtype), np.zeros((len(often), width))
    counts = np.zeros(len(often), np.int64)
    for i in range(len(index)):
        if index[i] == left_out:
            continue
        at, row = place[index[i]], rows[i, columns]
        total = to[index[i], columns] if at < 0 else parts[at]
        for j in range(row.size):
            total[j] += row[j]
        if at >= 0:
            counts[at] += 1
            if counts[at] % ROWS_IN_FLOAT32 == 0:
                _move(parts[at], sums[at])
    for at in range(len(often)):
        _move(parts[at], sums[at])
        total = to[often[at], columns]
        for j in range(width):
            total[j] += sums[at, j]


@compiled
def _move(part, sums):
    for j in range(sums.size):
        sums[j] += part[j]
        part[j] = 0
