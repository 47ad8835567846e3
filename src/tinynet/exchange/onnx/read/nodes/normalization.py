"""Normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.learned import is_learned
from tinynet.exchange.onnx.read.nodes.convolution import as_sequences
from tinynet.exchange.onnx.read.reader import Reader
from tinynet.layers import BatchNorm1D, BatchNorm2D, GroupNorm, LayerNorm, RMSNorm


def batch_norm(reader: Reader, node: Node) -> None:
    n_axes, about = len(reader.shape(node)), node.attributes
    if n_axes not in (2, 3, 4):
        raise Unreadable(f"it normalizes arrays of {n_axes} axes.", "images have four, sequences three.")
    (weight, bias), (C,) = _affine(reader, node), reader.shape(node, 1)
    # PyTorch writes momentum=None as 1: statistics that no batch moves.
    momentum = round(1 - about.get("momentum", 0.9), 9) or None
    kind = BatchNorm2D if n_axes == 4 else BatchNorm1D
    layer = kind(C, about.get("epsilon", 1e-5), momentum, weight is not None, bias=bias is not None)
    layer.astype(reader.constant(node, 1).dtype)
    layer.weight, layer.bias = weight, bias
    layer.running_mean[...], layer.running_var[...] = reader.constant(node, 3), reader.constant(node, 4)
    reader.through(as_sequences([layer]) if n_axes == 3 else [layer], reader.data(node), node.outputs[0])


def layer_norm(reader: Reader, node: Node) -> None:
    x, (weight, bias) = reader.shape(node), _affine(reader, node)
    axis = node.attributes.get("axis", -1) % len(x)
    if reader.shape(node, 1) != x[axis:]:
        raise Unreadable(f"its weight has the shape {reader.shape(node, 1)}, expected {x[axis:]}.")
    layer = LayerNorm(x[axis:], node.attributes.get("epsilon", 1e-5), weight is not None, bias is not None)
    layer.weight, layer.bias = weight, bias
    reader.add(layer, [reader.data(node)], [node.outputs[0]])


def rms_norm(reader: Reader, node: Node) -> None:
    x, weight = reader.shape(node), reader.parameter(node, 1)
    axis = node.attributes.get("axis", -1) % len(x)
    layer = RMSNorm(x[axis:], node.attributes.get("epsilon", 1e-5))
    layer.weight = weight
    reader.add(layer, [reader.data(node)], [node.outputs[0]])


def instance_norm(reader: Reader, node: Node) -> None:
    C = reader.shape(node)[1]
    weight, bias = _affine(reader, node)
    layer = GroupNorm(C, C, node.attributes.get("epsilon", 1e-5), weight is not None, bias is not None)
    layer.weight, layer.bias = weight, bias
    reader.add(layer, [reader.data(node)], [node.outputs[0]])


def group_norm(reader: Reader, node: Node) -> None:
    C, groups = reader.shape(node)[1], node.attributes["num_groups"]
    layer = GroupNorm(groups, C, node.attributes.get("epsilon", 1e-5))
    scale, shift = reader.constant(node, 1), reader.constant(node, 2)
    layer.astype(scale.dtype)
    each = C // np.size(scale)  # before opset 21 there is one number for each group
    layer.weight.tensor, layer.bias.tensor = np.repeat(scale, each), np.repeat(shift, each)  # type: ignore[union-attr]
    reader.add(layer, [reader.data(node)], [node.outputs[0]])


def _affine(reader: Reader, node: Node) -> tuple[Any, Any]:
    """γ and β; None for one in whose place the exporter has written a constant, because the norm has none."""
    found = [None if _is_constant(reader, node, i, neutral) else reader.parameter(node, i) for i, neutral in AFFINE]
    if found[0] is None and found[1] is not None:  # no norm here has a β alone
        found[0] = reader.parameter(node, 1)
    return found[0], found[1]


AFFINE = ((1, 1.0), (2, 0.0))  #: The inputs that are γ and β, and what leaves the numbers as they are.


def _is_constant(reader: Reader, node: Node, index: int, neutral: float) -> bool:
    value, array = reader.value(node, index), reader.constant(node, index)
    return value is not None and bool(np.all(array == neutral)) and not is_learned(reader.doc, value.weight, array)


HANDLERS = {
    "BatchNormalization": batch_norm,
    "GroupNormalization": group_norm,
    "InstanceNormalization": instance_norm,
    "LayerNormalization": layer_norm,
    "RMSNormalization": rms_norm,
}
