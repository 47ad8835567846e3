"""Pooling, padding and resizing."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.nodes.convolution import as_sequences, pads_of
from tinynet.exchange.onnx.read.reader import Reader, afford
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
    ReflectionPad1D,
    ReflectionPad2D,
    ReplicationPad1D,
    ReplicationPad2D,
    Upsample,
    ZeroPad1D,
    ZeroPad2D,
)

#: The layers for sequences and for images, by the mode of Pad.
PADDINGS: dict[str, tuple[Any, Any]] = {
    "constant": (ZeroPad1D, ZeroPad2D),
    "reflect": (ReflectionPad1D, ReflectionPad2D),
    "edge": (ReplicationPad1D, ReplicationPad2D),
}


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


def resize(reader: Reader, node: Node) -> None:
    x, about = reader.shape(node), node.attributes
    scales, sizes = (reader.constant(node, index) for index in ((2, 3) if reader.doc.opset >= 11 else (1, 3)))
    if len(x) != 4:
        raise Unreadable("it resizes what are no images.", "give it (N, C, H, W).")
    arguments: dict[str, Any] = {"mode": _mode(about)}
    if sizes is not None and np.size(sizes) == 4:
        arguments["size"] = tuple(int(size) for size in sizes[2:])
        afford(*x[:2], *arguments["size"])
    elif scales is not None and np.size(scales) == 4 and scales[0] == scales[1] == 1:
        arguments["scale_factor"] = tuple(_whole(float(scale)) for scale in scales[2:])
        afford(*x[:2], *[n * s for n, s in zip(x[2:], arguments["scale_factor"], strict=True)])
    else:
        raise Unreadable("it resizes the batch or the channels, or says no size.", "resize height and width.")
    where = about.get("coordinate_transformation_mode")
    if where == "align_corners":
        arguments["align_corners"] = True
    layer = Upsample(**arguments)
    size = layer.output_size((x[2], x[3]))
    whole = "size" in arguments or all(
        n * s == m for n, s, m in zip(x[2:], layer.scale_factor or (), size, strict=True)
    )
    if (
        about.get("antialias", 0)
        or (where == "align_corners" and not whole)
        or (where == "pytorch_half_pixel" and 1 in size)
    ):
        raise Unreadable("it smooths, or its scale gives no whole size.", "give sizes, without antialias.")
    reader.add(layer, [reader.data(node)], [node.outputs[0]])


def _mode(about: dict[str, Any]) -> str:
    """Of Upsample, for a Resize that means the same."""
    mode, where = about.get("mode", "nearest"), about.get("coordinate_transformation_mode", "half_pixel")
    if mode == "nearest" and where == "asymmetric" and about.get("nearest_mode") == "floor":
        return "nearest"
    if mode == "linear" and where in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        return "bilinear"
    problem = f"its mode is {mode} with {where} coordinates."
    raise Unreadable(problem, "use nearest (asymmetric, floor) or linear (half_pixel), as PyTorch's exporter does.")


def _whole(scale: float) -> float:
    return int(scale) if scale.is_integer() else scale


def pad(reader: Reader, node: Node) -> None:
    x, mode = reader.shape(node), node.attributes.get("mode", "constant")
    pads = [int(n) for n in np.ravel(reader.constant(node, 1, node.attributes.get("pads", ())))]
    value = float(np.ravel(reader.constant(node, 2, node.attributes.get("value", 0.0)))[0])
    if len(node.inputs) > 3 and node.inputs[3]:
        pads = _on_all_axes(pads, reader.constant(node, 3), len(x))
    n = len(x)
    before, after = pads[:n], pads[n:]
    afford(*[size + a + b for size, a, b in zip(x, before, after, strict=True)])
    if mode not in PADDINGS or value != 0 or min(pads, default=0) < 0:
        problem = f"it pads in the mode {mode} with {value:g}, {pads}."
        raise Unreadable(problem, "use zeros, reflection or replication.")
    of_sequences, of_images = PADDINGS[mode]
    if n == 4 and not any(before[:2] + after[:2]):
        layers: list[Layer] = [of_images((before[3], after[3], before[2], after[2]))]
    elif n == 3 and not any([before[0], after[0], before[2], after[2]]):
        layers = [of_sequences((before[1], after[1]))]
    elif n == 3 and not any(before[:2] + after[:2]):
        layers = as_sequences([of_sequences((before[2], after[2]))])
    else:
        raise Unreadable(f"it pads other axes than those of images or sequences: {pads}.")
    reader.through(layers, reader.data(node), node.outputs[0])


def _on_all_axes(pads: list[int], axes: Any, n: int) -> list[int]:
    found = [0] * 2 * n
    for i, axis in enumerate(np.ravel(axes)):
        found[int(axis) % n], found[int(axis) % n + n] = pads[i], pads[i + np.size(axes)]
    return found


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
    "Pad": pad,
    "Resize": resize,
}
