"""What a net makes of data in one or two dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail
from tinynet.layers import Sigmoid
from tinynet.net import Net
from tinynet.visualize.readings import class_name, class_names, ends_with, predictions, probabilities
from tinynet.visualize.sentences import integer_labels, samples_of
from tinynet.visualize.style import BLUE, COLOURS, INK, PAPER, VERMILLION, panels, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GRID = 240  # points of the plane per axis


@styled
def decision_boundary(net: Net, dataset: Any) -> Figure:
    """The plane in the colours of the classes that the net predicts for each point, with the samples on top.

    The surer the net, the stronger the colour; the line is where the answer changes.

    Args:
        net: A classifier of points with as many outputs as classes, or with one: a logit, or the probability of class 1
            if the last layer is `Sigmoid`.
        dataset: Points (N, 2) with integer labels.

    Raises:
        ValueError: The inputs are not points of a plane, or the outputs do not fit the labels.
        TypeError: The labels are not integers.

    Example:
        >>> from tinynet.layers import Linear
        >>> figure = decision_boundary(Net([Linear(2, 3)]), tn.data.spirals(60))
        >>> figure.axes[0].get_title(loc="left").endswith("of 60 points right")
        True
    """
    samples_of("decision_boundary", net, dataset)
    figure, (ax,) = panels(1, 1, 6.4, 5.6)
    ax.set_title(draw_boundary(ax, net, dataset))
    legend_of_classes(figure, ax)
    return figure


@styled
def fit_curve(net: Net, dataset: Any) -> Figure:
    """A regression in one dimension: the samples, and the curve that the net has learned.

    Args:
        net: A net from one number to one number.
        dataset: x (N, 1) and y (N, 1) or (N,).

    Raises:
        ValueError: The inputs or the outputs are not one number per sample.

    Example:
        >>> from tinynet.layers import Linear
        >>> figure = fit_curve(Net([Linear(1, 1)]), tn.data.line(40))
        >>> len(figure.axes[0].collections[0].get_offsets())
        40
    """
    samples_of("fit_curve", net, dataset)
    x, y = dataset[np.arange(len(dataset))]
    outputs, _ = predictions(net, dataset)
    x, y, fitted = _curve(x, y, outputs)
    span = np.linspace(x.min(), x.max(), 400)
    curve = net.predict(span[:, np.newaxis].astype(net.dtype))[:, 0]
    figure, (ax,) = panels(1, 1, 7, 4.4)
    ax.scatter(x, y, s=18, color=BLUE, alpha=0.65, linewidths=0, label="samples")
    ax.plot(span, curve, color=VERMILLION, label="the net")
    ax.set(xlabel="x", ylabel="y")
    rms = np.sqrt(np.mean((fitted - y) ** 2))
    ax.set_title(f"Root mean square error {rms:.3g} on {len(x)} samples")
    ax.legend()
    return figure


def draw_boundary(ax: Axes, net: Net, dataset: Any, size: float = 22) -> str:
    """Draw the plane and the samples, dots of this area in square points, and say how many the net gets right."""
    x, labels = _points(*dataset[np.arange(len(dataset))])
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.08 * np.maximum(high - low, 1e-6)
    axis_0, axis_1 = (np.linspace(low[i] - margin[i], high[i] + margin[i], GRID) for i in (0, 1))
    plane = np.stack(np.meshgrid(axis_0, axis_1), axis=-1).reshape(-1, 2)  # (GRID², 2)
    p = _class_probabilities(net, plane, labels).reshape(GRID, GRID, -1)
    ax.grid(False)
    _draw_plane(ax, p, axis_0, axis_1)
    said = _class_probabilities(net, x, labels).argmax(axis=1)
    for label in np.unique(labels):
        x_0, x_1 = x[labels == label].T
        name = class_name(class_names(dataset), label)
        ax.scatter(x_0, x_1, s=size, color=_colour(label), edgecolors=PAPER, linewidths=size / 30, label=name)
    return f"{(said == labels).sum()} of {len(labels)} points right"


def legend_of_classes(figure: Figure, ax: Axes, markerscale: float = 1.0) -> None:
    """The colours of the classes, unless there are more classes than colours."""
    handles, names = ax.get_legend_handles_labels()
    if len(names) <= len(COLOURS):
        figure.legend(handles, names, loc="outside right upper", title="class", markerscale=markerscale)


def _class_probabilities(net: Net, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    outputs = net.predict(x.astype(net.dtype), batch_size=4096)
    _plane_outputs(outputs, labels)
    if outputs.shape[1] > 1:
        return probabilities(net, outputs)
    p = outputs if ends_with(net, Sigmoid) else 0.5 * (1 + np.tanh(outputs / 2))
    return np.concatenate([1 - p, p], axis=1)


def _draw_plane(ax: Axes, p: np.ndarray, axis_0: np.ndarray, axis_1: np.ndarray) -> None:
    from matplotlib.colors import to_rgb

    colours = np.array([to_rgb(_colour(label)) for label in range(p.shape[-1])])
    mixed = 1 - 0.42 * (1 - p @ colours)  # pale, so that the samples stand out
    extent = (axis_0[0], axis_0[-1], axis_1[0], axis_1[-1])
    ax.imshow(mixed, origin="lower", extent=extent, aspect="auto", interpolation="bilinear")
    winner = p.argmax(axis=-1)
    for label in np.unique(winner):
        others = np.delete(p, label, axis=-1).max(axis=-1)
        ax.contour(axis_0, axis_1, p[..., label] - others, levels=[0], colors=INK, linewidths=0.9, alpha=0.8)


def _colour(label: int) -> str:
    return COLOURS[int(label) % len(COLOURS)]


def _points(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check that inputs are points of a plane with integer labels."""
    if np.ndim(x) != 2 or np.shape(x)[1] != 2:
        fail(
            "decision_boundary",
            f"expected points of shape (N, 2), got {shape_text(np.shape(x))}.",
            "this picture is for data in a plane.",
        )
    integer_labels("decision_boundary", labels)
    return x, labels


def _plane_outputs(outputs: np.ndarray, labels: np.ndarray) -> None:
    """Check that outputs are one per class, or a single one for two classes."""
    n_classes = int(labels.max()) + 1
    if outputs.ndim != 2 or max(outputs.shape[1], 2) < n_classes:
        fail(
            "decision_boundary",
            f"expected outputs of shape (N, {n_classes}) for {n_classes} classes, got {shape_text(outputs.shape)}.",
        )


def _curve(x: np.ndarray, y: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check that inputs, truth and outputs are one number per sample, and return them as (N,)."""
    for name, array in (("x", x), ("y", y), ("outputs", outputs)):
        if np.ndim(array) == 0 or np.size(array) != len(array):
            fail(
                "fit_curve",
                f"expected {name} of shape (N, 1), got {shape_text(np.shape(array))}.",
                "this picture is for one number in and one number out.",
            )
    return np.ravel(x), np.ravel(y), np.ravel(outputs)
