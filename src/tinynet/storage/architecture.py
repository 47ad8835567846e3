"""The architecture of a net as plain values, and the net built again from them.

A file names classes, and only classes of Tinynet or those that the caller hands over are ever built; nothing in a file
is executed. JSON knows no tuples, no layers and no keys but strings, so these are written as objects with one key.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from tinynet import layers as layer_room
from tinynet import net as net_room
from tinynet.core import Parameter, generator_states, set_generator_states
from tinynet.core.checks.words import fail
from tinynet.core.initializers import drawn_from
from tinynet.layers import Layer
from tinynet.net import operations
from tinynet.storage.budget import Budget

#: Every layer is met once by each net around it, so building takes the sum of all depths. That of a net as deep as it
#: may be fits into this, and an average depth of so much in larger ones.
MAX_STEPS, MAX_STEPS_EACH = 500_000, 30

Classes = dict[str, type[Layer]]
_signature = cache(inspect.signature)
MAX_NESTING = 350  #: Of lists and layers. Python's reader of JSON, which goes twice as deep, ends at about 1,000.


def built_in_classes() -> Classes:
    """Every layer that Tinynet exports, by its name."""
    exported = [getattr(room, name) for room in (layer_room, net_room, operations) for name in room.__all__]
    return {thing.__name__: thing for thing in exported if isinstance(thing, type) and issubclass(thing, Layer)}


def classes_inside(who: str, layer: Layer) -> Classes:
    """The classes that the configuration of a layer names."""
    found: Classes = {}
    for inner in _layers_of(layer):
        kind = type(inner)
        if found.setdefault(kind.__name__, kind) is not kind:
            problem = f"the net holds two different classes named {kind.__name__}; nothing was changed."
            fail(who, problem, "rename one of them.")
    return found


def encode(value: Any) -> Any:
    """Turn what `Layer.config` gives into values that JSON can hold."""
    if isinstance(value, dict) and set(value) == {"class", "arguments"}:
        return {"class": value["class"], "arguments": {name: encode(item) for name, item in value["arguments"].items()}}
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    return [encode(item) for item in value] if isinstance(value, list) else value


def build(encoded: Any, classes: Classes, room: int) -> Any:
    """Turn encoded values back, building each layer that they describe.

    Args:
        encoded: What `encode` gave.
        classes: The classes by their names.
        room: How many numbers the layers may hold together. Those of Tinynet stop before they take more memory.

    Raises:
        KeyError: A class is not in `classes`.
        ValueError: It is not what `encode` gives, an argument is out of range, or there is no room.
        TypeError: The arguments are not those of the class.
    """
    budget = Budget(room)
    built: dict[int, Any] = {}
    for node in reversed(_nodes(encoded)):  # a layer comes after those inside it
        parts = [built.get(id(child), child) for child in _children(node)]
        built[id(node)] = _made(node, parts, classes, budget)
    return built.get(id(encoded), encoded)


def class_names(encoded: Any) -> set[str]:
    """The names of all classes in an encoded architecture.

    Raises:
        ValueError: It is not what `encode` gives.
    """
    entries = (node["class"] for node in _nodes(encoded) if isinstance(node, dict) and "class" in node)
    return {name for name in entries if isinstance(name, str)}


@contextmanager
def streams_kept() -> Iterator[None]:
    """Put the package's random streams back, so that building a net here changes no later random number."""
    states = generator_states()
    try:
        yield
    finally:
        set_generator_states(states)


def shared_paths(layer: Layer) -> dict[str, str]:
    """From each further path of a shared parameter to its first one."""
    first: dict[int, str] = {}
    return {path: first[id(p)] for path, p in all_parameters(layer).items() if first.setdefault(id(p), path) != path}


def all_parameters(layer: Layer) -> dict[str, Parameter]:
    """Every parameter at every one of its paths; `Layer.parameters` gives only the first."""
    return {
        f"{path}.{name}" if path else name: part
        for path, inner in layer.layers_inside()
        for name, part in inner.parts()
        if isinstance(part, Parameter)
    }


def share(layer: Layer, ties: dict[str, str]) -> None:
    """Let each path on the left hold the Parameter at the path on the right.

    Raises:
        KeyError: There is no such path.
    """
    before = all_parameters(layer)
    replacements = {id(before[path]): before[first] for path, first in ties.items()}
    for _, inner in layer.layers_inside():
        vars(inner).update({name: _replaced(value, replacements) for name, value in vars(inner).items()})


def statistics(layer: Layer) -> Iterator[tuple[str, Layer, str]]:
    """Each running statistic: its path, the layer that holds it, and the name of the attribute."""
    for path, inner in layer.layers_inside():
        for name, part in inner.parts():
            if isinstance(part, np.ndarray):
                yield f"{path}.{name}" if path else name, inner, name


def _layers_of(value: Any) -> Iterator[Layer]:
    if isinstance(value, Layer):
        yield value
        yield from _layers_of(value.arguments)
    elif isinstance(value, dict):
        yield from _layers_of(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _layers_of(item)


def _nodes(encoded: Any) -> list[Any]:
    """Every list and object of an encoded architecture, parents before children; a loop, since it may nest deep."""
    nodes: list[Any] = []
    level, depth, steps = [encoded], 0, 0
    while level := [node for node in level if isinstance(node, (list, dict))]:
        nodes += level
        depth += 1
        steps += depth * len(level)
        if depth > MAX_NESTING or steps > MAX_STEPS + MAX_STEPS_EACH * len(nodes):
            raise ValueError(f"its layers are nested too deep: {depth} deep, lists included.")
        level = [child for node in level for child in _children(node)]
    return nodes


def _children(node: Any) -> list[Any]:
    """The values inside a list or an object, in their order."""
    if isinstance(node, list):
        return node
    if set(node) == {"class", "arguments"} and isinstance(node["arguments"], dict):
        return list(node["arguments"].values())
    if set(node) == {"tuple"} and isinstance(node["tuple"], list):
        return node["tuple"]
    if set(node) == {"dict"} and isinstance(node["dict"], list):
        return [item for key, value in node["dict"] for item in (key, value)]
    raise ValueError(f"the architecture holds an unknown entry {sorted(node)}.")


def _made(node: Any, parts: list[Any], classes: Classes, budget: Budget) -> Any:
    """What a list or an object stands for, given what its children stand for."""
    if isinstance(node, list):
        return parts
    if "class" in node:
        kind = classes[node["class"]]
        return _construct(kind, dict(zip(node["arguments"], parts, strict=True)), budget)
    return tuple(parts) if "tuple" in node else dict(zip(parts[::2], parts[1::2], strict=True))


def _construct(kind: type[Layer], arguments: dict[str, Any], budget: Budget) -> Layer:
    signature = _signature(kind)
    unknown = sorted(set(arguments) - set(signature.parameters))
    if unknown:
        raise TypeError(f"{kind.__name__} has no argument {', '.join(unknown)}.")
    bound = inspect.BoundArguments(signature, arguments)
    if not kind.__module__.startswith("tinynet."):
        return kind(*bound.args, **bound.kwargs)  # it may draw whatever it needs
    budget.afford(bound)
    with drawn_from(budget):
        return kind(*bound.args, **bound.kwargs)


def _replaced(value: Any, replacements: dict[int, Parameter]) -> Any:
    if isinstance(value, Parameter):
        return replacements.get(id(value), value)
    if type(value) in (list, tuple):
        return type(value)(_replaced(item, replacements) for item in value)
    if type(value) is dict:
        return {key: _replaced(item, replacements) for key, item in value.items()}
    return value
