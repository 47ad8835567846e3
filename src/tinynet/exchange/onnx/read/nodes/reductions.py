"""Sums over axes: means, maxima, lengths, and products that are summed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.folding import MAX_PRODUCTS, axes_of
from tinynet.exchange.onnx.read.nodes.activations import number
from tinynet.exchange.onnx.read.reader import Reader, afford
from tinynet.layers import AdaptiveAvgPool2D, GlobalAvgPool2D, Layer
from tinynet.net.operations import Combine, CumulativeSum, Einsum, Elementwise, Part, Power, Reduce

Build = Callable[[], Layer]


def reduce(operation: str, before: Build | None = None, after: Build | None = None) -> Callable[[Reader, Node], None]:
    """A reduction over axes, with a function before or after it; the mean of whole images is a pooling."""

    def read(reader: Reader, node: Node) -> None:
        n_axes = len(reader.shape(node))
        named = axes_of([None, reader.constant(node, 1)], node.attributes)
        if not named and node.attributes.get("noop_with_empty_axes", 0):
            if before or after or operation in ("norm", "logsumexp"):
                raise Unreadable("it names no axes, and reduces nothing.", "name the axes.")
            reader.alias(node.outputs[0], node.inputs[0])
            return
        axes = tuple(sorted(axis % n_axes for axis in named or range(n_axes)))
        keepdims = bool(node.attributes.get("keepdims", 1))
        layer: Any = Reduce(operation, axes, keepdims)
        if operation == "mean" and n_axes == 4 and axes == (2, 3):
            layer = AdaptiveAvgPool2D(1) if keepdims else GlobalAvgPool2D()
        around = [[build()] if build else [] for build in (before, after)]
        reader.through([*around[0], layer, *around[1]], reader.data(node), node.outputs[0])

    return read


def several(mean: bool) -> Callable[[Reader, Node], None]:
    """The sum or the mean of several arrays."""

    def read(reader: Reader, node: Node) -> None:
        names, gives = [reader.data(node, index) for index in range(len(node.inputs))], node.outputs[0]
        if len(names) == 1:
            reader.alias(gives, node.inputs[0])
            return
        x = names[0]
        for at, name in enumerate(names[1:], start=2):
            given = gives if at == len(names) and not mean else reader.fresh()
            reader.add(Combine("add"), [x, name], [given])
            x = given
        if mean:
            reader.add(Combine("divide"), [x, number(reader, x, float(len(names)))], [gives])

    return read


def einsum(reader: Reader, node: Node) -> None:
    """With the axes named by letters, one for each, and the result named too."""
    equation = node.attributes["equation"].replace(" ", "")
    given, arrow, result = equation.partition("->")
    shapes = [reader.shape(node, index) for index in range(len(node.inputs))]
    if "." in equation:
        equation = _spelled_out(given.split(","), result if arrow else None, shapes)
    elif not arrow:
        once = sorted(axis for axis in given if axis.isalpha() and given.count(axis) == 1)
        equation = f"{given}->{''.join(once)}"
    layer = Einsum(equation)
    given, _, result = equation.partition("->")
    sizes: dict[str, int] = {}
    for part, shape in zip(given.split(","), shapes, strict=True):
        sizes |= dict(zip(part, shape, strict=True))
    afford(*[sizes[axis] for axis in result])
    if math.prod(sizes.values()) > MAX_PRODUCTS:
        raise Unreadable(f"it sums {math.prod(sizes.values()):,} products, which are too many.")
    reader.add(layer, [reader.data(node, index) for index in range(len(node.inputs))], [node.outputs[0]])


def _spelled_out(parts: list[str], result: str | None, shapes: list[tuple[int, ...]]) -> str:
    """An equation with letters in the place of its three dots."""
    if result is None:
        raise Unreadable("its equation has three dots and no result.", "write the result, as in ...ij,...jk->...ik.")
    free = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in "".join([*parts, result])]
    counts = [
        len(shape) - len(part.replace("...", "")) for part, shape in zip(parts, shapes, strict=True) if "..." in part
    ]
    if len(set(counts)) > 1:
        raise Unreadable("the three dots of its equation stand for several numbers of axes.", "name these axes.")
    dots = "".join(free[: counts[0]])
    return "->".join([",".join(parts), result]).replace("...", dots)


def cumulative_sum(reader: Reader, node: Node) -> None:
    """Along one axis, from either end; without the number itself, that is subtracted again."""
    axis = int(np.ravel(reader.constant(node, 1))[0]) % len(reader.shape(node))
    x, back, gives = reader.data(node), bool(node.attributes.get("reverse", 0)), node.outputs[0]
    turns: list[Layer] = [Part(axis, -1, None, -1)] if back else []
    exclusive = bool(node.attributes.get("exclusive", 0))
    total = reader.fresh() if exclusive else gives
    reader.through([*turns, CumulativeSum(axis), *[Part(axis, -1, None, -1) for _ in turns]], x, total)
    if exclusive:
        reader.add(Combine("subtract"), [total, x], [gives])


HANDLERS = {
    "CumSum": cumulative_sum,
    "Einsum": einsum,
    "Mean": several(mean=True),
    "ReduceL1": reduce("sum", before=lambda: Elementwise("abs")),
    "ReduceL2": reduce("norm"),
    "ReduceLogSum": reduce("sum", after=lambda: Elementwise("log")),
    "ReduceLogSumExp": reduce("logsumexp"),
    "ReduceMax": reduce("max"),
    "ReduceMean": reduce("mean"),
    "ReduceMin": reduce("min"),
    "ReduceSum": reduce("sum"),
    "ReduceSumSquare": reduce("sum", before=lambda: Power(2.0)),
    "Sum": several(mean=False),
}
