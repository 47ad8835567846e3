"""The units of a layer: the values that some of them gave, which are dead, and how many are saturated.

A unit is what has weights of its own: a neuron of `Linear`, a channel of `Conv2D`. Its values are those for all
samples, and for all places where it is used at several. So the outputs of a layer are a table with a row for each
sample and place, and a column for each unit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from math import prod
from typing import NamedTuple

import numpy as np

from tinynet.layers import (
    RNN,
    BatchNorm1D,
    BatchNorm2D,
    Conv1D,
    Conv2D,
    ConvTranspose1D,
    ConvTranspose2D,
    Flatten,
    GroupNorm,
    Hardsigmoid,
    Hardtanh,
    Layer,
    Permute,
    PReLU,
    Reshape,
    Sigmoid,
    Tanh,
)

CHANNELS_SECOND = (BatchNorm1D, BatchNorm2D, Conv1D, Conv2D, ConvTranspose1D, ConvTranspose2D, GroupNorm)
REORDERED = (Flatten, Permute, Reshape)
#: An activation is saturated where its slope is less than this share of its greatest slope, which is at 0.
LEAST_SLOPE = 0.05
AS_BEFORE = "as before"


class Units(NamedTuple):
    """What the class of a layer says about its units.

    Attributes:
        axis: The axis of the units in what the layer gives. None: only the number of axes can tell, because the layer
            has put them in another order. AS_BEFORE: that of what came in, as in all activations: (N, 8, 20) may be 8
            channels after `Conv1D` or 20 features after `Linear`.
        slope: From the outputs of a sigmoid or tanh, hard or smooth, to its slope there, as a share of the greatest;
            None for others.

    Example:
        >>> units_of(Conv1D(1, 8, 3)).axis, units_of(Tanh()).slope(np.array([0.0, 1.0]))
        (1, array([1., 0.]))
    """

    axis: int | str | None
    slope: Callable[[np.ndarray], np.ndarray] | None = None

    def axis_after(self, previous: int | None) -> int | None:
        """The axis of the units in what the layer gives, if it is `previous` in what comes in."""
        return previous if isinstance(self.axis, str) else self.axis


def units_of(layer: Layer) -> Units:
    """What the class of a layer says about its units."""
    if isinstance(layer, CHANNELS_SECOND):
        return Units(1)
    if isinstance(layer, REORDERED):
        return Units(None)
    if isinstance(layer, RNN) and layer.nonlinearity == "tanh":
        return Units(-1, _tanh_slope)
    if isinstance(layer, Sigmoid):
        return Units(AS_BEFORE, _sigmoid_slope)
    if isinstance(layer, Tanh):
        return Units(AS_BEFORE, _tanh_slope)
    if isinstance(layer, Hardsigmoid):
        return Units(AS_BEFORE, partial(_slope_between, 0, 1))
    if isinstance(layer, Hardtanh):
        return Units(AS_BEFORE, partial(_slope_between, layer.min_val, layer.max_val))
    return Units(AS_BEFORE if isinstance(layer, PReLU) or not layer.parameters() else -1)


def _sigmoid_slope(y: np.ndarray) -> np.ndarray:
    return 4 * y * (1 - y)


def _tanh_slope(y: np.ndarray) -> np.ndarray:
    return 1 - y * y


def _slope_between(low: float, high: float, y: np.ndarray) -> np.ndarray:
    """1 between the two ends, and 0 at them."""
    return ((y > low) & (y < high)).astype(y.dtype)


def some_rows(y: np.ndarray, axis: int | None, most: int) -> np.ndarray:
    """Rows of the table of a layer's outputs, (samples and places, units): all, or some drawn from everywhere.

    Which are drawn depends on the shape alone, so the same places are compared over time, and no stream of random
    numbers that training uses goes on.

    Args:
        y: The outputs.
        axis: The axis of the units; None is 1 for images and −1 for everything else.
        most: How many numbers to take, but at least one row.

    Example:
        >>> some_rows(np.zeros((8, 3, 5, 5)), axis=1, most=120).shape
        (40, 3)
        >>> some_rows(np.zeros((8, 3)), axis=-1, most=120).shape
        (8, 3)
    """
    by_unit = np.moveaxis(y, _axis_of(y, axis), -1)  # (N, places, units)
    n_units = by_unit.shape[-1]
    if y.size <= most:
        return by_unit.reshape(-1, n_units)
    return by_unit[_places(by_unit.shape[:-1], max(most // n_units, 1))]


def _axis_of(y: np.ndarray, axis: int | None) -> int:
    """The axis of the units, with the usual one where none is known."""
    return axis if axis is not None and -y.ndim <= axis < y.ndim else (1 if y.ndim >= 4 else -1)


@lru_cache(maxsize=1024)
def _places(shape: tuple[int, ...], n: int) -> tuple[np.ndarray, ...]:
    """So many places of an array of this shape, one drawn from each n-th part of it."""
    within = np.random.default_rng(0).random(n)  # of its own: the streams are not read
    positions = ((np.arange(n) + within) * (prod(shape) / n)).astype(np.int64)
    return np.unravel_index(positions, shape)


def share_dead(y: np.ndarray, axis: int | None, rows: np.ndarray) -> float:
    """The share of the units that gave zero for every sample of the batch, at every place.

    Units that gave something in the drawn rows are alive; the others are looked at in the whole batch.

    Example:
        >>> y = np.array([[0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 0.5, 0.0]])
        >>> share_dead(y, -1, rows=y[:1])
        0.25
    """
    silent = np.flatnonzero(~rows.any(axis=0))
    if silent.size and rows.size < y.size:
        by_unit = np.moveaxis(y, _axis_of(y, axis), 0)[silent]  # (silent units, N, places)
        return float((~by_unit.reshape(len(silent), -1).any(axis=1)).sum() / rows.shape[1])
    return silent.size / rows.shape[1]


def share_saturated(slope: np.ndarray) -> float:
    """The share of the outputs where the slope is below 5 % of the greatest.

    Example:
        >>> share_saturated(units_of(Tanh()).slope(np.tanh([0.0, 1.0, 3.0, -3.0])))
        0.5
    """
    return float((slope < LEAST_SLOPE).mean())
