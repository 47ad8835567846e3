"""Pooling."""

from __future__ import annotations

from typing import Any

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.nodes.convolution import as_sequences, pads_of
from tinynet.exchange.onnx.read.reader import Reader
from tinynet.layers import (
    AdaptiveAvgPool1D,
    AdaptiveAvgPool2D,
    AdaptiveMaxPool1D,
    AdaptiveMaxPool2D,
    AvgPool1D,
    AvgPool2D,
    Layer,
    MaxPool1D,
    MaxPool2D,
)


def max_pool(reader: Reader, node: Node) -> None:
    n, kernel, strides, pads, dilations, ceil_mode = _window(reader, node)
    if len([name for name in node.outputs if name]) > 1:
        raise Unreadable("its indices are used, which count the pixels of all images together.", "use MaxPool alone.")
    if n == 2:
        layers: list[Layer] = [
            MaxPool2D(tuple(kernel), tuple(strides), tuple(pads), tuple(dilations), ceil_mode=ceil_mode)
        ]
    else:
        layers = as_sequences([MaxPool1D(kernel[0], strides[0], pads[0], dilations[0], ceil_mode=ceil_mode)])
    reader.through(layers, reader.data(node), node.outputs[0])


def average_pool(reader: Reader, node: Node) -> None:
    n, kernel, strides, pads, dilations, ceil_mode = _window(reader, node)
    if set(dilations) != {1}:
        raise Unreadable("it averages with gaps.", "use a pooling without dilation.")
    count = bool(node.attributes.get("count_include_pad", 0)) or not any(pads)
    if n == 2:
        layers: list[Layer] = [AvgPool2D(tuple(kernel), tuple(strides), tuple(pads), ceil_mode, count)]
    else:
        layers = as_sequences([AvgPool1D(kernel[0], strides[0], pads[0], ceil_mode, count)])
    reader.through(layers, reader.data(node), node.outputs[0])


def global_pool(*build: Any) -> Any:
    """Of sequences, which stay (N, C, 1), and of images, which stay (N, C, 1, 1)."""

    def read(reader: Reader, node: Node) -> None:
        n_axes = len(reader.shape(node))
        if n_axes not in (3, 4):
            raise Unreadable("it pools what are no images and no sequences.", "use ReduceMean or ReduceMax.")
        layers: list[Any] = [build[1](1)] if n_axes == 4 else as_sequences([build[0](1)])
        reader.through(layers, reader.data(node), node.outputs[0])

    return read


def _window(reader: Reader, node: Node) -> tuple[int, Any, Any, Any, Any, bool]:
    """The number of axes, and the kernel, strides, padding, dilations and ceil_mode of a pooling."""
    x, about = reader.shape(node), node.attributes
    kernel = list(about["kernel_shape"])
    n = len(kernel)
    if n not in (1, 2) or len(x) != n + 2:
        raise Unreadable(f"it pools over {n} axes.", "images have two, sequences one.")
    strides, dilations = list(about.get("strides", [1] * n)), list(about.get("dilations", [1] * n))
    pads = pads_of(node, x[2:], kernel, strides, dilations)
    if pads[:n] != pads[n:]:
        raise Unreadable("it pads one side more than the other.", "pad both sides alike.")
    return n, kernel, strides, pads[:n], dilations, bool(about.get("ceil_mode", 0))


HANDLERS = {
    "AveragePool": average_pool,
    "GlobalAveragePool": global_pool(AdaptiveAvgPool1D, AdaptiveAvgPool2D),
    "GlobalMaxPool": global_pool(AdaptiveMaxPool1D, AdaptiveMaxPool2D),
    "MaxPool": max_pool,
}
