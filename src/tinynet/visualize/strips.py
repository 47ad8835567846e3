"""Heat strips: a row for each layer, time to the right, and a colour for each value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.probe.statistics.record import TrainingStatistics
from tinynet.visualize.style import GRID, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize

ROW, NAME = 0.17, 0.125  # inches: the height of a row, and of its name
FEWEST_ROWS, MOST_ROWS = 7, 30  # whose height a strip has
BAR = 0.13  # inches: the width of a colour bar
LEAST_DECADES, MOST_DECADES = 1.0, 8.0  # of a logarithmic scale


def nothing_seen(statistics: TrainingStatistics) -> str:
    """Why there is nothing to draw."""
    every = statistics.settings.get("every")
    often = f"every {every:,}th step" if isinstance(every, int) and every > 1 else "each step"
    return f'No step was looked at, and {often} would have been.\nA shorter training needs Statistics("full").'


def name_of(statistics: TrainingStatistics, index: int) -> str:
    """How a layer is called in a picture."""
    path, kind = list(statistics.layers.items())[index]
    return f"{path}  {kind}".strip()


def times(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The limits of the columns on the axis of steps, (T + 1,): each reaches back to the one before.

    Example:
        >>> times(np.array([10, 20, 40]), np.array([10, 30, 50]))
        array([ 0, 10, 30, 50])
    """
    usual = int(np.median(np.diff(last))) if len(last) > 1 else int(last[0])
    return np.concatenate([[max(int(first[0]) - usual, 0)], last])


def recent_range(values: np.ndarray) -> tuple[float, float]:
    """The limits of a logarithmic scale: what most values were in the second half of the time, at least a decade.

    Args:
        values: (T, layers)

    Example:
        >>> "{:.3g} to {:.3g}".format(*recent_range(np.array([[1e9], [1e-2], [1.0], [1e-2]])))
        '0.011 to 0.912'
    """
    recent = values[len(values) // 2 :]
    usable = recent[np.isfinite(recent) & (recent > 0)]
    if not usable.size:
        return 0.1, 1.0
    low, high = np.percentile(np.log10(usable), [2, 98])
    low = max(low, high - MOST_DECADES)
    missing = max(LEAST_DECADES - (high - low), 0.0) / 2
    return float(10 ** (low - missing)), float(10 ** (high + missing))


def heat(ax: Axes, edges: np.ndarray, values: np.ndarray, scale: Normalize, colours: Colormap) -> Any:
    """Draw values (T, layers) with the first layer at the top; grey is where there is none."""
    least = scale.vmin or 0.0
    shown = np.where((values <= 0) & (least > 0), least / 10, values)  # zero is below every logarithmic scale
    ax.set_facecolor(GRID)
    mesh = ax.pcolormesh(edges, np.arange(values.shape[1] + 1), np.ma.masked_invalid(shown).T, norm=scale, cmap=colours)
    ax.invert_yaxis()
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(colors=MUTED, labelsize=8, length=0)
    ax.set_yticks([])
    return mesh


def colour_bar(ax: Axes, mesh: Any, label: str, height: float) -> Any:
    """The scale of a strip that is `height` inches high, to its right."""
    extend = "both" if mesh.norm.vmin > 0 else "neither"
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.015, aspect=height / BAR, fraction=0.1, extend=extend, extendfrac=0.04)
    bar.ax.set_title(label, color=MUTED, fontsize=8.5, fontweight="normal", loc="left")
    bar.outline.set_visible(False)
    if extend == "both":
        label_decades(bar.ax.yaxis, np.log10(mesh.norm.vmax / mesh.norm.vmin))
    bar.ax.tick_params(colors=MUTED, labelsize=8, length=0, which="both")
    return bar


def label_decades(axis: Any, n_decades: float) -> None:
    """Numbers beside a logarithmic scale: plain ones where it is short, and powers of ten where it is long."""
    from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

    steps = (1.0, 2.0, 5.0) if n_decades < 2.5 else (1.0,)
    axis.set_major_locator(LogLocator(subs=steps, numticks=9))
    axis.set_major_formatter("{x:g}" if n_decades < 2.5 else LogFormatterSciNotation())
    axis.set_minor_formatter(NullFormatter())


def height_of(n_rows: int) -> float:
    """The height of a strip in inches: rows get thinner where there are many.

    Example:
        >>> round(height_of(10), 2), round(height_of(100), 2)
        (1.7, 5.1)
    """
    return ROW * min(max(n_rows, FEWEST_ROWS), MOST_ROWS)


def name_rows(ax: Axes, names: list[str]) -> None:
    """Write the names beside the rows, as many as have room."""
    step = -(-len(names) * NAME // height_of(len(names)))
    ax.set_yticks(np.arange(len(names))[:: int(step)] + 0.5, names[:: int(step)], fontsize=7.5, color=INK)
