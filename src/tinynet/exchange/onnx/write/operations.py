"""Graphs and single operations, which have nodes of the same meaning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.exchange.onnx.writer import GraphWriter, Writer
from tinynet.layers import Layer
from tinynet.net import Graph
from tinynet.net.operations import (
    Choose,
    Clip,
    Combine,
    Compare,
    CumulativeSum,
    Einsum,
    Elementwise,
    Expand,
    Join,
    MatMul,
    Part,
    Power,
    Reduce,
    Repeat,
    Take,
    Transpose,
    View,
)
from tinynet.net.tuples import as_tuple, one_or_tuple

COMBINE = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "maximum": "Max", "minimum": "Min"}
COMPARE = {"equal": "Equal", "greater": "Greater", "less": "Less"}
COMPARE |= {"greater_equal": "GreaterOrEqual", "less_equal": "LessOrEqual"}
REDUCE = {"mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin"}
REDUCE |= {"norm": "ReduceL2", "logsumexp": "ReduceLogSumExp"}
LAST = 2**63 - 1  #: The end of an axis, however long it is.


def graph(graph: GraphWriter, layer: Graph, *inputs: str) -> Any:
    values = dict(zip(layer.inputs, inputs, strict=True))
    read = {name for _, _, reads, _ in layer.steps for name in reads}
    values |= {name: graph.weight(weight) for name, weight in layer.weights.items() if name in read}
    values |= {name: graph.statistic(layer, name) for name in layer.constants if name in read}
    for _, inner, reads, gives in layer.steps:
        outputs = as_tuple(graph.layer(inner, *[values[name] for name in reads]))
        values |= zip(gives, outputs, strict=False)
    return one_or_tuple([values[name] for name in layer.outputs])


def combine(graph: GraphWriter, layer: Combine, a: str, b: str) -> str:
    return graph.node(COMBINE[layer.operation], a, b)


def matmul(graph: GraphWriter, layer: MatMul, a: str, b: str) -> str:
    return graph.node("MatMul", a, b)


def choose(graph: GraphWriter, layer: Choose, condition: str, a: str, b: str) -> str:
    return graph.node("Where", graph.node("Cast", condition, to=graph.onnx.TensorProto.BOOL), a, b)


def compare(graph: GraphWriter, layer: Compare, a: str, b: str) -> str:
    kind = graph.onnx.helper.np_dtype_to_tensor_dtype(graph.dtype)
    return graph.node("Cast", graph.node(COMPARE[layer.comparison], a, b), to=kind)


def einsum(graph: GraphWriter, layer: Einsum, *inputs: str) -> str:
    return graph.node("Einsum", *inputs, equation=layer.equation)


def cumulative_sum(graph: GraphWriter, layer: CumulativeSum, x: str) -> str:
    return graph.node("CumSum", x, graph.constant(layer.axis))


def elementwise(graph: GraphWriter, layer: Elementwise, x: str) -> str:
    name = {"negative": "neg"}.get(layer.function, layer.function)
    return graph.node(name.capitalize(), x)  # "sin" is Sin, and so on


def power(graph: GraphWriter, layer: Power, x: str) -> str:
    return graph.node("Pow", x, graph.constant(float(layer.exponent)))


def clip(graph: GraphWriter, layer: Clip, x: str) -> str:
    low = -math.inf if layer.low is None else float(layer.low)  # left out, it would be the least finite number
    high = math.inf if layer.high is None else float(layer.high)
    return graph.node("Clip", x, graph.constant(low), graph.constant(high))


def reduce(graph: GraphWriter, layer: Reduce, x: str) -> str:
    if not layer.axes:  # no axes would mean all
        return graph.node("Abs" if layer.operation == "norm" else "Identity", x)
    if layer.operation == "sum":  # whose axes are an input since opset 13
        return graph.node("ReduceSum", x, graph.constant(layer.axes), keepdims=int(layer.keepdims))
    return graph.node(REDUCE[layer.operation], x, axes=layer.axes, keepdims=int(layer.keepdims))


def transpose(graph: GraphWriter, layer: Transpose, x: str) -> str:
    return graph.node("Transpose", x, perm=layer.axes)


def view(graph: GraphWriter, layer: View, x: str) -> str:
    return graph.node("Reshape", x, _sizes(graph, layer.sizes, x))


def expand(graph: GraphWriter, layer: Expand, x: str) -> str:
    return graph.node("Expand", x, _sizes(graph, [1 if size == -1 else size for size in layer.sizes], x))


def repeat(graph: GraphWriter, layer: Repeat, x: str, other: str) -> str:
    ones = [1] * (len(graph.shape(layer)) - 1)
    return graph.node("Expand", x, graph.node("Concat", graph.batch(other), graph.constant(ones), axis=0))


def part(graph: GraphWriter, layer: Part, x: str) -> str:
    forward = layer.stride > 0
    start = (0 if forward else -1) if layer.start is None else layer.start
    stop = (LAST if forward else -LAST) if layer.stop is None else layer.stop
    return graph.node("Slice", x, *[graph.constant([n]) for n in (start, stop, layer.axis, layer.stride)])


def take(graph: GraphWriter, layer: Take, x: str, index: str) -> str:
    return graph.node("Gather", x, index, axis=layer.axis)


def join(graph: GraphWriter, layer: Join, *inputs: str) -> str:
    shapes = [list(graph.shape(layer, index)) for index in range(len(inputs))]
    n_axes = len(shapes[0])
    axis = layer.axis % n_axes
    if any(shape[:axis] + shape[axis + 1 :] != shapes[0][:axis] + shapes[0][axis + 1 :] for shape in shapes):
        inputs = _repeated(graph, inputs, graph.constant(np.arange(n_axes) == axis))
    return graph.node("Concat", *inputs, axis=layer.axis)


def _repeated(graph: GraphWriter, inputs: tuple[str, ...], is_own: str) -> tuple[str, ...]:
    """Arrays of which those with the size 1 are repeated, but not along the axis that each has for itself."""
    one = graph.constant([1])
    shapes = [graph.node("Where", is_own, one, graph.node("Shape", x)) for x in inputs]
    common = graph.node("Max", *shapes)
    return tuple(graph.node("Expand", x, common) for x in inputs)


def _sizes(graph: GraphWriter, sizes: Any, x: str) -> str:
    """A shape, of which some sizes are those of x."""
    if not any(isinstance(size, str) for size in sizes):
        return graph.constant(list(sizes))
    parts = []
    for size in sizes:
        axis = int(size[1:]) if isinstance(size, str) else 0
        kept = graph.node("Shape", x, start=axis, end=axis + 1) if isinstance(size, str) else graph.constant([size])
        parts.append(kept)
    return graph.node("Concat", *parts, axis=0)


WRITERS: dict[type[Layer], Writer] = {
    Graph: graph,
    Choose: choose,
    Clip: clip,
    Combine: combine,
    Compare: compare,
    CumulativeSum: cumulative_sum,
    Einsum: einsum,
    Elementwise: elementwise,
    Expand: expand,
    Join: join,
    MatMul: matmul,
    Part: part,
    Power: power,
    Reduce: reduce,
    Repeat: repeat,
    Take: take,
    Transpose: transpose,
    View: view,
}
