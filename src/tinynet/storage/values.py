"""Plain values with arrays among them, as JSON beside a safetensors file; never a pickle.

JSON knows no tuples, no keys but strings and no arrays. So a tuple becomes {"$tuple": […]}, a dict with other keys
{"$dict": [[key, value], …]}, and an array {"$array": "its name in the file"}.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core.checks.words import fail
from tinynet.storage.tensors import DTYPES, Arrays

MARK = "$"


def packed(who: str, value: Any, arrays: Arrays, place: str) -> Any:
    """What JSON can hold of a value; its arrays go into `arrays`, each under its place in the value.

    Args:
        who: The name that errors speak in.
        value: Numbers, texts, None, arrays, and lists, tuples and dicts of them.
        arrays: Where the arrays go.
        place: The name of the value itself.

    Raises:
        TypeError: Something else is in it.

    Example:
        >>> arrays = {}
        >>> packed("save", {"best": 0.5, "weights": [np.ones(2)]}, arrays, "keep"), list(arrays)
        ({'best': 0.5, 'weights': [{'$array': 'keep.weights.0'}]}, ['keep.weights.0'])
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return _packed_array(who, value, arrays, place)
    if isinstance(value, float):  # one that knows what it is a mean over
        return float(value)
    if isinstance(value, (list, tuple)):
        items = [packed(who, item, arrays, f"{place}.{index}") for index, item in enumerate(value)]
        return items if isinstance(value, list) else {f"{MARK}tuple": items}
    if isinstance(value, dict):
        pairs = [(key, packed(who, item, arrays, f"{place}.{key}")) for key, item in value.items()]
        if all(isinstance(key, str) and not key.startswith(MARK) for key in value):
            return dict(pairs)
        return {f"{MARK}dict": [[packed(who, key, arrays, f"{place}.key"), item] for key, item in pairs]}
    fail(who, f"{place} is a {type(value).__name__}, which cannot be stored.", kind=TypeError)


def unpacked(value: Any, arrays: Arrays) -> Any:
    """The value that `packed` was given.

    Raises:
        ValueError: It is not what `packed` gives, or names an array that is not there.

    Example:
        >>> arrays = {}
        >>> unpacked(packed("save", {1: (np.arange(3), 2.5)}, arrays, "state"), arrays)
        {1: (array([0, 1, 2]), 2.5)}
    """
    if isinstance(value, list):
        return [unpacked(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    mark = next(iter(value)) if len(value) == 1 else ""
    if not mark.startswith(MARK):
        return {key: unpacked(item, arrays) for key, item in value.items()}
    inside = value[mark]
    if mark in ("$array", "$number") and isinstance(inside, str) and inside in arrays:
        return arrays[inside] if mark == "$array" else arrays[inside][()]
    if mark == "$tuple" and isinstance(inside, list):
        return tuple(unpacked(item, arrays) for item in inside)
    if mark == "$dict" and isinstance(inside, list) and all(isinstance(p, list) and len(p) == 2 for p in inside):
        return {unpacked(key, arrays): unpacked(item, arrays) for key, item in inside}
    raise ValueError(f"it holds {mark} with {str(inside)[:50]}.")


def is_storable(value: Any) -> bool:
    """Whether `packed` takes a value.

    Example:
        >>> is_storable([1, (2.5, np.ones(3))]), is_storable(print)
        (True, False)
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.name in DTYPES.values()
    if isinstance(value, (list, tuple)):
        return all(map(is_storable, value))
    if isinstance(value, dict):
        return all(is_storable(key) and is_storable(item) for key, item in value.items())
    return value is None or type(value) in (bool, int, str) or isinstance(value, float)


def _packed_array(who: str, value: Any, arrays: Arrays, place: str) -> dict[str, str]:
    if not is_storable(value):
        fail(who, f"{place} holds {value.dtype}, which cannot be stored.", kind=TypeError)
    name = place
    while name in arrays:  # {"a.b": …, "a": {"b": …}}
        name += "'"
    arrays[name] = np.asarray(value)
    return {f"{MARK}array" if isinstance(value, np.ndarray) else f"{MARK}number": name}
