"""How the values of a layer are spread, over training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core.checks.values import text
from tinynet.core.checks.words import fail
from tinynet.probe.statistics.bins import N_POWERS, edges
from tinynet.probe.statistics.record import TrainingStatistics, recorded
from tinynet.visualize.strips import colour_bar, heat, name_of, nothing_seen, times
from tinynet.visualize.style import INK, message, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 3.2  # inches of a strip
MOST_TICKS = 12
SHOWN_POWERS = 12  # powers of two below the largest value


@styled
def time_histograms(statistics: Any, layer: str) -> Figure:
    """The histograms of one layer over training: of its outputs and, in a full look, its weights and gradients.

    Time goes to the right and values upwards. Each bin reaches from one power of two to the next, so that small and
    large values of both signs are seen together; what is less than 1/4096 of the largest is in the bin of zero. The
    colour is the share of the values.

    Args:
        statistics: The `TrainingStatistics` of a training, or the `Statistics` callback that recorded them.
        layer: The path of a layer, as in "0.body.2".

    Raises:
        TypeError: Those are no statistics.
        ValueError: There is no such layer, or nothing was counted of it.

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
        >>> [ax.get_title(loc="left") for ax in time_histograms(statistics, "0").axes[:3]]
        ['Outputs', 'Weights', 'Gradients']
    """
    found = recorded("time_histograms", statistics)
    if not len(found):
        return message(nothing_seen(found), "How the values of a layer are spread")
    index = _index_of(found, layer)
    counted = {of: found.histograms(of)[:, index] for of in found.counted}
    counted = {of: counts for of, counts in counted.items() if counts.any()}
    if not counted:
        fail("time_histograms", f"nothing was counted of layer {layer}.", "choose one that learns or is an activation.")
    title = f"How the values of {name_of(found, index)} are spread"
    figure = new_figure(4.2 * max(len(counted), 2), HEIGHT + 1.1, title)
    for ax, (of, counts) in zip(figure.subplots(1, len(counted), squeeze=False)[0], counted.items(), strict=True):
        _draw(ax, found, of, counts)
    return figure


def _draw(ax: Axes, found: TrainingStatistics, of: str, counts: np.ndarray) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import PowerNorm

    counts, limits = without_small(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    scale = PowerNorm(0.5, 0, max(float(shares.max()), 1e-9))  # small shares are to be seen beside large ones
    mesh = heat(ax, times(*found.histogram_steps), shares, scale, colormaps["Blues"])
    ax.invert_yaxis()  # great values at the top
    ticks = np.arange(0, len(limits), 3 if len(limits) > MOST_TICKS else 1)
    ax.set_yticks(ticks, [f"{limits[tick]:.2g}" for tick in ticks], fontsize=8, color=INK)
    ax.set(title=of.capitalize(), xlabel="step")
    bar = colour_bar(ax, mesh, "share", HEIGHT)
    bar.ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")


def without_small(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Histograms with the bins of small values and that of zero made one, and no empty ones outside.

    Args:
        counts: (T, N_BINS)

    Returns:
        The counts that are left, (T, B), and the limits of their bins, (B + 1,).

    Example:
        >>> counts = np.zeros((1, 2 * N_POWERS + 1), int)
        >>> counts[0, [N_POWERS - 1, N_POWERS, N_POWERS + 33]] = 1, 5, 2
        >>> [part.tolist() for part in without_small(counts)][0][0][:3]
        [6, 0, 0]
    """
    largest = int(np.abs(np.flatnonzero(counts.any(axis=0)) - N_POWERS).max())
    small = max(largest - SHOWN_POWERS, 0)
    middle = slice(N_POWERS - small, N_POWERS + small + 1)
    joined = [counts[:, : middle.start], counts[:, middle].sum(axis=1, keepdims=True), counts[:, middle.stop :]]
    limits = np.concatenate([edges()[: middle.start + 1], edges()[middle.stop :]])
    counts = np.concatenate(joined, axis=1)
    there = np.flatnonzero(counts.any(axis=0))
    return counts[:, there[0] : there[-1] + 1], limits[there[0] : there[-1] + 2]


def _index_of(found: TrainingStatistics, layer: str) -> int:
    if text("time_histograms", "layer", layer) not in found.layers:
        hint = f"the layers are {', '.join(map(repr, found.layers))}."
        fail("time_histograms", f"no layer {layer!r} was watched.", hint)
    return list(found.layers).index(layer)
