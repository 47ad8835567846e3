"""Small helpers for numbers of arrays and their indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tinynet.probe.explain.expressions import Index


def wide(values: np.ndarray) -> np.ndarray:
    """The numbers in float64, in which explanations are computed.

    Example:
        >>> wide(np.ones(2, np.float32)).dtype
        dtype('float64')
    """
    return np.asarray(values, np.float64)


def unraveled(place: int, shape: tuple[int, ...]) -> Index:
    """The index of the number at a place of `array.ravel()`.

    Example:
        >>> unraveled(5, (2, 3))
        (1, 2)
    """
    return tuple(int(at) for at in np.unravel_index(place, shape))


def at_index(name: str, index: Index) -> str:
    """A symbol with its index.

    Example:
        >>> at_index("0.y", (7, 2)), at_index("loss", ())
        ('0.y[7, 2]', 'loss')
    """
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def sum_up(values: list[Any]) -> Any:
    """The sum from left to right in float64, as whoever recomputes it would add.

    Example:
        >>> sum_up([0.5, 1.5])
        np.float64(2.0)
    """
    result = np.float64(0)
    for value in values:
        result = result + value
    return result
