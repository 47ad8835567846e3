"""Who serves what: notes of which replacements run, and which decline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from tinynet.core.faster import TABLES, in_use, load_engine

Entry = Callable[..., Any]


class Call(NamedTuple):
    """One call of something that may be replaced."""

    entry: Entry
    route: str  #: By which of several routes it was served; empty if there is but one.
    served: bool


@contextmanager
def noted() -> Iterator[list[Call]]:
    """Within this block, a list that grows by each call of a replacement.

    Example:
        >>> from tinynet.layers import Linear
        >>> import numpy as np
        >>> with noted() as calls:
        ...     y = Linear(2, 3).forward(np.ones((1, 2), np.float32))
        >>> all(call.served for call in calls if call.entry is Linear.forward)
        True
    """
    load_engine()
    calls: list[Call] = []
    table = TABLES["compiled" if in_use() == "auto" else in_use()]
    before = dict(table)
    table.update({entry: _noting(entry, replacement, calls) for entry, replacement in before.items()})
    try:
        yield calls
    finally:
        table.update(before)


def has_engine() -> bool:
    """Whether there is an engine.

    Example:
        >>> has_engine() in (True, False)
        True
    """
    return find_spec("tinynet.engine") is not None


def by(calls: list[Call]) -> str:
    """In a word or two what served the calls: a table by its name, with the routes, or the lesson, which is "plain"."""
    served = [
        call for call in calls if call.served and call.entry.__qualname__.partition(".")[0] not in ("Layer", "Net")
    ]
    if not served:
        return "plain"
    routes = list(dict.fromkeys(call.route for call in served if call.route))
    name = "loops" if in_use() == "loops" else "compiled"
    return f"{name}: {', '.join(routes)}" if routes else name


def _noting(entry: Entry, replacement: Callable[..., Any], calls: list[Call]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        place = len(calls)
        result = replacement(*arguments, **options)
        served = result is not NotImplemented
        calls.insert(place, Call(entry, _route(entry, arguments) if served else "", served))
        return result

    return call


def _route(entry: Entry, arguments: tuple) -> str:
    routes = import_module("tinynet.engine.tables").ROUTES
    return str(routes[entry](*arguments)) if entry in routes and in_use() != "loops" else ""
