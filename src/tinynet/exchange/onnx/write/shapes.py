"""Flatten, Reshape, Permute, padding, embeddings and positions."""

from __future__ import annotations

import numpy as np

from tinynet.exchange.onnx.writer import GraphWriter, Writer
from tinynet.layers import (
    Embedding,
    Flatten,
    Layer,
    LearnedPosition,
    Permute,
    ReflectionPad1D,
    ReflectionPad2D,
    ReplicationPad1D,
    ReplicationPad2D,
    Reshape,
    RotaryPosition,
    SinusoidalPosition,
    ZeroPad1D,
    ZeroPad2D,
)
from tinynet.layers.positions import angles


def flatten(graph: GraphWriter, layer: Flatten, x: str) -> str:
    shape = graph.shape(layer)
    start, end = layer.start_dim % len(shape), layer.end_dim % len(shape)
    if (start, end) == (1, len(shape) - 1):
        return graph.node("Flatten", x, axis=1)
    kept = [0] * start  # as long as they were
    return graph.node("Reshape", x, graph.constant([*kept, -1, *shape[end + 1 :]]))


def reshape(graph: GraphWriter, layer: Reshape, x: str) -> str:
    known = -int(np.prod(layer.shape)) if -1 in layer.shape else 1
    size = int(np.prod(graph.shape(layer)[1:])) // known
    return graph.node("Reshape", x, graph.constant([0, *[size if n == -1 else n for n in layer.shape]]))


def permute(graph: GraphWriter, layer: Permute, x: str) -> str:
    return graph.node("Transpose", x, perm=[0, *[axis + 1 for axis in layer.axes]])


def pad_images(mode: str) -> Writer:
    """A border around images."""

    def write(graph: GraphWriter, layer: ZeroPad2D | ReflectionPad2D | ReplicationPad2D, x: str) -> str:
        (top, bottom), (left, right) = layer.padding
        return graph.node("Pad", x, graph.constant([0, 0, top, left, 0, 0, bottom, right]), mode=mode)

    return write


def pad_sequences(mode: str) -> Writer:
    """More steps before and after sequences (N, T, D)."""

    def write(graph: GraphWriter, layer: ZeroPad1D | ReflectionPad1D | ReplicationPad1D, x: str) -> str:
        before, after = layer.padding
        return graph.node("Pad", x, graph.constant([0, before, 0, 0, after, 0]), mode=mode)

    return write


def embedding(graph: GraphWriter, layer: Embedding, x: str) -> str:
    return graph.node("Gather", graph.weight(layer.weight), x, axis=0)


def learned_position(graph: GraphWriter, layer: LearnedPosition, x: str) -> str:
    T, W = graph.shape(layer)[1], graph.weight(layer.weight)
    first = graph.node("Slice", W, graph.constant([0]), graph.constant([T]), graph.constant([0]))
    return graph.node("Add", x, first)


def sinusoidal_position(graph: GraphWriter, layer: SinusoidalPosition, x: str) -> str:
    _, T, D = graph.shape(layer)
    angle = angles(0, T, D, 10000.0)
    return graph.node("Add", x, graph.constant(np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(T, D)))


def rotary_position(graph: GraphWriter, layer: RotaryPosition, x: str) -> str:
    return rotated(graph, layer, x, graph.shape(layer)[-2])


def rotated(graph: GraphWriter, layer: RotaryPosition, x: str, T: int, start: int = 0) -> str:
    """x cos φ + x′ sin φ, where x′ is x with each pair (a, b) made (−b, a)."""
    angle = np.repeat(angles(start, start + T, layer.dim, layer.base), 2, axis=1)  # (T, D)
    sign = np.tile([-1.0, 1.0], layer.dim // 2)
    swapped = graph.node("Gather", x, graph.constant(np.arange(layer.dim) ^ 1), axis=-1)
    turned = graph.node("Mul", swapped, graph.constant(sign * np.sin(angle)))
    return graph.node("Add", graph.node("Mul", x, graph.constant(np.cos(angle))), turned)


WRITERS: dict[type[Layer], Writer] = {
    Flatten: flatten,
    Reshape: reshape,
    Permute: permute,
    ZeroPad1D: pad_sequences("constant"),
    ZeroPad2D: pad_images("constant"),
    ReflectionPad1D: pad_sequences("reflect"),
    ReflectionPad2D: pad_images("reflect"),
    ReplicationPad1D: pad_sequences("edge"),
    ReplicationPad2D: pad_images("edge"),
    Embedding: embedding,
    LearnedPosition: learned_position,
    SinusoidalPosition: sinusoidal_position,
    RotaryPosition: rotary_position,
}
