"""The operation by which an outcome is not finite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.core.arrays import as_array
from tinynet.net.net import ERRORS
from tinynet.probe.not_finite.births import FROM_CONSTANT, FROM_FINITE, FROM_INFINITE
from tinynet.probe.not_finite.operation import Operation
from tinynet.probe.not_finite.watched_array import Ledger, Shapes, plainly

Outcome = list[Any]  # of arrays with a batch axis, numbers or None; arrays without a batch axis are in a list inside


@dataclass(frozen=True)
class Cause:
    """An operation, and what it spoils.

    Example:
        >>> Cause(None, [1.0]).row is None
        True
    """

    operation: Operation | None
    outcome: Outcome  #: Plain arrays: what comes out if only this operation, and those before it, are left.
    row: int | None = None  #: The sample, where an array on the way told it.


def cause_of(run: Callable[[], Outcome], n_rows: int = 0, weights: Shapes = ()) -> Cause | None:
    """The first operation that makes an outcome not finite, all others being harmless or consequences of it.

    With a 1 in place of every number that is born in the run, NaN or infinite, the outcome is finite. The cause is the
    first of those numbers that spoils it: bisection finds how many may stay. Infinities of a mask come last, since they
    are seldom a mistake.

    Args:
        run: Computes the outcome on watched arrays, the same each time.
        n_rows: The number of samples in the batch.
        weights: The shapes of the weights, which have no batch axis.

    Returns:
        The cause; None if no operation explains the outcome, as where numbers went through another library.

    Example:
        >>> from tinynet.probe.not_finite.watched_array import watched
        >>> x = np.array([4.0, -1.0, 9.0])
        >>> cause = cause_of(lambda: [np.where(x < 5, 0, np.log(watched(x) - 5)) + np.sqrt(watched(x))])
        >>> cause.operation.text
        'square root of -1 = nan'
    """
    with suppress(ERRORS):  # what runs is not ours
        for ways in ((FROM_FINITE,), (FROM_FINITE, FROM_INFINITE), (FROM_FINITE, FROM_INFINITE, FROM_CONSTANT)):
            if not is_bad(_left(run, ways, 0).outcome):
                return _first(run, ways, n_rows, weights)
    return None


def _first(run: Callable[[], Outcome], ways: Sequence[int], n_rows: int, weights: Shapes) -> Cause | None:
    with Ledger(ways) as ledger:
        if not is_bad(run()):
            return None
    finite, spoiled = 0, ledger.n_births
    while spoiled - finite > 1:
        middle = (finite + spoiled) // 2
        if is_bad(_left(run, ways, middle).outcome):
            spoiled = middle
        else:
            finite = middle
    cause = _left(run, ways, spoiled, n_rows, weights)
    return None if cause.operation is None else cause


def _left(run: Callable[[], Outcome], ways: Sequence[int], n: int, n_rows: int = 0, weights: Shapes = ()) -> Cause:
    """Run with the first n births left as they are."""
    with Ledger(ways, n, n_rows, weights) as ledger:
        outcome = [plainly(part) for part in run()]
    return Cause(ledger.last_left, outcome, ledger.row)


def bad_place(x: np.ndarray) -> tuple[int, ...]:
    """Where in an array the first NaN or infinity is.

    Example:
        >>> bad_place(np.array([[1.0, 2.0], [np.nan, np.inf]]))
        (1, 0)
    """
    return tuple(map(int, np.argwhere(~np.isfinite(x))[0]))


def is_bad(value: Any) -> bool:
    """Whether there is a NaN or an infinity in an array, in a number, or in any of several.

    Example:
        >>> is_bad(np.array([1.0, np.inf])), is_bad((1.0, None, np.array([2]))), is_bad(float("nan"))
        (True, False, True)
    """
    if value is None:
        return False
    if isinstance(value, (tuple, list)):
        return any(map(is_bad, value))
    x = as_array(plainly(value))
    return x.dtype.kind in "fc" and not np.isfinite(x).all()
