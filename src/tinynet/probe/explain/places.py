"""Which number of an array is meant."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import as_array
from tinynet.core.checks.shapes import shape_text
from tinynet.probe.explain.expressions import Index
from tinynet.probe.trace import Trace


def place_of(trace: Trace, name: str, index: Any, sample: int | None) -> Index:
    """The index of one number of the array of that name, counted from 0.

    Raises:
        KeyError: The trace has no such name.
        IndexError: The array has no number at that index.

    Example:
        >>> from tinynet.layers import ReLU
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.probe import trace
        >>> step = trace(ReLU(), np.array([[1.0, -4.0], [2.0, 3.0]]), np.zeros((2, 2)), mean_squared_error)
        >>> place_of(step, "x", (0, -1), None), place_of(step, "x", 1, sample=0), place_of(step, "x", None, sample=0)
        ((0, 1), (0, 1), (0, 1))
    """
    array, place = as_array(trace[name]), list(given_index(index, None))
    if sample is not None:
        place.insert(0, checks.integer("explain", "sample", sample, minimum=0))
        if array.ndim > 1 and index is None and place[0] < len(array):
            place += _largest(array[place[0]])
    who, shape = f"explain: {name}", shape_text(array.shape)
    if len(place) != array.ndim:
        example = tuple(size // 2 for size in array.shape)
        checks.fail(
            who,
            f"an array of shape {shape} needs an index with {array.ndim} numbers, got {shape_text(tuple(place))}.",
            f"write explain(trace, {name!r}, {example}) for one number of it.",
            IndexError,
        )
    for axis, (at, size) in enumerate(zip(place, array.shape, strict=True)):
        if not -size <= at < size:
            checks.fail(
                who,
                f"there is no index {at} in axis {axis} of an array of shape {shape}.",
                f"it counts from 0 to {size - 1}." if size else "it is empty.",
                IndexError,
            )
    return tuple(at % size for at, size in zip(place, array.shape, strict=True))


def given_index(index: Any, sample: int | None) -> Index:
    """An index as a tuple, the sample first.

    Example:
        >>> given_index(2, sample=7), given_index([2, 3], None), given_index(None, None)
        ((7, 2), (2, 3), ())
    """
    given = () if index is None else tuple(index) if isinstance(index, (tuple, list)) else (index,)
    place = [checks.integer("explain", "index", at, minimum=None) for at in given]
    return tuple(place if sample is None else [checks.integer("explain", "sample", sample, minimum=0), *place])


def _largest(values: np.ndarray) -> list[int]:
    """Where the number is that is farthest from zero."""
    return [int(at) for at in np.unravel_index(np.argmax(np.abs(values)), values.shape)] if values.size else []
