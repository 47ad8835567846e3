"""Rows added up by an index in NumPy: sorted first, so that those for one place are neighbours."""

from __future__ import annotations

import numpy as np


def scatter_add(index: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """result[index[i]] += rows[i] for all i."""
    order = np.argsort(index, kind="stable")
    present, starts = np.unique(index[order], return_index=True)
    result = np.zeros((n, rows.shape[1]), rows.dtype)
    if len(present):
        result[present] = np.add.reduceat(rows[order], starts, axis=0)
    return result
