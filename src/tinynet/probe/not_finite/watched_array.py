"""Arrays that notice when a number becomes NaN or infinite.

A layer, a loss or an optimizer computes on them as on any array. Each result is looked at: a number in it that is not
finite, although what it came from is finite, is a *birth*. Not every birth does harm, since a mask may hide it. So a
`Ledger` can put a 1 in place of those from some position on: the first birth without which the outcome would be finite
is the cause. This is how the search in `cause` tells causes from numbers that nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinynet.probe.not_finite.births import FROM_CONSTANT, FROM_FINITE, ways_of_birth
from tinynet.probe.not_finite.operation import Operation, cast, describe, written

Shapes = Collection[tuple[int, ...]]


class Ledger:
    """Counts births, leaves the first ones as they are, and writes 1 over the others.

    Args:
        ways: Which ways of birth count, see `births`.
        n_left: How many births are left as they are; all if None.
        n_rows: The number of samples in the batch, if the one that the last birth belongs to is looked for.
        weights: The shapes of arrays without a batch axis, those of the weights.

    Attributes:
        n_births: How many there have been.
        last_left: The operation of the last that was left, where `n_left` says which that is.
        row: The sample that it belongs to: the only one that is not finite in the first array with a batch axis.

    Example:
        >>> with Ledger(n_left=1) as ledger:
        ...     y = np.log(watched(np.array([1.0, -0.3, -0.5])))
        >>> np.asarray(y), ledger.n_births, ledger.last_left.operands
        (array([ 0., nan,  1.]), 2, (-0.3,))
    """

    def __init__(
        self, ways: Sequence[int] = (FROM_FINITE,), n_left: int | None = None, n_rows: int = 0, weights: Shapes = ()
    ) -> None:
        self.ways, self.n_left, self.n_rows, self.weights = tuple(ways), n_left, n_rows, weights
        self.n_births = 0
        self.last_left: Operation | None = None
        self.row: int | None = None

    def __enter__(self) -> Ledger:
        self._token, self._block = _ledger.set(self), ExitStack()
        self._block.enter_context(np.errstate(all="ignore"))
        self._block.enter_context(_conversions_watched())
        return self

    def __exit__(self, *error: Any) -> None:
        self._block.close()
        _ledger.reset(self._token)

    def enter(self, ways: np.ndarray | None, result: np.ndarray, words: Callable[[tuple[int, ...]], Operation]) -> None:
        """Count the births in a result, and write over those that are not left. `words` tells of one of them."""
        if ways is None:
            return
        places = np.argwhere(np.isin(ways, self.ways))
        first, self.n_births = self.n_births, self.n_births + len(places)
        if self.n_left is None:
            return
        n_left_here = max(self.n_left - first, 0)
        if 0 < n_left_here <= len(places):
            self.last_left = words(tuple(map(int, places[n_left_here - 1])))
        if n_left_here < len(places):
            result[tuple(places[n_left_here:].T)] = 1

    def follow(self, array: np.ndarray) -> None:
        """See whether an array that was computed since tells the sample."""
        if self.last_left is None or self.row is not None or array.shape in self.weights:
            return
        if array.ndim and len(array) == self.n_rows:
            bad = np.flatnonzero(~np.isfinite(array).reshape(self.n_rows, -1).all(axis=1))
            self.row = int(bad[0]) if len(bad) == 1 else None


_ledger: ContextVar[Ledger | None] = ContextVar("ledger", default=None)


@contextmanager
def _conversions_watched() -> Iterator[None]:
    """Inside this block a watched array stays one in np.asarray and its like, which make plain arrays of subclasses."""

    def through(convert: Callable) -> Callable:
        def call(x: Any, *arguments: Any, **options: Any) -> Any:
            result = convert(x, *arguments, **options)
            return watched(result) if isinstance(x, WatchedArray) else result

        return call

    plain = {name: getattr(np, name) for name in ("array", "asarray", "ascontiguousarray")}
    vars(np).update({name: through(convert) for name, convert in plain.items()})
    try:
        yield
    finally:
        vars(np).update(plain)


class WatchedArray(np.ndarray):
    """An array whose operations are entered into the ledger of the block."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.pop("out", None)
        plain = [plainly(x) for x in inputs]
        if out is not None:
            plain = [x.copy() if isinstance(x, np.ndarray) else x for x in plain]  # what is written over is still told
            options["out"] = tuple(None if each is None else plainly(each) for each in out)
        if method == "at":
            getattr(ufunc, method)(plainly(inputs[0]), *plain[1:], **options)
            return None
        options = {name: plainly(value) for name, value in options.items()}
        results = getattr(ufunc, method)(*plain, **options)
        several = isinstance(results, tuple)
        ends = [np.asarray(each) for each in (results if several else (results,))]
        for result in ends:
            _look(ufunc, method, plain, inputs, result, options)
        if out is not None:
            return out[0] if len(out) == 1 else out
        return tuple(map(watched, ends)) if several else watched(ends[0])

    def __array_function__(self, function: Callable, kinds: Any, arguments: Any, options: Any) -> Any:
        ledger = _ledger.get()
        before = 0 if ledger is None else ledger.n_births
        if hasattr(function, "_implementation"):
            result = super().__array_function__(function, (WatchedArray, np.ndarray), arguments, options)
        else:  # what makes an array "like" this one; NumPy 2.0 does not pass it on
            result = function(*arguments, **options)
        if function is np.empty_like:
            return watched(result)  # what it holds has no meaning
        inputs = list(_arrays_in((*arguments, *options.values())))
        if isinstance(result, (np.ndarray, np.floating)) and (ledger is None or ledger.n_births == before):
            found = np.array(result) if isinstance(result, np.floating) else np.require(result, requirements="W")
            _look(function, "", [plainly(x) for x in inputs], inputs, found, {})
            return watched(found)
        if isinstance(result, list):  # np.split and its like
            return [watched(each) if isinstance(each, np.ndarray) else each for each in result]
        return result

    def __getitem__(self, index: Any) -> Any:
        item = super().__getitem__(plainly(index))
        return watched(np.asarray(item)) if isinstance(item, np.floating) else item

    def __setitem__(self, index: Any, value: Any) -> None:
        ledger, plain = _ledger.get(), plainly(self)
        given = np.asarray(plainly(value))
        plain[plainly(index)] = given
        if ledger is not None and given.dtype.kind == "f":
            new = np.asarray(plain[plainly(index)])
            spread = np.broadcast_to(given, new.shape) if new.shape != given.shape else given
            is_constant = not isinstance(value, WatchedArray)
            ways = np.zeros(new.shape, np.int8)
            ways[~np.isfinite(new) & np.isfinite(spread)] = FROM_FINITE  # a number of a wider type does not fit
            if is_constant:
                ways[~np.isfinite(spread)] = FROM_CONSTANT
            if ways.any():
                new = np.array(new)
                ledger.enter(ways, new, lambda place: written(new, place) if is_constant else cast(spread, new, place))
                plain[plainly(index)] = new
            ledger.follow(plain)

    def astype(self, dtype: Any, *arguments: Any, **options: Any) -> Any:
        plain, ledger = plainly(self), _ledger.get()
        result = plain.astype(dtype, *arguments, **options)
        if ledger is not None and result.dtype.kind == "f" and plain.dtype.kind == "f" and result is not plain:
            ways = (np.isfinite(plain) & ~np.isfinite(result)).astype(np.int8)
            ledger.enter(ways if ways.any() else None, result, lambda place: cast(plain, result, place))
        return watched(result)


def watched(x: Any) -> Any:
    """An array, or each of several, that shares its numbers with x and is watched.

    Example:
        >>> type(watched(np.ones(2))).__name__, watched(None)
        ('WatchedArray', None)
    """
    if isinstance(x, np.ndarray):
        return x.view(WatchedArray) if x.dtype.kind in "fc" else x
    if type(x) in (tuple, list):
        return type(x)(map(watched, x))
    return x


def plainly(x: Any) -> Any:
    """The plain array of a watched one, also of those in a tuple or a list.

    Example:
        >>> type(plainly(watched(np.ones(2)))).__name__
        'ndarray'
    """
    if isinstance(x, WatchedArray):
        return x.view(np.ndarray)
    if type(x) in (tuple, list):
        return type(x)(map(plainly, x))
    return x


def _look(
    function: Any, method: str, plain: Sequence[Any], inputs: Sequence[Any], result: np.ndarray, options: dict[str, Any]
) -> None:
    ledger = _ledger.get()
    if ledger is None:
        return
    said = {name: options[name] for name in ("axis", "keepdims") if name in options}
    is_constant = [not isinstance(x, WatchedArray) for x in inputs]
    ways = ways_of_birth(function, method, plain, is_constant, result, **said)
    ledger.enter(ways, result, lambda place: describe(function, method, plain, result, place, **said))
    ledger.follow(result)


def _arrays_in(values: Any) -> Iterator[Any]:
    """The arrays and floating numbers among the arguments of a call."""
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _arrays_in(value)
        elif isinstance(value, (np.ndarray, float, np.floating)):
            yield value
