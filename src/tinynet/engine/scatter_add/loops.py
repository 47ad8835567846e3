"""Rows added up by an index, as it is defined."""

from __future__ import annotations

import numpy as np


def scatter_add(index: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """result[index[i]] += rows[i] for all i."""
    result = np.zeros((n, rows.shape[1]), rows.dtype)
    for i, j in np.ndindex(*rows.shape):
        result[index[i], j] += rows[i, j]
    return result
