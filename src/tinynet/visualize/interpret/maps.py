"""Maps of what a net makes of a data set, and of the loss around its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.net import Net
from tinynet.probe import interpret
from tinynet.probe.interpret import Landscape, Projection
from tinynet.visualize import sentences
from tinynet.visualize.interpret.words import written
from tinynet.visualize.readings import class_name, class_names
from tinynet.visualize.style import COLOURS, INK, MUTED, PAPER, VERMILLION, message, panels, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHODS = ("pca", "tsne")


@styled
def embedding_map(
    net: Net, dataset: Any, layer: str | None = None, *, method: str = "pca", n: int = 500, **options: Any
) -> Figure:
    """How a net arranges the samples of a data set: each a dot, in the colour of its class.

    Args:
        net: A classifier.
        dataset: Samples with integer labels.
        layer: The path of the layer whose outputs are drawn; what the last `Linear` reads from if None.
        method: "pca", the two directions of the largest spread, or "tsne", which keeps neighbours together and takes
            seconds for the default n, and four times as long for twice as many.
        n: How many samples to draw at most, evenly taken from the whole.
        options: Those of `tinynet.probe.tsne`: perplexity, n_steps and rng.

    Raises:
        ValueError: The method is unknown, or something does not fit.
        TypeError: The labels are not integers.

    Example:
        >>> figure = embedding_map(tn.models.digits_cnn(), tn.data.digits()[1], n=50)
        >>> figure.axes[0].get_xlabel().startswith("first principal component (")
        True
    """
    sentences.samples_of("embedding_map", net, dataset)
    checks.one_of("embedding_map", "method", method, METHODS)
    chosen = np.linspace(0, len(dataset) - 1, min(checks.integer("embedding_map", "n", n, minimum=3), len(dataset)))
    x, labels = dataset[chosen.astype(int)]
    sentences.integer_labels("embedding_map", labels)
    found = interpret.representations(net, x, layer)
    drawn = interpret.pca(found.values) if method == "pca" else interpret.tsne(found.values, **options)
    title = f"{drawn.method} of {found.where}, {len(x)} samples"
    return _draw_points(drawn, labels, class_names(dataset), title)


@styled
def points_map(X: np.ndarray, names: Sequence[str], *, method: str = "pca", **options: Any) -> Figure:
    """A map of vectors that have names, such as the rows of an embedding.

    Args:
        X: The vectors, (N, D).
        names: What is written at each, (N,) words or characters.
        method: "pca" or "tsne".
        options: Those of `tinynet.probe.tsne`.

    Raises:
        ValueError: The method is unknown, or there is not a name for each vector.

    Example:
        >>> net = tn.models.char_lstm(vocabulary=4)
        >>> figure = points_map(net[0].weight.tensor, "abcd")
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['a', 'b', 'c', 'd']
    """
    checks.one_of("points_map", "method", method, METHODS)
    X = checks.numbers("points_map", "X", X)
    checks.input_shape("points_map", X, ("N", "D"), name="X")
    if names is None:
        checks.fail("points_map", "names must be a list of names, got None.", 'write names=["a", "b"].', TypeError)
    sentences.words("points_map", names, np.zeros(0, int))
    if len(names) != len(X):
        checks.fail("points_map", f"expected a name for each of {len(X)} vectors, got {len(names)}.")
    drawn = interpret.pca(X) if method == "pca" else interpret.tsne(X, **options)
    figure, (ax,) = panels(1, 1, 7, 6)
    x, y = drawn.points.T
    ax.scatter(x, y, s=1, color=PAPER)
    for (x, y), name in zip(drawn.points, names, strict=True):
        ax.text(x, y, written(0, [name]), ha="center", va="center", fontsize=10, color=INK)
    _label_axes(ax, drawn)
    ax.set_title(f"{drawn.method} of {len(names)} vectors")
    return figure


@styled
def loss_landscape(
    net: Net, loss: Callable[[Any, Any], tuple[float, Any]], x: Any, y: Any, *, dimensions: int = 2, **options: Any
) -> Figure:
    """The loss around the weights of a net along random directions, each filter as long as the net's: Li et al. 2018.

    Args:
        net: A trained net; it stays as it is.
        loss: A function (predicted, ground_truth) -> (loss, gradient).
        x: A batch of inputs; a tuple for several. Some hundred rows are enough.
        y: The truth.
        dimensions: 1 for a line, 2 for a plane.
        options: As in `tinynet.probe.loss_landscape`: n, radius and rng.

    Raises:
        ValueError: Something does not fit.

    Example:
        >>> from tinynet.losses import cross_entropy
        >>> figure = loss_landscape(tn.models.mlp(2, [8], 2), cross_entropy, *tn.data.moons(50)[:], n=5)
        >>> figure.axes[0].get_xlabel()
        'step along direction 1, in lengths of the filters'
    """
    found = interpret.loss_landscape(net, loss, x, y, dimensions=dimensions, **options)
    if not np.isfinite(found.losses).any():
        return message("The loss is finite nowhere around these weights.", "Loss around the solution")
    figure, (ax,) = panels(1, 1, 7 if dimensions == 1 else 6.6, 4.4 if dimensions == 1 else 5.4)
    (_draw_line if dimensions == 1 else _draw_plane)(figure, ax, found)
    ax.set_xlabel("step along direction 1, in lengths of the filters")
    ax.set_title(f"Loss around the solution, {found.n_samples:,} samples: {found.at_solution:.3g} at its weights")
    return figure


def _draw_line(figure: Figure, ax: Axes, found: Landscape) -> None:
    ax.plot(found.steps, np.where(np.isfinite(found.losses), found.losses, np.nan))
    ax.plot(0, found.at_solution, "o", color=VERMILLION, label="the trained net")
    ax.set_ylabel("loss")
    if _spread(found.losses) > 30:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
    ax.legend()


def _draw_plane(figure: Figure, ax: Axes, found: Landscape) -> None:
    losses = found.losses[np.isfinite(found.losses)]
    low, high = max(float(losses.min()), 1e-8), float(np.percentile(losses, 99))
    levels = np.geomspace(low, max(high, low * 1.01), 15)
    shown = np.clip(np.where(np.isfinite(found.losses), found.losses, high), levels[0], levels[-1])
    ax.grid(False)
    drawn = ax.contourf(found.steps, found.steps, shown, levels=levels, cmap="Blues_r", norm="log")
    ax.contour(found.steps, found.steps, shown, levels=levels[1:-1:2], colors=INK, linewidths=0.4, alpha=0.6)
    ax.plot(0, 0, "o", color=VERMILLION, label="the trained net")
    ax.set(ylabel="step along direction 2", aspect="equal")
    bar = figure.colorbar(drawn, ax=ax, shrink=0.85, pad=0.02)
    bar.set_ticks(list(levels[::2]), labels=[f"{level:.2g}" for level in levels[::2]])
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    bar.set_label("loss, logarithmic", color=MUTED, fontsize=8.5)
    bar.ax.tick_params(colors=MUTED, labelsize=8, length=0)
    ax.legend(loc="upper right", frameon=True, facecolor=PAPER, edgecolor="none", framealpha=0.8)


def _spread(losses: np.ndarray) -> float:
    finite = losses[np.isfinite(losses) & (losses > 0)]
    return float(finite.max() / finite.min()) if finite.size else 1.0


def _draw_points(found: Projection, labels: np.ndarray, classes: Any, title: str) -> Figure:
    figure, (ax,) = panels(1, 1, 7.4, 5.6)
    for index, label in enumerate(np.unique(labels)):
        x, y = found.points[labels == label].T
        ax.scatter(x, y, s=14, linewidths=0, alpha=0.8, color=COLOURS[index % 10], label=class_name(classes, label))
    _label_axes(ax, found)
    ax.set_title(title)
    if len(np.unique(labels)) <= len(COLOURS):
        figure.legend(loc="outside right upper", title="class", markerscale=1.6)
    return figure


def _label_axes(ax: Axes, found: Projection) -> None:
    if found.method == "PCA":
        first, second = (f"({100 * share:.0f} % of the variance)" for share in found.quality)
        ax.set(xlabel=f"first principal component {first}", ylabel=f"second principal component {second}")
    else:
        ax.set(xlabel=f"only who is beside whom means something; KL(P‖Q) = {found.quality[0]:.2f} nats")
        ax.set(xticks=[], yticks=[])
