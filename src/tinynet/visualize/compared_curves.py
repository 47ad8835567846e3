"""The curves of several trainings in one picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.visualize.curves import curve_names, heading, number
from tinynet.visualize.style import COLOURS, blank, panels, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = list[dict[str, Any]]


@styled
def compared_curves(histories: Mapping[str, Any]) -> Figure:
    """The loss and each metric of several trainings: validation as a line, training dashed and thin.

    Args:
        histories: From the name of a training to its history, with at least one epoch each.

    Example:
        >>> from tinynet.learner import History
        >>> first, second = History(), History()
        >>> first.append({"epoch": 1, "loss": 0.5}); second.append({"epoch": 1, "loss": 0.4})
        >>> [line.get_ydata().tolist() for line in compared_curves({"a": first, "b": second}).axes[0].lines]
        [[0.5], [0.4]]
    """
    rows = {name: history.rows for name, history in histories.items()}
    curves = list(dict.fromkeys(curve for each in rows.values() for curve in curve_names(each)))
    columns = min(len(curves), 3)
    n_rows = -(-len(curves) // columns)
    figure, axes = panels(n_rows, columns, (7, 10, 12)[columns - 1], 3.3 * n_rows)
    for ax, curve in zip(axes, curves, strict=False):
        _draw(ax, curve, rows)
    for ax in axes[len(curves) :]:
        blank(ax)
    axes[0].legend()
    return figure


def _draw(ax: Axes, curve: str, rows: dict[str, Rows]) -> None:
    from matplotlib.ticker import MaxNLocator

    for index, (name, each) in enumerate(rows.items()):
        colour = COLOURS[index % len(COLOURS)]
        epochs = [row.get("epoch", place + 1) for place, row in enumerate(each)]
        main = f"valid_{curve}" if any(f"valid_{curve}" in row for row in each) else curve
        marker = "o" if len(each) <= 30 else ""
        ax.plot(epochs, _values(each, main), color=colour, marker=marker, markersize=3.5, label=name)
        if main != curve:
            ax.plot(epochs, _values(each, curve), color=colour, linewidth=1, linestyle=(0, (3, 2)))
    ax.set_title(heading(curve))
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _values(rows: Rows, name: str) -> np.ndarray:
    return np.array([number(row.get(name)) for row in rows])
