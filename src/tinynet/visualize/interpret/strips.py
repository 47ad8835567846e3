"""Attributions of sequences and of plain numbers, which have no picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.probe.interpret import Attribution
from tinynet.visualize.interpret.words import (
    BY_STRENGTH,
    MAX_SAMPLES,
    NAMES,
    heads_of,
    label_of,
    largest_text,
    unit_of,
    write_notes,
    write_title,
    written,
)
from tinynet.visualize.style import BLUE, INK, MUTED, PAPER, VERMILLION, blank, new_figure, two_sided

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_BARS = 24  # numbers of a vector, beyond which a strip of colours reads better
MAX_WORDS = 48  # places that have room for a word each


def draw_strips(found: Sequence[Attribution], classes: Any, words: Any, title: str) -> Figure:
    """A row for each sample and method: bars for a few numbers, else a strip of colours."""
    names = [written(token, words) for token in range(len(words))] if classes is None and words is not None else classes
    n_samples = min(len(found[0].x), MAX_SAMPLES)
    heads = heads_of(found)
    shown = [(head, each, sample) for sample in range(n_samples) for head, each in zip(heads, found, strict=True)]
    as_bars = found[0].values.ndim == 2 and found[0].values.shape[1] <= MAX_BARS
    figure = new_figure(9, (1.7 if as_bars else 0.95) * len(shown) + 0.9)
    write_title(figure, title)
    axes = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    for ax, (head, each, sample) in zip(axes, shown, strict=True):
        ax.set_title(f"{head}: {label_of(each, sample, names)}", fontsize=9, pad=4)
        if as_bars:
            _draw_bars(ax, each, sample)
        else:
            _draw_strip(ax, each, sample, words)
    below = {"va": "top", "fontsize": 8, "color": MUTED, "transform": axes[-1].transAxes}
    if as_bars:
        axes[-1].set_xlabel("number of the input", fontsize=8.5)
    else:
        axes[-1].text(0, -0.35, "; ".join(dict.fromkeys(map(_meaning, found))), **below)
    write_notes(figure, found)
    return figure


def _draw_bars(ax: Axes, found: Attribution, sample: int) -> None:
    line = found.evidence()[sample]
    places = np.arange(len(line))
    ax.bar(places, line, color=[BLUE if value >= 0 else VERMILLION for value in line], width=0.7)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set_xticks(places)
    ax.set_xlim(-0.75, max(len(line), 8) - 0.25)
    ax.set_ylabel(unit_of(found), fontsize=8.5)
    ax.tick_params(colors=MUTED, labelsize=8, length=0)
    ax.locator_params(axis="y", nbins=4)


def _draw_strip(ax: Axes, found: Attribution, sample: int, words: Any) -> None:
    line = found.strength()[sample] if found.method in BY_STRENGTH else found.evidence()[sample]
    largest = float(np.abs(line).max()) or 1.0
    ax.imshow(line[np.newaxis], cmap=two_sided(), vmin=-largest, vmax=largest, aspect="auto")
    blank(ax)
    how = largest_text(found, largest)
    ax.text(1.005, 0.5, how, transform=ax.transAxes, va="center", fontsize=8, color=MUTED)
    tokens = found.x[sample] if found.x.dtype.kind in "iu" else []
    for place, token in enumerate(tokens if len(tokens) <= MAX_WORDS else []):
        colour = PAPER if abs(line[place]) > 0.75 * largest else INK
        ax.text(place, 0, written(token, words), ha="center", va="center", fontsize=8.5, color=colour)


def _meaning(found: Attribution) -> str:
    """What the colours of a method say."""
    if found.method in BY_STRENGTH:
        return f"{NAMES[found.method]}: the bluer, the stronger"
    return "blue: in favour, orange: against, white: 0"
