"""Activations, softmax and dropout."""

from __future__ import annotations

import math

from tinynet.exchange.onnx.writer import GraphWriter, Writer
from tinynet.layers import (
    ELU,
    GELU,
    GLU,
    SELU,
    Dropout,
    Dropout2D,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Layer,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)


def leaky_relu(graph: GraphWriter, layer: LeakyReLU, x: str) -> str:
    return graph.node("LeakyRelu", x, alpha=layer.negative_slope)


def relu6(graph: GraphWriter, layer: ReLU6, x: str) -> str:
    return graph.node("Clip", x, graph.constant(0.0), graph.constant(6.0))


def hardtanh(graph: GraphWriter, layer: Hardtanh, x: str) -> str:
    return graph.node("Clip", x, graph.constant(layer.min_val), graph.constant(layer.max_val))


def hard_sigmoid(graph: GraphWriter, layer: Hardsigmoid, x: str) -> str:
    return graph.node("HardSigmoid", x, alpha=1 / 6, beta=0.5)


def prelu(graph: GraphWriter, layer: PReLU, x: str) -> str:
    slope = graph.weight(layer.weight)
    if layer.num_parameters > 1 and len(graph.shape(layer)) == 4:
        slope = graph.node("Reshape", slope, graph.constant([layer.num_parameters, 1, 1]))  # one for each channel
    return graph.node("PRelu", x, slope)


def silu(graph: GraphWriter, layer: SiLU, x: str) -> str:
    return graph.node("Mul", x, graph.node("Sigmoid", x))


def mish(graph: GraphWriter, layer: Mish, x: str) -> str:
    """From opset 18 on there is a node for it, which not every runtime knows."""
    return graph.node("Mul", x, graph.node("Tanh", graph.node("Softplus", x)))


def gelu(graph: GraphWriter, layer: GELU, x: str) -> str:
    """x Φ(x); from opset 20 on there is a node for it, which not every runtime knows."""
    if layer.approximate == "tanh":
        cube = graph.node("Mul", graph.node("Mul", x, x), x)
        u = graph.node("Add", x, graph.node("Mul", cube, graph.constant(0.044715)))
        inside = graph.node("Tanh", graph.node("Mul", u, graph.constant(math.sqrt(2 / math.pi))))
    else:
        inside = graph.node("Erf", graph.node("Div", x, graph.constant(math.sqrt(2))))
    twice = graph.node("Mul", x, graph.node("Add", inside, graph.constant(1.0)))
    return graph.node("Mul", twice, graph.constant(0.5))


def elu(graph: GraphWriter, layer: ELU, x: str) -> str:
    return graph.node("Elu", x, alpha=layer.alpha)


def selu(graph: GraphWriter, layer: SELU, x: str) -> str:
    return graph.node("Selu", x, alpha=layer.alpha, gamma=layer.scale)


def softplus(graph: GraphWriter, layer: Softplus, x: str) -> str:
    if layer.beta == 1 and layer.threshold >= 20:  # beyond that the two differ by less than a float32 can tell
        return graph.node("Softplus", x)
    beta = graph.constant(layer.beta)
    bx = graph.node("Mul", x, beta)
    soft = graph.node("Div", graph.node("Softplus", bx), beta)
    return graph.node("Where", graph.node("Greater", bx, graph.constant(layer.threshold)), x, soft)


def log_sigmoid(graph: GraphWriter, layer: LogSigmoid, x: str) -> str:
    """−log(1 + e⁻ˣ): the logarithm of a sigmoid would be −∞ where that is too small."""
    return graph.node("Neg", graph.node("Softplus", graph.node("Neg", x)))


def glu(graph: GraphWriter, layer: GLU, x: str) -> str:
    a, b = graph.node("Split", x, n_outputs=2, axis=layer.axis)
    return graph.node("Mul", a, graph.node("Sigmoid", b))


def with_axis(op: str) -> Writer:
    """A layer that is one node with an axis."""
    return lambda graph, layer, x: graph.node(op, x, axis=layer.axis)


def plain(op: str) -> Writer:
    """A layer that is one node without attributes."""
    return lambda graph, layer, x: graph.node(op, x)


def nothing(graph: GraphWriter, layer: Layer, x: str) -> str:
    """What only acts in training."""
    return x


WRITERS: dict[type[Layer], Writer] = {
    Dropout: nothing,
    Dropout2D: nothing,
    ReLU: plain("Relu"),
    LeakyReLU: leaky_relu,
    ReLU6: relu6,
    Hardtanh: hardtanh,
    Sigmoid: plain("Sigmoid"),
    Hardsigmoid: hard_sigmoid,
    LogSigmoid: log_sigmoid,
    Tanh: plain("Tanh"),
    GELU: gelu,
    SiLU: silu,
    Hardswish: plain("HardSwish"),
    Mish: mish,
    ELU: elu,
    SELU: selu,
    Softplus: softplus,
    PReLU: prelu,
    GLU: glu,
    Softmax: with_axis("Softmax"),
    LogSoftmax: with_axis("LogSoftmax"),
}
