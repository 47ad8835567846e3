"""Write a net as an ONNX file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.version import __version__
from tinynet.exchange.onnx.needed import onnx_library
from tinynet.exchange.onnx.write import WRITERS
from tinynet.exchange.onnx.writer import GraphWriter, Shapes
from tinynet.layers import Embedding, Layer
from tinynet.net.modes import predicting
from tinynet.net.tuples import as_tuple
from tinynet.net.watch import watch
from tinynet.storage import atomic_write
from tinynet.storage.descriptions import describe

OPSET = 17  #: The first with LayerNormalization; old enough for every runtime of the last years.
IR_VERSION = 10  #: The first whose nodes have metadata.
MAX_BYTES = 2**31 - 2**20  #: A file of ONNX is one message, which cannot be longer.
BATCH = "N"
ARCHITECTURE, GRAPH, CLASSES = "tinynet.architecture", "tinynet.graph", "classes"  #: Entries of the file's metadata.


def export_onnx(
    net: Layer, path: str | os.PathLike[str], input_shape: Any, classes: Sequence[str] | None = None
) -> None:
    """Write a net into an ONNX file, as it predicts: dropout drops nothing, batch norm uses its running statistics.

    The batch may have any size in the file, all other axes are as given. Each weight keeps its name and its
    shape, each node says in its metadata from which layer it comes, and the file holds the architecture too, so that
    `load_onnx` gives the same net back. The file is checked by ONNX before it takes the place of an old one.

    Args:
        net: The net, or any layer.
        path: The file, exactly as given; the usual suffix is ".onnx".
        input_shape: The shape of one input without the batch axis, as in (1, 28, 28); a list of shapes for several. A
            shape may name the batch axis, as in (2, "N", 64), and an array stands for inputs of its shape and
            type.
        classes: The names of the classes, which are written into the metadata.

    Raises:
        ImportError: The package `onnx` is not installed.
        NotImplementedError: A layer is of a class of your own, without a method `to_onnx`.
        TypeError: `input_shape` or `classes` is of a wrong type.
        ValueError: The shape does not fit the net, or the file would be larger than 2 GB.
        OSError: The file cannot be written.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.net import Net
        >>> export_onnx(Net([Linear(4, 3)]), "net.onnx", (4,))  # doctest: +SKIP
    """
    checks.instance("export_onnx", "net", net, Layer)
    target = checks.path("export_onnx", path)
    names = _class_names(classes)
    onnx = onnx_library("export_onnx")
    content = _model(onnx, net, input_shape, names).SerializeToString()
    atomic_write(target, content, who="export_onnx")


def _model(onnx: Any, net: Layer, input_shape: Any, classes: list[str] | None) -> Any:
    examples = _Examples(net, input_shape)
    total = sum(array.nbytes for array in net.state().values())
    if total > MAX_BYTES:
        problem = f"the weights take {total:,} bytes, but an ONNX file cannot be larger than 2 GB."
        checks.fail("export_onnx", problem, "export parts of the net into files of their own.")
    graph = GraphWriter(onnx, net, examples.shapes, WRITERS)
    inputs = ["x"] if len(examples.inputs) == 1 else [f"x{index}" for index in range(len(examples.inputs))]
    given = as_tuple(graph.layer(net, *inputs))
    outputs = ["y"] if len(given) == 1 else [f"y{index}" for index in range(len(given))]
    for name, output in zip(given, outputs, strict=True):
        _named(graph, name, output)
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            type(net).__name__,
            [_described(onnx, name, x) for name, x in zip(inputs, examples.inputs, strict=True)],
            [_described(onnx, name, y) for name, y in zip(outputs, examples.outputs, strict=True)],
            list(graph.initializers.values()),
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="tinynet",
        producer_version=__version__,
    )
    metadata = {} if classes is None else {CLASSES: json.dumps(classes, ensure_ascii=False)}
    onnx.helper.set_model_props(model, metadata | _rebuilding(net, model))
    onnx.checker.check_model(model, full_check=True)
    return model


class _Examples:
    """What the net takes and gives for batches of two sizes, which shows the axes that depend on the batch."""

    def __init__(self, net: Layer, input_shape: Any) -> None:
        entries = input_shape if isinstance(input_shape, list) else [input_shape]
        small, large = ([_example(net, entry, n) for entry in entries] for n in (2, 3))
        self.shapes: Shapes = {}
        with predicting(net), watch(net, self):
            y = as_tuple(net.forward(*small))
            self.inputs = [_with_batch(*arrays) for arrays in zip(small, large, strict=True)]
            y_large = as_tuple(net.forward(*large))
        self.outputs = [_with_batch(*arrays) for arrays in zip(y, y_large, strict=True)]

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        self.shapes[id(layer)] = tuple(np.shape(value) for value in as_tuple(x))


def _example(net: Layer, entry: Any, n: int) -> np.ndarray:
    """A batch of n inputs of zeros."""
    if isinstance(entry, np.ndarray):
        checks.array("export_onnx", entry, "input_shape")
        kind = net.dtype if entry.dtype.kind == "f" else entry.dtype
        return np.resize(entry, (n, *entry.shape[1:])).astype(kind)
    if not isinstance(entry, tuple) or entry.count(BATCH) > 1:
        checks.fail(
            "export_onnx",
            f"input_shape must be a tuple of integers, got {entry!r}.",
            "leave out the batch axis, as in (1, 28, 28) or (784,); for several inputs give a list of tuples.",
            TypeError,
        )
    shape = entry if BATCH in entry else (BATCH, *entry)
    sizes = [
        n if size == BATCH else checks.integer("export_onnx", f"input_shape[{axis}]", size, minimum=1)
        for axis, size in enumerate(shape)
    ]
    return np.zeros(sizes, np.int64 if _takes_tokens(net) else net.dtype)


def _takes_tokens(net: Layer) -> bool:
    """Whether the first layer that is not made of others is an embedding."""
    alone = (layer for _, layer in net.layers_inside() if not any(isinstance(part, Layer) for _, part in layer.parts()))
    return isinstance(next(alone), Embedding)


def _with_batch(small: np.ndarray, large: np.ndarray) -> tuple[np.dtype, tuple[int | str, ...]]:
    """The type and the shape of what two batches have given, with "N" for the axes in which they differ."""
    sizes = zip(small.shape, large.shape, strict=True)
    return small.dtype, tuple(a if a == b else BATCH if (a, b) == (2, 3) else f"{a // 2}{BATCH}" for a, b in sizes)


def _described(onnx: Any, name: str, value: tuple[np.dtype, tuple[int | str, ...]]) -> Any:
    dtype, shape = value
    return onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(dtype), shape)


def _named(graph: GraphWriter, name: str, output: str) -> None:
    """Give a value the name of an output; what is an input, or an output already, is copied."""
    made_by = [node for node in graph.nodes if name in node.output]
    if not made_by:
        graph.nodes.append(graph.onnx.helper.make_node("Identity", [name], [output], name=f"{output}/Identity"))
    for node in graph.nodes:
        for names in (node.input, node.output):
            names[:] = [output if each == name and made_by else each for each in names]


def _rebuilding(net: Layer, model: Any) -> dict[str, str]:
    """The architecture, and the mark of the graph that it belongs to; nothing for a net that cannot be described."""
    try:
        description = describe(net)
    except (TypeError, ValueError):
        return {}
    held = {tensor.name for tensor in model.graph.initializer}
    counters = {name: int(array) for name, array in net.state().items() if name not in held and array.shape == ()}
    if any(name not in held and name not in counters for name in net.state()):
        return {}
    text = json.dumps({**description, "entries": list(net.state()), "counters": counters})
    return {ARCHITECTURE: text, GRAPH: mark_of(model)}


def mark_of(model: Any) -> str:
    """The SHA-256 of the nodes, inputs and outputs of a graph: the same as long as no program has changed them."""
    digest = hashlib.sha256()
    for part in (*model.graph.input, *model.graph.node, *model.graph.output):
        digest.update(part.SerializeToString(deterministic=True))
    return digest.hexdigest()


def _class_names(classes: Any) -> list[str] | None:
    if classes is None:
        return None
    if not isinstance(classes, (list, tuple)) or not all(isinstance(name, str) for name in classes):
        checks.fail("export_onnx", f"classes must be a list of names, got {classes!r}.", kind=TypeError)
    return list(classes)
