"""What a layer consists of, found faster: it is asked at every step.

Of which kind a class is, and that a tuple holds only numbers, is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinynet.core import Parameter
from tinynet.layers import Layer


def every_layer(layer: Layer) -> list[Layer]:
    """The layer and all inside it, breadth first and without their paths, which take most of the time."""
    found = [layer]
    for outer in found:  # it grows meanwhile
        for name, value in vars(outer).items():
            kind = _KINDS[value.__class__]
            if kind is not None and kind is not Parameter and name not in ("arguments", "_memory"):
                _find_layers(value, kind, found)
    return found


def parameters(layer: Layer) -> dict[str, Parameter]:
    """Every parameter by its path, one that is shared at its first."""
    found: dict[int, tuple[str, Parameter]] = {}
    _find_parameters(layer, "", found)
    return dict(found.values())


def _find_layers(value: Any, kind: type, found: list[Layer]) -> None:
    if kind is Layer:
        found.append(value)
        return
    for _, item in items(value, kind):
        inner = _KINDS[item.__class__]
        if inner is not None and inner is not Parameter:
            _find_layers(item, inner, found)


def _find_parameters(layer: Layer, path: str, found: dict[int, tuple[str, Parameter]]) -> None:
    inside: list[tuple[str, Layer]] = []  # a layer's own parameters come before those of the layers inside it
    for name, value in layer.attributes().items():
        kind = _KINDS[value.__class__]
        if kind is not None:
            _sort(f"{path}.{name}" if path and name else path or name, value, kind, found, inside)
    for at, inner in inside:
        _find_parameters(inner, at, found)


def _sort(
    path: str, value: Any, kind: type, found: dict[int, tuple[str, Parameter]], inside: list[tuple[str, Layer]]
) -> None:
    if kind is Parameter:
        found.setdefault(id(value), (path, value))
    elif kind is Layer:
        inside.append((path, value))
    else:
        for key, item in items(value, kind):
            inner = _KINDS[item.__class__]
            if inner is not None:
                _sort(f"{path}.{key}" if path else str(key), item, inner, found, inside)


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


_KINDS = Kinds(Parameter, Layer, dict, list, tuple)
