"""The same numbers in another shape or order, parts of them, embeddings, and arrays side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import Node, Unreadable
from tinynet.exchange.onnx.read.folding import axes_of, new_shape, slices_of, split_ends
from tinynet.exchange.onnx.read.nodes.activations import number
from tinynet.exchange.onnx.read.nodes.merged import group_norm
from tinynet.exchange.onnx.read.reader import Reader, Value, afford
from tinynet.layers import Embedding, Flatten, Layer, Permute, Reshape
from tinynet.net.operations import Combine, Compare, Expand, Join, Part, Take, Transpose, View

Shape = tuple[int, ...]


def reshape(reader: Reader, node: Node) -> None:
    x, sizes = reader.values[node.inputs[0]], reader.values[node.inputs[1]]
    if not sizes.known:
        raise Unreadable("the new shape depends on the data.")
    allow = bool(node.attributes.get("allowzero", 0))
    try:
        shapes = [new_shape(x.runs[i], sizes.runs[i], allow) for i in (0, 1)]
    except Unreadable as error:
        written = np.array_equal(sizes.runs[0], sizes.runs[1])
        hint = "the file is made for one size of the batch; export it with a free batch axis, and with dynamo=True."
        raise Unreadable(error.problem, hint if written else "export it with dynamo=True.") from None
    if not group_norm(reader, node, shapes):
        view(reader, node.inputs[0], node.outputs[0], shapes)


def flatten(reader: Reader, node: Node) -> None:
    shapes = []
    for shape in reader.values[node.inputs[0]].shapes:
        axis = node.attributes.get("axis", 1)
        axis = axis + len(shape) if axis < 0 else axis
        shapes.append((int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))))
    view(reader, node.inputs[0], node.outputs[0], shapes)


def squeeze(reader: Reader, node: Node) -> None:
    x, axes = reader.values[node.inputs[0]], axes_of([None, reader.constant(node, 1)], node.attributes)
    view(reader, node.inputs[0], node.outputs[0], [np.squeeze(run, axes).shape for run in x.runs])


def unsqueeze(reader: Reader, node: Node) -> None:
    x, axes = reader.values[node.inputs[0]], axes_of([None, reader.constant(node, 1)], node.attributes)
    view(reader, node.inputs[0], node.outputs[0], [np.expand_dims(run, axes or ()).shape for run in x.runs])


def view(reader: Reader, x: str, gives: str, shapes: Sequence[Shape]) -> str:
    """Bring a value to another shape, which is given for both examples; returns the name that it then has."""
    layer = view_between(reader.values[x].shapes, shapes)
    if layer is None:
        reader.alias(gives, x)
        return x
    reader.add(layer, [reader.readable(x)], [gives])
    return gives


def view_between(old: Any, new: Any) -> Layer | None:
    """The layer that brings an array from one shape to another, in both examples; None if it is the same."""
    if list(old) == list(new):
        return None
    keeps_batch = all(len(a) > 1 and len(b) > 0 and a[0] == b[0] for a, b in zip(old, new, strict=True))
    of_sample = {shape[1:] for shape in new}
    if keeps_batch and len(of_sample) == 1:
        (shape,) = of_sample
        return Flatten() if len(shape) == 1 else Reshape(*shape)
    sizes: list[int | str] = []
    for axis, pair in enumerate(zip(*new, strict=True)):
        of_old = [i for i, other in enumerate(zip(*old, strict=True)) if other == pair]
        if axis == 0 and keeps_batch:
            sizes.append("x0")
        elif pair[0] == pair[1]:
            sizes.append(pair[0])
        else:
            sizes.append(f"x{of_old[0]}" if of_old else -1)
    if sizes.count(-1) > 1:
        hint = "name the sizes of all axes but the batch: load_onnx(path, input_shape=...)."
        raise Unreadable(f"the new shape, {new[0]}, depends on the input in more than one axis.", hint)
    return View(*sizes)


def transpose(reader: Reader, node: Node) -> None:
    axes = node.attributes.get("perm", list(range(len(reader.shape(node))))[::-1])
    reader.add(transposed(axes), [reader.data(node)], [node.outputs[0]])


def transposed(axes: Any) -> Layer:
    """Permute where the batch axis stays first, else Transpose."""
    return Permute(*[axis - 1 for axis in axes[1:]]) if axes[0] == 0 and len(axes) > 1 else Transpose(*axes)


def depth_to_space(reader: Reader, node: Node) -> None:
    """Channels become b × b pixels, as nn.PixelShuffle does; the b² parts of the channels come first or last."""
    b, first = node.attributes["blocksize"], node.attributes.get("mode", "DCR") == "DCR"
    both = [(n, c // (b * b), h, w) for n, c, h, w in reader.values[node.inputs[0]].shapes]
    split = [(n, b, b, c, h, w) if first else (n, c, b, b, h, w) for n, c, h, w in both]
    parts = view(reader, node.inputs[0], reader.fresh(), split)
    moved = reader.fresh()
    reader.add(transposed((0, 3, 4, 1, 5, 2) if first else (0, 1, 4, 2, 5, 3)), [parts], [moved])
    view(reader, moved, node.outputs[0], [(n, c, h * b, w * b) for n, c, h, w in both])


def space_to_depth(reader: Reader, node: Node) -> None:
    """b × b pixels become channels, whose b² parts come first or last."""
    b, first = node.attributes["blocksize"], node.attributes.get("mode", "DCR") == "DCR"
    both = [(n, c, h // b, w // b) for n, c, h, w in reader.values[node.inputs[0]].shapes]
    parts = view(reader, node.inputs[0], reader.fresh(), [(n, c, h, b, w, b) for n, c, h, w in both])
    moved = reader.fresh()
    reader.add(transposed((0, 3, 5, 1, 2, 4) if first else (0, 1, 3, 5, 2, 4)), [parts], [moved])
    view(reader, moved, node.outputs[0], [(n, c * b * b, h, w) for n, c, h, w in both])


def one_hot(reader: Reader, node: Node) -> None:
    """Where a new axis counts to the number, or down to it from the end: on, else off."""
    depth, (off, on) = int(np.ravel(reader.constant(node, 1))[0]), np.ravel(reader.constant(node, 2)).astype(float)
    shapes = reader.values[node.inputs[0]].shapes
    at = node.attributes.get("axis", -1) % (len(shapes[0]) + 1)
    afford(*shapes[0], depth)
    x = view(reader, node.inputs[0], reader.fresh(), [(*shape[:at], 1, *shape[at:]) for shape in shapes])
    found = []
    for first in (0, -depth):
        counted, name = np.arange(first, first + depth).reshape([-1, *[1] * (len(shapes[0]) - at)]), reader.fresh()
        reader.values[name] = Value((counted, counted), known=True)
        found.append(reader.fresh())
        reader.add(Compare("equal"), [x, reader.readable(name)], found[-1:])
    hot = reader.fresh() if (off, on) != (0, 1) else node.outputs[0]
    reader.add(Combine("add"), found, [hot])
    if (off, on) != (0, 1):
        scaled = reader.fresh()
        reader.add(Combine("multiply"), [hot, number(reader, hot, on - off)], [scaled])
        reader.add(Combine("add"), [scaled, number(reader, hot, off)], [node.outputs[0]])


def gather(reader: Reader, node: Node) -> None:
    axis = node.attributes.get("axis", 0) % max(1, len(reader.shape(node)))
    W, index = reader.values[node.inputs[0]], reader.values[node.inputs[1]]
    if not index.known:
        if not W.known or axis != 0 or W.ndim != 2:
            raise Unreadable("it takes rows that the data name, of what is no table.", "use an embedding.")
        weight = reader.parameter(node, 0)
        layer = Embedding(*weight.shape)
        layer.weight = weight
        reader.add(layer, [node.inputs[1]], [node.outputs[0]])
        return
    places = reader.constant(node, 1)
    if np.ndim(places) == 0:
        start = int(places)
        part = reader.fresh()
        reader.add(Part(axis, start, start + 1 if start != -1 else None), [reader.data(node)], [part])
        shapes = [shape[:axis] + shape[axis + 1 :] for shape in reader.values[part].shapes]
        view(reader, part, node.outputs[0], shapes)
        return
    afford(*reader.shape(node)[:axis], *np.shape(places), *reader.shape(node)[axis + 1 :])
    reader.add(Take(axis), [reader.data(node), reader.data(node, 1)], [node.outputs[0]])


def gather_nd(reader: Reader, node: Node) -> None:
    """Places along the first axes together: these become one axis, and the places numbers along it."""
    if node.attributes.get("batch_dims", 0):
        raise Unreadable("it takes other places for each sample.")
    places, value = reader.constant(node, 1), reader.values[node.inputs[0]]
    k = np.shape(places)[-1]
    numbers = [
        np.ravel_multi_index(tuple(np.moveaxis(places, -1, 0)), shape[:k], mode="wrap") for shape in value.shapes
    ]
    index = reader.fresh()
    as_rows = [(int(np.prod(shape[:k])), *shape[k:]) for shape in value.shapes]
    rows = view(reader, node.inputs[0], reader.fresh(), as_rows)
    reader.values[index] = Value((numbers[0], numbers[1]), known=True)
    reader.add(Take(0), [rows, reader.readable(index)], [node.outputs[0]])


def cut(reader: Reader, node: Node) -> None:
    x = reader.data(node)
    starts = [reader.value(node, index) for index in range(1, len(node.inputs))]
    if any(value is not None and not value.known for value in starts):
        raise Unreadable("where it cuts depends on the data.", "cut at fixed places.")
    both = []
    for run in (0, 1):
        given = [None if value is None else value.runs[run] for value in starts]
        both.append(slices_of(reader.values[node.inputs[0]].runs[run], [None, *given], node.attributes))
    if both[0] != both[1]:
        raise Unreadable("where it cuts depends on the shape of the input.", "fix all axes but the batch.")
    parts = [Part(*where) for where in both[0] if where[1:] != (0, None, 1)]
    if parts:
        reader.through(list(parts), x, node.outputs[0])
    else:
        reader.alias(node.outputs[0], node.inputs[0])


def split(reader: Reader, node: Node) -> None:
    x, axis = reader.data(node), node.attributes.get("axis", 0) % len(reader.shape(node))
    given = [reader.values[node.inputs[0]].runs[0], reader.constant(node, 1)]
    given = given if given[1] is not None else given[:1]
    ends = split_ends(given, node.attributes, len(node.outputs))
    for name, start, stop in zip(node.outputs, [0, *ends], [*ends, None], strict=True):
        reader.add(Part(axis, start, stop), [x], [name])


def concat(reader: Reader, node: Node) -> None:
    axis = node.attributes["axis"]
    reader.add(Join(axis), [reader.data(node, index) for index in range(len(node.inputs))], [node.outputs[0]])


def expand(reader: Reader, node: Node) -> None:
    x, sizes = reader.values[node.inputs[0]], reader.values[node.inputs[1]]
    if not sizes.known:
        raise Unreadable("the new shape depends on the data.")
    new = [np.broadcast_shapes(x.shapes[i], tuple(int(n) for n in sizes.runs[i])) for i in (0, 1)]
    afford(*new[0])
    if new == list(x.shapes):
        reader.alias(node.outputs[0], node.inputs[0])
        return
    expanded(reader, reader.data(node), node.outputs[0], new)


def expanded(reader: Reader, x: str, gives: str, new: Sequence[Shape]) -> None:
    """Repeat a value along axes of size 1, and along new ones before the first."""
    sizes, old = list(zip(*new, strict=True)), list(zip(*reader.values[x].shapes, strict=True))
    old = [(-1, -1)] * (len(sizes) - len(old)) + old  # new axes
    wanted = [-1 if pair == before else pair[0] for pair, before in zip(sizes, old, strict=True)]
    if any(size != -1 and pair[0] != pair[1] for size, pair in zip(wanted, sizes, strict=True)):
        raise Unreadable("it repeats an array as often as a free axis says.", "fix all axes but the batch.")
    reader.add(Expand(*wanted), [x], [gives])


def tile(reader: Reader, node: Node) -> None:
    """Repeat whole axes, each as a new axis of size 1 before it."""
    shapes, times = reader.values[node.inputs[0]].shapes, [int(n) for n in np.ravel(reader.constant(node, 1))]
    afford(*[size * n for size, n in zip(shapes[0], times, strict=True)])
    if all(n == 1 for n in times):
        reader.alias(node.outputs[0], node.inputs[0])
        return
    apart = [_with_axes(shape, [1 if n > 1 else 0 for n in times]) for shape in shapes]
    thin, wide = view(reader, node.inputs[0], reader.fresh(), apart), reader.fresh()
    expanded(reader, thin, wide, [_with_axes(shape, [n if n > 1 else 0 for n in times]) for shape in shapes])
    view(reader, wide, node.outputs[0], [tuple(a * n for a, n in zip(shape, times, strict=True)) for shape in shapes])


def _with_axes(shape: Shape, sizes: list[int]) -> Shape:
    """A shape with another axis before each, where that has a size."""
    return tuple(size for pair in zip(sizes, shape, strict=True) for size in (pair if pair[0] else pair[1:]))


def same(reader: Reader, node: Node) -> None:
    """What changes nothing here: Identity, a Cast between floating types, or of truth values, which are 1 and 0."""
    import onnx

    x = reader.values[node.inputs[0]]
    if node.op in ("Cast", "CastLike"):
        like = node.op == "CastLike"
        kind = reader.values[node.inputs[1]].dtype.kind if like else ""
        kind = kind or np.dtype(onnx.helper.tensor_dtype_to_np_dtype(node.attributes["to"])).kind
        if kind == "b" and node.inputs[0] not in reader.truths:
            differs = reader.fresh()
            reader.add(Compare("equal"), [reader.data(node), number(reader, node.inputs[0], 0.0)], [differs])
            reader.add(Combine("subtract"), [number(reader, differs, 1.0), differs], [node.outputs[0]])
            return
        if node.inputs[0] in reader.truths:  # which are floating-point numbers already
            kind = x.dtype.kind
        if kind != x.dtype.kind and {kind, x.dtype.kind} != {"i", "u"}:
            raise Unreadable(f"it makes {x.dtype} out of data into another kind.", "convert before the net.")
    reader.alias(node.outputs[0], node.inputs[0])


HANDLERS = {
    "Cast": same,
    "CastLike": same,
    "Concat": concat,
    "DepthToSpace": depth_to_space,
    "Expand": expand,
    "Flatten": flatten,
    "Gather": gather,
    "GatherND": gather_nd,
    "Identity": same,
    "OneHot": one_hot,
    "Reshape": reshape,
    "Slice": cut,
    "SpaceToDepth": space_to_depth,
    "Split": split,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
