"""What mixes the pixels of rows and of columns: upsampling, and means of windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.exchange.onnx.writer import GraphWriter, Writer
from tinynet.layers import Layer, Upsample


def upsample(graph: GraphWriter, layer: Upsample, x: str) -> str:
    """A Resize where the scales are whole, so that all programs agree on where a pixel lies; else y = A x Bᵀ."""
    H, W = graph.shape(layer)[2:]
    OH, OW = layer.output_size((H, W))
    if layer.align_corners or OH % H or OW % W:
        return mixed(graph, x, layer.matrix(H, OH, axis=0), layer.matrix(W, OW, axis=1))
    how: dict[str, Any] = dict(mode="linear", coordinate_transformation_mode="half_pixel")
    if layer.mode == "nearest":
        how = dict(mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    scales = graph.constant(np.array([1, 1, OH // H, OW // W], np.float32), np.float32)
    return graph.node("Resize", x, "", scales, **how)


def mixed(graph: GraphWriter, x: str, A: np.ndarray, B: np.ndarray) -> str:
    """A x Bᵀ for the last two axes."""
    return graph.node("MatMul", graph.constant(A), graph.node("MatMul", x, graph.constant(B.T)))


WRITERS: dict[type[Layer], Writer] = {Upsample: upsample}
