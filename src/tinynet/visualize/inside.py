"""What the layers of a net hold and pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.values import instance
from tinynet.core.checks.words import fail
from tinynet.layers import Conv2D, Layer
from tinynet.net import Net
from tinynet.net.modes import predicting
from tinynet.net.summary import short_repr
from tinynet.visualize.pictures import Sheet, picture
from tinynet.visualize.style import INK, MUTED, PAPER, blank, new_figure, styled, two_sided

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_FILTERS = 64
MAX_CHANNELS = 12


@styled
def filters(net: Layer) -> Figure:
    """The kernels of the first convolution: what patterns it answers to.

    With three input channels each kernel is drawn in colour, stretched from its lowest to its highest weight. Otherwise
    each of its channels is a picture of its own: blue weights are positive, orange ones negative, white ones zero.

    Args:
        net: A net with a `Conv2D` somewhere inside, or a `Conv2D`.

    Raises:
        ValueError: There is no convolution.

    Example:
        >>> from tinynet.layers import ReLU
        >>> figure = filters(Net([Conv2D(1, 6, 3), ReLU()]))
        >>> len(figure.axes[0].images)
        6
    """
    path, layer = _first_layer(instance("filters", "net", net, Layer), Conv2D)
    W = layer.weight.tensor  # (out_channels, in_channels, kh, kw)
    in_colour = W.shape[1] == 3
    kernels = list(W if in_colour else W.reshape(-1, *W.shape[2:]))
    shown = kernels[:MAX_FILTERS]
    kind = "Filters" if in_colour or W.shape[1] == 1 else "Filters, channel by channel,"
    some = f", the first {len(shown)} of {len(kernels)}" if len(shown) < len(kernels) else ""
    title = f"{kind} of {short_repr(layer)}{some}" + (f" (layer {path})" if path else "")
    sheet = Sheet(len(shown), W.shape[2:], title, side=0.52, columns=16 if len(shown) > 16 else 8)
    limit = float(np.abs(W).max()) or 1.0
    for place, kernel in enumerate(shown):
        if in_colour:
            sheet.put(place, picture((kernel - kernel.min()) / max(float(np.ptp(kernel)), 1e-12)))
        else:
            drawn = sheet.put(place, kernel, cmap=two_sided(), vmin=-limit, vmax=limit)
    if not in_colour:
        bar = sheet.figure.colorbar(drawn, ax=sheet.ax, shrink=0.9, pad=0.01, aspect=12)
        bar.outline.set_visible(False)
        bar.ax.tick_params(colors=MUTED, labelsize=8, length=0)
    return sheet.figure


@styled
def feature_maps(net: Net, x: np.ndarray) -> Figure:
    """One input on its way through the net: what every layer gives, from top to bottom.

    Channels of images are drawn side by side, vectors as a strip. Each layer has its own scale, from dark (its lowest
    value) to bright. Layers that change nothing in evaluation mode, such as `Flatten` and `Dropout`, are left out.

    Args:
        net: The net.
        x: One input without the batch axis, as in `dataset[0][0]`.

    Raises:
        TypeError: x is not an array.
        ValueError: x does not fit the net.

    Example:
        >>> from tinynet.layers import Flatten, Linear, ReLU
        >>> net = Net([Conv2D(1, 4, 3), ReLU(), Flatten(), Linear(144, 10)])
        >>> feature_maps(net, np.ones((1, 8, 8))).axes[-1].get_title(loc="left")
        '3  Linear(144, 10)   (10,)'
    """
    instance("feature_maps", "net", net, Net, "wrap layers as Net([...]).")
    x = _one_input(x)
    leaves = _Leaves()
    with predicting(net), net.watch(leaves):
        net.forward(x[np.newaxis])
    steps = [("Input", x), *leaves.steps]
    heights = [0.8 if y.ndim >= 2 else 0.4 for _, y in steps]
    figure = new_figure(11, sum(heights) + 0.32 * len(steps) + 0.5, "One input on its way through the net")
    axes = figure.subplots(len(steps), 1, squeeze=False, height_ratios=heights)[:, 0]
    for ax, (name, y) in zip(axes, steps, strict=True):
        shape = str(tuple(y.shape))
        ax.set_title(f"{name}   {shape}", fontsize=9, fontweight="normal", color=INK, pad=3)
        _draw_output(ax, y, is_input=name == "Input")
    return figure


class _Leaves:
    """An observer that keeps the outputs of innermost layers that change something."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, np.ndarray]] = []

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        is_leaf = len(list(layer.layers_inside())) == 1
        if not is_leaf or not isinstance(y, np.ndarray) or not isinstance(x, np.ndarray):
            return
        unchanged = np.may_share_memory(x, y) or (x.size == y.size and np.array_equal(np.ravel(x), np.ravel(y)))
        if not unchanged:
            self.steps.append((f"{path}  {short_repr(layer)}".strip(), np.array(y[0])))


def _draw_output(ax: Axes, y: np.ndarray, is_input: bool) -> None:
    blank(ax)
    colours = "gray" if is_input else "viridis"
    if y.ndim < 3:
        strip = y.reshape(len(y), -1) if y.ndim == 2 else y.reshape(1, -1)
        ax.imshow(strip, cmap=colours, aspect="auto")
        if strip.shape[0] == 1 and strip.shape[1] <= 20:
            _write_values(ax, strip[0])
        return
    whole = is_input and len(y) in (1, 3)
    ax.imshow(picture(y) if whole else _side_by_side(y[:MAX_CHANNELS]), cmap=colours)
    ax.set_anchor("W")
    if len(y) > MAX_CHANNELS:
        ax.text(1.005, 0.5, f"+ {len(y) - MAX_CHANNELS}", transform=ax.transAxes, va="center", color=MUTED)


def _side_by_side(y: np.ndarray) -> np.ndarray:
    """The channels of (C, H, W) in one row of `MAX_CHANNELS` places; the gaps are NaN, which is not drawn."""
    channels, height, width = y.shape
    gap = max(1, width // 12)
    row = np.full((height, MAX_CHANNELS * (width + gap)), np.nan)
    for channel in range(channels):
        start = channel * (width + gap)
        row[:, start : start + width] = y[channel]
    return row


def _write_values(ax: Axes, values: np.ndarray) -> None:
    finite = values[np.isfinite(values)]
    middle = (finite.min() + finite.max()) / 2 if finite.size else 0.0
    for place, value in enumerate(values):
        colour = PAPER if not value > middle else INK
        ax.text(place, 0, f"{value:.3g}", ha="center", va="center", fontsize=8, color=colour)


def _first_layer(net: Any, kind: type) -> tuple[str, Any]:
    """The first layer of a class inside a net, and its path."""
    for path, layer in net.layers_inside():
        if isinstance(layer, kind):
            return path, layer
    fail(
        "filters",
        f"there is no {kind.__name__} in {type(net).__name__}.",
        "for a net without convolutions, weight_histograms(net) shows the weights.",
    )


def _one_input(x: object) -> np.ndarray:
    """Check that x is an array, one input without the batch axis."""
    if not isinstance(x, np.ndarray) or x.ndim == 0:
        fail(
            "feature_maps",
            f"expected x to be the array of one input, got {type(x).__name__}.",
            "pass dataset[0][0].",
            TypeError,
        )
    if not x.size:
        fail("feature_maps", f"expected x to hold numbers, got shape {shape_text(x.shape)}.", "pass dataset[0][0].")
    if x.ndim > 3:
        fail(
            "feature_maps", f"expected one input without the batch axis, got shape {shape_text(x.shape)}.", "pass x[0]."
        )
    return x
