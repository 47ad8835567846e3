"""How each operator becomes a layer: one family a file, one function an operator."""

from __future__ import annotations

from collections.abc import Callable

from tinynet.exchange.onnx.read.file import Node
from tinynet.exchange.onnx.read.nodes import (
    activations,
    arithmetic,
    comparisons,
    convolution,
    normalization,
    pooling,
    recurrent,
    reductions,
    resizing,
    sequences,
    shapes,
)
from tinynet.exchange.onnx.read.reader import Reader

HANDLERS: dict[str, Callable[[Reader, Node], None]] = {
    **activations.HANDLERS,
    **arithmetic.HANDLERS,
    **comparisons.HANDLERS,
    **convolution.HANDLERS,
    **normalization.HANDLERS,
    **pooling.HANDLERS,
    **resizing.HANDLERS,
    **sequences.HANDLERS,
    **recurrent.HANDLERS,
    **reductions.HANDLERS,
    **shapes.HANDLERS,
}
