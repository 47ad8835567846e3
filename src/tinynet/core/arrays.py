"""What counts as an array: NumPy's, or any other that speaks NumPy's protocols."""

from __future__ import annotations

from typing import Any


def is_array(value: Any) -> bool:
    """Whether NumPy's functions work on a value as they do on an `np.ndarray`: one of CuPy's, say.

    Example:
        >>> is_array(np.ones(2)), is_array([1.0, 1.0]), is_array(np.float32(1))
        (True, False, False)
    """
    return hasattr(type(value), "__array_function__")
