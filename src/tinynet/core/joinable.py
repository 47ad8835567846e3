"""Numbers over a part of some data that can be joined to the number over all of it.

The mean over some data is not the mean of the means over its batches: a batch in which most labels are ignored has to
count less. So a loss or a metric returns a number that knows what it was taken over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from math import nan
from typing import Any, Self

import numpy as np

_keeping_data: ContextVar[bool] = ContextVar("_keeping_data", default=False)


class Joinable(float):
    """A number over a part of some data. A subclass says how it is joined with those over the other parts.

    Sums of such numbers, and multiples of means and totals, as losses of several outputs have them, can be joined too.
    """

    needs_all: bool = False  #: Whether it is joined once, when all parts are there, and not as they come.

    def joined(self, others: Sequence[Self]) -> Joinable:
        """The number over this part and the others."""
        raise NotImplementedError

    def scaled(self, factor: float) -> float:
        """The number times a factor."""
        return float(self) * factor

    def __add__(self, other: Any) -> Any:
        return Sum([self, other]) if isinstance(other, Joinable) else float(self) + other

    def __radd__(self, other: Any) -> Any:
        return self if type(other) is int and other == 0 else other + float(self)  # Python's sum begins with 0

    def __mul__(self, factor: Any) -> Any:
        if type(factor) in (int, float):
            return self.scaled(factor)
        return float(self) * (float(factor) if isinstance(factor, Joinable) else factor)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Any:
        return self.scaled(1 / divisor) if type(divisor) in (int, float) and divisor else float(self) / divisor


class Mean(Joinable):
    """A mean that knows what it is a mean over.

    Args:
        total: The sum.
        over: What it is divided by: how many were summed, or their weights.
        of_nothing: The mean if that is 0.

    Example:
        >>> Mean(3.0, over=4), Mean(3.0, over=4).joined([Mean(1.0, over=1)])
        (0.75, 0.8)
    """

    total: float
    over: float
    of_nothing: float

    def __new__(cls, total: float, over: float, of_nothing: float = nan) -> Self:
        mean = super().__new__(cls, total / over if over else of_nothing)
        mean.total, mean.over, mean.of_nothing = total, over, of_nothing
        return mean

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.total, self.over, self.of_nothing  # for copies

    def joined(self, others: Sequence[Self]) -> Mean:
        parts = [self, *others]
        return Mean(sum(part.total for part in parts), sum(part.over for part in parts), self.of_nothing)

    def scaled(self, factor: float) -> Mean:
        return Mean(self.total * factor, self.over, self.of_nothing * factor)


class Total(Joinable):
    """A sum.

    Example:
        >>> Total(3.0).joined([Total(1.0)])
        4.0
    """

    def __getnewargs__(self) -> tuple[float]:
        return (float(self),)  # for copies

    def joined(self, others: Sequence[Self]) -> Total:
        return Total(sum(map(float, others), float(self)))

    def scaled(self, factor: float) -> Total:
        return Total(float(self) * factor)


class Sum(Joinable):
    """A sum of several numbers over the same part of the data, each of which is joined by itself.

    Example:
        >>> here, there = Mean(3.0, over=4) + 2 * Mean(1.0, over=1), Mean(1.0, over=1) + 2 * Mean(6.0, over=2)
        >>> here, here.joined([there])
        (2.75, 5.466666666666667)
    """

    def __new__(cls, terms: Sequence[Joinable]) -> Self:
        number = super().__new__(cls, sum(map(float, terms)))
        number.terms, number.needs_all = tuple(terms), any(term.needs_all for term in terms)
        return number

    terms: tuple[Joinable, ...]

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.terms,)  # for copies

    def joined(self, others: Sequence[Self]) -> Sum:
        each = zip(self.terms, *(other.terms for other in others), strict=True)
        return Sum([first.joined(rest) for first, *rest in each])

    def scaled(self, factor: float) -> Any:
        return sum(term.scaled(factor) for term in self.terms)


class OfAll(Joinable):
    """A number that does not follow from those over the parts, and so keeps what it was computed from."""

    needs_all = True
    function: Callable[..., float]
    arrays: tuple[np.ndarray, ...]

    def __new__(cls, value: Any, function: Callable[..., float], *arrays: np.ndarray) -> Self:
        number = super().__new__(cls, value)
        number.function, number.arrays = function, arrays
        return number

    def __getnewargs__(self) -> tuple[Any, ...]:
        return float(self), self.function, *self.arrays

    def joined(self, others: Sequence[Self]) -> OfAll:
        arrays = [np.concatenate(parts) for parts in zip(self.arrays, *(other.arrays for other in others), strict=True)]
        return OfAll(self.function(*arrays), self.function, *arrays)


def of_all(value: Any, function: Callable[..., float], *arrays: np.ndarray) -> float:
    """A number that is function(*arrays): within `keeping_data` one that can be joined, elsewhere a plain float.

    A list of numbers should not keep alive the data of each.

    Example:
        >>> type(of_all(4.0, np.max, np.arange(5.0)))
        <class 'float'>
        >>> with keeping_data():
        ...     of_all(4.0, np.max, np.arange(5.0)).joined([of_all(7.0, np.max, np.arange(8.0))])
        7.0
    """
    return OfAll(value, function, *arrays) if _keeping_data.get() else float(value)


@contextmanager
def keeping_data() -> Iterator[None]:
    """Within this block, numbers that need all data at once keep their part of them, so that they can be joined."""
    before = _keeping_data.set(True)
    try:
        yield
    finally:
        _keeping_data.reset(before)


def reduced(total: Any, count: Any, reduction: str) -> Joinable:
    """The sum of some losses, or for reduction="mean" their mean; the mean of no losses is 0.

    Example:
        >>> reduced(3.0, 4, "mean"), reduced(3.0, 4, "sum"), reduced(0.0, 0, "mean")
        (0.75, 3.0, 0.0)
    """
    return Mean(float(total), float(count), of_nothing=0.0) if reduction == "mean" else Total(total)
