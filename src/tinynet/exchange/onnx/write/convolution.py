"""Convolutions. Sequences are (N, T, C) here and (N, C, T) in ONNX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinynet.exchange.onnx.writer import GraphWriter, Writer
from tinynet.layers import Conv1D, Conv2D, ConvTranspose1D, ConvTranspose2D, Layer


def conv2d(graph: GraphWriter, layer: Conv2D, x: str) -> str:
    (top, bottom), (left, right) = layer.padding
    sliding: dict[str, Any] = dict(strides=layer.stride, dilations=layer.dilation, pads=[top, left, bottom, right])
    return graph.node("Conv", x, *_weights(graph, layer), kernel_shape=layer.kernel_size, group=layer.groups, **sliding)


def conv1d(graph: GraphWriter, layer: Conv1D, x: str) -> str:
    sliding: dict[str, Any] = dict(strides=[layer.stride], dilations=[layer.dilation], pads=layer.padding)
    weights, kernel = _weights(graph, layer), [layer.kernel_size]
    return channels_first(
        graph, x, lambda x: graph.node("Conv", x, *weights, kernel_shape=kernel, group=layer.groups, **sliding)
    )


def conv_transpose2d(graph: GraphWriter, layer: ConvTranspose2D, x: str) -> str:
    sliding: dict[str, Any] = dict(
        strides=layer.stride, dilations=layer.dilation, pads=[*layer.padding, *layer.padding]
    )
    sizes: dict[str, Any] = dict(
        kernel_shape=layer.kernel_size, output_padding=layer.output_padding, group=layer.groups
    )
    return graph.node("ConvTranspose", x, *_weights(graph, layer), **sizes, **sliding)


def conv_transpose1d(graph: GraphWriter, layer: ConvTranspose1D, x: str) -> str:
    sliding: dict[str, Any] = dict(
        strides=[layer.stride], dilations=[layer.dilation], pads=[layer.padding, layer.padding]
    )
    sizes: dict[str, Any] = dict(
        kernel_shape=[layer.kernel_size], output_padding=[layer.output_padding], group=layer.groups
    )
    weights = _weights(graph, layer)
    return channels_first(graph, x, lambda x: graph.node("ConvTranspose", x, *weights, **sizes, **sliding))


def channels_first(graph: GraphWriter, x: str, write: Callable[[str], str]) -> str:
    """Write something that takes (N, C, T) for an x that is (N, T, C)."""
    y = write(graph.node("Transpose", x, perm=[0, 2, 1]))
    return graph.node("Transpose", y, perm=[0, 2, 1])


def _weights(graph: GraphWriter, layer: Any) -> list[str]:
    return [graph.weight(parameter) for parameter in (layer.weight, layer.bias) if parameter is not None]


WRITERS: dict[type[Layer], Writer] = {
    Conv1D: conv1d,
    Conv2D: conv2d,
    ConvTranspose1D: conv_transpose1d,
    ConvTranspose2D: conv_transpose2d,
}
