"""Memory that is computed only when it is read.

A lesson remembers every array that its formula names. Where a replacement can compute one of them again in less time
than it takes to write and read it, it remembers what it is computed from. Whoever reads the name, as a trace or the
backward of the lesson does, finds the array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from tinynet.layers import Layer


class Deferred:
    """A value that is computed when it is first read.

    Args:
        compute: What computes it.
        given: The arguments of `compute`.

    Example:
        >>> Deferred(sum, [1, 2]).value()
        3
    """

    _nothing = object()

    def __init__(self, compute: Callable[..., Any], *given: Any) -> None:
        self.compute, self.given = compute, given
        self._value: Any = self._nothing

    def value(self) -> Any:
        """The value, which is the same object each time."""
        if self._value is self._nothing:
            self._value = self.compute(*self.given)
        return self._value

    def __repr__(self) -> str:
        return repr(self.value())


def remember(layer: Layer, **values: Any) -> None:
    """Keep values under their names, as `layer.remember` does; one that is `Deferred` is computed where it is read.

    Example:
        >>> from tinynet.layers import ReLU
        >>> layer = ReLU(); remember(layer, y=Deferred(sum, [1, 2]))
        >>> layer.recall().y, *layer.recall()
        (3, 3)
    """
    layer.remember(**values)
    memory = layer.recall()
    kind: Any = type(memory)
    layer._memory = _with_deferred(kind)(*memory)


def given_for(layer: Layer, name: str) -> Any:
    """What a remembered value is computed from, or None if the value itself is remembered.

    Example:
        >>> from tinynet.layers import ReLU
        >>> layer = ReLU(); remember(layer, y=Deferred(sum, [1, 2]))
        >>> given_for(layer, "y")
        ([1, 2],)
    """
    memory = layer.recall()
    kept = tuple.__getitem__(memory, memory._fields.index(name))
    return kept.given if isinstance(kept, Deferred) else None


@cache
def _with_deferred(memory: Any) -> Any:
    """A subclass of a memory with the same names, in which deferred values are computed where they are read."""
    readers = {name: property(partial(_field, index)) for index, name in enumerate(memory._fields)}
    return type("Memory", (memory,), {"__slots__": (), "__iter__": _iterate, "__getitem__": _item, **readers})


def _iterate(memory: Any) -> Iterator[Any]:
    return map(_read, tuple.__iter__(memory))


def _item(memory: Any, index: Any) -> Any:
    found = tuple.__getitem__(memory, index)
    return tuple(map(_read, found)) if isinstance(index, slice) else _read(found)


def _field(index: int, memory: Any) -> Any:
    return _read(tuple.__getitem__(memory, index))


def _read(value: Any) -> Any:
    return value.value() if isinstance(value, Deferred) else value
