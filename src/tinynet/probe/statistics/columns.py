"""Values over time in a bounded number of columns, however long the time is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Values = dict[str, np.ndarray]


@dataclass
class Column:
    """What was seen from one step to another.

    Attributes:
        first: The first step, counted from 1.
        last: The last one.
        n: How many looks there were.
        values: Arrays by name.
    """

    first: int
    last: int
    n: int
    values: Values


class Columns:
    """Columns side by side in order of time. When there are too many, each two neighbours become one.

    So all columns but the last hold equally many looks.

    Args:
        most: How many columns there may be, an even number.
        combine: A function (a, n_a, b, n_b) -> the values of two columns, with n_a and n_b looks, as one.

    Example:
        >>> columns = Columns(most=4, combine=mean_of)
        >>> for step in range(1, 7):
        ...     columns.add(step, {"loss": np.array([float(step)])})
        >>> [(column.first, column.last, column.values["loss"].item()) for column in columns.list]
        [(1, 2, 1.5), (3, 4, 3.5), (5, 6, 5.5)]
    """

    def __init__(self, most: int, combine: Callable[[np.ndarray, int, np.ndarray, int], np.ndarray]) -> None:
        self.most, self.combine = most, combine
        self.list: list[Column] = []
        self.looks_per_column = 1

    def add(self, step: int, values: Values) -> None:
        """Add what was seen at a step; what was seen at this or a later one before is dropped."""
        while self.list and self.list[-1].last >= step:
            self.list.pop()
        self.list.append(Column(step, step, 1, values))
        if len(self.list) > 1 and self.list[-2].n < self.looks_per_column:
            self.list[-2:] = [self._joined(*self.list[-2:])]
        if len(self.list) > self.most:
            self.looks_per_column *= 2
            pairs = [self.list[i : i + 2] for i in range(0, len(self.list), 2)]
            self.list = [self._joined(*pair) if len(pair) == 2 else pair[0] for pair in pairs]

    def stacked(self, name: str) -> np.ndarray:
        """The arrays of one name, with the columns as the first axis."""
        return np.stack([column.values[name] for column in self.list])

    def first_and_last(self) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last step of each column."""
        first, last = [column.first for column in self.list], [column.last for column in self.list]
        return np.array(first, np.int64), np.array(last, np.int64)

    def _joined(self, a: Column, b: Column) -> Column:
        values = {name: self.combine(a.values[name], a.n, b.values[name], b.n) for name in a.values}
        return Column(a.first, b.last, a.n + b.n, values)


def mean_of(a: np.ndarray, n_a: int, b: np.ndarray, n_b: int) -> np.ndarray:
    """The mean of all looks; NaN stands for nothing seen.

    Example:
        >>> mean_of(np.array([1.0, np.nan]), 1, np.array([4.0, 5.0]), 2)
        array([3., 5.])
    """
    with np.errstate(over="ignore", invalid="ignore"):
        both = (n_a * a + n_b * b) / (n_a + n_b)
    return np.where(np.isnan(a), b, np.where(np.isnan(b), a, both))


def sum_of(a: np.ndarray, n_a: int, b: np.ndarray, n_b: int) -> np.ndarray:
    """The sum: counts of histograms add up.

    Example:
        >>> sum_of(np.array([1, 0]), 1, np.array([2, 3]), 2)
        array([3, 3])
    """
    return a + b
