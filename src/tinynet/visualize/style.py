"""The look of every picture: colours, sizes, and the one function that makes figures."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

P = ParamSpec("P")
Drawn = TypeVar("Drawn")

INK, MUTED, GRID, PAPER = "#1f2933", "#697586", "#e8ebef", "#ffffff"
# The colours of Okabe and Ito 2008, which people with any colour vision tell apart, strongest first.
BLUE, VERMILLION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, "#e69f00", "#56b4e9", "#8c6d1f", "#5b5b5b", "#b8b000", "#3b3b98")

TITLE_LINE = 0.24  # inches

SETTINGS = {
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.color": INK,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9.5,
    "axes.edgecolor": "#c3cad3",
    "axes.facecolor": PAPER,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "figure.constrained_layout.w_pad": 0.08,  # inches
    "figure.constrained_layout.h_pad": 0.08,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "legend.fontsize": 9,
    "image.interpolation": "nearest",
    "text.usetex": False,
}


def styled(draw: Callable[P, Drawn]) -> Callable[P, Drawn]:
    """Run a drawing function under the settings of this room, whatever the user's are, and put those back."""

    @wraps(draw)
    def in_style(*args: P.args, **kwargs: P.kwargs) -> Drawn:
        import matplotlib.style

        with matplotlib.style.context(["default", SETTINGS]):
            return draw(*args, **kwargs)

    return in_style


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """An empty figure of a size in inches that no window and no global state knows of.

    A title that is wider than the figure takes several lines, for which the figure grows.
    """
    from matplotlib.figure import Figure

    title = _lines_of(title, width - 0.2)
    height += TITLE_LINE * title.count("\n")
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=PAPER)
    # Notebooks show a figure made without pyplot only if it says how.
    figure._repr_png_ = partial(png, figure)  # type: ignore[attr-defined]
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure


def _lines_of(title: str, width: float) -> str:
    """A title as lines that are no wider than a number of inches."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    font = FontProperties(weight=rcParams["figure.titleweight"])
    size = FontProperties(size=rcParams["figure.titlesize"]).get_size_in_points()
    letters = title.replace("$", "S")  # which begins a formula elsewhere
    inches = TextPath((0, 0), letters, size=size, prop=font).get_extents().width / 72 if title.strip() else 0.0
    if inches <= width:
        return title
    return "\n".join(textwrap.wrap(title, max(int(len(title) * width / inches * 0.95), 8)))


def panels(rows: int, columns: int, width: float, height: float, title: str = "") -> tuple[Figure, list[Axes]]:
    """A figure with rows × columns axes for plots, and these axes row by row."""
    figure = new_figure(width, height, title)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for ax in axes:
        ax.grid(True, color=GRID, linewidth=0.8)
        ax.tick_params(which="both", colors=MUTED, labelsize=8.5, length=0)
    return figure, axes


def blank(ax: Axes) -> None:
    """Remove everything from the axes except the drawing in them."""
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def two_sided() -> LinearSegmentedColormap:
    """Colours for numbers around zero: blue for positive ones, orange for negative ones, white for zero."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(
        "orange-white-blue", ["#b34700", "#f0a35e", "#ffffff", "#5fa8d8", "#00568a"]
    )


def message(text: str, title: str) -> Figure:
    """A picture that says in words why there is nothing to see."""
    figure = new_figure(7, 1.6, title)
    ax = figure.subplots()
    blank(ax)
    ax.text(0.5, 0.5, text, ha="center", va="center", color=MUTED, fontsize=11, transform=ax.transAxes)
    return figure


def png(figure: Figure, dpi: float = 110, transparent: bool = False) -> bytes:
    """The figure as the bytes of a PNG file, if `transparent` without its white paper."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, transparent=transparent)
    return buffer.getvalue()
