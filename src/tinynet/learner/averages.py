"""Numbers over batches, joined to the numbers over all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core.joinable import Joinable, Mean


class Averages:
    """Named numbers over the batches so far, each as it is over all of them.

    A `Joinable`, as the losses and metrics of this package return it, knows how it is joined. Any other number counts
    as a mean over the rows of its batch.

    Example:
        >>> averages = Averages()
        >>> averages.add(30, loss=1.0); averages.add(10, loss=2.0)
        >>> averages.means()
        {'loss': 1.25}
    """

    def __init__(self) -> None:
        self._parts: dict[str, list[Joinable]] = {}

    def add(self, size: int, /, **values: Any) -> None:
        """Add the numbers over one batch of `size` rows; what is not a single number is left out."""
        for name, value in values.items():
            if np.ndim(value) == 0:
                number = value if isinstance(value, Joinable) else Mean(size * float(value), size)
                parts = self._parts.setdefault(name, [])
                parts.append(number)
                if not number.needs_all:
                    parts[:] = [_joined(parts)]

    def means(self) -> dict[str, float]:
        """The numbers so far, by name, without those that need all batches at once."""
        return {name: float(parts[0]) for name, parts in self._parts.items() if not parts[0].needs_all}

    def over_all(self) -> dict[str, float]:
        """All the numbers, by name."""
        return {name: float(_joined(parts)) for name, parts in self._parts.items()}


def _joined(parts: list[Any]) -> Joinable:
    return parts[0].joined(parts[1:]) if len(parts) > 1 else parts[0]
