"""Pooling and unpooling."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

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
    MaxUnpool1D,
    MaxUnpool2D,
)
from tinynet.layers.adaptive_pooling import shares
from tinynet.layers.windows import Pair


def max_pool2d(graph: GraphWriter, layer: MaxPool2D, x: str) -> str | tuple[str, str]:
    _, C, H, W = graph.shape(layer)
    steps = _steps(layer, (H, W))
    if not layer.return_switches:
        for about in steps:
            x = graph.node("MaxPool", x, **about)
        return x
    y, index = _with_index(graph, x, H * W, steps[0])
    for about in steps[1:]:  # over the maxima of the columns, whose indices are picked
        OH, OW = layer.sliding_over((H, W)).output_size((H, W))
        y, picked = _with_index(graph, y, H * OW, about)
        rows = [graph.node("Reshape", each, graph.constant([0, C, -1])) for each in (index, picked)]
        index = graph.node("Reshape", graph.node("GatherElements", *rows, axis=2), graph.constant([0, C, OH, OW]))
    return y, index


def _with_index(graph: GraphWriter, x: str, n_pixels: int, about: dict[str, Any]) -> tuple[str, str]:
    """The maxima, and which of all pixels they are: ONNX counts the pixels of all images and channels."""
    y, index = graph.node("MaxPool", x, n_outputs=2, **about)
    return y, graph.node("Mod", index, graph.constant(n_pixels))


def _steps(layer: MaxPool2D | AvgPool2D, size: Pair) -> list[dict[str, Any]]:
    """The attributes of one pooling, or of two: first of the columns, then of the rows.

    In ONNX, ceil_mode holds for both axes, and its shape inference counts also a window that would start beyond the
    image. So an axis that has such a window needs a node of its own without ceil_mode.
    """
    sliding = layer.sliding_over(size)
    reach = zip(sliding.padded_size(size), sliding.effective_kernel_size, sliding.stride, strict=True)
    rows, columns = [int(layer.ceil_mode and (n - k) % stride == 0) for n, k, stride in reach]
    if rows == columns:
        return [_attributes(layer, (0, 1), rows)]
    return [_attributes(layer, (1,), columns), _attributes(layer, (0,), rows)]


def _attributes(layer: MaxPool2D | AvgPool2D, axes: tuple[int, ...], ceil_mode: int) -> dict[str, Any]:
    """Of a pooling along some axes."""

    def along(sizes: Pair, otherwise: int) -> list[int]:
        return [sizes[axis] if axis in axes else otherwise for axis in (0, 1)]

    (top, bottom), (left, right) = layer.padding
    about: dict[str, Any] = dict(kernel_shape=along(layer.kernel_size, 1), strides=along(layer.stride, 1))
    about |= dict(pads=along((top, left), 0) + along((bottom, right), 0), ceil_mode=ceil_mode)
    if isinstance(layer, AvgPool2D):
        return about | dict(count_include_pad=int(layer.count_include_pad))
    return about | dict(dilations=along(layer.dilation, 1))


def max_unpool1d(graph: GraphWriter, layer: MaxUnpool1D, x: str, switches: str) -> str:
    _, T, C = graph.shape(layer)
    length = (T - 1) * layer.stride - 2 * layer.padding + layer.kernel_size
    shape = graph.node("Concat", graph.batch(x), graph.constant([length, C]), axis=0)
    zeros = graph.node("Expand", graph.constant([[[0.0]]]), shape)
    return graph.node("ScatterElements", zeros, switches, x, axis=1)


def max_unpool2d(graph: GraphWriter, layer: MaxUnpool2D, x: str, switches: str) -> str:
    _, C, *size = graph.shape(layer)
    sliding = zip(size, layer.stride, layer.padding, layer.kernel_size, strict=True)
    OH, OW = ((n - 1) * stride - sum(padding) + k for n, stride, padding, k in sliding)
    in_rows = graph.constant([0, C, -1])
    shape = graph.node("Concat", graph.batch(x), graph.constant([C, OH * OW]), axis=0)
    zeros = graph.node("Expand", graph.constant([[[0.0]]]), shape)
    x, switches = graph.node("Reshape", x, in_rows), graph.node("Reshape", switches, in_rows)
    y = graph.node("ScatterElements", zeros, switches, x, axis=2)
    return graph.node("Reshape", y, graph.constant([0, C, OH, OW]))


def avg_pool2d(graph: GraphWriter, layer: AvgPool2D, x: str) -> str:
    if layer.divisor_override is not None:
        return _sum_over(layer.divisor_override, graph, layer, x)
    _, _, H, W = graph.shape(layer)
    for about in _steps(layer, (H, W)):
        x = graph.node("AveragePool", x, **about)
    return x


def _sum_over(divisor: int, graph: GraphWriter, layer: AvgPool2D, x: str) -> str:
    """The sums of windows over a divisor: means of whole windows of a padded image, times their size over it."""
    _, _, H, W = graph.shape(layer)
    (top, bottom), (left, right) = layer.sliding_over((H, W)).border
    x = graph.node("Pad", x, graph.constant([0, 0, top, left, 0, 0, bottom, right]))
    mean = graph.node("AveragePool", x, kernel_shape=layer.kernel_size, strides=layer.stride)
    return graph.node("Mul", mean, graph.constant(math.prod(layer.kernel_size) / divisor))


def max_pool1d(graph: GraphWriter, layer: MaxPool1D, x: str) -> str | tuple[str, str]:
    sliding: dict[str, Any] = dict(strides=[layer.stride], dilations=[layer.dilation], pads=[layer.padding] * 2)
    sliding |= dict(kernel_shape=[layer.kernel_size], ceil_mode=_hangs_over(layer, graph.shape(layer)[1]))
    if not layer.return_switches:
        return channels_first(graph, x, lambda x: graph.node("MaxPool", x, **sliding))
    x = graph.node("Transpose", x, perm=[0, 2, 1])
    y, index = _with_index(graph, x, graph.shape(layer)[1], sliding)
    return graph.node("Transpose", y, perm=[0, 2, 1]), graph.node("Transpose", index, perm=[0, 2, 1])


def avg_pool1d(graph: GraphWriter, layer: AvgPool1D, x: str) -> str:
    sliding: dict[str, Any] = dict(strides=[layer.stride], pads=[layer.padding] * 2)
    sliding |= dict(ceil_mode=_hangs_over(layer, graph.shape(layer)[1]))
    count, kernel = int(layer.count_include_pad), [layer.kernel_size]
    return channels_first(
        graph, x, lambda x: graph.node("AveragePool", x, kernel_shape=kernel, count_include_pad=count, **sliding)
    )


def _hangs_over(layer: MaxPool1D | AvgPool1D, length: int) -> int:
    """ceil_mode, without which there is no window that would start beyond the sequence."""
    return int(layer.sliding_over(length).overhang[1] > 0)


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


def adaptive_max_pool2d(graph: GraphWriter, layer: AdaptiveMaxPool2D, x: str) -> str | tuple[str, str]:
    _, C, H, W = graph.shape(layer)
    if not layer.return_switches:
        for axis, size, count in zip((2, 3), (H, W), layer.output_size, strict=True):
            x = _largest(graph, x, axis, size, count)
        return x
    pixels = graph.node("Reshape", x, graph.constant([0, C, H * W]))
    rows, columns = _windows(H, layer.output_size[0]), _windows(W, layer.output_size[1])
    numbers = np.arange(H * W).reshape(H, W)
    windows = [numbers[top:bottom, left:right].ravel() for top, bottom in rows for left, right in columns]
    index = _index_of_largest(graph, pixels, 2, windows)
    shape = graph.constant([0, C, *layer.output_size])
    y = graph.node("GatherElements", pixels, index, axis=2)
    return graph.node("Reshape", y, shape), graph.node("Reshape", index, shape)


def adaptive_max_pool1d(graph: GraphWriter, layer: AdaptiveMaxPool1D, x: str) -> str | tuple[str, str]:
    T = graph.shape(layer)[1]
    if not layer.return_switches:
        return _largest(graph, x, 1, T, layer.output_size)
    index = _index_of_largest(graph, x, 1, [np.arange(*window) for window in _windows(T, layer.output_size)])
    return graph.node("GatherElements", x, index, axis=1), index


def _largest(graph: GraphWriter, x: str, axis: int, size: int, count: int) -> str:
    """The maxima of `count` windows of one axis, whose sizes may differ by one: a slice for each."""
    maxima = []
    for start, end in _windows(size, count):
        part = graph.node("Slice", x, *[graph.constant([number]) for number in (start, end, axis)])
        maxima.append(graph.node("ReduceMax", part, axes=[axis], keepdims=1))
    return graph.node("Concat", *maxima, axis=axis)


def _index_of_largest(graph: GraphWriter, x: str, axis: int, windows: list[np.ndarray]) -> str:
    """Where along an axis the largest number of each window is, given the indices in each window."""
    found = []
    for indices in windows:
        numbers = graph.constant(indices)
        part = graph.node("Gather", x, numbers, axis=axis)
        found.append(graph.node("Gather", numbers, graph.node("ArgMax", part, axis=axis, keepdims=1)))
    return graph.node("Concat", *found, axis=axis)


def _windows(size: int, count: int) -> list[tuple[int, int]]:
    """The start and end of each window."""
    return [(r * size // count, -(-(r + 1) * size // count)) for r in range(count)]


WRITERS: dict[type[Layer], Writer] = {
    MaxPool1D: max_pool1d,
    MaxPool2D: max_pool2d,
    MaxUnpool1D: max_unpool1d,
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
