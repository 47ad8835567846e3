"""Comparisons, truth values, which are 1 and 0 here, and the choice between two arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.exchange.onnx.read.file import Node
from tinynet.exchange.onnx.read.nodes.activations import decimal, number
from tinynet.exchange.onnx.read.reader import Reader, Value, afford
from tinynet.net.operations import Choose, Clip, Combine, Compare


def compare(comparison: str) -> Callable[[Reader, Node], None]:
    """1 where a comparison holds, else 0."""

    def read(reader: Reader, node: Node) -> None:
        if comparison == "greater" and _is_of_softplus(reader, node):
            reader.values[node.outputs[0]] = Value((np.array(False), np.array(False)), known=True)
            return
        afford(*np.broadcast_shapes(reader.shape(node, 0), reader.shape(node, 1)))
        reader.add(Compare(comparison), [reader.data(node, 0), reader.data(node, 1)], [node.outputs[0]])
        reader.truths.add(node.outputs[0])

    return read


def _is_of_softplus(reader: Reader, node: Node) -> bool:
    """Whether PyTorch writes a softplus so, which gives x itself where x > 20: there both are equal."""
    least, by_name = reader.value(node, 1), {name: other for other in reader.doc.nodes for name in other.outputs}
    readers = [other for other in reader.doc.nodes if node.outputs[0] in other.inputs]
    softened = [by_name.get(other.inputs[-1]) for other in readers if other.op == "Where"]
    ops = {other.op for other in softened if other is not None}
    found = ops == {"Softplus"} and len(softened) == len(readers)
    return found and least is not None and least.known and bool(np.min(least.runs[0]) >= 20)


def negation(reader: Reader, node: Node) -> None:
    """1 where x is 0, and 0 where it is 1."""
    x = reader.data(node)
    reader.add(Compare("equal"), [x, number(reader, x, 0.0)], [node.outputs[0]])
    reader.truths.add(node.outputs[0])


def both(operation: str) -> Callable[[Reader, Node], None]:
    """And is the product of two truth values, Or the greater one."""

    def read(reader: Reader, node: Node) -> None:
        a, b = (_as_numbers(reader, node, index) for index in (0, 1))
        reader.add(Combine(operation), [a, b], [node.outputs[0]])
        reader.truths.add(node.outputs[0])

    return read


def _as_numbers(reader: Reader, node: Node, index: int) -> str:
    """A truth value as 1 and 0, also where it is a constant of the file."""
    value = reader.values[node.inputs[index]]
    if not value.known:
        return node.inputs[index]
    name = reader.fresh()
    reader.values[name] = Value((_floats(value.runs[0]), _floats(value.runs[1])), known=True)
    return reader.readable(name)


def _floats(x: object) -> np.ndarray:
    return np.asarray(x).astype(np.float32)


def where(reader: Reader, node: Node) -> None:
    condition = reader.values[node.inputs[0]]
    if condition.known and not np.any(condition.runs[0]) and condition.shapes[0] == ():
        reader.alias(node.outputs[0], node.inputs[2])
        return
    afford(*np.broadcast_shapes(*[reader.shape(node, index) for index in range(3)]))
    reader.add(Choose(), [reader.data(node, index) for index in range(3)], [node.outputs[0]])


def extreme(operation: str) -> Callable[[Reader, Node], None]:
    """Max or Min of several; with a single number it is a range that is open to one side."""

    def read(reader: Reader, node: Node) -> None:
        numbers = [name for name in node.inputs if _is_number(reader.values[name])]
        others = [name for name in node.inputs if name not in numbers]
        x, gives = reader.readable(others[0]), node.outputs[0]
        for at, name in enumerate([*others[1:], *numbers]):
            given = gives if at == len(node.inputs) - 2 else reader.fresh()
            if name in numbers and reader.values[name].ndim <= reader.values[x].ndim:
                bound = decimal(reader.values[name].runs[0])
                reader.add(Clip(**{"low" if operation == "maximum" else "high": bound}), [x], [given])
            else:
                reader.add(Combine(operation), [x, reader.readable(name)], [given])
            x = given
        if len(node.inputs) == 1:
            reader.alias(gives, node.inputs[0])

    return read


def _is_number(value: Value) -> bool:
    return value.known and np.size(value.runs[0]) == 1


HANDLERS = {
    "And": both("multiply"),
    "Equal": compare("equal"),
    "Greater": compare("greater"),
    "GreaterOrEqual": compare("greater_equal"),
    "Less": compare("less"),
    "LessOrEqual": compare("less_equal"),
    "Max": extreme("maximum"),
    "Min": extreme("minimum"),
    "Not": negation,
    "Or": both("maximum"),
    "Where": where,
}
