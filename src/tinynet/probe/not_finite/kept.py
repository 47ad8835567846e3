"""Run something, and leave no trace of it in nets and optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from tinynet.core import Parameter
from tinynet.core.streams import place_kept
from tinynet.layers import Layer
from tinynet.layers.layer import WATCHED
from tinynet.optimizers import Optimizer

Undo = Callable[[], Any]


@contextmanager
def kept(*owners: Any) -> Iterator[None]:
    """Whatever happens in this block, these layers, optimizers and functions are afterwards as they were.

    That holds for weights, gradients, statistics, slots, what a layer of one's own counts, what a function keeps from
    call to call, and the random streams. Arrays stay the same objects. What a layer remembers for `backward` is put
    back, but not copied.

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


def snapshot(*owners: Any) -> Undo:
    """Copy every number of some layers, optimizers and functions; the result, when called, puts them back.

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


def _undo(value: Any, seen: set[int]) -> Iterator[Undo]:
    """What puts a value back as it is now, and all that is in it."""
    if value is None or isinstance(value, (bool, int, float, str, type)) or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biufc" and value.flags.writeable:
            yield partial(np.copyto, value, value.copy())
    elif isinstance(value, np.random.Generator):
        yield partial(setattr, value.bit_generator, "state", value.bit_generator.state)
    elif isinstance(value, dict):
        yield partial(_put_dict, value, value.copy())
    elif isinstance(value, list):
        yield partial(value.__setitem__, slice(None), value.copy())
    elif isinstance(value, FunctionType):
        for cell in filter(_is_filled, value.__closure__ or ()):
            yield partial(setattr, cell, "cell_contents", cell.cell_contents)
    elif _has_state(value):
        yield partial(_put_attributes, vars(value), vars(value).copy())
    for part in _inside(value):
        yield from _undo(part, seen)


def _inside(value: Any) -> list[Any]:
    """What is in a value and can change without it."""
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, MethodType):
        return [value.__self__, value.__func__]
    if isinstance(value, partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, FunctionType):
        contents = [cell.cell_contents for cell in filter(_is_filled, value.__closure__ or ())]
        return [part for part in contents if not isinstance(part, np.ndarray)]  # a function seldom writes into one
    if not _has_state(value):
        return []
    methods = [getattr(type(value), name, None) for name in ("forward", "backward", "step", "update", "__call__")]
    return [*(part for name, part in vars(value).items() if name not in ("_memory", "arguments")), *methods]


def _has_state(value: Any) -> bool:
    """Whether a value takes part in a step, and may count or keep something in its attributes."""
    return isinstance(value, (Layer, Optimizer, Parameter)) or (callable(value) and hasattr(value, "__dict__"))


def _is_filled(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - reading it raises if it is empty
    except ValueError:
        return False
    return True


def _put_attributes(values: dict[str, Any], before: dict[str, Any]) -> None:
    """Put attributes back, but leave it to `watch` who watches."""
    watching = {name: values[name] for name in WATCHED if name in values}
    values.clear()
    values.update({name: value for name, value in before.items() if name not in WATCHED} | watching)


def _put_dict(values: dict[Any, Any], before: dict[Any, Any]) -> None:
    values.clear()
    values.update(before)
