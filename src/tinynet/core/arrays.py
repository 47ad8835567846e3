"""What counts as an array: NumPy's, or any other that speaks NumPy's protocols."""

from __future__ import annotations

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


def wide(x: np.ndarray) -> np.dtype:
    """The type to add up numbers of x in: float64 at least, because float32 loses digits in long sums.

    Example:
        >>> wide(np.ones(2, np.float32))
        dtype('float64')
    """
    return np.promote_types(x.dtype, np.float64)


def sum_of(x: np.ndarray, axes: Axes, keepdims: bool = False) -> np.ndarray:
    """The sum over some axes, in the type of x but added up in float64 at least: float32 loses digits in long sums.

    Example:
        >>> sum_of(np.ones((2, 3), np.float32), axes=0)
        array([2., 2., 2.], dtype=float32)
    """
    return x.sum(axis=axes, dtype=wide(x), keepdims=keepdims).astype(x.dtype)


def mean_square(x: np.ndarray, axes: Axes, keepdims: bool = False) -> np.ndarray:
    """The mean of x² over some axes, in float64 at least: there the square of every float32 number has a place.

    Example:
        >>> mean_square(np.array([3e30, -3e30], np.float32), axes=0).round(-58)
        np.float64(9e+60)
    """
    return np.square(x, dtype=wide(x)).mean(axis=axes, keepdims=keepdims)


def length_of(x: np.ndarray, axes: Axes, keepdims: bool = False) -> np.ndarray:
    """√Σ x² over some axes, in float64 at least, as in `mean_square`.

    Example:
        >>> length_of(np.array([3e30, 4e30], np.float32), axes=0).round(-25)
        np.float64(5e+30)
    """
    return np.sqrt(np.square(x, dtype=wide(x)).sum(axis=axes, keepdims=keepdims))


def mean_of(x: np.ndarray, axes: Axes, keepdims: bool = False) -> np.ndarray:
    """The mean over some axes, in the type of x but added up in float64 at least.

    Example:
        >>> mean_of(np.ones((2, 3), np.float32), axes=1, keepdims=True)
        array([[1.],
               [1.]], dtype=float32)
    """
    return x.mean(axis=axes, dtype=wide(x), keepdims=keepdims).astype(x.dtype)
