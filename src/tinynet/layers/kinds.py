"""Of which kind a class is, and whether a tuple holds only numbers: remembered, for it is asked at every step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Kinds(dict[type, type | None]):
    """For each class the first of a few that it is derived from, or None.

    A search through the attributes of many layers asks it for each, and an abstract class answers `issubclass` slowly.

    Args:
        kinds: The classes that are looked for.

    Example:
        >>> kinds = Kinds(int, str)
        >>> kinds[bool], kinds[float]
        (<class 'int'>, None)
    """

    def __init__(self, *kinds: type) -> None:
        self.kinds = kinds

    def __missing__(self, of: type) -> type | None:
        self[of] = next((kind for kind in self.kinds if issubclass(of, kind)), None)
        return self[of]


def items(holder: dict | list | tuple, kind: type | None) -> Iterable[tuple[Any, Any]]:
    """The keys or numbers and the items of a dict, list or tuple, but none of a tuple with only numbers.

    Example:
        >>> list(items(["a", "b"], list)), list(items((1, 2), tuple))
        ([(0, 'a'), (1, 'b')], [])
    """
    if kind is dict:
        return holder.items()  # type: ignore[union-attr]  # it is one
    return () if kind is tuple and only_numbers(holder) else enumerate(holder)  # type: ignore[arg-type]


_of_numbers: set[tuple] = set()


def only_numbers(values: tuple) -> bool:
    """Whether a tuple holds numbers and tuples of numbers and nothing else, as the strides and sizes of a layer do.

    Example:
        >>> only_numbers(((1, 1), 2.0)), only_numbers((1, "two")), only_numbers(([1],))
        (True, False, False)
    """
    try:
        if values in _of_numbers:
            return True
    except TypeError:  # a list or an array inside
        return False
    if not all(only_numbers(value) if type(value) is tuple else type(value) in (int, float, bool) for value in values):
        return False
    if len(_of_numbers) < 1000:
        _of_numbers.add(values)
    return True
