"""Activations, softmax and dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.nodes.merged import log_sigmoid
from tinynet.exchange.onnx.read.reader import Reader
from tinynet.layers import (
    ELU,
    GELU,
    SELU,
    Dropout,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Layer,
    LeakyReLU,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from tinynet.net.operations import Clip, Combine, Compare, Elementwise


def plain(build: Callable[..., Layer], **names: tuple[str, float]) -> Callable[[Reader, Node], None]:
    """A layer whose arguments are attributes of the node."""

    def read(reader: Reader, node: Node) -> None:
        arguments = {ours: node.attributes.get(theirs, default) for ours, (theirs, default) in names.items()}
        reader.add(build(**arguments), [reader.data(node)], [node.outputs[0]])

    return read


def gelu(reader: Reader, node: Node) -> None:
    reader.add(GELU(node.attributes.get("approximate", "none")), [reader.data(node)], [node.outputs[0]])


def selu(reader: Reader, node: Node) -> None:
    if abs(node.attributes.get("alpha", SELU.alpha) - SELU.alpha) > 1e-5:
        raise Unreadable("it has other numbers than the SELU of the paper.", "use Elu, whose alpha is free.")
    reader.add(SELU(), [reader.data(node)], [node.outputs[0]])


def prelu(reader: Reader, node: Node) -> None:
    slope = reader.constant(node, 1)
    layer = PReLU(slope.size).astype(slope.dtype)
    layer.weight.tensor = slope.reshape(-1)
    reader.add(layer, [reader.data(node)], [node.outputs[0]])


def clip(reader: Reader, node: Node) -> None:
    """With two bounds it is a Hardtanh, or a ReLU6; open to one side it is no activation with a name."""
    low, high = (_bound(reader, node, index, name) for index, name in ((1, "min"), (2, "max")))
    bounds = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    layer: Layer = Clip(**bounds)
    if low is not None and high is not None and low < high:
        layer = ReLU6() if (low, high) == (0, 6) else Hardtanh(low, high)
    reader.add(layer, [reader.data(node)], [node.outputs[0]])


def hard_sigmoid(reader: Reader, node: Node) -> None:
    """min(max(α x + β, 0), 1)"""
    x, gives = reader.data(node), node.outputs[0]
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        reader.add(Hardsigmoid(), [x], [gives])
        return
    scaled, moved = reader.fresh(), reader.fresh()
    reader.add(Combine("multiply"), [x, number(reader, x, alpha)], [scaled])
    reader.add(Combine("add"), [scaled, number(reader, x, beta)], [moved])
    reader.add(Hardtanh(0, 1), [moved], [gives])


def number(reader: Reader, x: str, value: float) -> str:
    """The name of a constant of the type of x."""
    from tinynet.exchange.onnx.read.reader import Value

    array = np.array(value, reader.values[x].dtype)
    name = reader.fresh()
    reader.values[name] = Value((array, array), known=True)
    return reader.readable(name)


def softmax(build: type[Layer]) -> Callable[[Reader, Node], None]:
    """Along one axis; before opset 13 along all axes from it on, which is the same for the last one."""

    def read(reader: Reader, node: Node) -> None:
        n_axes = len(reader.shape(node))
        axis = node.attributes.get("axis", -1 if reader.doc.opset >= 13 else 1)
        if reader.doc.opset < 13 and axis % n_axes != n_axes - 1:
            raise Unreadable("before opset 13 it takes several axes at once.", "export with opset 13 or later.")
        reader.add(build(axis=axis), [reader.data(node)], [node.outputs[0]])

    return read


def dropout(reader: Reader, node: Node) -> None:
    ratio = reader.constant(node, 1, node.attributes.get("ratio", 0.5))
    reader.add(Dropout(float(np.ravel(ratio)[0])), [reader.data(node)], [node.outputs[0]])


def elementwise(function: str) -> Callable[[Reader, Node], None]:
    """A function for which no layer stands, if it is not the end of one."""

    def read(reader: Reader, node: Node) -> None:
        if not log_sigmoid(reader, node):
            reader.add(Elementwise(function), [reader.data(node)], [node.outputs[0]])

    return read


def celu(reader: Reader, node: Node) -> None:
    """α ELU(x / α), whose ELU has the α 1."""
    x, alpha = reader.data(node), node.attributes.get("alpha", 1.0)
    scaled, bent = reader.fresh(), reader.fresh()
    reader.add(Combine("divide"), [x, number(reader, x, alpha)], [scaled])
    reader.add(ELU(1.0), [scaled], [bent])
    reader.add(Combine("multiply"), [bent, number(reader, bent, alpha)], [node.outputs[0]])


def softsign(reader: Reader, node: Node) -> None:
    """x / (1 + |x|)"""
    x, size, below = reader.data(node), reader.fresh(), reader.fresh()
    reader.add(Elementwise("abs"), [x], [size])
    reader.add(Combine("add"), [size, number(reader, x, 1.0)], [below])
    reader.add(Combine("divide"), [x, below], [node.outputs[0]])


def thresholded_relu(reader: Reader, node: Node) -> None:
    """x where x > α, else 0"""
    x, passes = reader.data(node), reader.fresh()
    reader.add(Compare("greater"), [x, number(reader, x, node.attributes.get("alpha", 1.0))], [passes])
    reader.add(Combine("multiply"), [x, passes], [node.outputs[0]])


def _bound(reader: Reader, node: Node, index: int, name: str) -> float | None:
    value = reader.constant(node, index, node.attributes.get(name))
    return None if value is None or np.isinf(value).all() else decimal(value)


def decimal(value: Any) -> float:
    """The number that an array holds, as its type writes it: 1e-12, and not the double nearest to its float32."""
    return float(str(np.ravel(value)[0]))


HANDLERS = {
    "Abs": elementwise("abs"),
    "Atan": elementwise("atan"),
    "Ceil": elementwise("ceil"),
    "Celu": celu,
    "Clip": clip,
    "Cos": elementwise("cos"),
    "Cosh": elementwise("cosh"),
    "Dropout": dropout,
    "Elu": plain(ELU, alpha=("alpha", 1.0)),
    "Erf": elementwise("erf"),
    "Exp": elementwise("exp"),
    "Floor": elementwise("floor"),
    "Gelu": gelu,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": plain(Hardswish),
    "LeakyRelu": plain(LeakyReLU, negative_slope=("alpha", 0.01)),
    "Log": elementwise("log"),
    "LogSoftmax": softmax(LogSoftmax),
    "Mish": plain(Mish),
    "Neg": elementwise("negative"),
    "PRelu": prelu,
    "Reciprocal": elementwise("reciprocal"),
    "Relu": plain(ReLU),
    "Round": elementwise("round"),
    "Selu": selu,
    "Sigmoid": plain(Sigmoid),
    "Sign": elementwise("sign"),
    "Sin": elementwise("sin"),
    "Sinh": elementwise("sinh"),
    "Softmax": softmax(Softmax),
    "Softplus": plain(Softplus),
    "Softsign": softsign,
    "Sqrt": elementwise("sqrt"),
    "Tan": elementwise("tan"),
    "Tanh": plain(Tanh),
    "ThresholdedRelu": thresholded_relu,
}
