"""Attention, written out in products and a softmax."""

from __future__ import annotations

import math

import numpy as np

from tinynet.exchange.onnx.write.shapes import rotated
from tinynet.exchange.onnx.writer import GraphWriter, Writer
from tinynet.layers import Layer, MultiHeadAttention
from tinynet.layers.attention import SOURCES

LOWEST = -1e30  #: The score of a key that may not be seen; −∞ would make a row without any seen key NaN.


def attention(graph: GraphWriter, layer: MultiHeadAttention, *inputs: str) -> str:
    T, S = graph.shape(layer)[1], graph.shape(layer, len(inputs) - 1)[1]
    D, start = layer.embed_dim // layer.num_heads, layer.first_query(T, S)
    q, k, v = _projected(graph, layer, inputs)
    if layer.rotary is not None:
        q, k = rotated(graph, layer.rotary, q, T, start), rotated(graph, layer.rotary, k, S)
    scores = graph.node("MatMul", q, graph.node("Transpose", k, perm=[0, 1, 3, 2]))
    scores = graph.node("Div", scores, graph.constant(math.sqrt(D)))
    seen = _seen(graph, layer, T, S)
    if seen is not None:
        scores = graph.node("Where", seen, scores, graph.constant(LOWEST))
    p = graph.node("Softmax", scores, axis=-1)
    if seen is not None and (S < T or graph.padding.mask is not None):  # some queries may see no key at all
        p = graph.node("Where", seen, p, graph.constant(0.0))
    heads = graph.node("Transpose", graph.node("MatMul", p, v), perm=[0, 2, 1, 3])  # (N, T, heads, D)
    joined = graph.node("Reshape", heads, graph.constant([0, 0, layer.embed_dim]))
    return graph.layer(layer.out_proj, joined)


def _seen(graph: GraphWriter, layer: MultiHeadAttention, T: int, S: int) -> str | None:
    """Whether a query sees a key, (T, S) or with the padding (N, 1, T or 1, S); None if every query sees all."""
    seen = graph.constant(np.tri(T, S, S - T, dtype=bool)) if layer.causal else None
    if graph.padding.mask is None:
        return seen
    no_padding = graph.node("Unsqueeze", graph.node("Not", graph.padding.mask), graph.constant([1, 2]))
    return no_padding if seen is None else graph.node("And", no_padding, seen)


def _projected(graph: GraphWriter, layer: MultiHeadAttention, inputs: tuple[str, ...]) -> list[str]:
    """q, k and v, (N, heads, T, D) each."""
    weights = graph.node("Split", graph.weight(layer.in_proj_weight), n_outputs=3, axis=0)
    biases = (None,) * 3
    if layer.in_proj_bias is not None:
        biases = graph.node("Split", graph.weight(layer.in_proj_bias), n_outputs=3, axis=0)
    found = []
    for source, W, b in zip(SOURCES[len(inputs)], weights, biases, strict=True):
        y = graph.node("MatMul", inputs[source], graph.node("Transpose", W, perm=[1, 0]))
        y = y if b is None else graph.node("Add", y, b)
        heads = graph.constant([0, 0, layer.num_heads, layer.embed_dim // layer.num_heads])
        found.append(graph.node("Transpose", graph.node("Reshape", y, heads), perm=[0, 2, 1, 3]))
    return found


WRITERS: dict[type[Layer], Writer] = {MultiHeadAttention: attention}
