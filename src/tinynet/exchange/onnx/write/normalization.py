"""Normalization; batch norm with its running statistics."""

from __future__ import annotations

import numpy as np

from tinynet.exchange.onnx.write.convolution import channels_first
from tinynet.exchange.onnx.writer import GraphWriter, Writer
from tinynet.layers import BatchNorm1D, BatchNorm2D, GroupNorm, Layer, LayerNorm, RMSNorm


def batch_norm1d(graph: GraphWriter, layer: BatchNorm1D, x: str) -> str:
    if len(graph.shape(layer)) == 2:
        return _batch_norm(graph, layer, x)
    return channels_first(graph, x, lambda x: _batch_norm(graph, layer, x))


def batch_norm2d(graph: GraphWriter, layer: BatchNorm2D, x: str) -> str:
    return _batch_norm(graph, layer, x)


def _batch_norm(graph: GraphWriter, layer: BatchNorm1D | BatchNorm2D, x: str) -> str:
    """x with its features in axis 1."""
    C = layer.num_features
    affine = (
        graph.constant(np.ones(C)) if layer.weight is None else graph.weight(layer.weight),
        graph.constant(np.zeros(C)) if layer.bias is None else graph.weight(layer.bias),
    )
    if not layer.track_running_stats:
        others = [axis for axis in range(len(graph.shape(layer))) if axis != 1]
        mean = graph.node("ReduceMean", x, axes=others, keepdims=0)
        centred = graph.node("Sub", x, graph.node("ReduceMean", x, axes=others, keepdims=1))
        var = graph.node("ReduceMean", graph.node("Mul", centred, centred), axes=others, keepdims=0)
        return graph.node("BatchNormalization", x, *affine, mean, var, epsilon=layer.eps)
    statistics = graph.statistic(layer, "running_mean"), graph.statistic(layer, "running_var")
    # ONNX weights what was there before. It knows no mean over all batches, for which PyTorch writes 1.
    momentum = 1.0 if layer.momentum is None else 1 - layer.momentum
    return graph.node("BatchNormalization", x, *affine, *statistics, epsilon=layer.eps, momentum=momentum)


def layer_norm(graph: GraphWriter, layer: LayerNorm, x: str) -> str:
    shape = layer.normalized_shape
    weight = graph.constant(np.ones(shape)) if layer.weight is None else graph.weight(layer.weight)
    bias = [] if layer.bias is None else [graph.weight(layer.bias)]
    return graph.node("LayerNormalization", x, weight, *bias, axis=-len(shape), epsilon=layer.eps)


def group_norm(graph: GraphWriter, layer: GroupNorm, x: str) -> str:
    """Each group as one channel of an InstanceNormalization: GroupNormalization has changed its meaning since."""
    _, C, *size = graph.shape(layer)
    ones, zeros = graph.constant(np.ones(layer.num_groups)), graph.constant(np.zeros(layer.num_groups))
    groups = graph.node("Reshape", x, graph.constant([0, layer.num_groups, -1]))
    x_hat = graph.node("InstanceNormalization", groups, ones, zeros, epsilon=layer.eps)
    y = graph.node("Reshape", x_hat, graph.constant([0, C, *size]))
    for op, parameter in (("Mul", layer.weight), ("Add", layer.bias)):
        if parameter is not None:
            by_channel = graph.node("Reshape", graph.weight(parameter), graph.constant([C, *[1] * len(size)]))
            y = graph.node(op, y, by_channel)
    return y


def rms_norm(graph: GraphWriter, layer: RMSNorm, x: str) -> str:
    eps = float(np.finfo(graph.dtype).eps) if layer.eps is None else layer.eps
    axes = list(range(-len(layer.normalized_shape), 0))
    square = graph.node("ReduceMean", graph.node("Mul", x, x), axes=axes, keepdims=1)
    x_hat = graph.node("Div", x, graph.node("Sqrt", graph.node("Add", square, graph.constant(eps))))
    return x_hat if layer.weight is None else graph.node("Mul", x_hat, graph.weight(layer.weight))


WRITERS: dict[type[Layer], Writer] = {
    BatchNorm1D: batch_norm1d,
    BatchNorm2D: batch_norm2d,
    LayerNorm: layer_norm,
    GroupNorm: group_norm,
    RMSNorm: rms_norm,
}
