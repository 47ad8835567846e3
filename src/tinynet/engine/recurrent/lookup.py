"""The origin of a sequence of vectors that an embedding looked up for the recurrent layer after it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np


class Lookup(NamedTuple):
    """Vectors that were looked up."""

    x: np.ndarray  #: table[tokens], (T, N, D)
    table: np.ndarray  #: (V, D)
    tokens: np.ndarray  #: (T, N)


class _Here(threading.local):
    """The lookup that the recurrent layer in this thread reads."""

    lookup: Lookup | None = None


_here = _Here()


@contextmanager
def looked_up(table: np.ndarray, tokens: np.ndarray) -> Iterator[np.ndarray]:
    """The vectors of tokens (T, N). Within this block, `origin` knows where they come from.

    Example:
        >>> with looked_up(np.array([[1.0], [2.0]]), np.array([[1, 0, 1]])) as x:
        ...     x.ravel(), origin(x[::-1]).table.ravel(), origin(x.copy())
        (array([2., 1., 2.]), array([1., 2.]), None)
    """
    x = np.take(table, tokens, axis=0)
    _here.lookup = Lookup(x, table, tokens)
    try:
        yield x
    finally:
        _here.lookup = None


def origin(x: np.ndarray) -> Lookup | None:
    """The lookup of x, with tokens in its order, if x is the sequence that was looked up, or that reversed in time."""
    found = _here.lookup
    if found is None or not (x is found.x or x.base is found.x):
        return None
    return found._replace(x=x, tokens=found.tokens[::-1]) if x.strides[0] < 0 else found
