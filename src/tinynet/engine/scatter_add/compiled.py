"""Rows added up by an index, compiled by Numba. A thread takes some columns, so that no two add to one number."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import share
from tinynet.engine.scatter_add import vectorized

BLOCK = 64  # columns


def scatter_add(index: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """result[index[i]] += rows[i] for all i."""
    if rows.dtype not in (np.float32, np.float64):
        return vectorized.scatter_add(index, rows, n)
    result = np.zeros((n, rows.shape[1]), rows.dtype)
    places, rows = np.ascontiguousarray(index, np.intp), np.ascontiguousarray(rows)
    share(_add, -(-rows.shape[1] // BLOCK), places, rows, result)
    return result


@compiled
def _add(start, end, index, rows, result):
    columns = slice(start * BLOCK, end * BLOCK)
    for i in range(len(index)):
        row, place = rows[i, columns], result[index[i], columns]
        for j in range(row.size):
            place[j] += row[j]
