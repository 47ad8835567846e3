"""Sentences about data sets: their arrays, rows and generators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail


def callable_transform(who: object, transform: object) -> Callable:
    """Check that a transform can be called on a batch."""
    if not callable(transform):
        fail(
            who,
            f"transform must be callable on a batch x, got {type(transform).__name__}.",
            "pass a transform such as RandomFlip(), a function of x, or a list of them.",
            TypeError,
        )
    return transform


def row_numbers(who: object, indices: object, n_samples: int) -> np.ndarray:
    """Turn a slice, a boolean mask, an integer or integers into row numbers from 0 to n_samples − 1."""
    if isinstance(indices, slice):
        return np.arange(n_samples)[indices]
    rows = np.asarray(indices)
    if rows.dtype.kind == "b" and rows.shape == (n_samples,):
        return np.flatnonzero(rows)
    if rows.size == 0 and rows.ndim == 1:
        return np.empty(0, np.int64)
    if rows.dtype.kind not in "iu" or rows.ndim > 1:
        got = f"{rows.dtype} of shape {shape_text(rows.shape)}" if rows.dtype.kind != "O" else type(indices).__name__
        fail(
            who,
            f"indices must be an integer, a slice or integers, got {got}.",
            "as in d[3], d[:10] or d[[0, 5]].",
            TypeError,
        )
    beyond = rows[(rows < -n_samples) | (rows >= n_samples)]
    if beyond.size:
        fail(who, f"there is no sample {beyond[0]}, they count from 0 to {n_samples - 1}.", kind=IndexError)
    return np.where(rows < 0, rows + n_samples, rows)
