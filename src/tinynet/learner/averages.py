"""Numbers over batches, joined to the numbers over all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.joinable import Joinable, Mean, OfAll, Sum, Total
from tinynet.metrics.counts import Counts, Share
from tinynet.metrics.overlap import of_both, of_either, of_guessed, of_true
from tinynet.metrics.perplexity import Perplexity
from tinynet.metrics.ranking import average_precision, roc_auc
from tinynet.metrics.regression import r2_score


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

    def state(self) -> dict[str, Any]:
        """The numbers so far, as plain values and arrays.

        Raises:
            TypeError: One is of a class of your own, which cannot be made again from plain values.

        Example:
            >>> averages = Averages()
            >>> averages.add(30, loss=1.0)
            >>> averages.state()
            {'loss': [{'kind': 'Mean', 'of': [30.0, 30, nan]}]}
            >>> again = Averages()
            >>> again.load_state(averages.state()); again.add(10, loss=2.0); again.means()
            {'loss': 1.25}
        """
        return {name: [_plain(name, number) for number in parts] for name, parts in self._parts.items()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave.

        Raises:
            TypeError: It holds something else than numbers that can be joined.
        """
        parts_of = {name: [_made(plain) for plain in parts] for name, parts in state.items()}
        for name, parts in parts_of.items():
            for number in parts or [None]:
                checks.instance("Averages", f"a number of {name}", number, Joinable)
        self._parts = parts_of


#: What a number, and what it was made from, may be made of again; a file chooses nothing else.
KINDS = {kind.__name__: kind for kind in (Mean, Total, Sum, OfAll, Perplexity, Share, Counts)}
FUNCTIONS: dict[str, Any] = {
    function.__name__: function
    for function in (r2_score, roc_auc, average_precision, of_guessed, of_true, of_both, of_either)
}


def _plain(name: str, value: Any) -> Any:
    """A number as what its class is called with, in plain values; other values as they are."""
    if KINDS.get(type(value).__name__) is type(value):
        arguments = value if isinstance(value, Counts) else value.__getnewargs__()
        return {"kind": type(value).__name__, "of": [_plain(name, argument) for argument in arguments]}
    if isinstance(value, tuple):
        return tuple(_plain(name, item) for item in value)
    function = getattr(value, "__name__", "")
    if callable(value) and FUNCTIONS.get(function) is value:
        return {"function": function}
    if callable(value) or isinstance(value, Joinable):
        problem = f"{name} has numbers of a kind of your own, which a checkpoint within an epoch cannot hold."
        hint = "return a tinynet.core.Mean, or write checkpoints at the end of epochs alone."
        checks.fail("Checkpoint", problem, hint, TypeError)
    return value


def _made(plain: Any) -> Any:
    """The value that `_plain` was given."""
    if isinstance(plain, tuple):
        return tuple(map(_made, plain))
    if not isinstance(plain, dict):
        return plain
    if "function" in plain:
        return FUNCTIONS[plain["function"]]
    return KINDS[plain["kind"]](*map(_made, plain["of"]))


def _joined(parts: list[Any]) -> Joinable:
    return parts[0].joined(parts[1:]) if len(parts) > 1 else parts[0]
