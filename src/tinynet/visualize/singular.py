"""The singular values of all weights in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet import probe
from tinynet.layers import Layer
from tinynet.visualize.strips import label_decades
from tinynet.visualize.style import INK, panels, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NAMES = 12  # in a legend; of more weights, the colour alone says how deep one is
LEAST = 1e-6  # of the greatest value: below it, float32 holds nothing but rounding


@styled
def singular_values(net: Layer) -> Figure:
    """The singular values of each weight from the greatest to the least, as `tinynet.probe.singular_values` gives them.

    A line that stays level stretches all directions alike, as a random matrix nearly does. One that falls steeply
    passes on few directions; where it ends at zero, units repeat each other. Dark lines are near the input.

    Args:
        net: A net with weights.

    Raises:
        ValueError: No parameter has two axes, or one holds NaN or infinity.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.net import Net
        >>> figure = singular_values(Net([Linear(8, 4), ReLU(), Linear(4, 2)]))
        >>> [line.get_label() for line in figure.axes[0].lines]
        ['0.weight, 4', '2.weight, 2']
    """
    from matplotlib import colormaps

    found = probe.singular_values(net)
    figure, (ax,) = panels(1, 1, 8, 4, "Singular values of the weights")
    least = LEAST * max(float(values[0]) for values in found.values())
    for depth, (path, values) in enumerate(found.items()):
        colour = colormaps["viridis"](0.9 * depth / max(len(found) - 1, 1))
        place = np.linspace(0, 100, len(values)) if len(values) > 1 else [0.0]
        shown = np.maximum(values, least)
        ax.plot(place, shown, color=colour, lw=1.6, marker=".", ms=5, label=f"{path}, {len(values)}")
    ax.set_yscale("log")
    label_decades(ax.yaxis, np.log10(ax.get_ylim()[1] / ax.get_ylim()[0]))
    ax.set(xlabel="place from the greatest to the least, in %", ylabel="σ")
    if len(found) <= MOST_NAMES:
        ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), title="weight, number of values")
    else:
        _name_ends(ax, list(found))
    return figure


def _name_ends(ax: Axes, paths: list[str]) -> None:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap

    colours = ListedColormap(colormaps["viridis"](np.linspace(0, 0.9, 256)))
    bar = ax.figure.colorbar(ScalarMappable(cmap=colours), ax=ax, pad=0.01, aspect=30, ticks=[0, 1])
    bar.ax.set_yticklabels([paths[0], paths[-1]], fontsize=8, color=INK)
    bar.ax.invert_yaxis()
    bar.outline.set_visible(False)
