"""How each layer is written in ONNX: one family of layers a file, one function a layer.

A writer takes the graph that is being written, the layer, and the names of its inputs. It adds nodes, and returns the
name of its output, or a tuple of several.
"""

from __future__ import annotations

from tinynet.exchange.onnx.write import (
    activations,
    attention,
    convolution,
    nets,
    normalization,
    operations,
    pooling,
    recurrent,
    resampling,
    shapes,
)
from tinynet.exchange.onnx.writer import Writer
from tinynet.layers import Layer

WRITERS: dict[type[Layer], Writer] = {
    **activations.WRITERS,
    **attention.WRITERS,
    **convolution.WRITERS,
    **nets.WRITERS,
    **normalization.WRITERS,
    **operations.WRITERS,
    **pooling.WRITERS,
    **recurrent.WRITERS,
    **resampling.WRITERS,
    **shapes.WRITERS,
}
