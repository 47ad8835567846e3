"""Which sample of a batch a number belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core.arrays import as_array
from tinynet.probe.not_finite.cause import Cause, is_bad
from tinynet.probe.not_finite.watched_array import Shapes


def bad_rows(value: Any, n_rows: int) -> list[int]:
    """The samples of a batch in which an array, or any of several, is not finite; the batch axis is the first.

    Example:
        >>> bad_rows(np.array([[1.0], [np.nan], [2.0], [3.0]]), 4), bad_rows(np.array([1.0, 2.0, np.inf, 3.0]), 2)
        ([1], [1])
    """
    found: set[int] = set()
    for array in value if isinstance(value, (tuple, list)) else (value,):
        if not isinstance(array, list) and is_bad(array) and n_rows and np.ndim(array) and len(array) % n_rows == 0:
            x = ~np.isfinite(as_array(array))
            found |= set(np.flatnonzero(x.reshape(n_rows, -1).any(axis=1)).tolist())
    return sorted(found)


def row_of(cause: Cause, n_rows: int, weights: Shapes = ()) -> int | None:
    """The sample that a cause belongs to: the one whose outcome it spoils, or that of its place in an array.

    None if all samples share the number, such as a weight, or a mean over the batch.

    Example:
        >>> row_of(Cause(None, [np.array([[1.0], [np.nan]])]), n_rows=2)
        1
    """
    rows, operation = bad_rows(cause.outcome, n_rows), cause.operation
    if len(rows) == 1 or cause.row is not None:
        return rows[0] if len(rows) == 1 else cause.row
    if operation is None or not operation.shape or operation.shape in weights or not n_rows:
        return None
    if not rows and operation.name == "matmul":  # the gradient of a weight, dyᵀ x: the sum runs over the batch
        return _row_in(operation.place[-1:], operation.shape[-1:], n_rows)
    return _row_in(operation.place, operation.shape, n_rows)


def _row_in(place: tuple[int, ...], shape: tuple[int, ...], n_rows: int) -> int | None:
    """The batch axis is the first, also joined with others as in (N · T, C), or the second, where time is first."""
    if shape[0] and shape[0] % n_rows == 0:
        return place[0] // (shape[0] // n_rows)
    if len(shape) > 1 and shape[1] == n_rows:
        return place[1]
    return None
