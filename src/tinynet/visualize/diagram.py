"""A net as boxes and arrows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinynet.core import checks
from tinynet.layers import Layer
from tinynet.net import Net
from tinynet.net.summary import Row, Summary, short_repr
from tinynet.visualize.style import BLUE, INK, MUTED, PURPLE, blank, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 6
WIDTH, HEIGHT = 1.7, 1.12  # of a box, in inches as are all lengths here
STEP, LINE = 2.0, 1.62  # from box to box, and from row to row


@dataclass(frozen=True)
class Box:
    """One box: its three lines of text, and its colour."""

    name: str
    detail: str
    shape: str
    parameters: str
    colour: str


@styled
def network_diagram(net: Net, input_shape: tuple[int, ...] | list[tuple[int, ...]]) -> Figure:
    """The layers of a net in their order, each with its output shape and number of parameters.

    Boxes with parameters are blue; branches (`Residual`, `Concat`) and other layers made of layers purple; all others
    grey. Nets inside the net are drawn out.

    Args:
        net: The net.
        input_shape: The shape of one input without the batch axis; a list of shapes for several.

    Raises:
        TypeError: `input_shape` is not a tuple of integers.
        ValueError: The shape does not fit a layer, which is named by its path.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> figure = network_diagram(Net([Linear(4, 3), ReLU()]), (4,))
        >>> [text.get_text() for text in figure.axes[0].texts][:4]
        ['Input', '4', 'Linear', '4, 3']
    """
    checks.instance("network_diagram", "net", net, Net, "wrap layers as Net([...]).")
    summary = net.summary(input_shape)
    boxes = [Box("Input", "", _shape_text(summary.input_shape), "", MUTED), *_boxes(net, summary)]
    n_rows = -(-len(boxes) // COLUMNS)
    columns = min(len(boxes), COLUMNS)
    width, height = STEP * max(columns, 3), LINE * n_rows
    figure = new_figure(width + 0.2, height + 0.4, f"{summary.name}: {summary.totals['parameters']:,} parameters")
    ax = figure.subplots()
    blank(ax)
    ax.set(xlim=(-0.1, width + 0.1), ylim=(-height - 0.1, 0.1), aspect="equal")
    for index, box in enumerate(boxes):
        _draw_box(ax, index, box)
        if index:
            _draw_arrow(ax, index)
    return figure


def _boxes(net: Net, summary: Summary) -> list[Box]:
    rows = {row.path: row for row in summary.rows}
    boxes = []
    for path, layer in _drawn_layers(net, ""):
        inside = [row for other, row in rows.items() if other == path or other.startswith(f"{path}.")]
        n_parameters = sum(row.parameters for row in inside)
        is_composite = len(inside) > 1
        colour = PURPLE if is_composite else BLUE if n_parameters else MUTED
        detail = _inner_names(inside) if is_composite else _arguments(layer)
        count = f"{n_parameters:,} parameters" if n_parameters else ""
        boxes.append(Box(type(layer).__name__, _cut(detail), _shape_text(rows[path].shape or ()), count, colour))
    return boxes


def _drawn_layers(net: Net, path: str) -> list[tuple[str, Layer]]:
    """The layers in their order with their paths; a net inside gives its layers, a branch stays whole."""
    found: list[tuple[str, Layer]] = []
    for name, layer in net.parts():
        inner = f"{path}.{name}" if path else name
        found += _drawn_layers(layer, inner) if isinstance(layer, Net) else [(inner, layer)]
    return found


def _arguments(layer: Layer) -> str:
    written = short_repr(layer).partition("(")[2].removesuffix(")")
    names = [name for name in layer.arguments if name != "rng"]
    return f"{names[0]}={written}" if len(names) == 1 and "=" not in written else written


def _inner_names(rows: list[Row]) -> str:
    names = [row.layer.partition("(")[0] for row in rows[1:]]
    return ", ".join(name for name in names if name != "Net")


def _cut(text: str, longest: int = 22) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _shape_text(shape: tuple) -> str:
    if shape and isinstance(shape[0], tuple):
        return ", ".join(map(_shape_text, shape))
    return "×".join(map(str, shape)) or "1"


def _corner(index: int) -> tuple[float, float]:
    """The upper left corner of a box."""
    return STEP * (index % COLUMNS) + (STEP - WIDTH) / 2, -LINE * (index // COLUMNS) - (LINE - HEIGHT) / 2


def _draw_box(ax: Axes, index: int, box: Box) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import FancyBboxPatch

    x, y = _corner(index)
    pale = tuple(1 - 0.1 * (1 - part) for part in to_rgb(box.colour))
    style = "round,pad=0,rounding_size=0.09"
    ax.add_patch(
        FancyBboxPatch((x, y - HEIGHT), WIDTH, HEIGHT, style, facecolor=pale, edgecolor=box.colour, linewidth=1.2)
    )
    middle = x + WIDTH / 2
    lines = (
        (box.name, 10.5, "bold", INK),
        (box.detail, 8, "normal", MUTED),
        (box.shape, 10, "normal", INK),
        (box.parameters, 8.5, "normal", INK),
    )
    used = [line for line in lines if line[0]]
    for place, (text, size, weight, colour) in enumerate(used):
        height = y - HEIGHT * (place + 1) / (len(used) + 1)
        ax.text(middle, height, text, ha="center", va="center", fontsize=size, fontweight=weight, color=colour)


def _draw_arrow(ax: Axes, index: int) -> None:
    """From the box before to this one; at the start of a row, round its end and back."""
    x, y = _corner(index)
    before_x, before_y = _corner(index - 1)
    style = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 1.2, "mutation_scale": 9, "shrinkA": 0, "shrinkB": 0}
    if index % COLUMNS:
        ax.annotate("", (x, y - HEIGHT / 2), (before_x + WIDTH, before_y - HEIGHT / 2), arrowprops=style)
        return
    between = (before_y - HEIGHT + y) / 2
    right, left = before_x + WIDTH / 2, x + WIDTH / 2
    ax.plot([right, right, left], [before_y - HEIGHT, between, between], color=MUTED, linewidth=1.2)
    ax.annotate("", (left, y), (left, between), arrowprops=style)
