"""Means over batches of different sizes."""

from __future__ import annotations

from typing import Any

import numpy as np


class Averages:
    """Size-weighted means of named numbers.

    Example:
        >>> averages = Averages()
        >>> averages.add(30, loss=1.0); averages.add(10, loss=2.0)
        >>> averages.means()
        {'loss': 1.25}
    """

    def __init__(self) -> None:
        self.size = 0
        self._sums: dict[str, float] = {}

    def add(self, size: int, /, **values: Any) -> None:
        """Add the means over one batch of `size` rows; what is not a single number is left out."""
        self.size += size
        for name, value in values.items():
            if np.ndim(value) == 0:
                self._sums[name] = self._sums.get(name, 0.0) + size * float(value)

    def means(self) -> dict[str, float]:
        """The means so far, by name."""
        return {name: total / self.size for name, total in self._sums.items()}
