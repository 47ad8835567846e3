"""How weights and gradients are spread."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.layers import Layer
from tinynet.net import Net
from tinynet.visualize.style import BLUE, INK, MUTED, VERMILLION, blank, panels, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_BINS = 41  # Odd, so that zero is in the middle of one.


@styled
def weight_histograms(net: Net, initial: Net | None = None) -> Figure:
    """How the values of each weight are spread, one panel per parameter; biases are left out.

    Args:
        net: A net with parameters.
        initial: The net as it was before training: its weights are drawn as a grey line, so that a weight which has
            hardly learned is seen. Make it with `copy.deepcopy(net)` before `fit`.

    Raises:
        ValueError: The net has no parameters.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> figure = weight_histograms(Net([Linear(8, 4), ReLU(), Linear(4, 2)]))
        >>> [ax.get_title(loc="left") for ax in figure.axes][:2]
        ['0.weight', '2.weight']
    """
    tensors = {path: parameter.tensor for path, parameter in _weights("weight_histograms", net).items()}
    before = {}
    if initial is not None:
        hint = "keep copy.deepcopy(net) before fit."
        before = _weights("weight_histograms", checks.instance("weight_histograms", "initial", initial, Layer, hint))
    lines = {path: parameter.tensor for path, parameter in before.items()}
    title = "How the weights are spread" + (" (grey: before training)" if lines else "")
    return _histograms(tensors, title, BLUE, lines)


@styled
def gradient_histograms(net: Net, x: Any, y: Any, loss: Callable) -> Figure:
    """How the gradient of each weight is spread on one batch, one panel per parameter.

    Gradients that shrink from panel to panel towards the input vanish, ones that grow explode. A copy of the net does
    the work in evaluation mode, so the net keeps the gradients that it has, and dropout draws no numbers.

    Args:
        net: A net with parameters.
        x: A batch of inputs; a tuple for several.
        y: Its ground truth.
        loss: A function (predicted, ground_truth) -> (loss, gradient).

    Raises:
        ValueError: The net has no parameters, or the batch does not fit.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.losses import cross_entropy
        >>> net = Net([Linear(8, 4), ReLU(), Linear(4, 2)])
        >>> figure = gradient_histograms(net, np.ones((3, 8)), np.array([0, 1, 1]), cross_entropy)
        >>> [ax.get_title(loc="left") for ax in figure.axes][:2]
        ['0.weight', '2.weight']
    """
    gradients = batch_gradients("gradient_histograms", net, x, y, loss)
    return draw_gradients(gradients)


@styled
def draw_gradients(gradients: dict[str, np.ndarray]) -> Figure:
    """`gradient_histograms` of gradients that are known."""
    return _histograms(gradients, "How the gradients of one batch are spread", VERMILLION)


def batch_gradients(who: str, net: Net, x: Any, y: Any, loss: Callable) -> dict[str, np.ndarray]:
    """The gradient of each weight on one batch, by path; a copy of the net does the work, in evaluation mode."""
    _weights(who, net)
    checks.function(who, "loss", loss, 2, "pass cross_entropy itself.")
    copy = deepcopy(net).eval()
    copy.zero_gradient()
    _, gradient = loss(copy.forward(*(x if isinstance(x, tuple) else (x,))), y)
    copy.backward(*(gradient if isinstance(gradient, tuple) else (gradient,)), input_gradient=False)
    return {path: parameter.gradient for path, parameter in _weights(who, copy).items()}


def _weights(who: str, net: Net) -> dict[str, Any]:
    parameters = _some_parameters(who, checks.instance(who, "net", net, Layer))
    weights = {path: parameter for path, parameter in parameters.items() if len(parameter.shape) >= 2}
    return weights or parameters


def _histograms(
    arrays: dict[str, np.ndarray], title: str, colour: str, before: dict[str, np.ndarray] | None = None
) -> Figure:
    columns = min(max(len(arrays), 3), 4)
    rows = -(-len(arrays) // columns)
    figure, axes = panels(rows, columns, 2.75 * columns, 2.15 * rows + 0.4, title)
    for ax, (path, values) in zip(axes, arrays.items(), strict=False):
        _draw(ax, path, values.ravel(), colour, (before or {}).get(path))
    for ax in axes[len(arrays) :]:
        blank(ax)
    return figure


def _draw(ax: Axes, path: str, values: np.ndarray, colour: str, before: np.ndarray | None) -> None:
    finite = values[np.isfinite(values)].astype(np.float64)
    if finite.size:
        limit = float(np.abs(finite).max()) or 1.0  # the same on both sides, so that a shift is seen
        ax.hist(finite, bins=N_BINS, range=(-limit, limit), color=colour, alpha=0.85)
        if before is not None:
            share = np.full(before.size, finite.size / before.size)
            ax.hist(
                before.ravel(),
                bins=N_BINS,
                range=(-limit, limit),
                weights=share,
                histtype="step",
                color=INK,
                lw=1.2,
                alpha=0.6,
            )
    ax.set_title(path)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(False, axis="y")
    ax.margins(y=0.25)  # room for the notes
    ax.locator_params(axis="x", nbins=4)
    ax.xaxis.set_major_formatter("{x:.3g}")
    ax.text(0.98, 0.97, _notes(values, finite), transform=ax.transAxes, ha="right", va="top", color=MUTED, fontsize=8)


def _notes(values: np.ndarray, finite: np.ndarray) -> str:
    lines = [f"{values.size:,} values"]
    if finite.size:
        lines.append(f"std {finite.std():.2g}")
    zeros = int((values == 0).sum())
    if zeros:
        lines.append(f"{zeros / values.size:.0%} zero".replace("%", " %"))
    if finite.size < values.size:
        lines.append(f"{values.size - finite.size:,} not finite")
    return "\n".join(lines)


def _some_parameters(who: object, net: Any) -> dict[str, Any]:
    """Check that a net has parameters, and return them."""
    parameters = net.parameters()
    if not parameters:
        fail(who, f"{type(net).__name__} has no parameters.", "this picture is for nets that learn.")
    return parameters
