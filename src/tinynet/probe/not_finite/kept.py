"""Run something, and leave no trace of it in nets and optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinynet.core import Parameter
from tinynet.core.streams import place_kept
from tinynet.layers import Layer
from tinynet.optimizers import Optimizer


@contextmanager
def kept(*owners: Layer | Optimizer | Parameter | None) -> Iterator[None]:
    """Whatever happens in this block, these layers, their parameters and optimizers are afterwards as they were.

    That holds for every number: weights, gradients, statistics, slots, counters of a layer of one's own, and the random
    streams. Arrays stay the same objects. What a layer remembers for `backward` is put back, but not copied.

    Example:
        >>> from tinynet.layers import BatchNorm1D
        >>> norm = BatchNorm1D(2)
        >>> with kept(norm):
        ...     y = norm.forward(np.array([[1.0, 2.0], [3.0, 5.0]]))
        >>> norm.running_mean, int(norm.num_batches_tracked)
        (array([0., 0.], dtype=float32), 0)
    """
    put_back = snapshot(*owners)
    with place_kept():
        try:
            yield
        finally:
            put_back()


def snapshot(*owners: Layer | Optimizer | Parameter | None) -> Callable[[], None]:
    """Copy every number of some layers, parameters and optimizers; the result, when called, puts them back.

    Example:
        >>> weight = Parameter(np.ones(1))
        >>> put_back = snapshot(weight)
        >>> weight.tensor = [5.0]
        >>> put_back(); weight.tensor
        array([1.], dtype=float32)
    """
    seen: set[int] = set()
    undo = [step for owner in owners for step in _undo(owner, seen)]

    def put_back() -> None:
        for step in undo:
            step()

    return put_back


def _undo(value: Any, seen: set[int]) -> Iterator[Callable[[], None]]:
    """What puts a value back as it is now, and all that is in it."""
    if value is None or isinstance(value, (bool, int, float, str)) or id(value) in seen:
        return
    seen.add(id(value))
    inside: list[Any] = []
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biufc" and value.flags.writeable:
            yield _put_array(value, value.copy())
    elif isinstance(value, np.random.Generator):
        yield _put_generator(value, value.bit_generator.state)
    elif isinstance(value, (Layer, Optimizer, Parameter)):
        attributes = vars(value)
        yield _put_dict(attributes, attributes.copy())
        inside = [part for name, part in attributes.items() if name not in ("_memory", "arguments")]
    elif isinstance(value, dict):
        yield _put_dict(value, value.copy())
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        yield _put_list(value, value.copy())
        inside = value
    elif isinstance(value, tuple):
        inside = list(value)
    for part in inside:
        yield from _undo(part, seen)


def _put_array(array: np.ndarray, before: np.ndarray) -> Callable[[], None]:
    return lambda: np.copyto(array, before)


def _put_generator(generator: np.random.Generator, state: Any) -> Callable[[], None]:
    def put() -> None:
        generator.bit_generator.state = state

    return put


def _put_dict(values: dict[Any, Any], before: dict[Any, Any]) -> Callable[[], None]:
    def put() -> None:
        values.clear()
        values.update(before)

    return put


def _put_list(values: list[Any], before: list[Any]) -> Callable[[], None]:
    def put() -> None:
        values[:] = before

    return put
