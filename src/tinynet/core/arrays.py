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


def sum_of(x: np.ndarray, axes: Axes, keepdims: bool = False) -> np.ndarray:
    """The sum over some axes, in the type of x but added up in float64 at least: float32 loses digits in long sums.

    Example:
        >>> sum_of(np.ones((2, 3), np.float32), axes=0)
        array([2., 2., 2.], dtype=float32)
    """
    return x.sum(axis=axes, dtype=np.promote_types(x.dtype, np.float64), keepdims=keepdims).astype(x.dtype)


def mean_of(x: np.ndarray, axes: Axes, keepdims: bool = False) -> np.ndarray:
    """The mean over some axes, in the type of x but added up in float64 at least.

    Example:
        >>> mean_of(np.ones((2, 3), np.float32), axes=1, keepdims=True)
        array([[1.],
               [1.]], dtype=float32)
    """
    return x.mean(axis=axes, dtype=np.promote_types(x.dtype, np.float64), keepdims=keepdims).astype(x.dtype)
