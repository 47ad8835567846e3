"""Rows added up by an index: the gradient of a look-up."""

from __future__ import annotations

import numpy as np

from tinynet.engine.selection import body, sample_size

__all__ = ["scatter_add"]


def scatter_add(index: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """Add each row to the row of the result that its index names: (...), (..., D) -> (n, D).

    Example:
        >>> scatter_add(np.array([2, 0, 2]), np.array([[1.0], [2.0], [3.0]]), 3).ravel()
        array([2., 0., 4.])
    """
    numbers = sample_size(rows)
    if rows.ndim == 3 and rows.transpose(1, 0, 2).flags.c_contiguous:  # time first in memory: gone through as it lies
        index, rows = index.T, rows.transpose(1, 0, 2)
    return body("scatter_add", numbers).scatter_add(index.reshape(-1), rows.reshape(-1, rows.shape[-1]), n)
