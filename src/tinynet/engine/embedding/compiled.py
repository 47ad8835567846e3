"""Rows added up by an index, compiled by Numba. Threads share the columns, so no two of them add to one number."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import run_parallel

COLUMNS_PER_BLOCK = 64  # Threads share the columns in blocks of this size.


def add_rows(index: np.ndarray, rows: np.ndarray, left_out: int | None, to: np.ndarray) -> None:
    """to[index[i]] += rows[i] for all i, except where the index is `left_out`: (n,), (n, D), and to (m, D)."""
    index, rows = np.ascontiguousarray(index, np.intp), np.ascontiguousarray(rows)
    run_parallel(_add, -(-rows.shape[1] // COLUMNS_PER_BLOCK), index, rows, -1 if left_out is None else left_out, to)


@compiled
def _add(start, end, index, rows, left_out, to):
    columns = slice(start * COLUMNS_PER_BLOCK, end * COLUMNS_PER_BLOCK)
    for i in range(len(index)):
        if index[i] == left_out:
            continue
        row, total = rows[i, columns], to[index[i], columns]
        for j in range(row.size):
            total[j] += row[j]
