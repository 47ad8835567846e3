"""What is written above, beside and below the pictures of attributions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.probe.interpret import Attribution, LayerAttribution
from tinynet.visualize.readings import class_name
from tinynet.visualize.style import MUTED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_SAMPLES = 8
NAMES = {
    "saliency": "saliency",
    "smooth_grad": "SmoothGrad",
    "integrated_gradients": "integrated gradients",
    "guided_backpropagation": "guided back-propagation",
    "deconvnet": "deconvnet",
    "grad_cam": "Grad-CAM",
    "occlusion": "occlusion",
}
TITLES = {
    "saliency": "Saliency: how strongly each {place} changes the score",
    "smooth_grad": "SmoothGrad: the mean saliency of noisy copies",
    "integrated_gradients": "Integrated gradients: what each {place} adds to the score",
    "guided_backpropagation": "Guided back-propagation: positive gradients alone",
    "deconvnet": "Deconvnet: what the strongest activation answers to",
    "grad_cam": "Grad-CAM: where the evidence for the class lies",
    "occlusion": "Occlusion: what the score loses when a part is covered",
}

BY_STRENGTH = ("saliency", "smooth_grad")  # their sign means little: the pixel of a dark line has the opposite one
PER_UNIT = (*BY_STRENGTH, "guided_backpropagation")  # derivatives with respect to the input
IN_SCORE = ("integrated_gradients", "occlusion")  # parts of the score


def unit_of(found: Attribution) -> str:
    """What the numbers of a method are measured in; nothing where they have no unit."""
    return "score / unit" if found.method in PER_UNIT else "score" if found.method in IN_SCORE else ""


def largest_text(found: Attribution, largest: float) -> str:
    """The largest |value|, with its unit."""
    return f"up to {largest:.2g} {unit_of(found)}".rstrip()


def heads_of(found: Sequence[Attribution]) -> list[str]:
    """What stands above each column: the method, or the layer where one method looks at several."""
    layers = [each.layer for each in found if isinstance(each, LayerAttribution)]
    if len({each.method for each in found}) == 1 and len(layers) > 1:
        return [f"layer {path}" for path in layers]
    heads = []
    for each in found:
        place = f", layer {each.layer}" if each.method == "deconvnet" and isinstance(each, LayerAttribution) else ""
        heads.append(NAMES.get(each.method, each.method) + place)
    return heads


def written(token: int, words: Any) -> str:
    """A token by its word, with signs for blanks; by its number if there are no words.

    Example:
        >>> written(2, None), written(1, "a b")
        ('2', '␣')
    """
    word = str(token) if words is None else str(words[token])
    return word.replace(" ", "␣").replace("\n", "↵")


def label_of(found: Attribution, sample: int, classes: Sequence[str] | None) -> str:
    """Whose score it is, and how high: "7 · score 8.31".

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.net import Net
        >>> label_of(tn.probe.saliency(Net([Linear(2, 1)]), np.zeros((1, 2))), 0, None).split(" · ")[0]
        'output'
    """
    target = found.target[sample]
    if np.ndim(target):
        name = f"output {tuple(map(int, target))}"
    elif found.output_shape in ((), (1,)):
        name = "output"
    else:
        name = class_name(classes, int(target)) if classes is not None else f"class {target}"
    return f"{name} · score {found.scores[sample]:.3g}"


def write_title(figure: Figure, title: str) -> None:
    """The title of a figure, in as many lines as its width calls for, in room of their own."""
    lines = textwrap.wrap(title, int(8.4 * figure.get_figwidth()))
    make_room(figure, 0.22 * (len(lines) - 1))
    figure.suptitle("\n".join(lines), x=0.01, ha="left")


def write_notes(figure: Figure, found: Sequence[Attribution]) -> None:
    """The notes of all methods below a figure, in room of their own."""
    n_samples = len(found[0].x)
    cut = [f"The first {MAX_SAMPLES} of {n_samples:,} samples are drawn."] if n_samples > MAX_SAMPLES else []
    notes = cut + [note for each in found for note in each.notes]
    width = int(15.5 * figure.get_figwidth())
    lines = [line for note in dict.fromkeys(notes) for line in textwrap.wrap(note, width)]
    if lines:
        make_room(figure, 0.15 * len(lines) + 0.1)
        figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=8, color=MUTED)


def make_room(figure: Figure, inches: float) -> None:
    """Make a figure higher."""
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + inches)
