"""Find the structure of a list of steps: stacks, residuals and concatenations; a Graph for what is none of these."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from tinynet.exchange.onnx.read.reader import Reader
from tinynet.layers import Layer
from tinynet.net import Concat, Graph, Named, Net, Residual
from tinynet.net.operations import Combine, Join


@dataclass
class Item:
    """A layer, and the paths of the modules around it."""

    layer: Layer
    scopes: list[str]


@dataclass
class Piece:
    """Layers one after the other, what the first reads and what the last gives."""

    items: list[Item]
    reads: list[str]
    gives: list[str]


def structured(reader: Reader) -> Net:
    """The net that the steps of a reader form."""
    pieces = [Piece([Item(step.layer, step.scopes)], step.reads, step.gives) for step in reader.steps]
    own = {*reader.weights, *reader.constants}
    outputs = reader.doc.outputs
    while _in_series(pieces, outputs) or _in_parallel(reader, pieces, own):
        pass
    inputs = list(reader.doc.inputs)
    if len(pieces) == 1 and pieces[0].reads == inputs and pieces[0].gives == outputs:
        return stacked(pieces[0].items)
    return Net([_graph(reader, pieces, inputs)])


def _in_series(pieces: list[Piece], outputs: list[str]) -> bool:
    """Join two pieces of which one reads only the other, which nobody else reads; whether there were such."""
    uses = _uses(pieces, outputs)
    for second in pieces:
        first = _giver(pieces, second.reads[0], uses, outputs) if len(second.reads) == 1 else None
        if first is not None and len(first.reads) == 1 and first is not second:
            second.items, second.reads = first.items + second.items, first.reads
            pieces.remove(first)
            return True
    return False


def _in_parallel(reader: Reader, pieces: list[Piece], own: set[str]) -> bool:
    """Make a Residual or a Concat of branches that start from one value and meet again; whether there were such."""
    uses = _uses(pieces, reader.doc.outputs)
    for join in pieces:
        layer = join.items[0].layer
        is_sum = isinstance(layer, Combine) and layer.operation == "add"
        if len(join.items) > 1 or not (isinstance(layer, Join) or (is_sum and not _repeats(reader, join))):
            continue
        branches = _branches(pieces, join, uses, reader.doc.outputs)
        if branches is None or branches[0] in own:
            continue
        source, parts = branches
        if is_sum and not any(parts):
            continue  # x + x
        made = _residual(parts) if is_sum else _concat(parts, layer)
        scopes = _common([item.scopes for part in parts for item in part] + [join.items[0].scopes])
        for part in parts:
            pieces[:] = [piece for piece in pieces if piece.items is not part]
        join.items, join.reads = [Item(made, scopes)], [source]
        return True
    return False


def _repeats(reader: Reader, join: Piece) -> bool:
    """Whether a sum repeats one of its arrays along an axis, which a Residual does not."""
    return len({reader.values[name].shapes for name in join.reads}) > 1


def _branches(
    pieces: list[Piece], join: Piece, uses: Counter[str], outputs: list[str]
) -> tuple[str, list[list[Item]]] | None:
    """The value that all branches of a join start from, and their layers; an empty list for the value itself."""
    givers = [_giver(pieces, name, uses, outputs) for name in join.reads]
    both = list(zip(join.reads, givers, strict=True))
    sources = [{name} | ({giver.reads[0]} if giver and len(giver.reads) == 1 else set()) for name, giver in both]
    common = set.intersection(*sources)
    if len(common) != 1:
        return None
    source = common.pop()
    parts = [giver.items if giver and name != source else [] for name, giver in both]
    return source, parts


def _residual(parts: list[list[Item]]) -> Residual:
    body, shortcut = sorted(parts, key=len, reverse=True)
    return Residual(stacked(body), stacked(shortcut) if shortcut else None)


def _concat(parts: list[list[Item]], join: Any) -> Concat:
    return Concat([stacked(part) if part else [] for part in parts], join.axis)


def _giver(pieces: list[Piece], name: str, uses: Counter[str], outputs: list[str]) -> Piece | None:
    """The piece that gives a value which only one other reads."""
    if uses[name] != 1 or name in outputs:
        return None
    return next((piece for piece in pieces if piece.gives == [name]), None)


def _uses(pieces: list[Piece], outputs: list[str]) -> Counter[str]:
    return Counter(name for piece in pieces for name in piece.reads) + Counter(outputs)


def stacked(items: list[Item]) -> Net:
    """A net of layers, nested and named as the modules that they come from; numbered if these have no names."""
    depth = len(_common([item.scopes for item in items]))
    depth -= any(len(item.scopes) == depth for item in items) and depth > 0
    if not any(len(item.scopes) > depth for item in items):
        return Net([item.layer for item in items])
    layers = _nested(items, depth)
    return Net(list(layers.values())) if list(layers) == [str(i) for i in range(len(layers))] else Named(layers)


def _nested(items: list[Item], depth: int) -> dict[str, Layer]:
    layers: dict[str, Layer] = {}
    groups: list[list[Item]] = []
    for item in items:
        path = item.scopes[depth] if len(item.scopes) > depth else None
        before = groups[-1][0].scopes[depth : depth + 1] if groups else []
        if path is not None and before == [path]:
            groups[-1].append(item)
        else:
            groups.append([item])
    for group in groups:
        scopes = group[0].scopes
        name = _last(scopes[depth], scopes[depth - 1] if depth else "") if len(scopes) > depth else ""
        name = name or type(group[0].layer).__name__.lower()
        alone = len(group) == 1 and len(scopes) <= depth + 1
        layer = group[0].layer if alone else stacked_below(group, depth + 1)
        layers[_free(name, layers)] = layer
    return layers


def stacked_below(items: list[Item], depth: int) -> Layer:
    """The layers of one module; the layer itself if it is all that the module has."""
    layers = _nested(items, depth)
    if len(layers) == 1:
        return next(iter(layers.values()))
    numbered = list(layers) == [str(i) for i in range(len(layers))]
    return Net(list(layers.values())) if numbered else Named(layers)


def _graph(reader: Reader, pieces: list[Piece], inputs: list[str]) -> Graph:
    """What is neither a stack nor made of branches, step by step."""
    names = {name: name for name in (*reader.weights, *reader.constants)}
    for name in inputs:
        names[name] = _free(_plain(name), set(names.values()))
    taken = set(names.values())
    steps = []
    for piece in pieces:
        step = _step_name(piece, taken)
        taken.add(step)
        for index, name in enumerate(piece.gives):
            names[name] = f"{step}_{'yhc'[index]}" if len(piece.gives) > 1 else f"{step}_y"
        layer = piece.items[0].layer if len(piece.items) == 1 else stacked(piece.items)
        steps.append((step, layer, [names[name] for name in piece.reads], [names[name] for name in piece.gives]))
    read = {name for _, _, reads, _ in steps for name in reads} | set(reader.doc.outputs)
    weights = {name: array for name, array in reader.weights.items() if name in read}
    constants = {name: array for name, array in reader.constants.items() if name in read}
    graph = Graph(
        [names[name] for name in inputs],
        steps,
        [names[name] for name in reader.doc.outputs],
        {name: array.shape for name, array in weights.items()},
        {name: (array.shape, array.dtype.name) for name, array in constants.items()},
    )
    for name, array in weights.items():
        graph.weights[name].astype(array.dtype)
        graph.weights[name].tensor = array
    for name, array in constants.items():
        setattr(graph, name, array.copy())
    return graph


def _step_name(piece: Piece, taken: set[str]) -> str:
    path = _common([item.scopes for item in piece.items])
    return _free(_plain(path[-1]) if path else type(piece.items[-1].layer).__name__.lower(), taken)


def _common(scopes: list[list[str]]) -> list[str]:
    """The paths that all have in common at their beginning."""
    found: list[str] = []
    for paths in zip(*scopes, strict=False):
        if len(set(paths)) > 1:
            break
        found.append(paths[0])
    return found


def _last(path: str, parent: str) -> str:
    """The name of a module in the one around it."""
    own = path.removeprefix(f"{parent}.") if parent else path
    return own.replace(".", "_")


def _plain(name: str) -> str:
    """A name that can be an attribute and part of a path."""
    plain = re.sub(r"\W+", "_", name).strip("_") or "x"
    return f"n{plain}" if plain[0].isdigit() else plain


def _free(name: str, taken: Container[str]) -> str:
    """The name, with a number after it if it is taken."""
    while name in taken:
        name = _next(name)
    return name


def _next(name: str) -> str:
    """The name with a number after it, or with the next number."""
    stem, _, number = name.rpartition("_")
    return f"{stem}_{int(number) + 1}" if stem and number.isdigit() else f"{name}_2"
