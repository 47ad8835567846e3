"""Read a net from an ONNX file."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.exchange.onnx.export import ARCHITECTURE, GRAPH, mark_of
from tinynet.exchange.onnx.needed import onnx_library
from tinynet.exchange.onnx.read.attention import find_attention
from tinynet.exchange.onnx.read.file import Document, Unreadable, document
from tinynet.exchange.onnx.read.nodes import HANDLERS
from tinynet.exchange.onnx.read.reader import PROBLEMS, Reader
from tinynet.exchange.onnx.read.simplify import find_positions, simplify
from tinynet.exchange.onnx.read.structure import structured
from tinynet.layers import Layer
from tinynet.net import Net
from tinynet.storage import architecture, sentences
from tinynet.storage.descriptions import rebuild

MAX_EXAMPLE = 2**24  #: Numbers in one example of an input.
FREE_IMAGE, FREE_LENGTH = (32, 48), (6, 7)  #: The sizes that a free axis has in the two examples.


def load_onnx(path: str | os.PathLike[str], input_shape: Any = None, layers: Sequence[type[Layer]] = ()) -> Any:
    """Build a net of Tinynet's layers from an ONNX file; it can be trained further, watched and explained.

    Stacks of layers become nets, named as the modules that they come from where the exporter has noted it; branches
    that meet again become a `Residual` or a `Concat`, and what is neither becomes a `Graph`. A file that
    `export_onnx` has written gives the same net back.

    An exporter may have merged batch norm into the convolutions before it. Such a net predicts the same, and to train
    it as it was built, export with optimize=False or, before PyTorch 2.5, with training=TrainingMode.PRESERVE.

    Args:
        path: The file. Weights that lie in a file beside it are read too.
        input_shape: The shape of one input without the batch axis, for a file that leaves other axes free; a list
            of shapes for several inputs.
        layers: Your own layer classes that a net written by `export_onnx` consists of.

    Returns:
        The net, in evaluation mode.

    Raises:
        ImportError: The package `onnx` is not installed.
        ValueError: It is no ONNX file, it is damaged, or it has an operator that cannot become a layer, which is named.
        OSError: There is no such file, or it cannot be read.

    Example:
        >>> net = load_onnx("resnet18.onnx")  # doctest: +SKIP
    """
    source = checks.path("load_onnx", path)
    shapes = _input_shapes(input_shape)
    own = sentences.layer_classes("load_onnx", layers, Layer)
    checks.readable_file("load_onnx", source)
    onnx = onnx_library("load_onnx")
    model = _parsed(onnx, source)
    try:
        return read_model(onnx, model, source.parent, shapes, own)
    except Unreadable as error:
        checks.fail("load_onnx", f"{sentences.quoted(source)}: {error.problem}", error.hint)


def read_model(
    onnx: Any,
    model: Any,
    folder: Path | None,
    shapes: list[tuple[int, ...]] | None = None,
    own: dict[str, type[Layer]] | None = None,
) -> Any:
    """The net of a model that is in memory, whose external data, if any, lies in a folder.

    Raises:
        Unreadable: There is something that cannot be read.
    """
    try:
        doc = document(onnx, model, folder)
        return _same_net(doc, model, own or {}) or _net_of(doc, shapes or [])
    except Unreadable:
        raise
    except PROBLEMS as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise Unreadable(f"it contradicts itself: {sentences.shown(reason)}") from None


def _parsed(onnx: Any, source: Path) -> Any:
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_model_from_string(source.read_bytes())
    except (DecodeError, ValueError, RecursionError, MemoryError):
        checks.fail("load_onnx", f"{sentences.quoted(source)} is no ONNX file, or it is damaged.")
    if not model.graph.node and not model.graph.output:
        checks.fail("load_onnx", f"{sentences.quoted(source)} is no ONNX file, or it holds no graph.")
    return model


def _same_net(doc: Document, model: Any, own: dict[str, type[Layer]]) -> Any:
    """The net that `export_onnx` has written, if this is its graph and the classes are there."""
    text = doc.metadata.get(ARCHITECTURE)
    if text is None or doc.metadata.get(GRAPH) != mark_of(model):
        return None
    try:
        description = json.loads(text)
        classes = architecture.built_in_classes() | own
        if not set(architecture.class_names(description["net"])) <= set(classes):
            return None
        counters = {name: np.array(n, np.int64) for name, n in description["counters"].items()}
        held = doc.arrays | counters
        return rebuild(description, classes, {name: held[name] for name in description["entries"]}).eval()
    except PROBLEMS:
        return None


def _net_of(doc: Document, shapes: list[tuple[int, ...]]) -> Net:
    """The net that the nodes of a document form."""
    doc.arrays = {
        name: array.astype(np.float32) if array.dtype == np.float16 else array for name, array in doc.arrays.items()
    }
    reader = Reader(doc, _examples(doc, shapes), HANDLERS)
    with np.errstate(all="ignore"):
        reader.read()
        _outputs_are_data(reader)
        simplify(reader)
        find_attention(reader)
        find_positions(reader)
        simplify(reader)  # what was replaced has left steps that nothing reads
        net = structured(reader)
    kinds = {parameter.dtype for parameter in net.parameters().values()}
    if np.dtype(np.float64) in kinds:
        net.astype(np.float64)
    _note_merged(doc)
    return net.eval()


def _outputs_are_data(reader: Reader) -> None:
    missing = [name for name in reader.doc.outputs if name not in reader.values]
    if missing:
        raise Unreadable(
            f"its output {sentences.shown(missing[0])!r} is not computed.", "export it without this output."
        )
    wrong = [name for name in reader.doc.outputs if reader.values[name].known]
    if wrong:
        raise Unreadable(f"its output {sentences.shown(wrong[0])!r} does not depend on its inputs.")


def _examples(doc: Document, shapes: list[tuple[int, ...]]) -> dict[str, Any]:
    """For each input two examples, which differ in the sizes of all free axes."""
    if shapes and len(shapes) != len(doc.inputs):
        raise Unreadable(f"it has {len(doc.inputs)} inputs, input_shape names {len(shapes)}.")
    rng = np.random.default_rng(0)
    examples: dict[str, Any] = {}
    free: dict[Any, Any] = {}
    for index, (name, (dtype, sizes)) in enumerate(doc.inputs.items()):
        given = [*sizes[:1], *shapes[index]] if shapes else sizes
        if len(given) != len(sizes):
            raise Unreadable(f"the input {sentences.shown(name)} has {len(sizes)} axes, input_shape says {len(given)}.")
        runs = []
        for run in (0, 1):
            shape = tuple(_size(size, axis, len(given), run, free, f"{name}{axis}") for axis, size in enumerate(given))
            if np.prod([float(size) for size in shape]) > MAX_EXAMPLE:
                raise Unreadable(f"its input {sentences.shown(name)} has the shape {checks.shape_text(shape)}.")
            numbers = rng.normal(size=shape) if dtype.kind == "f" else np.zeros(shape)
            runs.append(numbers.astype(np.float32 if dtype == np.float16 else dtype))
        examples[name] = tuple(runs)
    return examples


def _input_shapes(input_shape: Any) -> list[tuple[int, ...]]:
    """Check the shape of each input without its batch axis; none if they are those of the file."""
    shapes = input_shape if isinstance(input_shape, list) else [] if input_shape is None else [input_shape]
    if not all(isinstance(shape, tuple) for shape in shapes):
        problem = f"input_shape must be a tuple of integers, got {input_shape!r}."
        checks.fail("load_onnx", problem, "leave out the batch axis, as in (1, 28, 28).", TypeError)
    for shape in shapes:
        for axis, size in enumerate(shape):
            checks.integer("load_onnx", f"input_shape[{axis}]", size, minimum=1)
    return shapes


def _size(size: int | str, axis: int, n_axes: int, run: int, free: dict[Any, Any], place: str) -> int:
    """The size of one axis in one of the examples; a name that occurs again has the same size."""
    if isinstance(size, int) and size > 0:
        return size
    default = (2, 3) if axis == 0 else FREE_IMAGE if n_axes == 4 else FREE_LENGTH
    return free.setdefault(size if size not in ("?", 0) else place, default)[run]


def _note_merged(doc: Document) -> None:
    """Say that batch norms are gone, where the names of the weights show it."""
    names = [*doc.arrays, *(node.rules for node in doc.nodes)]
    if any(name.startswith("onnx::Conv_") or "FuseBatchNormInto" in name for name in names):
        warnings.warn(
            "load_onnx: batch norm was merged into the convolutions when this file was written; "
            "it predicts the same, but export with optimize=False to train this.",
            stacklevel=4,
        )
