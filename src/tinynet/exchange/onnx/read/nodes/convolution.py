"""Convolutions of images and of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.reader import Reader, afford
from tinynet.layers import Conv1D, Conv2D, ConvTranspose1D, ConvTranspose2D, Layer, Permute, ZeroPad1D, ZeroPad2D


def conv(reader: Reader, node: Node) -> None:
    x, weight, bias = reader.shape(node), reader.parameter(node, 1), bias_of(reader, node)
    n = _axes(x, weight)
    strides, dilations, groups = _sliding(node, n)
    pads = pads_of(node, x[2:], weight.shape[2:], strides, dilations)
    afford(x[0], weight.shape[0], *[size + pads[i] + pads[i + n] for i, size in enumerate(x[2:])])
    before, after = pads[:n], pads[n:]  # of each axis
    layers: list[Layer] = []
    if before != after:
        layers.append(
            ZeroPad2D((before[1], after[1], before[0], after[0])) if n == 2 else ZeroPad1D((before[0], after[0]))
        )
        before = [0] * n
    sizes = (weight.shape[1] * groups, weight.shape[0])
    if n == 2:
        layer: Any = Conv2D(*sizes, weight.shape[2:], tuple(strides), (before[0], before[1]), tuple(dilations), groups)
    else:
        layer = Conv1D(*sizes, weight.shape[2], strides[0], before[0], dilations[0], groups)
    layers.append(with_weights(layer, weight, bias))
    reader.through(as_sequences(layers) if n == 1 else layers, reader.data(node), node.outputs[0])


def conv_transpose(reader: Reader, node: Node) -> None:
    x, weight, bias = reader.shape(node), reader.parameter(node, 1), bias_of(reader, node)
    n = _axes(x, weight)
    strides, dilations, groups = _sliding(node, n)
    pads, more = list(node.attributes.get("pads", [0] * 2 * n)), list(node.attributes.get("output_padding", [0] * n))
    if pads[:n] != pads[n:] or "output_shape" in node.attributes or _auto(node) not in ("NOTSET", "VALID"):
        raise Unreadable("it cuts off more at one side than at the other.", "use output_padding.")
    sizes = [(size - 1) * strides[i] + (weight.shape[2 + i] - 1) * dilations[i] + 1 for i, size in enumerate(x[2:])]
    afford(x[0], weight.shape[1] * groups, *[size + more[i] for i, size in enumerate(sizes)])
    channels = (weight.shape[0], weight.shape[1] * groups)
    if n == 2:
        arguments: Any = (
            weight.shape[2:],
            tuple(strides),
            tuple(pads[:2]),
            tuple(more),
            groups,
            True,
            tuple(dilations),
        )
        layer: Any = ConvTranspose2D(*channels, *arguments)
    else:
        layer = ConvTranspose1D(*channels, weight.shape[2], strides[0], pads[0], more[0], groups, True, dilations[0])
    layers = [with_weights(layer, weight, bias)]
    reader.through(as_sequences(layers) if n == 1 else layers, reader.data(node), node.outputs[0])


def bias_of(reader: Reader, node: Node) -> Any:
    """The bias; None where an exporter has filled in zeros for one that the model does not have."""
    value = reader.value(node, 2)
    return (
        None if value is not None and value.weight is None and not np.any(value.runs[0]) else reader.parameter(node, 2)
    )


def with_weights(layer: Any, weight: Any, bias: Any) -> Any:
    """A layer with parameters that come from the file."""
    if layer.weight.shape != weight.shape or (bias is not None and bias.shape != layer.bias.shape):
        raise Unreadable(f"its weight has the shape {weight.shape}, which does not fit.")
    if bias is None:
        layer = type(layer)(**{**layer.arguments, "bias": False})
    layer.weight, layer.bias = weight, bias
    return layer


def as_sequences(layers: list[Layer]) -> list[Layer]:
    """Layers that take (N, T, C), for an x that is (N, C, T)."""
    return [Permute(1, 0), *layers, Permute(1, 0)]


def pads_of(node: Node, size: Any, kernel: Any, strides: list[int], dilations: list[int]) -> list[int]:
    """The padding before each axis, then that after each; SAME_UPPER and SAME_LOWER follow from the sizes."""
    n, auto = len(kernel), _auto(node)
    if auto in ("NOTSET", "VALID"):
        pads = list(node.attributes.get("pads", [0] * 2 * n)) if auto == "NOTSET" else [0] * 2 * n
        if len(pads) != 2 * n or min(pads) < 0:
            raise Unreadable(f"its padding is {pads}.")
        return pads
    before, after = [], []
    for i in range(n):
        reach = (kernel[i] - 1) * dilations[i] + 1
        more = max(0, (-(-size[i] // strides[i]) - 1) * strides[i] + reach - size[i])
        before.append(more // 2 if auto == "SAME_UPPER" else more - more // 2)
        after.append(more - before[-1])
    return before + after


def _auto(node: Node) -> str:
    return node.attributes.get("auto_pad", "NOTSET")


def _axes(x: tuple[int, ...], weight: Any) -> int:
    """1 for sequences, 2 for images."""
    if len(x) not in (3, 4) or len(weight.shape) != len(x):
        raise Unreadable(f"it convolves arrays of {len(x) - 2} axes.", "images have two, sequences one.")
    return len(x) - 2


def _sliding(node: Node, n: int) -> tuple[Any, Any, int]:
    about = node.attributes
    return list(about.get("strides", [1] * n)), list(about.get("dilations", [1] * n)), about.get("group", 1)


HANDLERS = {"Conv": conv, "ConvTranspose": conv_transpose}
