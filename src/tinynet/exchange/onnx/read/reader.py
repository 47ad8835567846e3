"""Turn nodes into layers, one after the other, while two examples run through them.

The two examples differ in the size of the batch, and of every other axis that is free. What is the same in both
is fixed; what differs shows how it depends on the shapes. So all that an exporter computes from shapes is gone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from tinynet.core import Parameter
from tinynet.core.checks.shapes import shape_text
from tinynet.exchange.onnx.read.file import MAX_NUMBERS, Document, Node, Unreadable
from tinynet.exchange.onnx.read.folding import fold, shape_of
from tinynet.exchange.onnx.read.learned import depends_on_weights, is_learned
from tinynet.exchange.onnx.read.nearest import instead_of
from tinynet.exchange.onnx.read.places import held, place_of
from tinynet.exchange.onnx.read.rows import row_for_each_sample
from tinynet.layers import Layer
from tinynet.net.tuples import as_tuple
from tinynet.storage.sentences import shown

Runs = tuple[Any, Any]
PROBLEMS = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, MemoryError, RecursionError)


@dataclass
class Value:
    """An array of the graph, as it is in each of the two examples."""

    runs: Runs
    known: bool  #: It does not depend on the inputs.
    weight: str | None = None  #: The name of the initializer that it is.
    made_by: Node | None = None  #: The node that computes it from an initializer that is learned.

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Its shape in each example."""
        return np.shape(self.runs[0]), np.shape(self.runs[1])

    @property
    def ndim(self) -> int:
        """How many axes it has, the same in both examples."""
        return np.ndim(self.runs[0])

    @property
    def dtype(self) -> np.dtype:
        """The type of its numbers, the same in both examples."""
        return np.asarray(self.runs[0]).dtype


@dataclass
class Step:
    """A layer, what it reads and what it gives."""

    layer: Layer
    reads: list[str]
    gives: list[str]
    scopes: list[str] = field(default_factory=list)


class Reader:
    """The steps that the nodes of a document become.

    Args:
        doc: The document.
        examples: For each input, the arrays of the two examples.
        handlers: For each operator a function (reader, node) that adds steps.
    """

    def __init__(
        self, doc: Document, examples: Mapping[str, Runs], handlers: Mapping[str, Callable[[Reader, Node], None]]
    ) -> None:
        self.doc, self.handlers = doc, handlers
        self.steps: list[Step] = []
        self.values = {name: Value(runs, known=False) for name, runs in examples.items()}
        self.values |= {name: Value((array, array), True, name) for name, array in doc.arrays.items()}
        self.uses = Counter(name for node in doc.nodes for name in node.reads) + Counter(doc.outputs)
        self.weights: dict[str, Any] = {}  #: Arrays that steps read and that are learned, by their name in the graph.
        self.constants: dict[str, Any] = {}  #: Other arrays that steps read.
        self.sequences: dict[str, list[str]] = {}  #: The values that lists in the graph hold.
        self.truths: set[str] = set()  #: Values that are 1 and 0, and are true and false in the graph.
        self._shared: dict[str, Parameter] = {}
        self._as_known: dict[str, Value] = {}  #: Values as they were before steps computed them.
        self._fresh = count()
        self.scopes: list[str] = []

    def read(self) -> None:
        """Turn every node into steps."""
        for node in self.doc.nodes:
            self.scopes = place_of(node, self.values)
            try:
                if not self._folded(node):
                    self._handler(node)(self, node)
            except Unreadable as error:
                if error.problem.startswith("node "):
                    raise
                raise Unreadable(f"{node.label}: {error.problem}", error.hint) from None
            except PROBLEMS as error:
                raise Unreadable(f"{node.label} cannot be read: {shown(error).splitlines()[0]}") from None

    def add(self, layer: Layer, reads: list[str], gives: list[str]) -> None:
        """Run a layer in both examples, and add it as a step."""
        outputs = []
        layer.eval()
        for run in (0, 1):
            inputs = [self.values[name].runs[run] for name in reads]
            outputs.append(as_tuple(layer.forward(*inputs)))
            layer.forget()
        layer.train()
        for name, *runs in zip(gives, *outputs, strict=False):
            if name:
                self.values[name] = Value((runs[0], runs[1]), known=False)
        self.steps.append(Step(layer, list(reads), list(gives), self.scopes))

    def through(self, layers: list[Layer], x: str, gives: str) -> None:
        """Add several layers, one after the other."""
        for layer in layers[:-1]:
            name = self.fresh()
            self.add(layer, [x], [name])
            x = name
        self.add(layers[-1], [x], [gives])

    def fresh(self) -> str:
        """A name for a value in between."""
        return f"between_{next(self._fresh)}"

    def alias(self, name: str, old: str) -> None:
        """Call a value by another name too; what reads the new name will read the old one."""
        self.values[name] = self.values[old]
        self.uses[old] += self.uses[name] - 1
        for node in self.doc.nodes:
            node.inputs = [old if each == name else each for each in node.inputs]
        self.doc.outputs = [old if each == name else each for each in self.doc.outputs]

    # What a node reads.

    def value(self, node: Node, index: int) -> Value | None:
        """An input of a node; None if it is left out."""
        name = node.inputs[index] if index < len(node.inputs) else ""
        return self.values[name] if name else None

    def shape(self, node: Node, index: int = 0) -> tuple[int, ...]:
        """The shape of an input in the first example."""
        return self.values[node.inputs[index]].shapes[0]

    def data(self, node: Node, index: int = 0) -> str:
        """The name of an input that a step can read: a value, or an array of the graph's own."""
        return row_for_each_sample(self, node, node.inputs[index], self.readable(node.inputs[index]))

    def readable(self, name: str) -> str:
        """The name of a value, made an array of the graph's own if it is known."""
        value = self.values[name]
        if value.known and value.made_by is not None and self._computed_anew(name, value):
            value = self.values[name]
        if not value.known:
            return name
        array = settled(value)
        learned = is_learned(self.doc, value.weight, array)
        kept = self.weights if learned else self.constants
        own = re.sub(r"\W", "_", value.weight) if value.weight and learned else f"c{len(self.constants)}"
        if own not in kept:
            kept[own] = array
            self.values[own] = Value((array, array), known=False)
        return own

    def constant(self, node: Node, index: int, default: Any = None) -> Any:
        """An input that must not depend on the data, as an array."""
        value = self.value(node, index)
        value = None if value is None else self._as_known.get(node.inputs[index], value)
        if value is None:
            return default
        if not value.known:
            problem = f"its input {index}, {shown(node.inputs[index])}, must be a weight or a constant."
            raise Unreadable(problem, "compute it before the export, or put it into a layer.")
        return settled(value)

    def parameter(self, node: Node, index: int, transposed: bool = False) -> Any:
        """A weight, as a Parameter that all who read it share; None if it is left out."""
        value = self.value(node, index)
        if value is None:
            return None
        array = self.constant(node, index)
        if array.dtype.kind != "f":
            raise Unreadable(f"its input {index} holds {array.dtype}, not floating-point numbers.")
        made = Parameter(np.array(array.T if transposed else array), dtype=array.dtype)
        made.trainable = value.weight not in self.doc.buffers
        # Exporters store equal arrays once. Drawn weights are equal only if they are one, but all ones are.
        if value.weight is None or np.all(array == array.flat[:1]):
            return made
        return self._shared.setdefault(f"{value.weight}{'ᵀ' * transposed}", made)

    def producer(self, name: str) -> Step | None:
        """The step that gives a value which is read only once."""
        if self.uses[name] != 1 and not name.startswith("between_"):
            return None
        return next((step for step in reversed(self.steps) if step.gives == [name]), None)

    # How a node is read.

    def _folded(self, node: Node) -> bool:
        """Compute a node whose inputs are all known, and whether it was one."""
        inputs = [self.value(node, index) for index in range(len(node.inputs))]
        if node.op in ("Shape", "Size") and inputs[0] is not None:
            function = shape_of if node.op == "Shape" else lambda x, a: np.array(np.size(x), np.int64)
            found: list[Any] = [[function(x, node.attributes)] for x in inputs[0].runs]
        elif node.op == "Constant":
            found = [[held(node)]] * 2
        elif node.op == "CastLike" and inputs[0] is not None and inputs[0].known and inputs[1] is not None:
            found = [[np.asarray(run).astype(inputs[1].dtype)] for run in inputs[0].runs]
        elif all(value is None or value.known for value in inputs) and not self._looks_up(node, inputs):
            arguments = [[None if value is None else value.runs[run] for value in inputs] for run in (0, 1)]
            found = [fold(node.op, given, node.attributes, len(node.outputs)) for given in arguments]
        else:
            return False
        if found[0] is None:
            return False
        only = None
        if inputs and inputs[0] is not None and inputs[0].weight is not None:  # what is the same weight by another name
            only = {"Identity": node.outputs[0], "Expand": inputs[0].weight}.get(node.op)
        origin = node if only is None and depends_on_weights(self.doc, node, inputs) else None
        for name, *runs in zip(node.outputs, *found, strict=False):
            self.values[name] = Value((runs[0], runs[1]), True, only, origin)
        return True

    def _computed_anew(self, name: str, value: Value) -> bool:
        """Let steps compute a value from a weight; whether that was possible. Layers still take it as it is."""
        node = value.made_by
        if node is None or node.op not in self.handlers:
            return False
        value.made_by = None
        before = len(self.steps)
        try:
            self.handlers[node.op](self, node)
        except (Unreadable, *PROBLEMS):
            del self.steps[before:]
            self.values[name] = value
            return False
        self._as_known[name] = value
        return True

    def _looks_up(self, node: Node, inputs: list[Value | None]) -> bool:
        """Whether a node takes rows of a weight that is learned, as positions do: that must stay a step."""
        W = inputs[0] if inputs else None
        if W is None or W.ndim not in (2, 3) or not is_learned(self.doc, W.weight, W.runs[0]):
            return False
        if node.op == "Gather" and inputs[1] is not None:
            return inputs[1].weight is None and inputs[1].ndim > 0 and W.ndim == 2
        readers = [other.op for other in self.doc.nodes if node.outputs[0] in other.inputs]
        return node.op == "Slice" and set(readers) == {"Add"}

    def _handler(self, node: Node) -> Callable[[Reader, Node], None]:
        if node.op in self.handlers:
            return self.handlers[node.op]
        problem = f"{node.label} is an operator that Tinynet cannot turn into a layer."
        raise Unreadable(problem, instead_of(node.op, self.handlers))


def settled(value: Value) -> np.ndarray:
    """A known value that is the same in both examples, or repeats one row as often as there are samples."""
    first, second = (np.asarray(run) for run in value.runs)
    if first.ndim == second.ndim:
        for axis in range(first.ndim):
            if first.shape[axis] != second.shape[axis]:
                row = np.take(first, [0], axis=axis)
                if not np.array_equal(np.broadcast_to(row, first.shape), first):
                    break
                first, second = row, np.take(second, [0], axis=axis)
    if first.shape != second.shape or not np.array_equal(first, second):
        problem = f"it needs an array that depends on the shape of the input: {shape_text(value.shapes[0])} for one"
        hint = "name the sizes of all axes but the batch: load_onnx(path, input_shape=...)."
        raise Unreadable(f"{problem} shape, {shape_text(value.shapes[1])} for another.", hint)
    return first


def afford(*shape: int) -> None:
    """Refuse to make an array that no example needs."""
    if np.prod([float(size) for size in shape]) > MAX_NUMBERS:
        raise Unreadable(f"it makes an array of shape {shape_text(tuple(int(n) for n in shape))}, which is too large.")
