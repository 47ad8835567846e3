"""What `tinynet kernels --for MODEL` prints: what serves each layer of a model at its shapes, and by which route."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from tinynet.cli.served import Call, by, has_engine, noted
from tinynet.core.checks.shapes import shape_text
from tinynet.core.faster import in_use, load_engine
from tinynet.layers import Embedding, Layer
from tinynet.net import Net
from tinynet.net.summary import short_repr

BATCH_SIZE = 32


class Row(NamedTuple):
    """One layer of a model."""

    path: str
    layer: str
    shape: str  #: Of the output.
    forward: str
    backward: str


def routes_table(net: Net, input_shape: Any) -> None:
    """Print a row for each layer that computes something itself."""
    table = Table("path", "layer", "output", "forward", "backward", box=None, pad_edge=False)
    for row in routes(net, input_shape):
        table.add_row(*row)
    Console().print(table)


def routes(net: Net, input_shape: Any) -> list[Row]:
    """What serves each layer in a step of training with 32 samples, of a shape as `Net.summary` takes it.

    Example:
        >>> from tinynet.layers import Linear
        >>> [(row.path, row.layer, row.shape) for row in routes(Net([Linear(3, 2)]), (3,))]
        [('0', 'Linear(3, 2)', '(32, 2)')]
    """
    tokens = isinstance(next((layer for _, layer in net.layers_inside() if not _is_composite(layer)), None), Embedding)
    shapes = [(BATCH_SIZE, *shape) for shape in (input_shape if isinstance(input_shape, list) else [input_shape])]
    rng = np.random.default_rng(0)
    x = [np.ones(shape, np.intp) if tokens else rng.normal(size=shape).astype(net.dtype) for shape in shapes]
    pairs = _pairs_that_serve(net, x)
    notes = {path: _Notes() for path, _ in net.layers_inside()}
    with noted() as calls, _attributed(net, calls, notes):
        net.backward(np.ones_like(net.forward(*x)))
    return [
        Row(path, short_repr(layer), shape_text(notes[path].shape), *_with_pair(pairs.get(id(layer), ""), notes[path]))
        for path, layer in net.layers_inside()
        if not isinstance(layer, Net) and notes[path].shape
    ]


class _Notes:
    """Which calls were made inside a layer, but in none of its inner layers."""

    def __init__(self) -> None:
        self.shape: tuple[int, ...] = ()
        self.calls: dict[str, list[Call]] = {"forward": [], "backward": []}


@contextmanager
def _attributed(net: Net, calls: list[Call], notes: dict[str, _Notes]) -> Iterator[None]:
    """Within this block, each call is noted under the innermost layer that makes it."""
    layers = list(net.layers_inside())
    for path, layer in layers:
        for name in ("forward", "backward"):
            vars(layer)[name] = _attributing(getattr(layer, name), name, notes[path], calls)
    try:
        yield
    finally:
        for _, layer in layers:
            for name in ("forward", "backward"):
                vars(layer).pop(name)


def _attributing(method: Callable[..., Any], name: str, notes: _Notes, calls: list[Call]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        outer = calls[:]
        calls.clear()
        result = method(*arguments, **options)
        notes.calls[name] += calls
        calls[:] = outer
        if name == "forward":
            notes.shape = np.shape(result[0] if isinstance(result, tuple) else result)
        return result

    return call


def _pairs_that_serve(net: Net, x: list[np.ndarray]) -> dict[int, str]:
    """By the id of each of two neighbours that work in one pass, the class of the other."""
    if not has_engine() or in_use() in ("plain", "loops"):
        return {}
    load_engine()  # The table of pairs is empty before.
    pairs = import_module("tinynet.engine.pairs")
    served: dict[int, str] = {}
    before = dict(pairs.PAIRS)
    for kinds, pair in before.items():
        pairs.PAIRS[kinds] = pair._replace(forward=_noting_pair(pair.forward, served))
    try:
        net.forward(*x)
    finally:
        pairs.PAIRS.update(before)
    return served


def _noting_pair(forward: Callable[..., Any], served: dict[int, str]) -> Callable[..., Any]:
    def call(first: Layer, second: Layer, x: Any) -> Any:
        y = forward(first, second, x)
        if y is not NotImplemented:
            served[id(first)], served[id(second)] = type(second).__name__, type(first).__name__
        return y

    return call


def _with_pair(other: str, notes: _Notes) -> tuple[str, str]:
    forward, backward = by(notes.calls["forward"]), by(notes.calls["backward"])
    return (f"{forward}, in one pass with {other}" if other else forward), backward


def _is_composite(layer: Layer) -> bool:
    return any(isinstance(part, Layer) for _, part in layer.parts())
