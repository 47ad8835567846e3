"""How the terms of an explained sum add up to its result."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from tinynet.core import checks
from tinynet.probe import Explanation
from tinynet.probe.explain.explanation import Line, Row
from tinynet.visualize.style import BLUE, INK, MUTED, VERMILLION, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LONGEST = 72  # characters of a term beside its bar


@styled
def explained_terms(explanation: Explanation) -> Figure:
    """How the terms of a sum add up: each bar begins where the one above it ends, and the last one is the result.

    Terms that add are blue, those that take away orange. What was cut off on the way is counted below.

    Args:
        explanation: What `tinynet.explain` gave for a number that is a sum: a weight's gradient, an output of a linear
            layer or a convolution, an input gradient, a loss.

    Raises:
        ValueError: No line of the explanation is a sum of several terms.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> step = tn.trace(Net([Linear(2, 1)]), np.ones((4, 2)), np.zeros((4, 1)), mean_squared_error)
        >>> len(explained_terms(tn.explain(step, "0.weight", (0, 1))).axes[0].patches)
        5
    """
    checks.instance("explained_terms", "explanation", explanation, Explanation)
    line = _longest_sum(explanation)
    rows = [row for row in line.rows if row.term is not None]
    terms = [float(row.term or 0) for row in rows]
    labels = [f"{row.symbols.strip(' +−')}  =  {_numbers(row)}"[:LONGEST] for row in rows]
    cut = [row.symbols.strip(" +") for row in line.rows if row.term is None and row.symbols.startswith("  + ")]
    figure = new_figure(9.0, 1.3 + 0.3 * (len(terms) + 1) + 0.2 * len(cut), f"{line.symbol} = {line.result}")
    ax = figure.subplots()
    _draw_bars(ax, terms)
    ax.set_yticks(range(len(terms) + 1), [*labels, "all together"])
    ax.tick_params(axis="y", length=0, labelsize=8.5, labelfontfamily="monospace", labelcolor=INK)
    ax.tick_params(axis="x", length=0, labelsize=8.5, colors=MUTED)
    ax.set_title(line.rows[0].symbols if len(line.rows) > 1 else "", fontsize=9.5, fontweight="normal")
    ax.set_xlabel("\n".join(["sum so far", *cut]))
    return figure


def _numbers(row: Row) -> str:
    """The numbers of a term, with the sign of the sum at the first one."""
    numbers = row.numbers.strip(" +")
    return f"−{numbers[2:]}" if numbers.startswith("− ") else numbers


def _longest_sum(explanation: Explanation) -> Line:
    """The line with the most terms."""
    line = max(explanation.lines, key=lambda line: sum(row.term is not None for row in line.rows))
    if not any(row.term is not None for row in line.rows):
        checks.fail(
            "explained_terms",
            f"{explanation.result.symbol} is no sum of several terms.",
            "explain a weight's gradient, or an output of a linear layer or a convolution.",
        )
    return line


def _draw_bars(ax: Axes, terms: list[float]) -> None:
    """A bar for each term, from the sum before it to the sum with it, and one for the result."""
    sums = [0.0, *accumulate(terms)]
    ends = np.array(list(pairwise(sums)))
    colours = [VERMILLION if term < 0 else BLUE for term in terms]
    ax.barh(range(len(terms)), ends[:, 1] - ends[:, 0], left=ends[:, 0], color=colours, height=0.62)
    ax.barh(len(terms), sums[-1], color=INK, height=0.62)
    for at, end in enumerate(sums[1:]):
        ax.plot([end, end], [at - 0.31, at + 1.31], color=MUTED, linewidth=0.7, zorder=0)
    ax.axvline(0, color=MUTED, linewidth=0.8, zorder=0)
    ax.invert_yaxis()
    ax.spines["left"].set_visible(False)
    ax.use_sticky_edges = False
    ax.margins(x=0.04)
