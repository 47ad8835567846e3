"""How many numbers the layers of a file may hold, so that a short file cannot ask for all the memory there is."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

#: Arguments that are the size of arrays that a layer fills with ones or zeros, or the length of a list of such arrays.
WIDTHS = ("num_features", "num_channels", "normalized_shape", "num_parameters", "num_layers")
#: Arguments that leave out all such arrays if they are all False.
SWITCHES = ("affine", "elementwise_affine", "track_running_stats")
#: Numbers beyond those of the file. A net that misses the file by little is built, to name the shapes that differ.
SLACK = 2**16
MAX_AXES = 64  #: of an array: NumPy's own limit.


class Budget:
    """A source of weights that gives zeros, which the file will replace, and no more of them than the file holds.

    Args:
        room: How many numbers the file holds.

    Example:
        >>> budget = Budget(6)
        >>> budget.uniform(-1, 1, (2, 3)).shape
        (2, 3)
        >>> budget.uniform(-1, 1, (20_000, 20_000))
        Traceback (most recent call last):
        ValueError: its layers hold at least 400,000,006 numbers, the file has 6.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.spent = 0

    def uniform(self, low: float, high: float, size: tuple[int, ...]) -> np.ndarray:
        """Zeros in the place of uniform numbers."""
        self._spend(math.prod(size))
        return np.zeros(size, np.float32)

    def normal(self, loc: float = 0, scale: float = 1, size: tuple[int, ...] = ()) -> np.ndarray:
        """Zeros in the place of normal numbers."""
        return self.uniform(loc, scale, size)

    def afford(self, bound: inspect.BoundArguments) -> None:
        """Spend what a layer will hold that it does not draw, before it is constructed from these arguments."""
        defaults = {name: parameter.default for name, parameter in bound.signature.parameters.items()}
        arguments = defaults | bound.arguments
        switches = [arguments[name] for name in SWITCHES if name in arguments]
        if not switches or any(switches):
            for name in WIDTHS:
                self._spend(_product(arguments.get(name)))

    def _spend(self, n: int) -> None:
        self.spent += n
        if self.spent > self.room + SLACK:
            wanted = f"{self.spent:,}" if self.spent < 10**18 else "10¹⁸"
            raise ValueError(f"its layers hold at least {wanted} numbers, the file has {self.room:,}.")


def _product(width: Any) -> int:
    """The size of an array with this width or shape; 0 for anything else, which the constructor refuses."""
    sizes = width if isinstance(width, (list, tuple)) else (width,)
    if len(sizes) > MAX_AXES or not all(isinstance(size, int) and size > 0 for size in sizes):
        return 0
    return math.prod(sizes)
