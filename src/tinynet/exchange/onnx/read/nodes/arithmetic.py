"""Sums and products: linear layers where a weight is a matrix, operations where both are data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.nodes.activations import number
from tinynet.exchange.onnx.read.nodes.merged import gated, replace, scales_norm
from tinynet.exchange.onnx.read.nodes.shapes import view
from tinynet.exchange.onnx.read.reader import Reader, Value, afford
from tinynet.layers import Linear
from tinynet.net.operations import Combine, Elementwise, MatMul, Power, Transpose, View


def combine(operation: str) -> Callable[[Reader, Node], None]:
    """Add, Sub, Mul or Div; what belongs to a layer is given to it."""

    def read(reader: Reader, node: Node) -> None:
        if operation == "add" and (_is_bias(reader, node) or scales_norm(reader, node, "bias")):
            return
        if operation == "multiply" and (gated(reader, node) or scales_norm(reader, node, "weight")):
            return
        if reader.values[node.inputs[0]].dtype.kind != "f":
            raise Unreadable("it computes with whole numbers that come from the data.", "use floating-point numbers.")
        shapes = [reader.shape(node, index) for index in (0, 1)]
        afford(*np.broadcast_shapes(*shapes))
        reader.add(Combine(operation), [reader.data(node, 0), reader.data(node, 1)], [node.outputs[0]])

    return read


def matmul(reader: Reader, node: Node) -> None:
    W = reader.value(node, 1)
    if W is not None and W.known and W.ndim == 2 and len(reader.shape(node)) >= 2:
        in_features, out_features = W.shapes[0]
        layer = _linear(in_features, out_features, reader.parameter(node, 1, transposed=True), None)
        reader.add(layer, [reader.data(node)], [node.outputs[0]])
        return
    a, b = reader.shape(node, 0), reader.shape(node, 1)
    if min(len(a), len(b)) < 2:
        _with_vector(reader, node)
        return
    afford(*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])
    reader.add(MatMul(), [reader.data(node, 0), reader.data(node, 1)], [node.outputs[0]])


def _with_vector(reader: Reader, node: Node) -> None:
    """A vector is a matrix with one row or one column, which is taken out again."""
    names = [reader.data(node, index) for index in (0, 1)]
    for index, axis in ((0, 0), (1, 1)):
        if reader.values[names[index]].ndim == 1:
            (n,), thin = reader.values[names[index]].shapes[0], reader.fresh()
            reader.add(View(*((1, n) if axis == 0 else (n, 1))), [names[index]], [thin])
            names[index] = thin
    product = reader.fresh()
    reader.add(MatMul(), names, [product])
    both = [[reader.values[name].runs[run] for name in node.inputs] for run in (0, 1)]
    view(reader, product, node.outputs[0], [np.matmul(a, b).shape for a, b in both])


def gemm(reader: Reader, node: Node) -> None:
    about = node.attributes
    if about.get("transA", 0):
        raise Unreadable("it transposes its input.", "use a linear layer.")
    if not reader.values[node.inputs[1]].known:
        _product(reader, node)
        return
    weight = reader.parameter(node, 1, transposed=not about.get("transB", 0))
    if weight.tensor.ndim != 2:
        raise Unreadable("its weight is no matrix.")
    bias = reader.parameter(node, 2)
    if bias is not None and bias.shape != weight.shape[:1]:
        bias.tensor, bias = bias.tensor, type(bias)(np.broadcast_to(bias.tensor.ravel(), weight.shape[:1]).copy())
    for parameter, factor in ((weight, about.get("alpha", 1.0)), (bias, about.get("beta", 1.0))):
        if parameter is not None and factor != 1:
            parameter.tensor = parameter.tensor * parameter.tensor.dtype.type(factor)
    layer = _linear(weight.shape[1], weight.shape[0], weight, bias)
    reader.add(layer, [reader.data(node)], [node.outputs[0]])


def _product(reader: Reader, node: Node) -> None:
    """A product whose weight is computed while the net runs, from another weight or from data."""
    about = node.attributes
    if about.get("alpha", 1.0) != 1 or about.get("beta", 1.0) != 1:
        raise Unreadable("it scales a product with what is computed.", "use MatMul, Mul and Add.")
    W, biased = reader.data(node, 1), len(node.inputs) > 2 and node.inputs[2]
    if about.get("transB", 0):
        W, old = reader.fresh(), W
        reader.add(Transpose(1, 0), [old], [W])
    y = reader.fresh() if biased else node.outputs[0]
    reader.add(MatMul(), [reader.data(node), W], [y])
    if biased:
        reader.add(Combine("add"), [y, reader.data(node, 2)], [node.outputs[0]])


def triangle(reader: Reader, node: Node) -> None:
    """The product with ones on one side of a diagonal and zeros on the other."""
    x, diagonal = reader.data(node), int(np.ravel(reader.constant(node, 1, 0))[0])
    shapes = [shape[-2:] for shape in reader.values[x].shapes]
    if shapes[0] != shapes[1]:
        raise Unreadable(
            "its matrices have free axes.", "fix all axes but the batch: load_onnx(path, input_shape=...)."
        )
    afford(*shapes[0])
    ones = np.ones(shapes[0], reader.values[x].dtype)
    kept, name = (np.triu if node.attributes.get("upper", 1) else np.tril)(ones, diagonal), reader.fresh()
    reader.values[name] = Value((kept, kept), known=True)
    reader.add(Combine("multiply"), [x, reader.readable(name)], [node.outputs[0]])


def power(reader: Reader, node: Node) -> None:
    """xᵖ with a fixed p, or aˣ with a fixed a, which is exp(x log a)."""
    base = reader.values[node.inputs[0]]
    if base.known and np.size(base.runs[0]) == 1 and np.ravel(base.runs[0])[0] > 0:
        x, scaled = reader.data(node, 1), reader.fresh()
        by = number(reader, x, float(np.log(np.ravel(base.runs[0])[0])))
        reader.add(Combine("multiply"), [x, by], [scaled])
        reader.add(Elementwise("exp"), [scaled], [node.outputs[0]])
        return
    if not reader.values[node.inputs[1]].known:
        raise Unreadable("its exponent comes from the data.", "write a ** b as torch.exp(b * torch.log(a)).")
    exponent = reader.constant(node, 1)
    if np.size(exponent) != 1:
        raise Unreadable("its exponents differ from number to number.", "use one exponent.")
    reader.add(Power(float(np.ravel(exponent)[0])), [reader.data(node)], [node.outputs[0]])


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
    "MatMul": matmul,
    "Mul": combine("multiply"),
    "Pow": power,
    "Sub": combine("subtract"),
    "Trilu": triangle,
}
