"""All layers over training in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.probe.statistics.record import TrainingStatistics, recorded
from tinynet.visualize.strips import (
    colour_bar,
    heat,
    height_of,
    name_of,
    name_rows,
    nothing_seen,
    recent_range,
    times,
)
from tinynet.visualize.style import GRID, INK, MUTED, VERMILLION, message, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

TITLE = "What the layers give, and how fast they learn"
HEALTHY = 1e-3  # Updates of a thousandth of the weights' size are usual where the learning rate fits.
FARTHEST = 1e4  # times as large or small an update as usual is beyond the scale.
WIDTH, AROUND, RATIOS = 11.0, 0.75, 1.5  # inches: of all, around each part, of the lines


@styled
def training_strip(statistics: Any) -> Figure:
    """All layers over training: spread of the outputs, dead and saturated units, gradient, and update against weights.

    Each row is a layer, from the input at the top to the output at the bottom, and time goes to the right. The colour
    scales are logarithmic, from the range of the second half, so that wild first steps do not hide the rest; what is
    beyond has the outermost colour. Grey means that a layer has no such number.

    Args:
        statistics: The `TrainingStatistics` of a training, or the `Statistics` callback that recorded them.

    Raises:
        TypeError: It is neither.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.learner import Learner, Statistics
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> net, statistics = Net([Linear(2, 8), ReLU(), Linear(8, 2)]), Statistics("full")
        >>> learner = Learner(net, cross_entropy, SGD(lr=0.1), moons(128), callbacks=[statistics])
        >>> history = learner.fit(progress=False)
        >>> [ax.get_title(loc="left") for ax in training_strip(statistics).axes[:2]]
        ['Spread of the outputs', 'Dead or saturated units']
    """
    found = recorded("training_strip", statistics)
    if not len(found):
        return message(nothing_seen(found), TITLE)
    giving = np.flatnonzero(~np.isnan(found["spread"]).all(axis=0))
    learning = np.flatnonzero(~np.isnan(found["gradient_norm"]).all(axis=0))
    heights = [height_of(len(giving)), height_of(len(learning)), RATIOS]
    figure = new_figure(WIDTH, sum(heights) + 3 * AROUND, TITLE)
    grid = figure.add_gridspec(3, 2, height_ratios=heights)
    axes = [figure.add_subplot(grid[place]) for place in ((0, 0), (0, 1), (1, 0), (1, 1), (2, slice(None)))]
    _outputs(axes[:2], found, giving)
    _learning(axes[2:4], found, learning)
    _ratios(axes[4], found, learning)
    return figure


def _outputs(axes: list[Axes], found: TrainingStatistics, rows: np.ndarray) -> None:
    from matplotlib.colors import LogNorm, Normalize

    spread = found["spread"][:, rows]
    _strip(axes[0], found, spread, LogNorm(*recent_range(spread)), "viridis", "std")
    axes[0].set_title("Spread of the outputs")
    name_rows(axes[0], [name_of(found, row) for row in rows])
    silent = np.fmax(found["dead"], found["saturated"])[:, rows]
    bar = _strip(axes[1], found, silent, Normalize(0, 1), "Reds", "share")
    bar.ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes[1].set_title("Dead or saturated units")


def _learning(axes: list[Axes], found: TrainingStatistics, rows: np.ndarray) -> None:
    from matplotlib.colors import LogNorm

    norms = found["gradient_norm"][:, rows]
    _strip(axes[0], found, norms, LogNorm(*recent_range(norms)), "viridis", "‖∂L/∂θ‖")
    axes[0].set_title("Norm of the gradient")
    name_rows(axes[0], [name_of(found, row) for row in rows])
    ratios = found["update_ratio"][:, rows]
    low, high = recent_range(ratios)
    reach = min(max(HEALTHY / low, high / HEALTHY, 10.0), FARTHEST)
    bar = _strip(axes[1], found, ratios, LogNorm(HEALTHY / reach, HEALTHY * reach), "RdBu_r", "‖Δθ‖ / ‖θ‖")
    bar.ax.axhline(HEALTHY, color=INK, linewidth=1.2)
    axes[1].set_title("Update against weights")


def _strip(ax: Axes, found: TrainingStatistics, values: np.ndarray, scale: Normalize, colours: str, label: str) -> Any:
    from matplotlib import colormaps

    mesh = heat(ax, times(found.first_steps, found.steps), values, scale, colormaps[colours])
    ax.set_xlabel("step")
    return colour_bar(ax, mesh, label, height_of(values.shape[1]))


def _ratios(ax: Axes, found: TrainingStatistics, rows: np.ndarray) -> None:
    """The update ratios of all layers as lines, with the one that is usual."""
    from matplotlib import colormaps

    ratios = found["update_ratio"][:, rows]
    ax.set_yscale("log")
    for depth, row in enumerate(rows):
        colour = colormaps["viridis"](0.9 * depth / max(len(rows) - 1, 1))
        name = name_of(found, row) if depth in (0, len(rows) - 1) else None
        ax.plot(found.steps, np.where(ratios[:, depth] > 0, ratios[:, depth], np.nan), color=colour, lw=1.1, label=name)
    ax.axhline(HEALTHY, color=VERMILLION, linestyle="--", linewidth=1.4, label="usual: 0.001")
    ax.set(title="Update against weights, a line for each layer", ylabel="‖Δθ‖ / ‖θ‖")
    n_batches = found.settings.get("batches_per_epoch")
    ax.set_xlabel(f"step (an epoch has {n_batches:,})" if isinstance(n_batches, int) else "step")
    edges = times(found.first_steps, found.steps)
    ax.set_xlim(int(edges[0]), int(edges[-1]))
    ax.set_ylim(bottom=max(ax.get_ylim()[0], HEALTHY / FARTHEST))
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0.2)
    ax.grid(True, color=GRID, linewidth=0.8)
    ax.tick_params(colors=MUTED, labelsize=8.5, length=0, which="both")
