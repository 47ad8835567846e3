"""Nets, branches, and the layers that are made of others."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.exchange.onnx.writer import GraphWriter, Padding, Writer
from tinynet.layers import Layer, Linear, SwiGLU, TransformerBlock
from tinynet.net import Concat, Net, Padded, Residual
from tinynet.net.tuples import as_tuple


def net(graph: GraphWriter, layer: Net, *inputs: str) -> Any:
    values: Any = inputs[0] if len(inputs) == 1 else inputs
    for inner in layer:
        values = graph.layer(inner, *as_tuple(values))
    return values


def padded(graph: GraphWriter, layer: Padded, x: str, padding: str = "") -> Any:
    """A stack that is given lengths or a mask, as its example shows; layers inside read them from the graph."""
    if not padding:
        return net(graph, layer, x)
    if len(graph.shape(layer, 1)) == 2:
        graph.padding = Padding(mask=padding)
    else:
        ends = graph.node(
            "Unsqueeze", graph.node("Cast", padding, to=graph.onnx.TensorProto.INT64), graph.constant([1])
        )
        mask = graph.node("GreaterOrEqual", graph.constant(np.arange(graph.shape(layer)[1])), ends)
        graph.padding = Padding(mask, graph.node("Cast", padding, to=graph.onnx.TensorProto.INT32))
    y = net(graph, layer, x)
    graph.padding = Padding()
    return y


def residual(graph: GraphWriter, layer: Residual, x: str) -> str:
    shortcut = x if layer.shortcut is None else graph.layer(layer.shortcut, x)
    return graph.node("Add", graph.layer(layer.body, x), shortcut)


def concat(graph: GraphWriter, layer: Concat, x: str) -> str:
    return graph.node("Concat", *[graph.layer(branch, x) for branch in layer.branches], axis=layer.axis)


def linear(graph: GraphWriter, layer: Linear, x: str) -> str:
    W, b = graph.weight(layer.weight), layer.bias
    if len(graph.shape(layer)) == 2:
        return graph.node("Gemm", x, W, *([] if b is None else [graph.weight(b)]), transB=1)
    y = graph.node("MatMul", x, graph.node("Transpose", W, perm=[1, 0]))
    return y if b is None else graph.node("Add", y, graph.weight(b))


def swiglu(graph: GraphWriter, layer: SwiGLU, x: str) -> str:
    a, u = graph.layer(layer.silu, graph.layer(layer.gate, x)), graph.layer(layer.up, x)
    return graph.layer(layer.down, graph.node("Mul", a, u))


def transformer_block(graph: GraphWriter, layer: TransformerBlock, x: str) -> str:
    attention = [layer.attention, layer.dropout1]
    mlp = [layer.linear1, layer.activation, layer.linear2, layer.dropout2]
    for norm, parts in ((layer.norm1, attention), (layer.norm2, mlp)):
        y = x
        for part in [norm, *parts] if layer.norm_first else parts:
            y = graph.layer(part, y)
        x = graph.node("Add", x, y)
        x = x if layer.norm_first else graph.layer(norm, x)
    return x


WRITERS: dict[type[Layer], Writer] = {
    Net: net,
    Padded: padded,
    Residual: residual,
    Concat: concat,
    Linear: linear,
    SwiGLU: swiglu,
    TransformerBlock: transformer_block,
}
