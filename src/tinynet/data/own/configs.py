"""Checks of the plain values that a preparation is made from again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tinynet.core.checks.words import fail

KINDS = {
    float: "a number",
    int: "a whole number",
    str: "a text",
    list: "a list",
    bool: "true or false",
    dict: "a table",
}
LARGEST = 10**8  # numbers in a sample


def values_of(thing: Any) -> dict[str, Any]:
    """The attributes of a dataclass, as plain values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(thing).items()}


def entry(config: Mapping[str, Any], name: str, kind: type) -> Any:
    """An entry of a kind.

    Raises:
        ValueError: It is missing, or of another kind.

    Example:
        >>> entry({"fraction": 0.2}, "fraction", float)
        0.2
    """
    value = config.get(name)
    if kind is float and type(value) in (int, float) and math.isfinite(value):  # type: ignore[arg-type]
        return float(value)  # type: ignore[arg-type]
    if kind is float or type(value) is not kind:
        fail("preparation", f"{name} must be {KINDS[kind]}, got {value!r}.", "train again; it was damaged.")
    return value


def names(config: Mapping[str, Any], name: str) -> list[str]:
    """A list of different texts."""
    found = entry(config, name, list)
    if not found or not all(isinstance(item, str) for item in found) or len(set(found)) < len(found):
        fail("preparation", f"{name} must be a list of different names, got {found!r}.", "train again; it was damaged.")
    return found


def class_names(who: str, value: Any) -> tuple[str, ...]:
    """Check the names of classes."""
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(name, str) for name in value):
        fail(who, f"classes must be a list of names, got {value!r}.", 'write classes=["cat", "dog"].', TypeError)
    return tuple(value)


def sizes_of(config: Mapping[str, Any], name: str, n_sizes: int) -> tuple[int, ...]:
    """The shape of a sample."""
    found = entry(config, name, list)
    if len(found) != n_sizes or not all(type(size) is int and size > 0 for size in found) or math.prod(found) > LARGEST:
        fail("preparation", f"{name} must be {n_sizes} sizes, got {found!r}.", "train again; it was damaged.")
    return tuple(found)
