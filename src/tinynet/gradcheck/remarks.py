"""What is no error, but most likely a mistake: a plain array that looks like a weight, and will never learn."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinynet.core import generator_states, set_generator_states
from tinynet.gradcheck.subject import Subject, is_floating
from tinynet.layers import Layer


def plain_weights(subject: Subject) -> tuple[str, ...]:
    """A remark for each array of a layer that looks like a weight and is none.

    It is one of floating-point numbers, its shape is made of sizes that the layer was built with or passes on, and
    `forward` uses it. Running statistics and remembered values are left out, because a forward in training replaces
    them; so are arrays that the caller handed in, and those whose name begins with an underscore.
    """
    return tuple(
        _remark(f"{path}.{where}" if path else where, where, array)
        for path, inner in subject.layer.layers_inside()
        for where, array in _plain_arrays(inner)
        if set(array.shape) <= _sizes(subject, inner) and _is_used(subject, path, where)
    )


def _remark(whole: str, where: str, array: np.ndarray) -> str:
    shape = "×".join(map(str, array.shape))
    return (
        f"{whole} is a plain array of {shape} numbers that forward uses, so no optimizer will ever change it. If it is "
        f"a weight, write Parameter(...); if it stays fixed on purpose, call it _{where.partition('[')[0]}."
    )


def _plain_arrays(layer: Layer) -> Iterator[tuple[str, np.ndarray]]:
    """The floating arrays of a layer by name, as in "W" or "weights[0]", without those given to its constructor."""
    given = [value for value in layer.arguments.values() if isinstance(value, np.ndarray)]
    for name, value in layer.attributes().items():
        parts = {name: value}
        if isinstance(value, (list, tuple)):
            parts = {f"{name}[{index}]": part for index, part in enumerate(value)}
        elif isinstance(value, dict):
            parts = {f"{name}[{key!r}]": part for key, part in value.items()}
        for where, array in parts.items():
            known = any(np.array_equal(array, one) for one in given) if is_floating(array) else True
            if not known and array.size > 1 and not name.startswith("_"):
                yield where, array


def _sizes(subject: Subject, layer: Layer) -> set[int]:
    """The numbers that a weight of this layer may have along an axis."""
    seen: set[int] = {1}
    for value in layer.arguments.values():
        parts = value if isinstance(value, (tuple, list)) else (value,)
        seen |= {int(part) for part in parts if isinstance(part, (int, np.integer)) and not isinstance(part, bool)}
    for array in (*subject.inputs, *subject.forward()):
        seen |= set(np.shape(array)[1:])
    return seen


def _is_used(subject: Subject, path: str, where: str) -> bool:
    """Whether another array in its place changes the output, and no forward replaces it."""
    before, _ = _run(subject, path, where, 0.0)
    after, replaced = _run(subject, path, where, 1.0)
    return not replaced and not all(map(np.array_equal, before, after))


def _run(subject: Subject, path: str, where: str, moved: float) -> tuple[tuple[Any, ...], bool]:
    """The outputs of a copy in which an array was moved, and whether forward has put another in its place."""
    layer = copy.deepcopy(subject.layer)
    inner = dict(layer.layers_inside())[path]
    array = dict(_plain_arrays(inner))[where]
    array += moved
    kept, streams = array.copy(), generator_states()
    try:
        y = layer.forward(*subject.inputs)
    finally:
        set_generator_states(streams)
    now = dict(_plain_arrays(inner)).get(where)
    return (y if isinstance(y, tuple) else (y,)), now is None or not np.array_equal(now, kept)
