"""Sums and products: linear layers where a weight is a matrix, operations where both are data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.folding import axes_of
from tinynet.exchange.onnx.read.nodes.merged import gated, replace
from tinynet.exchange.onnx.read.reader import COMPARED, Reader, Value, afford
from tinynet.layers import AdaptiveAvgPool2D, GlobalAvgPool2D, Linear
from tinynet.net.operations import Choose, Combine, MatMul, Power, Reduce


def combine(operation: str) -> Callable[[Reader, Node], None]:
    """Add, Sub, Mul or Div; what belongs to a layer is given to it."""

    def read(reader: Reader, node: Node) -> None:
        if (operation == "add" and _is_bias(reader, node)) or (operation == "multiply" and gated(reader, node)):
            return
        if np.asarray(reader.values[node.inputs[0]].runs[0]).dtype.kind != "f":
            raise Unreadable("it computes with whole numbers that come from the data.", "use floating-point numbers.")
        shapes = [reader.shape(node, index) for index in (0, 1)]
        afford(*np.broadcast_shapes(*shapes))
        reader.add(Combine(operation), [reader.data(node, 0), reader.data(node, 1)], [node.outputs[0]])

    return read


def matmul(reader: Reader, node: Node) -> None:
    W = reader.value(node, 1)
    if W is not None and W.known and np.ndim(W.runs[0]) == 2 and len(reader.shape(node)) >= 2:
        in_features, out_features = np.shape(W.runs[0])
        layer = _linear(in_features, out_features, reader.parameter(node, 1, transposed=True), None)
        reader.add(layer, [reader.data(node)], [node.outputs[0]])
        return
    a, b = reader.shape(node, 0), reader.shape(node, 1)
    if min(len(a), len(b)) < 2:
        raise Unreadable("it multiplies a vector.", "give it a batch axis.")
    afford(*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])
    reader.add(MatMul(), [reader.data(node, 0), reader.data(node, 1)], [node.outputs[0]])


def gemm(reader: Reader, node: Node) -> None:
    about = node.attributes
    if about.get("alpha", 1.0) != 1 or about.get("beta", 1.0) != 1 or about.get("transA", 0):
        raise Unreadable("it scales or transposes its input.", "use a linear layer.")
    weight = reader.parameter(node, 1, transposed=not about.get("transB", 0))
    if weight.tensor.ndim != 2:
        raise Unreadable("its weight is no matrix.")
    bias = reader.parameter(node, 2)
    if bias is not None and bias.shape != weight.shape[:1]:
        bias.tensor, bias = bias.tensor, type(bias)(np.broadcast_to(bias.tensor.ravel(), weight.shape[:1]).copy())
    layer = _linear(weight.shape[1], weight.shape[0], weight, bias)
    reader.add(layer, [reader.data(node)], [node.outputs[0]])


def power(reader: Reader, node: Node) -> None:
    exponent = reader.constant(node, 1)
    if np.size(exponent) != 1:
        raise Unreadable("its exponents differ from number to number.", "use one exponent.")
    reader.add(Power(float(np.ravel(exponent)[0])), [reader.data(node)], [node.outputs[0]])


def greater(reader: Reader, node: Node) -> None:
    """Only as PyTorch writes softplus, which gives x itself where x > 20: there both are equal, so it is left out."""
    least, by_name = reader.value(node, 1), {name: other for other in reader.doc.nodes for name in other.outputs}
    readers = [other for other in reader.doc.nodes if node.outputs[0] in other.inputs]
    softened = [by_name.get(other.inputs[-1]) for other in readers if other.op == "Where"]
    ops = {other.op for other in softened if other is not None}
    if (
        least is None
        or not least.known
        or np.min(least.runs[0]) < 20
        or ops != {"Softplus"}
        or len(softened) < len(readers)
    ):
        raise Unreadable("it compares what comes from the data, which has no derivative.", COMPARED)
    reader.values[node.outputs[0]] = Value((np.array(False), np.array(False)), known=True)


def where(reader: Reader, node: Node) -> None:
    condition = reader.values[node.inputs[0]]
    if condition.known and not np.any(condition.runs[0]) and condition.shapes[0] == ():
        reader.alias(node.outputs[0], node.inputs[2])
        return
    reader.add(Choose(), [reader.data(node, index) for index in range(3)], [node.outputs[0]])


def reduce(operation: str) -> Callable[[Reader, Node], None]:
    """A mean, sum or maximum over axes; the mean of whole images is a pooling."""

    def read(reader: Reader, node: Node) -> None:
        n_axes = len(reader.shape(node))
        named = axes_of([None, reader.constant(node, 1)], node.attributes)
        if not named and node.attributes.get("noop_with_empty_axes", 0):
            reader.alias(node.outputs[0], node.inputs[0])
            return
        axes = named or tuple(range(n_axes))
        axes, keepdims = tuple(sorted(axis % n_axes for axis in axes)), bool(node.attributes.get("keepdims", 1))
        layer: Any = Reduce(operation, axes, keepdims)
        if operation == "mean" and n_axes == 4 and axes == (2, 3):
            layer = AdaptiveAvgPool2D(1) if keepdims else GlobalAvgPool2D()
        reader.add(layer, [reader.data(node)], [node.outputs[0]])

    return read


def _linear(in_features: int, out_features: int, weight: Any, bias: Any) -> Linear:
    layer = Linear(in_features, out_features, bias=bias is not None, rng=_Zeros())
    layer.weight, layer.bias = weight, bias
    return layer


class _Zeros(np.random.Generator):
    """A source of weights that costs nothing, because they come from the file."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def uniform(self, low: Any = 0, high: Any = 1, size: Any = None) -> Any:
        return np.zeros(size, np.float32)


def _is_bias(reader: Reader, node: Node) -> bool:
    """Whether an Add is the bias of a linear layer, which then gets it."""
    for x, b in ((0, 1), (1, 0)):
        step, value = reader.producer(node.inputs[x]), reader.value(node, b)
        if step is None or not isinstance(step.layer, Linear) or step.layer.bias is not None:
            continue
        if value is None or not value.known or np.shape(value.runs[0]) != (step.layer.out_features,):
            continue
        layer, weight = step.layer, step.layer.weight
        made = _linear(layer.in_features, layer.out_features, weight, reader.parameter(node, b))
        replace(reader, [step], made, step.reads[0], node.outputs[0])
        return True
    return False


HANDLERS = {
    "Add": combine("add"),
    "Div": combine("divide"),
    "Gemm": gemm,
    "Greater": greater,
    "MatMul": matmul,
    "Mul": combine("multiply"),
    "Pow": power,
    "ReduceMax": reduce("max"),
    "ReduceMean": reduce("mean"),
    "ReduceSum": reduce("sum"),
    "Sub": combine("subtract"),
    "Where": where,
}
