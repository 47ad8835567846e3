"""How training went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core.checks.words import fail
from tinynet.visualize.style import BLUE, INK, MUTED, VERMILLION, blank, panels, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPAN = 10  # The largest loss over the smallest, beyond which the small ones are flat on a linear axis.
NOT_CURVES = ("epoch", "step", "seconds", "images_per_second")


@styled
def learning_curves(history: Any) -> Figure:
    """The loss, each metric, and the learning rate if it changed, epoch by epoch.

    Args:
        history: Has `rows`, one dict of numbers per epoch, as `Learner.fit` returns it. "valid_loss" is drawn together
            with "loss", and so with every metric.

    Raises:
        TypeError: `history` has no rows.
        ValueError: There is no epoch in it, or nothing to draw.

    Example:
        >>> from tinynet.learner import History
        >>> history = History()
        >>> history.append({"epoch": 1, "loss": 0.5, "valid_loss": 0.6})
        >>> history.append({"epoch": 2, "loss": 0.3, "valid_loss": 0.5})
        >>> [line.get_ydata().tolist() for line in learning_curves(history).axes[0].lines][:2]
        [[0.5, 0.3], [0.6, 0.5]]
    """
    rows = _history_rows(history)
    names = curve_names(rows)
    columns = min(len(names), 3)
    n_rows = -(-len(names) // columns)
    figure, axes = panels(n_rows, columns, (7, 10, 12)[columns - 1], 3.3 * n_rows)
    for ax, name in zip(axes, names, strict=False):
        _draw(ax, name, rows)
    for ax in axes[len(names) :]:
        blank(ax)
    return figure


@styled
def draw_curve(rows: list[dict[str, Any]], name: str) -> Figure:
    """One panel of `learning_curves` as a figure of its own, for a page on which panels find their places."""
    figure, axes = panels(1, 1, 4.6, 3.3)
    _draw(axes[0], name, rows)
    return figure


def curve_words(rows: list[dict[str, Any]], name: str) -> str:
    """What a panel shows, for those who cannot see it.

    Example:
        >>> curve_words([{"loss": 0.5, "valid_loss": 0.6}, {"loss": 0.25, "valid_loss": 0.5}], "loss")
        'Loss by epoch: training from 0.5 to 0.25, validation from 0.6 to 0.5.'
    """
    parts = []
    for key, word in ((name, "training"), (f"valid_{name}", "validation")):
        values = [row[key] for row in rows if key in row]
        if values:
            who = "" if name == "lr" else f"{word} "
            parts.append(f"{who}from {values[0]:.4g} to {values[-1]:.4g}")
    return f"{heading(name)} by epoch: {', '.join(parts)}."


def curve_names(rows: list[dict[str, Any]]) -> list[str]:
    """The names of the curves, each with a panel of its own: the loss first, the learning rate last."""
    found = dict.fromkeys(name.removeprefix("valid_") for row in rows for name in row)
    names = [name for name in found if name not in (*NOT_CURVES, "lr") and _is_number_column(rows, name)]
    names.sort(key=lambda name: name != "loss")
    if len({row.get("lr") for row in rows}) > 1:
        names.append("lr")
    if not names:
        hint = 'give it rows such as {"epoch": 1, "loss": 0.5}.'
        fail("learning_curves", "the history holds no loss and no metric.", hint)
    return names


def _is_number_column(rows: list[dict[str, Any]], name: str) -> bool:
    return any(
        np.isscalar(row.get(key)) and not isinstance(row.get(key), str)
        for row in rows
        for key in (name, f"valid_{name}")
    )


def _draw(ax: Axes, name: str, rows: list[dict[str, Any]]) -> None:
    from matplotlib.ticker import MaxNLocator

    epochs = np.array([row.get("epoch", index + 1) for index, row in enumerate(rows)])
    for key, word, colour in ((name, "training", BLUE), (f"valid_{name}", "validation", VERMILLION)):
        values = np.array([number(row.get(key)) for row in rows])
        if any(key in row for row in rows):
            marker = "o" if len(rows) <= 30 else ""
            ax.plot(epochs, values, color=colour, marker=marker, markersize=4, label=_label(word, values))
            _mark_not_finite(ax, epochs, [row.get(key) for row in rows])
    ax.set_title(heading(name))
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if len(rows) == 1:
        ax.set_xlim(epochs[0] - 0.5, epochs[0] + 0.5)
    if name == "loss":
        _widen_small_numbers(ax)
        _mark_lowest(ax, epochs, np.array([number(row.get("valid_loss")) for row in rows]))
    if name != "lr":
        ax.legend()


def _widen_small_numbers(ax: Axes) -> None:
    """Give a loss that falls by more than ten times a logarithmic axis, on which its last epochs are not flat."""
    from matplotlib.ticker import NullFormatter

    values = np.concatenate([np.asarray(line.get_ydata(), float) for line in ax.lines])
    values = values[np.isfinite(values)]
    if values.size and values.min() > 0 and values.max() > SPAN * values.min():
        ax.set_yscale("log")
        ax.set_title(f"{ax.get_title(loc='left')} (logarithmic scale)")
        ax.yaxis.set_major_formatter(_plain_number)
        ax.yaxis.set_minor_formatter(_minor_number if values.max() < 100 * values.min() else NullFormatter())


def _plain_number(value: float, _: float) -> str:
    return f"{value:g}"


def _minor_number(value: float, _: float) -> str:
    """The label between powers of ten: 2 and 5 of each, which have room."""
    return f"{value:g}" if f"{value:e}"[0] in "25" else ""


def _label(word: str, values: np.ndarray) -> str:
    finite = values[np.isfinite(values)]
    return f"{word}, {finite[-1]:.4g} at the end" if finite.size else f"{word}, no finite value"


def _mark_lowest(ax: Axes, epochs: np.ndarray, values: np.ndarray) -> None:
    if np.isfinite(values).sum() < 2:
        return
    best = int(np.nanargmin(values))
    label = f"lowest, {values[best]:.4g} in epoch {epochs[best]:g}"
    ax.plot(epochs[best], values[best], "o", label=label, ms=9, mfc="none", mec=INK, mew=1.2)


def _mark_not_finite(ax: Axes, epochs: np.ndarray, values: list[Any]) -> None:
    broken = [
        epoch for epoch, value in zip(epochs, values, strict=True) if value is not None and not np.isfinite(value)
    ]
    if broken:
        ax.axvline(broken[0], color=MUTED, linestyle=":", linewidth=1.2)
        right = len(epochs) > 1 and broken[0] > epochs.mean()  # where the words have room
        text, align = f" not finite in epoch {broken[0]:g} ", "right" if right else "left"
        where = (broken[0], 0.04)
        ax.text(*where, text, ha=align, transform=ax.get_xaxis_transform(), color=MUTED, fontsize=8.5)


def heading(name: str) -> str:
    """The heading above the curve of a column."""
    if name == "lr":
        return "Learning rate"
    return name.upper() if len(name) <= 3 else name[0].upper() + name[1:].replace("_", " ")


def number(value: Any) -> float:
    """A number that can be drawn, NaN in place of one that cannot."""
    return float(value) if value is not None and np.isfinite(value) else np.nan


def _history_rows(history: Any) -> list[dict[str, Any]]:
    """Check that a history has epochs, and return them."""
    rows = getattr(history, "rows", None)
    if not isinstance(rows, list):
        fail(
            "learning_curves",
            f"expected a history, got {type(history).__name__}.",
            "pass what learner.fit(...) returns.",
            TypeError,
        )
    if not rows:
        fail("learning_curves", "the history has no epoch yet.", "call learner.fit(...) first.")
    return rows
