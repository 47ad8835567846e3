"""Padding, cropping and resizing."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.nodes.activations import decimal, number
from tinynet.exchange.onnx.read.nodes.convolution import as_sequences
from tinynet.exchange.onnx.read.nodes.shapes import view
from tinynet.exchange.onnx.read.reader import Reader, Value, afford, settled
from tinynet.layers import (
    Layer,
    ReflectionPad1D,
    ReflectionPad2D,
    ReplicationPad1D,
    ReplicationPad2D,
    Upsample,
    ZeroPad1D,
    ZeroPad2D,
)
from tinynet.net.operations import Combine, Join, Part, Take

#: The layers for sequences and for images, by the mode of Pad.
PADDINGS: dict[str, tuple[Any, Any]] = {
    "constant": (ZeroPad1D, ZeroPad2D),
    "reflect": (ReflectionPad1D, ReflectionPad2D),
    "edge": (ReplicationPad1D, ReplicationPad2D),
}


def resize(reader: Reader, node: Node) -> None:
    """Images as they are, sequences (N, C, T) as images of one row."""
    shapes = reader.values[node.inputs[0]].shapes
    if len(shapes[0]) not in (3, 4):
        raise Unreadable("it resizes what are no images and no sequences.", "give it (N, C, H, W) or (N, C, T).")
    if node.attributes.get("antialias", 0):
        raise Unreadable("it smooths before it takes fewer pixels.", "leave out antialias, or use AveragePool before.")
    factors, sizes = _factors_and_sizes(reader, node)
    if node.attributes.get("mode", "nearest") == "nearest" and not _is_floored(node.attributes):
        _take_nearest(reader, node, factors, sizes)
        return
    layer = _upsample(node.attributes, shapes[0][2:], factors, sizes)
    if len(shapes[0]) == 4:
        reader.add(layer, [reader.data(node)], [node.outputs[0]])
        return
    row = view(reader, node.inputs[0], reader.fresh(), [(*shape[:2], 1, shape[2]) for shape in shapes])
    wider = reader.fresh()
    reader.add(layer, [row], [wider])
    view(reader, wider, node.outputs[0], [(*shape[:2], shape[3]) for shape in reader.values[wider].shapes])


def _factors_and_sizes(reader: Reader, node: Node) -> tuple[list[float], list[int] | None]:
    """By what each axis after the channels grows; and how long it becomes, where the file says that."""
    found: list[Any] = []
    for index in (2, 3) if reader.doc.opset >= 11 else (1, 3):
        value = reader.value(node, index)
        if value is not None and not value.known:
            raise Unreadable("the new size depends on the data.", "resize to a fixed size, or by a fixed factor.")
        found.append(None if value is None or np.size(value.runs[0]) == 0 else value)
    (scales, sizes), shapes = found, reader.values[node.inputs[0]].shapes
    if sizes is None:
        kept = scales is not None and bool(np.all(scales.runs[0][:2] == 1))
    else:
        kept = all(np.array_equal(sizes.runs[i][:2], shapes[i][:2]) for i in (0, 1))
    if not kept or "axes" in node.attributes:
        raise Unreadable("it resizes the batch or the channels, or says no size.", "resize height and width.")
    if sizes is None:
        factors = [_whole(decimal(scale)) for scale in scales.runs[0][2:]]
        afford(*shapes[0][:2], *[int(n * s) for n, s in zip(shapes[0][2:], factors, strict=True)])
        return factors, None
    last = settled(Value((np.asarray(sizes.runs[0][2:]), np.asarray(sizes.runs[1][2:])), known=True))
    afford(*shapes[0][:2], *last)
    return [m / n for m, n in zip(last, shapes[0][2:], strict=True)], [int(size) for size in last]


def _upsample(about: dict[str, Any], old: tuple[int, ...], factors: list[float], sizes: list[int] | None) -> Upsample:
    """The layer that resizes images of this size, or sequences as images of one row."""
    where, row = about.get("coordinate_transformation_mode", "half_pixel"), [1] * (2 - len(old))
    arguments: dict[str, Any] = {"mode": _mode(about)}
    if where == "align_corners":
        arguments["align_corners"] = True
    arguments |= {"size": (*row, *sizes)} if sizes else {"scale_factor": (*row, *factors)}
    layer = Upsample(**arguments)
    H, W = (*row, *old)
    size = layer.output_size((H, W))[len(row) :]
    whole = bool(sizes) or all(n * s == m for n, s, m in zip(old, factors, size, strict=True))
    if (where == "align_corners" and not whole) or (where == "pytorch_half_pixel" and 1 in size):
        raise Unreadable("its scale gives no whole size, or a size of 1.", "give sizes that are greater than 1.")
    return layer


def _is_floored(about: dict[str, Any]) -> bool:
    return about.get("coordinate_transformation_mode") == "asymmetric" and about.get("nearest_mode") == "floor"


def _take_nearest(reader: Reader, node: Node, factors: list[float], sizes: list[int] | None) -> None:
    """The nearest pixels, as fixed places of each axis."""
    about, shapes = node.attributes, reader.values[node.inputs[0]].shapes
    x = reader.data(node)
    for axis, factor in enumerate(factors, start=2):
        new = [sizes[axis - 2] if sizes else int(shape[axis] * factor) for shape in shapes]
        places = [_nearest(about, shape[axis], size, factor) for shape, size in zip(shapes, new, strict=True)]
        index, taken = reader.fresh(), node.outputs[0] if axis == len(factors) + 1 else reader.fresh()
        reader.values[index] = Value((places[0], places[1]), known=True)
        reader.add(Take(axis), [x, reader.readable(index)], [taken])
        x = taken


def _nearest(about: dict[str, Any], old: int, new: int, factor: float) -> np.ndarray:
    """Which of the old pixels of an axis each of the new ones is."""
    where, rounding = about.get("coordinate_transformation_mode", "half_pixel"), about.get("nearest_mode")
    i = np.arange(new)
    at = {
        "asymmetric": i / factor,
        "half_pixel": (i + 0.5) / factor - 0.5,
        "pytorch_half_pixel": (i + 0.5) / factor - 0.5 if new > 1 else 0.0 * i,
        "align_corners": i * (old - 1) / max(1, new - 1),
    }.get(where)
    if at is None:
        raise Unreadable(f"it takes the nearest pixel with {where} coordinates.", "use asymmetric or half_pixel.")
    rounded = {"floor": np.floor(at), "ceil": np.ceil(at), "round_prefer_ceil": np.floor(at + 0.5)}
    return np.clip(rounded.get(str(rounding), np.ceil(at - 0.5)), 0, old - 1).astype(np.int64)


def _mode(about: dict[str, Any]) -> str:
    """Of Upsample, for a Resize that means the same."""
    mode, where = about.get("mode", "nearest"), about.get("coordinate_transformation_mode", "half_pixel")
    if mode == "nearest":
        return "nearest"
    if mode == "linear" and where in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        return "bilinear"
    problem = f"its mode is {mode} with {where} coordinates."
    raise Unreadable(problem, "use nearest or bilinear, as F.interpolate(x, mode='bilinear') writes it.")


def _whole(scale: float) -> float:
    return int(scale) if scale.is_integer() else scale


def pad(reader: Reader, node: Node) -> None:
    """Cut off what is negative; then pad, around another number than zero as around zero, by moving the numbers."""
    x, mode = reader.data(node), node.attributes.get("mode", "constant")
    n, pads = len(reader.shape(node)), _pads(reader, node)
    value = float(np.ravel(reader.constant(node, 2, node.attributes.get("value", 0.0)))[0])
    before, after = pads[:n], pads[n:]
    afford(*[size + a + b for size, a, b in zip(reader.shape(node), before, after, strict=True)])
    if mode not in (*PADDINGS, "wrap") or not np.isfinite(value) or before[0] or after[0]:
        problem = f"it pads in the mode {mode} with {value:g}, {pads}."
        raise Unreadable(problem, "use zeros, another number, reflection, replication or circular padding.")
    layers: list[Layer] = [
        Part(axis, max(0, -a), min(0, b) or None)
        for axis, (a, b) in enumerate(zip(before, after, strict=True))
        if min(a, b) < 0
    ]
    around = [[max(0, size) for size in side] for side in (before, after)]
    if layers:
        cropped = reader.fresh() if any(map(any, around)) else node.outputs[0]
        reader.through(layers, x, cropped)
        x = cropped
    elif not any(map(any, around)):
        reader.alias(node.outputs[0], node.inputs[0])
    if any(map(any, around)):
        _padded(reader, x, node.outputs[0], around, mode, value)


def _pads(reader: Reader, node: Node) -> list[int]:
    """What is added before each axis, then what after each."""
    pads = [int(size) for size in np.ravel(reader.constant(node, 1, node.attributes.get("pads", ())))]
    if len(node.inputs) > 3 and node.inputs[3]:
        pads = _on_all_axes(pads, reader.constant(node, 3), len(reader.shape(node)))
    if len(pads) != 2 * len(reader.shape(node)):
        raise Unreadable(f"it pads {len(pads) // 2} axes of {len(reader.shape(node))}: {pads}.")
    return pads


def _padded(reader: Reader, x: str, gives: str, around: list[list[int]], mode: str, value: float) -> None:
    """Pad in one of the modes."""
    if mode == "wrap":
        _wrapped(reader, x, gives, around)
        return
    moved, result = x, gives
    if value and mode == "constant":
        moved, result = reader.fresh(), reader.fresh()
        reader.add(Combine("subtract"), [x, number(reader, x, value)], [moved])
    layers = _layers(around, *PADDINGS[mode])
    if layers:
        reader.through(layers, moved, result)
    else:
        _axis_by_axis(reader, moved, result, around, PADDINGS[mode][0])
    if result != gives:
        reader.add(Combine("add"), [result, number(reader, result, value)], [gives])


def _layers(around: list[list[int]], of_sequences: Any, of_images: Any) -> list[Layer]:
    """What pads images, or sequences on one axis; nothing for other axes."""
    (*_, a), (*_, b) = before, after = around
    if len(before) == 4 and not any(before[:2] + after[:2]):
        return [of_images((a, b, before[2], after[2]))]
    if len(before) == 3 and not any([before[0], after[0], a, b]):
        return [of_sequences((before[1], after[1]))]
    if len(before) == 3 and not any(before[:2] + after[:2]):
        return as_sequences([of_sequences((a, b))])
    return []


def _axis_by_axis(reader: Reader, x: str, gives: str, around: list[list[int]], of_sequences: Any) -> None:
    """Pad any axes: those before one are taken together, and those after it too, so that it is that of a sequence."""
    padded = [axis for axis, sizes in enumerate(zip(*around, strict=True)) if any(sizes)]
    for axis in padded:
        shapes = reader.values[x].shapes
        as_rows = [(_product(shape[:axis]), shape[axis], _product(shape[axis + 1 :])) for shape in shapes]
        rows, longer = view(reader, x, reader.fresh(), as_rows), reader.fresh()
        reader.add(of_sequences((around[0][axis], around[1][axis])), [rows], [longer])
        new = [
            (*shape[:axis], rows[1], *shape[axis + 1 :])
            for shape, rows in zip(shapes, reader.values[longer].shapes, strict=True)
        ]
        x = view(reader, longer, gives if axis == padded[-1] else reader.fresh(), new)


def _wrapped(reader: Reader, x: str, gives: str, around: list[list[int]]) -> None:
    """Circular padding: the end of an axis before it, and its beginning after it."""
    padded = [(axis, *sizes) for axis, sizes in enumerate(zip(*around, strict=True)) if any(sizes)]
    for axis, before, after in padded:
        if any(shape[axis] < max(before, after) for shape in reader.values[x].shapes):
            raise Unreadable("it goes round more than once.", "pad by at most the length of the axis.")
        parts = [Part(axis, -before, None)] * bool(before), [Part(axis, 0, after)] * bool(after)
        ends: list[list[str]] = [[], []]
        for side, layers in enumerate(parts):
            for layer in layers:
                ends[side].append(reader.fresh())
                reader.add(layer, [x], ends[side])
        whole = gives if axis == padded[-1][0] else reader.fresh()
        reader.add(Join(axis), [*ends[0], x, *ends[1]], [whole])
        x = whole


def _product(sizes: tuple[int, ...]) -> int:
    return int(np.prod(sizes))


def _on_all_axes(pads: list[int], axes: Any, n: int) -> list[int]:
    found = [0] * 2 * n
    for i, axis in enumerate(np.ravel(axes)):
        found[int(axis) % n], found[int(axis) % n + n] = pads[i], pads[i + np.size(axes)]
    return found


HANDLERS = {"Pad": pad, "Resize": resize}
