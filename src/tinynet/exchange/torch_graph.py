"""A `Graph` as a class of PyTorch: a forward with a line for each step."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from tinynet.exchange.torch_several import n_outputs
from tinynet.exchange.torch_text import OF_MODULES, WIDTH, attribute, call, indented
from tinynet.layers import Layer
from tinynet.net import Graph
from tinynet.net.operations import (
    Choose,
    Clip,
    Combine,
    Compare,
    CumulativeSum,
    Einsum,
    Elementwise,
    Expand,
    Join,
    MatMul,
    Part,
    Power,
    Reduce,
    Repeat,
    Take,
    Transpose,
    View,
)

SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
COMPARISONS = {"equal": "==", "greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<="}
REDUCED = {"max": "amax", "min": "amin"}  #: What PyTorch calls these; the others have one name.
TAKEN = {*keyword.kwlist, "joined", "nn", "self", "torch"}  #: Names that no value in a forward may have.


def class_of(graph: Graph, code: Callable[[Layer], str]) -> str:
    """The body of the class that is the twin of a graph.

    Args:
        graph: The graph.
        code: What writes the expression that builds the twin of a layer.

    Example:
        >>> graph = Graph(["a", "b"], [("sum", Combine("add"), ["a", "b"], ["y"])], ["y"])
        >>> print(class_of(graph, repr))
            \"""From a, b to y, step by step.\"""
        <BLANKLINE>
            def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
                y = a + b
                return y
    """
    names = _local_names([*graph.inputs, *(name for _, _, _, gives in graph.steps for name in gives)])
    values = names | {name: _part(graph, name) for name in (*graph.weights, *graph.constants)}
    inputs, outputs = [names[name] for name in graph.inputs], [values[name] for name in graph.outputs]
    about = f'"""From {", ".join(inputs)} to {", ".join(outputs)}, step by step."""'
    if len(about) > WIDTH or not names.keys() >= set(graph.outputs):
        about = f'"""From {len(inputs)} inputs to {len(outputs)} outputs, step by step."""'
    parts = [*_own_arrays(graph), *_modules(graph, code)]
    steps = [_line(graph, step, values) for step in graph.steps]
    kind = "torch.Tensor" if len(outputs) == 1 else "tuple[torch.Tensor, ...]"
    head = call("def forward(", ["self", *(f"{x}: torch.Tensor" for x in inputs)], f") -> {kind}:")
    made = [["def __init__(self) -> None:", "super().__init__()", *parts]] if parts else []
    methods = [_block(*lines) for lines in [*made, [head, *steps, _return(outputs)]]]
    return indented("\n\n".join([about, *methods]))


def _return(outputs: list[str]) -> str:
    line = f"return {', '.join(outputs)}"
    return line if len(line) <= WIDTH else call("return (", outputs, ")")


def _block(head: str, *lines: str) -> str:
    return "\n".join([head, *map(indented, lines)])


def _own_arrays(graph: Graph) -> list[str]:
    """The weights and constants that steps read."""
    lines = []
    for name, weight in graph.weights.items():
        lines.append(f"{_part(graph, name)} = nn.Parameter(0.02 * torch.randn({_shape(weight.shape)}))")
    for name in graph.constants:
        made = _constant(getattr(graph, name), graph.dtype)
        is_free = name not in OF_MODULES
        lines.append(f'self.register_buffer("{name}", {made})' if is_free else f"{_part(graph, name)} = {made}")
    return lines


def _constant(array: np.ndarray, usual: np.dtype) -> str:
    """A single number as it is, of more the shape alone."""
    kind = "" if array.dtype == usual else f", dtype=torch.{array.dtype.name}"
    if array.ndim:
        return f"torch.zeros({_shape(array.shape)}{kind})"
    number = str(array[()]) if np.isfinite(array) else f'float("{array}")'
    return f"torch.tensor({number}{kind})"


def _modules(graph: Graph, code: Callable[[Layer], str]) -> list[str]:
    return [
        f"{_part(graph, name)} = {code(layer)}" for name, layer, _, _ in graph.steps if type(layer) not in EXPRESSIONS
    ]


def _line(graph: Graph, step: tuple, values: Mapping[str, str]) -> str:
    """One step: what it gives = what it does with what it reads."""
    name, layer, reads, gives = step
    given, read = [values[each] for each in gives], [values[each] for each in reads]
    write = EXPRESSIONS.get(type(layer))
    if write is not None:
        return f"{given[0]} = {write(layer, *read)}"
    n = n_outputs(layer)
    targets = [*given[:n], *["*_"] * (len(given) < n)]
    return call(f"{', '.join(targets)} = {_part(graph, name)}(", read, ")")


def _part(graph: Graph, name: str) -> str:
    """How a module, a parameter or a buffer is written in the class."""
    table = "_parameters" if name in graph.weights else "_buffers" if name in graph.constants else "_modules"
    return f"self{attribute(name, table)}"


def _local_names(names: Iterable[str]) -> dict[str, str]:
    """A name of Python for each value, another for each."""
    found: dict[str, str] = {}
    taken = set(TAKEN)
    for name in names:
        letters = unicodedata.normalize("NFKC", name)
        plain = "".join(letter if f"x{letter}".isidentifier() else "_" for letter in letters)
        plain = plain if plain.isidentifier() and not plain.startswith("_") else f"x{plain}"
        while plain in taken:
            plain += "_"
        found[name] = plain
        taken.add(plain)
    return found


def _shape(shape: Iterable[int]) -> str:
    return ", ".join(map(str, shape)) or "()"


def _sizes(sizes: tuple, x: str) -> str:
    written = [f"{x}.shape[{int(size[1:])}]" if isinstance(size, str) else str(size) for size in sizes]
    return ", ".join(written) or "()"


def _reduce(layer: Reduce, x: str) -> str:
    if not layer.axes:
        return f"{x}.abs()" if layer.operation == "norm" else x  # PyTorch would take all axes
    axes = layer.axes if len(layer.axes) > 1 else layer.axes[0]
    how = f"dim={axes}{', keepdim=True' * layer.keepdims}"
    if layer.operation == "norm":
        return f"torch.linalg.vector_norm({x}, {how})"
    return f"{x}.{REDUCED.get(layer.operation, layer.operation)}({how})"


def _clip(layer: Clip, x: str) -> str:
    low = 'float("-inf")' if layer.low is None else layer.low
    high = 'float("inf")' if layer.high is None else layer.high
    if layer.low is not None and layer.high is not None:
        low = min(layer.low, layer.high)
    return f"nn.functional.hardtanh({x}, {low}, {high})"


def _combine(layer: Combine, a: str, b: str) -> str:
    sign = SYMBOLS.get(layer.operation)
    return f"{a} {sign} {b}" if sign else f"torch.{layer.operation}({a}, {b})"


def _slice(layer: Part, x: str) -> str:
    start, stop, flipped = layer.start, layer.stop, ""
    if layer.stride < 0:  # PyTorch counts forwards only; place i is place ~i from the other end
        flipped = f".flip({layer.axis})"
        start, stop = (None if place is None else ~place for place in (start, stop))
    places = ":".join(["" if place is None else str(place) for place in (start, stop)])
    steps = f":{abs(layer.stride)}" * (abs(layer.stride) > 1)
    return f"{x}{flipped}[{':, ' * layer.axis}{places}{steps}]"


#: The operations that are written as what they do, given the layer and what it reads.
EXPRESSIONS: dict[type[Layer], Callable[..., str]] = {
    Choose: lambda layer, condition, a, b: f"torch.where({condition}.bool(), {a}, {b})",
    Clip: _clip,
    Combine: _combine,
    Compare: lambda layer, a, b: f"torch.where({a} {COMPARISONS[layer.comparison]} {b}, 1.0, 0.0)",
    CumulativeSum: lambda layer, x: f"{x}.cumsum({layer.axis})",
    Einsum: lambda layer, *inputs: call("torch.einsum(", [f'"{layer.equation}"', *inputs], ")"),
    Elementwise: lambda layer, x: f"{x}.{layer.function}()",
    Expand: lambda layer, x: f"{x}.expand({_sizes(layer.sizes, x)})",
    Join: lambda layer, *inputs: call("joined([", list(inputs), f"], dim={layer.axis})"),
    MatMul: lambda layer, a, b: f"{a} @ {b}",
    Part: _slice,
    Power: lambda layer, x: f"{x} ** {layer.exponent}",
    Reduce: _reduce,
    Repeat: lambda layer, x, other: f"{x}.expand({other}.shape[0], *{x}.shape[1:])",
    Take: lambda layer, x, index: f"{x}[{':, ' * layer.axis}{index}.long()]",
    Transpose: lambda layer, x: f"{x}.permute({_shape(layer.axes)})",
    View: lambda layer, x: f"{x}.reshape({_sizes(layer.sizes, x)})",
}
