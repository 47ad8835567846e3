"""Whether the picture of a method depends on what the net has learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.net import Net
from tinynet.probe import interpret
from tinynet.visualize import sentences
from tinynet.visualize.interpret.words import NAMES, write_title
from tinynet.visualize.pictures import picture
from tinynet.visualize.style import COLOURS, GRID, INK, MUTED, blank, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tinynet.probe.interpret import RandomizationCheck

SHOWN = 5  # maps of each method: with the trained weights, and at most four later ones


@styled
def randomization_check(
    net: Net, x: np.ndarray, target: Any = None, *, methods: Sequence[Any] | None = None, rng: Any = None
) -> Figure:
    """The maps of saliency and of guided back-propagation while the layers are drawn anew: Adebayo et al. 2018.

    A map that explains what the net has learned must change with the weights. The maps are those of the first input,
    the curves are over all of them.

    Args:
        net: A trained net; it stays as it is.
        x: A batch of images.
        target: The class, as in `tinynet.probe.saliency`.
        methods: Functions (net, x, target) -> `Attribution`; saliency and guided back-propagation if None.
        rng: Where the new weights come from.

    Raises:
        ValueError: The inputs are not images, or something does not fit.

    Example:
        >>> figure = randomization_check(tn.models.digits_cnn(), tn.data.digits()[1].x[:4])
        >>> figure.get_suptitle()
        'Does the picture depend on the weights, drawn anew from the last layer on?'
    """
    x = sentences.images("randomization_check", x)
    chosen = {} if methods is None else {"methods": methods}
    found = interpret.randomization_check(net, x, target, rng=rng, **chosen)
    steps = np.unique(np.linspace(0, len(found.layers), SHOWN).round().astype(int))
    title = "Does the picture depend on the weights, drawn anew from the last layer on?"
    figure = new_figure(9, 1.5 * len(found.maps) + 3.4)
    write_title(figure, title)
    grid = figure.add_gridspec(len(found.maps) + 1, 1 + len(steps), height_ratios=[1.4] * len(found.maps) + [2.6])
    for row, (method, maps) in enumerate(found.maps.items()):
        axes = [figure.add_subplot(grid[row, column]) for column in range(1 + len(steps))]
        _draw_row(axes, NAMES.get(method, method), x[0], maps[steps, 0], steps, first=row == 0)
    _draw_curves(figure.add_subplot(grid[-1, :]), found)
    return figure


def _draw_row(axes: list[Axes], name: str, x: np.ndarray, maps: np.ndarray, steps: np.ndarray, first: bool) -> None:
    axes[0].imshow(picture(x), cmap="gray", vmin=0, vmax=1)
    axes[0].set_title("input" if first else "", fontsize=9, fontweight="normal")
    axes[0].set_ylabel(name.replace(" ", "\n"), fontsize=9, color=INK)
    for ax, strength, step in zip(axes[1:], maps, steps, strict=True):
        ax.imshow(strength, cmap="magma", vmin=0, vmax=float(strength.max()) or 1)
        words = "as trained" if step == 0 else f"{step} drawn anew"
        ax.set_title(words if first else "", fontsize=9, fontweight="normal")
    for ax in axes:
        blank(ax)


def _draw_curves(ax: Axes, found: RandomizationCheck) -> None:
    n = np.arange(len(found.layers) + 1)
    remains = found.remains()
    for colour, (method, similarity) in zip(COLOURS, found.similarities.items(), strict=False):
        name = f"{NAMES.get(method, method)}: {remains[method]:.2f} is left at half of the layers"
        ax.plot(n, similarity, color=colour, marker="o", markersize=3.5, label=name)
    ax.axvline(-(-len(found.layers) // 2), color=GRID, linewidth=6, zorder=0)
    ax.axhline(0, color=MUTED, linewidth=0.8)
    ax.grid(True, axis="y", color=GRID, linewidth=0.8)
    ax.tick_params(colors=MUTED, labelsize=8.5, length=0)
    ax.set(xlabel="layers with parameters drawn anew, from the last on", ylabel="correlation\nwith the map as trained")
    ax.locator_params(axis="x", integer=True)
    ax.set_ylim(min(-0.1, min(float(s.min()) for s in found.similarities.values()) - 0.05), 1.05)
    ax.legend(loc="upper right")
