"""Attributions of one or several methods beside the inputs that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.probe.interpret import Attribution, LayerAttribution, PathAttribution
from tinynet.visualize import sentences
from tinynet.visualize.interpret.strips import draw_strips
from tinynet.visualize.interpret.words import (
    BY_STRENGTH,
    MAX_SAMPLES,
    TITLES,
    heads_of,
    label_of,
    largest_text,
    make_room,
    write_notes,
    write_title,
)
from tinynet.visualize.pictures import Sheet, picture
from tinynet.visualize.style import INK, MUTED, PAPER, styled, two_sided

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE = 1.5  # inches, which the longest name of a method fills
STRONG = "magma"  # from dark, 0, to bright
STRENGTH = "strength, as a share of the largest"
SIGNED = "against ← 0 → in favour, as a share of the largest"


@styled
def attributions(*found: Attribution, classes: Sequence[str] | None = None, words: Any = None) -> Figure:
    """What one or several methods say about the same inputs, side by side: a row for each sample.

    Each map has its own scale, up to the largest |value| that is written below it. Where the sign says something, blue
    speaks for the class, orange against it, and white is 0.

    Args:
        found: What functions such as `tinynet.probe.saliency` have returned, for the same inputs.
        classes: The names of the classes; their numbers if None.
        words: For tokens, a list or a text with the word or character of each token; their numbers if None.

    Raises:
        TypeError: Something is no attribution.
        ValueError: There is none, they are about different inputs, or the classes have too few names.

    Example:
        >>> from tinynet.probe import grad_cam, saliency
        >>> net, x = tn.models.digits_cnn(), tn.data.digits()[1].x[:2]
        >>> figure = attributions(saliency(net, x), grad_cam(net, x))
        >>> len(figure.axes[0].images)  # of each sample: itself, one map, and one over the picture
        8
    """
    _same_inputs(found, classes)
    sentences.words("attributions", words, found[0].x)
    title = _title(found)
    if found[0].x.ndim == 4:
        return _draw_images(found, classes, title)
    return draw_strips(found, classes, words, title)


def _draw_images(found: tuple[Attribution, ...], classes: Sequence[str] | None, title: str) -> Figure:
    x = sentences.images("attributions", found[0].x)[:MAX_SAMPLES]
    columns = 1 + len(found)
    across = 2 if columns == 2 and len(x) > 1 else 1  # samples in a row
    sheet = Sheet(len(x) * columns, x.shape[2:], "", side=SIDE, below=0.22, columns=across * columns)
    make_room(sheet.figure, 0.2)
    drawn: dict[str, Any] = {}
    for sample, image in enumerate(x):
        place = sample * columns
        sheet.put(place, picture(image), cmap="gray", vmin=0, vmax=1)
        sheet.words_below(place, label_of(found[0], sample, classes), fontsize=8)
        for column, each in enumerate(found, start=1):
            _draw_map(sheet, place + column, each, sample, drawn)
    heads = ["input", *heads_of(found)]
    for place, head in enumerate(heads * across):
        sheet.words_above(place, head)
    for words, image in drawn.items():
        _colour_bar(sheet, image, words)
    write_title(sheet.figure, title)
    write_notes(sheet.figure, found)
    return sheet.figure


def _draw_map(sheet: Sheet, place: int, found: Attribution, sample: int, drawn: dict[str, Any]) -> None:
    values = found.values[sample]
    largest = float(np.abs(values).max())
    below = largest_text(found, largest)
    if isinstance(found, LayerAttribution) and found.method == "grad_cam":
        sheet.put(place, _grey(found.x[sample]), cmap="gray", vmin=0, vmax=1)
        if found.all_negative[sample]:
            middle, top = sheet.middle(place)
            paper = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85}
            how: dict[str, Any] = {"ha": "center", "va": "center", "color": INK, "fontsize": 10, "bbox": paper}
            sheet.ax.text(middle, top, "all evidence\nis negative", **how)
            return
        drawn[STRENGTH] = sheet.put(place, values[0] / largest, cmap=STRONG, vmin=0, vmax=1, alpha=0.65)
    elif found.method in BY_STRENGTH:
        strength = found.strength()[sample]
        drawn[STRENGTH] = sheet.put(place, strength / (largest or 1), cmap=STRONG, vmin=0, vmax=1)
    elif len(values) == 3 and found.method in ("guided_backpropagation", "deconvnet"):
        sheet.put(place, picture(0.5 + values / (2 * largest or 1)))  # in colour; grey is 0
        below = "grey is 0"
    else:
        evidence = found.evidence()[sample]
        largest = float(np.abs(evidence).max())
        below = largest_text(found, largest)
        drawn[SIGNED] = sheet.put(place, evidence / (largest or 1), cmap=two_sided(), vmin=-1, vmax=1)
        sheet.frame(place)  # its white is that of the paper
    if isinstance(found, PathAttribution):
        below = f"sum off by {100 * found.completeness_error[sample]:.2g} %"
    if isinstance(found, LayerAttribution) and found.channel is not None:
        below = f"channel {found.channel[sample]}"
    sheet.words_below(place, below, color=MUTED, fontsize=8)


def _grey(image: np.ndarray) -> np.ndarray:
    """The picture in pale grey, for a map on top."""
    shown = picture(image)
    return 0.35 + 0.65 * (shown.mean(axis=2) if shown.ndim == 3 else shown)


def _colour_bar(sheet: Sheet, image: Any, words: str) -> None:
    """Below the pictures, 3 inches long, in room of its own."""
    from matplotlib.cm import ScalarMappable

    make_room(sheet.figure, 0.55)
    long = 3 / sheet.figure.get_figwidth()
    opaque = ScalarMappable(norm=image.norm, cmap=image.cmap)
    bar = sheet.figure.colorbar(opaque, ax=sheet.ax, location="bottom", shrink=long, aspect=25, pad=0.01)
    low, high = image.get_clim()
    bar.set_ticks([low, 0, high] if low < 0 else [0, 0.5, 1])
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=MUTED, labelsize=8, length=0)
    bar.set_label(words, fontsize=8, color=MUTED)


def _title(found: tuple[Attribution, ...]) -> str:
    place = {4: "pixel", 3: "place"}.get(found[0].values.ndim, "number")
    if len({each.method for each in found}) > 1:
        return f"What the methods say about each {place}"
    if isinstance(found[0], LayerAttribution) and found[0].method == "deconvnet" and found[0].channel is None:
        return "Deconvnet: what a layer has kept of the input"
    return TITLES.get(found[0].method, found[0].method).format(place=place)


def _same_inputs(found: tuple[Attribution, ...], classes: Any) -> None:
    """Check that there are attributions, all of the same inputs."""
    if not found:
        checks.fail("attributions", "expected at least one attribution.", "pass tn.probe.saliency(net, x).", TypeError)
    for index, each in enumerate(found):
        checks.instance("attributions", f"found[{index}]", each, Attribution, "pass tn.probe.saliency(net, x).")
        if each.x.shape != found[0].x.shape or not np.array_equal(each.x, found[0].x):
            checks.fail("attributions", f"found[{index}] is about other inputs than found[0].")
        if each.target.ndim == 1:
            sentences.names("attributions", classes, each.target)
