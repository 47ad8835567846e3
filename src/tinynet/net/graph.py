"""Graph: layers in an explicit order, each reading any values that were computed before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.faster import explained
from tinynet.core.initializers import normal
from tinynet.layers import Layer
from tinynet.net.masks import Masked, masked
from tinynet.net.net import ERRORS
from tinynet.net.tuples import as_tuple, one_or_tuple

KINDS = ("float32", "float64", "int32", "int64", "bool")  #: The types of constants.
Step = tuple[str, Layer, list[str], list[str]]  #: A name, a layer, what it reads and what it gives.


class Graph(Layer):
    """Layers in an explicit order, for what is neither a stack, nor a `Residual`, nor a `Concat`.

    Each step names the values that its layer reads and those that it gives. A value may be read by several steps.

    Equation:
        yₛ = fₛ(the values that step s reads), for each step s in order

    Gradients (given the gradients of the outputs):
        in reverse order, fₛ′ᵀ dyₛ is added to the gradient of each value that step s has read

    Args:
        inputs: The names of the inputs.
        steps: For each step a name, a layer, and the names of what it reads and gives.
        outputs: The names of the values that come out.
        weights: The shapes of parameters that steps read, by name; drawn with standard deviation 0.02.
        constants: The shapes and types of other arrays that steps read, by name; zeros at first.

    Raises:
        ValueError: A step reads what is not there yet, a name is given twice, or a layer is used twice.
        TypeError: Something is not of the kind that it should be.

    Example:
        >>> from tinynet.layers import Linear, Tanh
        >>> from tinynet.net.operations import Combine
        >>> graph = Graph(
        ...     inputs=["x"],
        ...     steps=[
        ...         ("gate", Linear(3, 4), ["x"], ["g"]),
        ...         ("value", Linear(3, 4), ["x"], ["v"]),
        ...         ("product", Combine("multiply"), ["g", "v"], ["y"]),
        ...     ],
        ...     outputs=["y"],
        ... )
        >>> graph
        Graph(x → y,
          g = gate(x)              Linear(in_features=3, out_features=4)
          v = value(x)             Linear(in_features=3, out_features=4)
          y = product(g, v)        Combine(operation='multiply')
        )
        >>> graph.forward(np.ones((2, 3), np.float32)).shape
        (2, 4)
    """

    only_hands_on = True

    def __init__(
        self,
        inputs: list[str],
        steps: list[Step],
        outputs: list[str],
        weights: dict[str, tuple[int, ...]] | None = None,
        constants: dict[str, tuple[tuple[int, ...], str]] | None = None,
    ) -> None:
        self.inputs, self.outputs = _names("inputs", inputs), _names("outputs", outputs)
        self.steps = _steps(steps)
        shapes, kinds = _table("weights", weights), _table("constants", constants)
        self.weights = {name: Parameter(normal(_shape(name, shape), std=0.02)) for name, shape in shapes.items()}
        self.constants = list(kinds)
        self._check()
        for name, (shape, dtype) in {name: _kind(name, kind) for name, kind in kinds.items()}.items():
            if hasattr(self, name) or not name.isidentifier() or name.startswith("_"):
                checks.fail("Graph", f"a constant cannot be named {name!r}.", "name it c0, for example.")
            # Drawn and not made at once, so that a short file cannot ask for more memory than tn.load gives it.
            setattr(self, name, np.array(0 * normal(shape), dtype))

    def forward(self, *inputs: np.ndarray, padding_mask: np.ndarray | None = None) -> Any:
        if len(inputs) != len(self.inputs):
            checks.fail("Graph", f"expected {len(self.inputs)} inputs, got {len(inputs)}.", kind=TypeError)
        values = self._given(inputs)
        for _, layer, reads, gives in self.steps if padding_mask is None else self._masked(padding_mask):
            try:
                y = layer.forward(*[values[read] for read in reads])
            except ERRORS as error:
                checks.locate(error, layer.layer if isinstance(layer, Masked) else layer, self.layers_inside())
                raise
            values |= zip(gives, as_tuple(y), strict=False)
        shapes = {gives[0]: values[gives[0]].shape for _, _, _, gives in self.steps if len(gives) > 1}
        self.remember(kinds={name: value.dtype.kind for name, value in values.items()}, shapes=shapes)
        return one_or_tuple([values[name] for name in self.outputs])

    @explained
    def backward(self, *gradients: np.ndarray) -> Any:
        kinds, shapes = self.recall()
        d: dict[str, Any] = {}
        for name, gradient in zip(self.outputs, gradients, strict=True):
            d[name] = d[name] + gradient if name in d else gradient
        for _, layer, reads, gives in reversed(self.steps):
            dy = [d.pop(name, None) for name in gives]
            known = [gradient for gradient in dy if gradient is not None]
            if not known:
                continue  # nothing that comes out depends on it
            dy[0] = np.zeros_like(known[0], shape=shapes[gives[0]]) if dy[0] is None else dy[0]
            dx = as_tuple(layer.backward(*dy))
            for name, gradient in zip(reads, dx, strict=False):
                if gradient is not None and kinds[name] == "f":
                    d[name] = d[name] + gradient if name in d else gradient
        for name, weight in self.weights.items():
            if name in d:
                weight.accumulate(d[name])
        return one_or_tuple([d.get(name) for name in self.inputs])

    def attributes(self) -> dict[str, Any]:
        layers = {name: layer for name, layer, _, _ in self.steps}
        return {"": layers | self.weights, **{name: getattr(self, name, None) for name in self.constants}}

    def __repr__(self) -> str:
        calls = [f"{', '.join(gives)} = {name}({', '.join(reads)})" for name, _, reads, gives in self.steps]
        width = max(map(len, calls), default=0)
        lines = []
        for call, (_, layer, _, _) in zip(calls, self.steps, strict=True):
            lines.append(f"  {call:<{width}}        {layer!r}".replace("\n", "\n" + " " * 4))
        return "\n".join([f"Graph({', '.join(self.inputs)} → {', '.join(self.outputs)},", *lines, ")"])

    def _masked(self, padding_mask: np.ndarray) -> list[Any]:
        """The steps, with the mask in those that read it."""
        layers = masked(self, [layer for _, layer, _, _ in self.steps], padding_mask)
        return [(name, layer, *rest) for (name, _, *rest), layer in zip(self.steps, layers, strict=True)]

    def _given(self, inputs: tuple[np.ndarray, ...]) -> dict[str, Any]:
        """The values that are there before the first step."""
        # Copies, so that a step remembers the weights that it has read, and not those after the update.
        weights = {name: weight.tensor.copy() for name, weight in self.weights.items()}
        constants = {name: getattr(self, name) for name in self.constants}
        return dict(zip(self.inputs, inputs, strict=True)) | weights | constants

    def _check(self) -> None:
        """Check that every step reads what is there, and that no name and no layer occurs twice."""
        names = {*self.weights, *self.constants}
        there = {*self.inputs, *names}
        if len(there) < len(self.inputs) + len(self.weights) + len(self.constants):
            checks.fail("Graph", "two of the inputs, weights and constants have the same name.")
        for name, _, reads, gives in self.steps:
            missing = [read for read in reads if read not in there]
            if missing:
                checks.fail("Graph", f"step {name!r} reads {', '.join(missing)}, which is not there yet.")
            twice = [given for given in gives if given in there or gives.count(given) > 1] + [name] * (name in names)
            if twice:
                checks.fail("Graph", f"step {name!r}: there are two things named {', '.join(twice)}.")
            there |= set(gives)
            names.add(name)
        missing = [name for name in self.outputs if name not in there]
        if missing:
            checks.fail("Graph", f"no step gives the output {', '.join(missing)}.")
        layers = [id(inner) for _, layer, _, _ in self.steps for inner in layer.every_layer()]
        if len(set(layers)) < len(layers):
            hint = "make a second layer; to share weights, let both hold the same Parameter."
            checks.fail("Graph", "a layer is used twice, but it remembers only its last forward.", hint)


def _names(what: str, names: Any) -> list[str]:
    """Check that there is at least one name."""
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) for name in names):
        checks.fail("Graph", f"{what} must be a list of names, got {names!r}.", f'write {what}=["x"].', TypeError)
    return list(names)


def _steps(steps: Any) -> list[Step]:
    """Check that each step has its four parts."""
    if not isinstance(steps, (list, tuple)):
        checks.fail("Graph", f"steps must be a list of steps, got {checks.of_kind(steps)}.", kind=TypeError)
    found: list[Step] = []
    for index, step in enumerate(steps):
        if not isinstance(step, (list, tuple)) or len(step) != 4 or not _is_part(step[0]):
            hint = 'write ("sum", Combine("add"), ["a", "b"], ["y"]).'
            checks.fail("Graph", f"steps[{index}] must be (name, layer, reads, gives), got {step!r}.", hint, TypeError)
        name, layer, reads, gives = step
        checks.instance("Graph", f"the layer of step {name!r}", layer, Layer)
        found.append((name, layer, _names(f"what step {name!r} reads", reads), _names(f"what {name!r} gives", gives)))
    return found


def _is_part(name: Any) -> bool:
    """Whether it can be part of a path."""
    return isinstance(name, str) and name != "" and "." not in name


def _table(what: str, entries: Any) -> dict[str, Any]:
    """Check that weights or constants are given by name."""
    if entries is None:
        return {}
    if not isinstance(entries, dict) or not all(map(_is_part, entries)):
        checks.fail("Graph", f"{what} must be a dict from names without dots, got {entries!r}.", kind=TypeError)
    return entries


def _shape(name: str, shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, (list, tuple)):
        checks.fail("Graph", f"the shape of {name} must be a tuple of integers, got {shape!r}.", kind=TypeError)
    return tuple(checks.integer("Graph", f"the shape of {name}", size, minimum=0) for size in shape)


def _kind(name: str, kind: Any) -> tuple[tuple[int, ...], str]:
    """Check the shape and the type of a constant."""
    if not isinstance(kind, (list, tuple)) or len(kind) != 2 or kind[1] not in KINDS:
        problem = f"constant {name} must be (shape, type) with one of {', '.join(KINDS)}, got {kind!r}."
        checks.fail("Graph", problem, 'write ((2, 3), "float32").', TypeError)
    return _shape(name, kind[0]), kind[1]
