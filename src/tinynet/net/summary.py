"""What a net consists of, layer by layer, as a table for the terminal and for notebooks."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks, formula
from tinynet.layers import Embedding, Flatten, Layer, Reshape
from tinynet.net.modes import predicting
from tinynet.net.table_text import aligned, bytes_text, compact, html_table, output_text, width_of
from tinynet.net.watch import watch

WIDTH = 120  # columns of the text table
MIN_NAME_WIDTH = 12  # of a layer, when the table is cut to that width
HEADINGS = ("Path", "Layer", "Output", "Parameters", "Mult-adds", "Memory", "Formula")
LEFT = (True, True, True, False, False, False, True)


@dataclass(frozen=True)
class Row:
    """One layer of a summary, without its inner layers, which have rows of their own; so rows can be added up."""

    path: str
    layer: str  #: The class and what its constructor was called with.
    depth: int  #: The number of rows that enclose it.
    shape: tuple | None  #: Of the output without the batch axis, or a tuple of such shapes; None if it never ran.
    trainable: int  #: Parameters that learn, those shared with an earlier row left out.
    frozen: int  #: Parameters that do not.
    shared: int  #: Parameters that an earlier row has counted.
    multiply_adds: int  #: For one input.
    memory: int  #: Bytes of the output for one input and of the parameters.
    formula: str

    @property
    def parameters(self) -> int:
        """All parameters that are counted in this row."""
        return self.trainable + self.frozen

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the headings."""
        return (
            self.path,
            "  " * self.depth + self.layer,
            "–" if self.shape is None else output_text(self.shape),
            self._parameters_text(),
            compact(self.multiply_adds),
            bytes_text(self.memory),
            self.formula,
        )

    def _parameters_text(self) -> str:
        notes = [f"{self.parameters:,}"] if self.parameters else []
        notes += ["frozen"] if self.frozen and not self.trainable else []
        notes += [f"({self.frozen:,} frozen)"] if self.frozen and self.trainable else []
        notes += ["(shared)"] if self.shared else []
        return " ".join(notes)


@dataclass(frozen=True)
class Summary:
    """The layers of a net for one shape of input; shown as a table by `print`, at the prompt and in a notebook.

    Attributes:
        name: The class of the net.
        input_shape: Without the batch axis; a tuple of shapes for several inputs.
        rows: One `Row` per layer, outer layers before their inner ones.
    """

    name: str
    input_shape: tuple
    rows: list[Row] = field(default_factory=list)

    @property
    def totals(self) -> dict[str, int]:
        """The sums over all rows of "trainable", "frozen", "parameters", "multiply_adds" and "memory" (in bytes)."""
        names = ("trainable", "frozen", "parameters", "multiply_adds", "memory")
        return {name: sum(getattr(row, name) for row in self.rows) for name in names}

    def __str__(self) -> str:
        table = [HEADINGS, *(row.cells() for row in self.rows)]
        widths = [max(width_of(cells[column]) for cells in table) for column in range(len(HEADINGS))]
        spare = WIDTH - sum(widths) - 2 * (len(widths) - 1)
        widths[-1] = max(widths[-1] + spare, min(widths[-1], 12))  # the formula is cut first, then the layer
        shortest = 2 * max((row.depth for row in self.rows), default=0) + MIN_NAME_WIDTH  # deep nets make it wider
        widths[1] = max(widths[1] + min(WIDTH - sum(widths) - 2 * (len(widths) - 1), 0), min(widths[1], shortest))
        lines = ["  ".join(map(aligned, cells, widths, LEFT)).rstrip() for cells in table]
        rule = "─" * min(max(map(width_of, lines)), WIDTH)
        title = f"{self.name} for an input of {output_text(self.input_shape)}"
        return "\n".join([title, rule, lines[0], rule, *lines[1:], rule, self._totals_text()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        title = f"{self.name} for an input of {output_text(self.input_shape)}"
        return html_table(title, HEADINGS, LEFT, [row.cells() for row in self.rows], self._totals_text())

    def _totals_text(self) -> str:
        t = self.totals
        frozen = f" ({t['trainable']:,} trainable, {t['frozen']:,} frozen)" if t["frozen"] else ""
        work = f"{compact(t['multiply_adds']) or 0} multiply-adds and {bytes_text(t['memory']) or '0 B'} for one input"
        return f"{t['parameters']:,} parameters{frozen} · {work}"


def summarize(net: Layer, input_shape: tuple[int, ...] | list[tuple[int, ...]]) -> Summary:
    """Run one input of zeros through a net in evaluation mode, and note what each layer gives and has.

    The zeros are integers where the first layer is an `Embedding`, and of the net's floating type everywhere else.

    Args:
        net: The net, or any layer.
        input_shape: The shape of one input without the batch axis; a list of shapes for several inputs.

    Returns:
        The table. Parameters that layers share are counted once, in the first.

    Raises:
        TypeError: `input_shape` is not a tuple of integers, nor a list of such tuples.
        ValueError: A size is below 1, or the shape does not fit a layer, which is named by its path.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.net import Net
        >>> summary = summarize(Net([Linear(4, 3), Linear(3, 2)]), (4,))
        >>> [row.parameters for row in summary.rows], summary.totals["multiply_adds"]
        ([15, 8], 18)
    """
    shapes = _input_shapes(input_shape)
    notes = _Notes()
    dtype = np.dtype(np.int64) if _takes_tokens(net) else net.dtype
    with predicting(net), watch(net, notes):
        net.forward(*(np.zeros((1, *shape), dtype) for shape in shapes))
    several = isinstance(input_shape, list)
    return Summary(type(net).__name__, tuple(shapes) if several else shapes[0], list(_rows(net, notes)))


def net_html(net: Layer) -> str:
    """The layers of a net with their parameters and formulas, as an HTML table; no input is needed.

    Example:
        >>> from tinynet.layers import Linear
        >>> "y = x Wᵀ + b" in net_html(Linear(4, 3))
        True
    """
    rows = list(_rows(net, _Notes()))
    shown = (0, 1, 3, 6)
    cells = [tuple(row.cells()[column] for column in shown) for row in rows]
    total = f"{sum(row.parameters for row in rows):,} parameters"
    return html_table(type(net).__name__, [HEADINGS[c] for c in shown], [LEFT[c] for c in shown], cells, total)


def short_repr(layer: Layer) -> str:
    """A layer as it would be written, in one line and without its inner layers: Conv2D(1, 16, 3, padding=1)."""
    if type(layer).__repr__ is not Layer.__repr__ and not _is_composite(layer):
        return " ".join(repr(layer).split())
    signature = inspect.signature(type(layer).__init__).parameters
    written = []
    for name, value in layer.arguments.items():
        default = signature[name].default if name in signature else inspect.Parameter.empty
        is_usual = isinstance(value, bool) and value == default  # a flag at its default
        if name != "rng" and not is_usual and not _holds_layer(value):
            written.append(repr(value) if default is inspect.Parameter.empty else f"{name}={value!r}")
    return (
        f"{type(layer).__name__}({', '.join(written)})" if written or not _is_composite(layer) else type(layer).__name__
    )


class _Notes:
    """An observer that keeps, for each path, the shape of the output, its new memory and the multiply-adds."""

    def __init__(self) -> None:
        self.shapes: dict[str, tuple] = {}
        self.memory: dict[str, int] = {}
        self.multiply_adds: dict[str, int] = {}
        self._outputs: dict[int, np.ndarray] = {}  # kept, so that no id is used again

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        outputs = y if isinstance(y, tuple) else (y,)
        shapes = tuple(np.shape(output)[1:] for output in outputs)
        self.shapes[path] = shapes if isinstance(y, tuple) else shapes[0]
        self.multiply_adds[path] = self.multiply_adds.get(path, 0) + layer.multiply_adds(x, y)
        # An output that is an inner layer's, or a view of the input, takes no memory of its own.
        inputs = x if isinstance(x, tuple) else (x,)
        new = [a for a in outputs if id(a) not in self._outputs and not any(np.may_share_memory(a, b) for b in inputs)]
        new = [] if isinstance(layer, (Flatten, Reshape)) else new
        self._outputs |= {id(output): output for output in outputs}
        self.memory[path] = sum(output.nbytes for output in new)


def _rows(net: Layer, notes: _Notes) -> Iterator[Row]:
    seen: set[int] = set()
    shown: list[str] = []  # the paths of rows, of which those that enclose a layer give its depth
    for path, layer in net.layers_inside():
        own = [part for _, part in layer.parts() if isinstance(part, Parameter)]
        first = [p for p in {id(p): p for p in own}.values() if id(p) not in seen]
        seen |= {id(p) for p in own}
        if not path and not own and _is_composite(layer):
            continue  # the net itself is the table
        yield Row(
            path=path,
            layer=short_repr(layer),
            depth=sum(path.startswith(f"{outer}.") for outer in shown),
            shape=notes.shapes.get(path),
            trainable=sum(p.size for p in first if p.trainable),
            frozen=sum(p.size for p in first if not p.trainable),
            shared=sum(p.size for p in own) - sum(p.size for p in first),
            multiply_adds=notes.multiply_adds.get(path, 0),
            memory=notes.memory.get(path, 0) + sum(p.tensor.nbytes for p in first),
            formula=formula(layer).get("Equation", "").partition("\n")[0],
        )
        shown.append(path)


def _is_composite(layer: Layer) -> bool:
    return any(isinstance(part, Layer) for _, part in layer.parts())


def _takes_tokens(net: Layer) -> bool:
    first = next(layer for _, layer in net.layers_inside() if not _is_composite(layer))
    return isinstance(first, Embedding)


def _holds_layer(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, Layer) or (isinstance(value, (list, tuple)) and any(map(_holds_layer, value)))


def _input_shapes(value: object) -> list[tuple[int, ...]]:
    """Check the shape of one input without its batch axis, or a list of such shapes, and return a list of them."""
    shapes: list[Any] = value if isinstance(value, list) else [value]
    if not shapes or not all(isinstance(shape, tuple) for shape in shapes):
        checks.fail(
            "summary",
            f"input_shape must be a tuple of integers, got {value!r}.",
            "leave out the batch axis, as in (1, 28, 28) or (784,); for several inputs give a list of tuples.",
            TypeError,
        )
    return [
        tuple(checks.integer("summary", f"input_shape[{axis}]", size, minimum=1) for axis, size in enumerate(shape))
        for shape in shapes
    ]
