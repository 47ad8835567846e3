"""The layers and parameters inside a layer, found faster: every training step asks for them.

The lesson looks at every attribute of every layer. Here the answers for classes, and for tuples of numbers, are cached.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinynet import layers
from tinynet.core import Parameter
from tinynet.layers import Layer

NOT_PARTS = ("arguments", "_memory")  # attributes in which no parts are searched
_EXPORTED = [getattr(layers, name) for name in layers.__all__]
HOLD_LAYERS = (layers.MultiHeadAttention, layers.SwiGLU, layers.TransformerBlock)
#: The classes of layers that hold no others.
ALONE = frozenset(kind for kind in _EXPORTED if issubclass(kind, Layer) and kind is not Layer).difference(HOLD_LAYERS)


def every_layer(layer: Layer) -> list[Layer]:
    """The layer and all inside it, breadth first, without their paths, which would take most of the time."""
    found = [layer]
    for outer in found:  # the list grows meanwhile
        for name, value in vars(outer).copy().items():  # a copy, for another thread may train the layer meanwhile
            kind = _KINDS[value.__class__]
            if kind is not None and kind is not Parameter and name not in NOT_PARTS:
                _find_layers(value, kind, found)
    return found


def forget(layer: Layer) -> None:
    """Free the memory of a layer and of all inside it, if there can be any inside it."""
    if type(layer) in ALONE:
        layer._memory = None
    else:
        layer.forget()


def parameters(layer: Layer) -> dict[str, Parameter]:
    """Every parameter by its path. A shared one is listed under its first path."""
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
    has_own = type(layer).attributes is not Layer.attributes
    for name, value in (layer.attributes() if has_own else vars(layer).copy()).items():
        kind = _KINDS[value.__class__]
        if kind is not None and (has_own or name not in NOT_PARTS):
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
    """For each class, the first of some classes that it is derived from, or None.

    The answers are cached, because `issubclass` of an abstract class is slow.

    Args:
        kinds: The classes to look for.

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
    """The items of a dict, list or tuple with their keys or indices; none for a tuple that has only numbers.

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
