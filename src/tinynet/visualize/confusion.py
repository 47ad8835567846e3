"""Which class is taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinynet.core.checks.shapes import as_array, shape_text
from tinynet.core.checks.words import fail
from tinynet.visualize.readings import class_name
from tinynet.visualize.sentences import names
from tinynet.visualize.style import BLUE, INK, MUTED, PAPER, VERMILLION, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUMBERS_UP_TO = 30  # classes; beyond, the cells are too small to read a number in them


@styled
def confusion_matrix(matrix: np.ndarray, classes: Sequence[str] | None = None) -> Figure:
    """How often each true class (row) was predicted as each class (column), correct ones in blue, mistakes in orange.

    The shade of a cell is its share of the row, so classes with few samples are as visible as those with many.

    Args:
        matrix: (C, C) counts, as `metrics.confusion_matrix(predicted, ground_truth)` gives them.
        classes: The names of the C classes; their numbers if None.

    Raises:
        ValueError: The matrix is not square, or holds a number below 0; or there are not C names.
        TypeError: The matrix does not hold numbers.

    Example:
        >>> figure = confusion_matrix(np.array([[9, 1], [0, 10]]), classes=["cat", "dog"])
        >>> figure.axes[0].get_title(loc="left")
        '19 of 20 right (95.0 %)'
    """
    matrix = _counts_matrix(matrix, classes)
    n_classes = len(matrix)
    side = float(np.clip(0.46 * n_classes + 1.6, 3.8, 9.0))
    figure = new_figure(side + 0.6, side)
    ax = figure.subplots()
    totals = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(totals, 1)
    ax.imshow(_shades(shares))
    _label_classes(ax, n_classes, classes)
    _label_recall(ax, np.diag(shares), totals[:, 0])
    if n_classes <= NUMBERS_UP_TO:
        _write_counts(ax, matrix, shares, fontsize=float(np.clip(110 / n_classes, 6, 11)))
    right, total = np.trace(matrix), max(matrix.sum(), 1)
    ax.set_title(f"{right:,.10g} of {matrix.sum():,.10g} right ({right / total:.1%})".replace("%", " %"))
    return figure


def _shades(shares: np.ndarray) -> np.ndarray:
    from matplotlib.colors import to_rgb

    white, right, wrong = (np.array(to_rgb(colour)) for colour in (PAPER, BLUE, VERMILLION))
    colour = np.where(np.eye(len(shares), dtype=bool)[..., None], right, wrong)  # (C, C, 3)
    strength = np.where(np.eye(len(shares), dtype=bool), 0.85 * shares, np.sqrt(shares))[
        ..., None
    ]  # √: a few are seen, too
    return white + (colour - white) * strength


def _label_classes(ax: Axes, n_classes: int, classes: Sequence[str] | None) -> None:
    step = -(-n_classes // NUMBERS_UP_TO)  # of very many classes, some are named
    places = np.arange(0, n_classes, step)
    names = [class_name(classes, int(place)) for place in places]
    turned = max(map(len, names)) * len(names) > 45
    ax.set_xticks(
        places,
        names,
        rotation=45 if turned else 0,
        ha="right" if turned else "center",
        rotation_mode="anchor" if turned else None,
    )
    ax.set_yticks(places, names)
    ax.tick_params(colors=INK, labelsize=9, length=0)
    ax.set_xticks(np.arange(n_classes + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(n_classes + 1) - 0.5, minor=True)
    if n_classes <= NUMBERS_UP_TO:
        ax.grid(True, which="minor", color="#eef0f3", linewidth=1)
    ax.tick_params(which="minor", length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="predicted class", ylabel="true class")


def _label_recall(ax: Axes, recall: np.ndarray, totals: np.ndarray) -> None:
    """Beside each row, the share of its samples that were recognised."""
    if len(recall) > NUMBERS_UP_TO:
        return
    for row, (share, total) in enumerate(zip(recall, totals, strict=True)):
        text = f"{share:.0%}".replace("%", " %") if total else "none"
        ax.text(len(recall) - 0.4, row, text, va="center", color=MUTED, fontsize=8.5)


def _write_counts(ax: Axes, matrix: np.ndarray, shares: np.ndarray, fontsize: float) -> None:
    for row, column in np.argwhere(matrix > 0):
        dark = shares[row, column] > (0.55 if row == column else 0.35)
        colour = PAPER if dark else INK
        ax.text(column, row, f"{matrix[row, column]:,.10g}", ha="center", va="center", color=colour, fontsize=fontsize)


def _counts_matrix(matrix: object, classes: object) -> np.ndarray:
    """Check a confusion matrix and the names of its classes."""
    array = as_array("confusion_matrix", "matrix", matrix)
    if array.dtype.kind not in "iufb":
        fail("confusion_matrix", f"matrix must hold counts, got {array.dtype}.", kind=TypeError)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not array.size:
        fail(
            "confusion_matrix",
            f"expected a matrix of shape (C, C), got {shape_text(array.shape)}.",
            "make it of predictions with metrics.confusion_matrix(predicted, ground_truth).",
        )
    if not (array >= 0).all():
        fail("confusion_matrix", "matrix must hold counts from 0 on, and it holds a smaller number or NaN.")
    names("confusion_matrix", classes, np.arange(0))
    if isinstance(classes, Sequence) and len(classes) != len(array):
        fail("confusion_matrix", f"expected {len(array)} names of classes, got {len(classes)}.")
    return array
