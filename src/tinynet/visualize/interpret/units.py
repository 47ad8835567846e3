"""What units inside a net look for, and what its heads look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.net import Net
from tinynet.probe import interpret
from tinynet.visualize import sentences
from tinynet.visualize.interpret.words import write_title, written
from tinynet.visualize.pictures import Sheet, picture
from tinynet.visualize.readings import class_name
from tinynet.visualize.style import INK, MUTED, blank, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tinynet.probe.interpret import AttentionMap

MAX_HEADS, MAX_LAYERS, MAX_LABELS = 8, 8, 24


@styled
def activation_maximization(
    net: Net,
    input_shape: tuple[int, ...],
    target: Any = None,
    *,
    layer: str | None = None,
    classes: Sequence[str] | None = None,
    **options: Any,
) -> Figure:
    """The pictures that classes, or channels inside the net, answer to most: Erhan et al. 2009.

    Args:
        net: A net whose input is images.
        input_shape: The shape of one image, (C, H, W).
        target: A class or channel, or several; every one if None.
        layer: The path of the layer whose channels are meant; the scores of the net if None.
        classes: The names of the classes; their numbers if None.
        options: As in `tinynet.probe.activation_maximization`: steps, lr, decay, blur, bounds and rng.

    Raises:
        ValueError: The shape is not that of images, or something does not fit.

    Example:
        >>> figure = activation_maximization(tn.models.digits_cnn(), (1, 8, 8), steps=5)
        >>> len(figure.axes[0].images)
        10
    """
    if not isinstance(input_shape, (tuple, list)) or len(input_shape) != 3:
        problem = f"expected input_shape to be (C, H, W), got {input_shape!r}."
        hint = "this picture is of images; tinynet.probe.activation_maximization gives arrays of any shape."
        checks.fail("activation_maximization", problem, hint)
    sentences.names("activation_maximization", classes, np.zeros(0, int))
    found = interpret.activation_maximization(net, input_shape, target, layer=layer, **options)
    of = "class" if layer is None else f"channel of layer {layer}"
    what = "score" if layer is None else "mean"
    title = f"The picture that excites each {of} most"
    sheet = Sheet(len(found.x), found.x.shape[2:], title, side=1.1, above=0.2, below=0.2, columns=min(len(found.x), 5))
    for place, (x, unit) in enumerate(zip(found.x, found.target, strict=True)):
        sheet.put(place, picture(x), cmap="gray", vmin=0, vmax=1)
        name = f"channel {unit}" if layer is not None else class_name(classes, unit) if classes else f"class {unit}"
        sheet.words_above(place, name)
        before, after = found.activations[[0, -1], place]
        sheet.words_below(place, f"{what} {before:.2g} → {after:.3g}", color=MUTED, fontsize=8)
    return sheet.figure


@styled
def attention_maps(net: Net, *inputs: np.ndarray, sample: int = 0, words: Any = None) -> Figure:
    """Which places each place reads from: a row for each attention layer, a column for each head.

    Args:
        net: A net with attention.
        inputs: A batch for each input of the net.
        sample: Which row of the batch is drawn.
        words: A list or a text with the word or character of each token, where the input is tokens.

    Raises:
        ValueError: There is no attention in the net, or no such sample.

    Example:
        >>> figure = attention_maps(tn.models.char_gpt(vocabulary=4, num_layers=1), np.array([[0, 3, 2]]), words="abcd")
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['a', 'd', 'c']
    """
    maps = interpret.attention_maps(net, *inputs)[:MAX_LAYERS]
    for tokens in (tokens for found in maps for tokens in (found.queries, found.keys) if tokens is not None):
        sentences.words("attention_maps", words, tokens)
    n_samples = len(maps[0].p)
    if not 0 <= checks.integer("attention_maps", "sample", sample) < n_samples:
        checks.fail("attention_maps", f"sample must be from 0 to {n_samples - 1}, got {sample}.")
    n_heads = min(max(found.p.shape[1] for found in maps), MAX_HEADS)
    title = "Attention: how much each place (row) reads from each (column)"
    longest = max(max(found.p.shape[2:]) for found in maps)
    side = min(max(0.13 * longest, 2.0), 0.13 * MAX_LABELS)  # inches, so that a token at each place can be read
    figure = new_figure(max((side + 0.4) * n_heads + 1, 7), (side + 0.55) * len(maps) + 0.7)
    write_title(figure, title)
    axes = figure.subplots(len(maps), n_heads, squeeze=False)
    for row, found in enumerate(maps):
        for head, ax in enumerate(axes[row]):
            if head >= found.p.shape[1]:
                blank(ax)
                continue
            p = found.p[sample, head]
            drawn = ax.imshow(p, cmap="Blues", vmin=0, vmax=1, aspect="auto" if p.shape[0] != p.shape[1] else "equal")
            ax.set_title(f"{found.path}  head {head}", fontsize=9)
            _label_places(ax, found, sample, words)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.6, aspect=25, pad=0.03)
    bar.outline.set_visible(False)
    bar.set_label("weight p, each row adds up to 1", fontsize=8.5, color=MUTED)
    bar.ax.tick_params(colors=MUTED, labelsize=8, length=0)
    return figure


def _label_places(ax: Axes, found: AttentionMap, sample: int, words: Any) -> None:
    """The tokens at both axes, or the numbers of the places where there are none, or too many."""
    ax.tick_params(colors=INK, labelsize=8, length=0)
    for axis, length, tokens in ((ax.yaxis, found.p.shape[2], found.queries), (ax.xaxis, found.p.shape[3], found.keys)):
        if tokens is None or length > MAX_LABELS:
            axis.set_major_locator(_whole_numbers())
        else:
            axis.set_ticks(range(length), [written(token, words) for token in tokens[sample]])


def _whole_numbers() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=6, integer=True)
