"""What counts as an array: NumPy's, or any other that speaks NumPy's protocols."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

Axes = int | tuple[int, ...]


def is_array(value: Any) -> bool:
    """Whether NumPy's functions work on a value as they do on an `np.ndarray`: one of CuPy's, say.

    Example:
        >>> is_array(np.ones(2)), is_array([1.0, 1.0]), is_array(np.float32(1))
        (True, False, False)
    """
    return hasattr(type(value), "__array_function__")


def is_number(value: Any) -> bool:
    """Whether a value is a single real number, also one in an array without axes.

    Example:
        >>> is_number(1), is_number(np.float32(1)), is_number(None), is_number(np.ones(1)), is_number(10**400)
        (True, True, False, False, False)
    """
    if is_array(value):
        return value.ndim == 0 and value.dtype.kind in "biuf"
    if isinstance(value, int):
        return abs(value) < 2**1024  # beyond, it is no float
    return isinstance(value, (float, np.integer, np.floating, np.bool_))


def wide(x: np.ndarray) -> np.dtype:
    """The type to add up numbers of x in: float64 at least, because float32 loses digits in long sums.

    Example:
        >>> wide(np.ones(2, np.float32))
        dtype('float64')
    """
    return np.promote_types(x.dtype, np.float64)


def as_array(value: Any) -> np.ndarray:
    """A NumPy array of a value, unless it is an array already.

    A column or table that has its own way to NumPy, such as one of pandas' that can lack values, gives numbers with NaN
    for those that are missing; NumPy alone would make an array of Python objects of it.

    Example:
        >>> as_array([1.0, 2.0])
        array([1., 2.])
    """
    if is_array(value):
        return value
    array = np.asarray(value)
    if array.dtype.kind != "O" or not hasattr(value, "to_numpy"):
        return array
    items = array.ravel().tolist()
    missing = [type(item).__name__ == "NAType" or item is None for item in items]
    if any(missing):
        items = [math.nan if is_missing else item for item, is_missing in zip(items, missing, strict=True)]
    numbers = np.asarray(items) if all(isinstance(item, Real) for item in items) else array
    return numbers.reshape(array.shape)


def sum_of(x: np.ndarray, axes: Axes, keepdims: bool = False) -> np.ndarray:
    """The sum over some axes, in the type of x but added up in float64 at least: float32 loses digits in long sums.

    Example:
        >>> sum_of(np.ones((2, 3), np.float32), axes=0)
        array([2., 2., 2.], dtype=float32)
    """
    return x.sum(axis=axes, dtype=wide(x), keepdims=keepdims).astype(x.dtype)


def mean_square(x: np.ndarray, axes: Axes, keepdims: bool = False) -> np.ndarray:
    """The mean of x² over some axes, in float64 at least: in float32 the square of a large number overflows.

    Example:
        >>> print(f"{mean_square(np.array([3e30, -3e30], np.float32), axes=0):.3g}")
        9e+60
    """
    return np.square(x, dtype=wide(x)).mean(axis=axes, keepdims=keepdims)


def norm_of(x: np.ndarray, axes: Axes, keepdims: bool = False) -> np.ndarray:
    """The norm √Σ x² over some axes, in float64 at least, as in `mean_square`.

    Numbers of float64 itself are divided by the largest of them first, so that no square is too large or too small.

    Example:
        >>> print(f"{norm_of(np.array([3e30, 4e30], np.float32), axes=0):.3g}")
        5e+30
        >>> print(f"{norm_of(np.array([3e200, 4e200]), axes=0):.3g}")
        5e+200
    """
    if x.dtype != wide(x):
        return np.sqrt(np.square(x, dtype=wide(x)).sum(axis=axes, keepdims=keepdims))
    largest = np.abs(x).max(axis=axes, keepdims=True, initial=0)
    largest = np.where((largest > 0) & (largest < np.inf), largest, 1)
    norms = largest * np.sqrt(np.square(x / largest).sum(axis=axes, keepdims=True))
    return norms if keepdims else np.squeeze(norms, axes)


def mean_of(x: np.ndarray, axes: Axes, keepdims: bool = False) -> np.ndarray:
    """The mean over some axes, in the type of x but added up in float64 at least.

    Example:
        >>> mean_of(np.ones((2, 3), np.float32), axes=1, keepdims=True)
        array([[1.],
               [1.]], dtype=float32)
    """
    return x.mean(axis=axes, dtype=wide(x), keepdims=keepdims).astype(x.dtype)
