"""Pooling and unpooling."""

from __future__ import annotations

import math
from typing import Any

from tinynet.exchange.onnx.write.convolution import channels_first
from tinynet.exchange.onnx.write.resampling import mixed
from tinynet.exchange.onnx.writer import GraphWriter, Writer
from tinynet.layers import (
    AdaptiveAvgPool1D,
    AdaptiveAvgPool2D,
    AdaptiveMaxPool1D,
    AdaptiveMaxPool2D,
    AvgPool1D,
    AvgPool2D,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    Layer,
    MaxPool1D,
    MaxPool2D,
    MaxUnpool2D,
)
from tinynet.layers.adaptive_pooling import shares


def max_pool2d(graph: GraphWriter, layer: MaxPool2D, x: str) -> str | tuple[str, str]:
    (top, bottom), (left, right) = layer.padding
    sliding: dict[str, Any] = dict(strides=layer.stride, dilations=layer.dilation, pads=[top, left, bottom, right])
    if not layer.return_switches:
        return graph.node("MaxPool", x, kernel_shape=layer.kernel_size, **sliding)
    y, index = graph.node("MaxPool", x, kernel_shape=layer.kernel_size, n_outputs=2, **sliding)
    n_pixels = math.prod(graph.shape(layer)[2:])
    return y, graph.node("Mod", index, graph.constant(n_pixels))  # ONNX counts the pixels of all images and channels


def max_unpool2d(graph: GraphWriter, layer: MaxUnpool2D, x: str, switches: str) -> str:
    _, C, H, W = graph.shape(layer)
    (top, bottom), (left, right) = layer.padding
    (kh, kw), (sh, sw) = layer.kernel_size, layer.stride
    OH, OW = (H - 1) * sh - top - bottom + kh, (W - 1) * sw - left - right + kw
    in_rows = graph.constant([0, C, -1])
    shape = graph.node("Concat", graph.batch(x), graph.constant([C, OH * OW]), axis=0)
    zeros = graph.node("Expand", graph.constant([[[0.0]]]), shape)
    x, switches = graph.node("Reshape", x, in_rows), graph.node("Reshape", switches, in_rows)
    y = graph.node("ScatterElements", zeros, switches, x, axis=2)
    return graph.node("Reshape", y, graph.constant([0, C, OH, OW]))


def avg_pool2d(graph: GraphWriter, layer: AvgPool2D, x: str) -> str:
    (top, bottom), (left, right) = layer.padding
    return graph.node(
        "AveragePool",
        x,
        kernel_shape=layer.kernel_size,
        strides=layer.stride,
        pads=[top, left, bottom, right],
        count_include_pad=int(layer.count_include_pad),
    )


def max_pool1d(graph: GraphWriter, layer: MaxPool1D, x: str) -> str:
    sliding: dict[str, Any] = dict(
        strides=[layer.stride], dilations=[layer.dilation], pads=[layer.padding, layer.padding]
    )
    kernel = [layer.kernel_size]
    return channels_first(graph, x, lambda x: graph.node("MaxPool", x, kernel_shape=kernel, **sliding))


def avg_pool1d(graph: GraphWriter, layer: AvgPool1D, x: str) -> str:
    sliding: dict[str, Any] = dict(strides=[layer.stride], pads=[layer.padding, layer.padding])
    count, kernel = int(layer.count_include_pad), [layer.kernel_size]
    return channels_first(
        graph, x, lambda x: graph.node("AveragePool", x, kernel_shape=kernel, count_include_pad=count, **sliding)
    )


def over_axes(op: str, *axes: int) -> Writer:
    """A mean or a maximum over whole axes."""
    return lambda graph, layer, x: graph.node(op, x, axes=axes, keepdims=0)


def adaptive_avg_pool2d(graph: GraphWriter, layer: AdaptiveAvgPool2D, x: str) -> str:
    size, out = graph.shape(layer)[2:], layer.output_size
    if out == (1, 1):
        return graph.node("GlobalAveragePool", x)
    if size[0] % out[0] == size[1] % out[1] == 0:
        window = [size[0] // out[0], size[1] // out[1]]
        return graph.node("AveragePool", x, kernel_shape=window, strides=window)
    return mixed(graph, x, shares(size[0], out[0]), shares(size[1], out[1]))


def adaptive_avg_pool1d(graph: GraphWriter, layer: AdaptiveAvgPool1D, x: str) -> str:
    A = shares(graph.shape(layer)[1], layer.output_size)
    return graph.node("MatMul", graph.constant(A), x)


def adaptive_max_pool2d(graph: GraphWriter, layer: AdaptiveMaxPool2D, x: str) -> str:
    for axis, count in zip((2, 3), layer.output_size, strict=True):
        x = _largest(graph, x, axis, graph.shape(layer)[axis], count)
    return x


def adaptive_max_pool1d(graph: GraphWriter, layer: AdaptiveMaxPool1D, x: str) -> str:
    return _largest(graph, x, 1, graph.shape(layer)[1], layer.output_size)


def _largest(graph: GraphWriter, x: str, axis: int, size: int, count: int) -> str:
    """The maxima of `count` windows of one axis, whose sizes may differ by one: a slice for each."""
    maxima = []
    for r in range(count):
        window = [[r * size // count], [-(-(r + 1) * size // count)], [axis]]
        part = graph.node("Slice", x, *[graph.constant(numbers) for numbers in window])
        maxima.append(graph.node("ReduceMax", part, axes=[axis], keepdims=1))
    return graph.node("Concat", *maxima, axis=axis)


WRITERS: dict[type[Layer], Writer] = {
    MaxPool1D: max_pool1d,
    MaxPool2D: max_pool2d,
    MaxUnpool2D: max_unpool2d,
    AvgPool1D: avg_pool1d,
    AvgPool2D: avg_pool2d,
    GlobalAvgPool1D: over_axes("ReduceMean", 1),
    GlobalAvgPool2D: over_axes("ReduceMean", 2, 3),
    GlobalMaxPool1D: over_axes("ReduceMax", 1),
    GlobalMaxPool2D: over_axes("ReduceMax", 2, 3),
    AdaptiveAvgPool1D: adaptive_avg_pool1d,
    AdaptiveAvgPool2D: adaptive_avg_pool2d,
    AdaptiveMaxPool1D: adaptive_max_pool1d,
    AdaptiveMaxPool2D: adaptive_max_pool2d,
}
