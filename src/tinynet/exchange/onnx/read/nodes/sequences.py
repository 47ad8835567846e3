"""Lists of arrays, as PyTorch's newer exporter writes a split with optimize=False: parts, taken by their place."""

from __future__ import annotations

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.nodes.shapes import view
from tinynet.exchange.onnx.read.reader import Reader, Value
from tinynet.net.operations import Part

MAX_PARTS = 1_000  #: Of one array.


def split_to_sequence(reader: Reader, node: Node) -> None:
    """Parts of given sizes, or all of one size; without a size each is one place, whose axis may be left out."""
    shapes = reader.values[node.inputs[0]].shapes
    axis = node.attributes.get("axis", 0) % len(shapes[0])
    if shapes[0][axis] != shapes[1][axis]:
        raise Unreadable("it splits a free axis.", "name its size: load_onnx(path, input_shape=...).")
    sizes, n = reader.constant(node, 1), shapes[0][axis]
    starts = range(0, n, 1 if sizes is None else int(sizes)) if np.ndim(sizes) == 0 else [0, *np.cumsum(sizes)[:-1]]
    if len(starts) > MAX_PARTS:
        raise Unreadable(f"it splits an array into {len(starts):,} parts; up to {MAX_PARTS:,} are read.")
    squeezed = sizes is None and not node.attributes.get("keepdims", 1)
    parts = []
    for start, end in zip(starts, [*starts[1:], n], strict=True):
        part = _part(reader, node.inputs[0], axis, int(start), int(end))
        if squeezed:
            part = view(reader, part, reader.fresh(), [(*s[:axis], *s[axis + 1 :]) for s in shapes])
        parts.append(part)
    reader.sequences[node.outputs[0]] = parts
    reader.values[node.outputs[0]] = Value((0, 0), known=False)  # which only SequenceAt reads


def _part(reader: Reader, x: str, axis: int, start: int, end: int) -> str:
    """A part of a value; one of a weight can be the weight of a layer."""
    value, name = reader.values[x], reader.fresh()
    if value.known:
        places = (*[slice(None)] * axis, slice(start, end))
        reader.values[name] = Value((value.runs[0][places], value.runs[1][places]), known=True)
    else:
        reader.add(Part(axis, start, end), [x], [name])
    return name


def sequence_at(reader: Reader, node: Node) -> None:
    if node.inputs[0] not in reader.sequences:
        raise Unreadable("it reads no list of parts.", "use Split and Concat, with a number of parts that is fixed.")
    place = int(np.ravel(reader.constant(node, 1))[0])
    reader.alias(node.outputs[0], reader.sequences[node.inputs[0]][place])


HANDLERS = {"SequenceAt": sequence_at, "SplitToSequence": split_to_sequence}
