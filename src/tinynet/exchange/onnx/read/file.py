"""Read an ONNX file into plain nodes and arrays. Nothing in it is executed, and no other folder is looked into."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.exchange.onnx.writer import SCOPES
from tinynet.storage.sentences import shown

MAX_NUMBERS = 2**27  #: Of one array that an operation makes, or of an input: no more than 1 GB.
MAX_NODES = 20_000


@dataclass
class Node:
    """One operation of the graph."""

    op: str
    name: str
    inputs: list[str]  #: "" where one is left out.
    outputs: list[str]
    attributes: dict[str, Any]
    scopes: list[str]  #: The paths of the modules around it, outermost first, "" left out.
    rules: str = ""  #: What the exporter has done to it.

    @property
    def reads(self) -> list[str]:
        """The inputs whose numbers it reads: CastLike takes the type alone of its second."""
        return self.inputs[:1] if self.op == "CastLike" else self.inputs

    @property
    def label(self) -> str:
        """How a sentence names it."""
        place = f", in {shown(self.scopes[-1])}" if self.scopes else ""
        return f"node {shown(self.name or self.outputs[0])!r} ({shown(self.op)}){place}"


@dataclass
class Document:
    """A graph as plain values."""

    opset: int
    nodes: list[Node]
    arrays: dict[str, np.ndarray]  #: The initializers.
    inputs: dict[str, tuple[Any, list[int | str]]]  #: The type and shape of each; a name for a size that is free.
    outputs: list[str]
    metadata: dict[str, str] = field(default_factory=dict)
    parameters: set[str] | None = None  #: The initializers that are learned; None where the file does not say it.
    buffers: set[str] = field(default_factory=set)  #: Those that are not, as far as the file says it.
    producer: str = ""  #: The program that wrote it.


class Unreadable(ValueError):  # noqa: N818  (a problem whose sentence is completed where the file is known)
    """What is wrong with a file, and what to do about it."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.problem, self.hint = problem, hint


def document(onnx: Any, model: Any, folder: Path | None) -> Document:
    """The graph of a model whose external data, if any, lies in a folder."""
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    foreign = sorted(domain for domain in {node.domain for node in model.graph.node} if domain not in ("", "ai.onnx"))
    if foreign:
        raise Unreadable(f"it uses operators of {shown(foreign[0])!r}, which only one program knows.", REEXPORT)
    if model.functions:
        raise Unreadable("it defines functions of its own, which are not read.", REEXPORT)
    if len(model.graph.node) > MAX_NODES:
        raise Unreadable(f"it has {len(model.graph.node):,} nodes; up to {MAX_NODES:,} are read.")
    arrays = {tensor.name: _array(onnx, tensor, folder) for tensor in model.graph.initializer}
    nodes = [_node(onnx, node, folder) for node in model.graph.node]
    given = [value for value in model.graph.input if value.name not in arrays]
    return Document(
        opsets.get("", opsets.get("ai.onnx", 1)),
        _in_order(nodes, {*arrays, *(value.name for value in given)}),
        arrays,
        {value.name: _type_and_shape(onnx, value) for value in given},
        [value.name for value in model.graph.output],
        {entry.key: entry.value for entry in model.metadata_props},
        *_learned_and_not(model, arrays),
        model.producer_name,
    )


SIGNATURE = "pkg.torch.export.ExportedProgram.graph_signature"
FOLDED_FROM = "pkg.onnxscript.optimizer.folded_from"


def _learned_and_not(model: Any, arrays: dict[str, Any]) -> tuple[set[str] | None, set[str]]:
    """The parameters and the buffers, as PyTorch's newer exporter notes them, with what it has computed from them."""
    signature = next((entry.value for entry in model.graph.metadata_props if entry.key == SIGNATURE), None)
    if signature is None:
        return None, set()
    learned, fixed = (set(re.findall(rf"{kind} target='([^']*)'", signature)) for kind in ("PARAMETER", "BUFFER"))
    for value in model.graph.value_info:
        folded = next((entry.value for entry in value.metadata_props if entry.key == FOLDED_FROM), "")
        sources = set(re.findall(r"'([^']*)'", folded))
        if value.name in arrays and sources & learned:
            learned.add(value.name)
        elif value.name in arrays and sources & fixed:
            fixed.add(value.name)
    return learned, fixed


CLASSES_AROUND = "pkg.torch.onnx.class_hierarchy"
REEXPORT = "export it again with the default operators, as torch.onnx.export(model, x, path) does."


def _node(onnx: Any, node: Any, folder: Path | None) -> Node:
    attributes = {a.name: _attribute(onnx, node, a, folder) for a in node.attribute}
    metadata = {entry.key: entry.value for entry in node.metadata_props}
    scopes = _scopes(metadata.get(SCOPES, ""), node.name)
    scopes = scopes[:-1] if CLASSES_AROUND in metadata else scopes  # the last one is PyTorch's name of the operation
    rules = metadata.get("pkg.onnxscript.rewriter.rule_name", "")
    return Node(node.op_type, node.name, list(node.input), list(node.output), attributes, scopes, rules)


def _attribute(onnx: Any, node: Any, attribute: Any, folder: Path | None) -> Any:
    kinds = onnx.AttributeProto
    if attribute.type in (kinds.GRAPH, kinds.GRAPHS):
        problem = f"node {shown(node.name)!r} ({shown(node.op_type)}) holds a graph of its own."
        raise Unreadable(problem, "export the model without conditions and loops that depend on its input.")
    if attribute.type == kinds.TENSOR:
        return _array(onnx, attribute.t, folder)
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return float(str(np.float32(value)))  # 1e-05, and not the double that is nearest to its float32
    if isinstance(value, int):
        return value
    return [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in value]


def _scopes(metadata: str, name: str) -> list[str]:
    """The paths of the modules around a node: from the metadata, or from a name like "/features/features.0/Conv"."""
    if metadata.startswith("[") and len(metadata) < 10_000:
        try:
            found = ast.literal_eval(metadata)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found = []
        found = [path for path in found if isinstance(path, str) and path] if isinstance(found, list) else []
        return [path for path in found if re.fullmatch(r"[\w.]+", path)]
    parts = name.strip("/").split("/")[:-1] if name.startswith("/") else []
    paths: list[str] = []
    for part in parts:
        within = paths[-1] if paths else ""
        paths.append(part if not within or part.startswith(f"{within}.") else f"{within}.{part}")
    return paths if all(re.fullmatch(r"[\w.]+", path) for path in paths) else []


def _array(onnx: Any, tensor: Any, folder: Path | None) -> np.ndarray:
    """The array of a tensor, once it is clear that there is as much data as its shape says."""
    name, shape = shown(tensor.name or "of a constant"), tuple(tensor.dims)
    if any(size < 0 for size in shape) or math.prod(shape) > MAX_NUMBERS or len(shape) > 32:
        raise Unreadable(f"the tensor {name} has the shape {checks.shape_text(shape)}, which is too large.")
    try:
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type))
    except (KeyError, TypeError, ValueError):
        raise Unreadable(f"the tensor {name} has the type {tensor.data_type}, which is not read.") from None
    if dtype.kind not in "biuf":
        raise Unreadable(f"the tensor {name} holds {dtype}, which is not read.", "export the model in float32.")
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        return _external(tensor, name, dtype, shape, folder)
    try:
        return np.array(onnx.numpy_helper.to_array(tensor))
    except (ValueError, TypeError, OverflowError) as error:
        raise Unreadable(f"the tensor {name} does not hold what its shape says: {shown(error)}.") from None


def _external(tensor: Any, name: str, dtype: np.dtype, shape: tuple[int, ...], folder: Path | None) -> np.ndarray:
    """Data in a file beside this one. Only a plain name in the same folder is followed."""
    about = {entry.key: entry.value for entry in tensor.external_data}
    location = about.get("location", "")
    if folder is None or not re.fullmatch(r"[\w\- .]+", location) or location in (".", ".."):
        raise Unreadable(f"the data of the tensor {name} should lie in {shown(location)!r}, outside of its folder.")
    place, size = folder / location, dtype.itemsize * math.prod(shape)
    if place.is_symlink() or not place.is_file():
        raise Unreadable(f"the file {str(place)!r} with the data of the tensor {name} is not there.", "copy it too.")
    start, held = about.get("offset", "0"), place.stat().st_size
    if not start.isdecimal() or len(start) > 18 or int(start) + size > held:
        raise Unreadable(f"the file {str(place)!r} is too short to hold the tensor {name}.", "copy it again.")
    with open(place, "rb") as file:
        file.seek(int(start))
        return np.frombuffer(file.read(size), dtype).reshape(shape).copy()


def _type_and_shape(onnx: Any, value: Any) -> tuple[np.dtype, list[int | str]]:
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not tensor.HasField("shape"):
        raise Unreadable(f"the input {shown(value.name)} has no shape.", "export the model with example inputs.")
    sizes = [dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in tensor.shape.dim]
    try:
        return np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)), sizes
    except (KeyError, TypeError):
        raise Unreadable(f"the input {shown(value.name)} has no type that is read.") from None


def _in_order(nodes: list[Node], there: set[str]) -> list[Node]:
    """The nodes, once it is clear that each comes after those whose values it reads."""
    there = {*there, ""}
    for node in nodes:
        missing = [name for name in node.inputs if name not in there]
        if missing:
            raise Unreadable(f"{node.label} reads {shown(missing[0])!r}, which no node before it gives.")
        twice = [name for name in node.outputs if name and name in there]
        if twice or not node.outputs:
            raise Unreadable(f"{node.label} gives {shown(twice or 'nothing')}, which is there already.")
        there |= set(node.outputs)
    return nodes
