"""One row of the catalogue of bad input."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.net import Net


class Case(NamedTuple):
    """What is done wrong, what happens, and a pattern that finds who complains, what was expected and what came."""

    name: str
    call: Callable[..., Any]
    kind: type[Exception]
    words: str


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def net() -> Net:
    return Net([Linear(2, 3)])


def points(n: int = 8) -> Dataset:
    return Dataset(ones(n, 2), np.zeros(n, int))


def forwarded() -> Net:
    """A net after a forward of four rows."""
    done = net()
    done.forward(ones(4, 2))
    return done
