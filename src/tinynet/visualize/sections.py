"""The sections of a report, in their order: each has a heading, and a function that makes it or says None.

A further view is a further line in `SECTIONS`. Its maker takes the `Subject` and returns a `View`, or None where it
does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import formula
from tinynet.layers import Conv2D
from tinynet.net.summary import net_html
from tinynet.visualize import page
from tinynet.visualize.boundary import decision_boundary, fit_curve
from tinynet.visualize.confusion import confusion_matrix
from tinynet.visualize.curves import curve_names, curve_words, draw_curve
from tinynet.visualize.diagram import network_diagram
from tinynet.visualize.histograms import batch_gradients, draw_gradients, weight_histograms
from tinynet.visualize.inside import feature_maps, filters
from tinynet.visualize.mistakes import draw_confident
from tinynet.visualize.readings import Reading, class_name, class_names
from tinynet.visualize.reconstruction import reconstructions
from tinynet.visualize.style import png
from tinynet.visualize.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI, SHOWN_DPI = 144, 96  # They are drawn finer than shown, for high-resolution screens.
MAX_PIXELS = 6e6  # of a picture; the feature maps of a deep net are drawn coarser, so that the page stays small
BATCH = 128  # samples for the gradient histograms
MOST_MISTAKES = 36
EDGE = {"done": "good", "unfinished": "fair", "overfitted": "fair", "stuck": "bad", "diverged": "bad", "unknown": ""}


@dataclass(frozen=True)
class View:
    """What stands under a heading: a sentence on how to read it, and HTML; `mark` is a class of the style."""

    words: str
    html: str
    mark: str = ""


Maker = Callable[[Subject], View | None]


def made(subject: Subject, makers: Sequence[tuple[str, Maker]]) -> Iterator[page.Section]:
    """The sections that apply to a subject."""
    for heading, maker in makers:
        view = maker(subject)
        if view is not None:
            yield page.Section(heading, view.words, view.html, view.mark)


def picture(figure: Figure, description: str, kind: str = "photo") -> str:
    """A figure as HTML; a "chart" without its white paper, so that it can follow a dark page."""
    width, height = figure.get_size_inches()
    dpi = min(DPI, np.sqrt(MAX_PIXELS / (width * height)))
    file = png(figure, dpi, kind == "chart")
    return page.image(file, round(width * SHOWN_DPI), description, kind)


def in_short(subject: Subject) -> View | None:
    """What the training shows, in words."""
    if not subject.rows:
        return None
    course, reading = subject.course, subject.reading
    sentences = [*course.sentences, *_always_the_same(reading, subject.test)]
    html = page.paragraph(course.headline, "headline") + page.points(sentences)
    html += page.paragraph(f"What to do: {course.advice}", "advice") if course.advice else ""
    return View("", html, EDGE[course.kind])


def _always_the_same(reading: Reading | None, test: Any) -> Iterator[str]:
    """That a classifier gives nearly every sample the same class."""
    if reading is None:
        return
    counts = np.bincount(reading.predicted)
    most, n = int(counts.argmax()), len(reading.predicted)
    if n > 1 and counts[most] > 0.9 * n and (reading.labels == most).mean() < 0.7:
        name = class_name(class_names(test), most)
        yield f"It takes {counts[most]:,} of the {n:,} test samples for {name}, whatever they are."


def learning_curves(subject: Subject) -> View | None:
    """Loss and metrics, epoch by epoch."""
    if not subject.rows:
        return None
    dropping = " and dropout switched units off" if subject.has_dropout else ""
    words = f"Training numbers are means over an epoch, while the net was learning{dropping}; "
    words += "validation numbers come after it."
    curves = [
        picture(draw_curve(subject.rows, name), curve_words(subject.rows, name), "chart")
        for name in curve_names(subject.rows)
    ]
    return View(words, page.side_by_side(curves))


def boundary(subject: Subject) -> View | None:
    """Which class a classifier of points gives to each place."""
    if subject.kind != "plane":
        return None
    words = "The colour of a place is the class that the net gives it; the surer, the stronger."
    return View(words, picture(decision_boundary(subject.net, subject.test), "The plane, coloured by class."))


def fit(subject: Subject) -> View | None:
    """A function of one number, beside its samples."""
    if subject.kind != "curve":
        return None
    words = "The samples, and what the net makes of every number in between."
    return View(words, picture(fit_curve(subject.net, subject.test), "The samples and the fitted curve.", "chart"))


def reconstructed(subject: Subject) -> View | None:
    """What an autoencoder makes of images."""
    if subject.kind != "autoencoder":
        return None
    words = "Above, images of the test data; below, what the net makes of them."
    return View(words, picture(reconstructions(subject.net, subject.test), "Images and their reconstructions."))


def confusion(subject: Subject) -> View | None:
    """Which class is taken for which."""
    reading = subject.reading
    if reading is None:
        return None
    matrix, classes = reading.matrix(), class_names(subject.test)
    words = "Rows are true classes, columns what they were taken for; on the right, how much of each was recognised."
    wrong = matrix - np.diag(np.diag(matrix))
    true, said = np.unravel_index(int(wrong.argmax()), wrong.shape)
    if wrong[true, said] > 1:
        a, b = class_name(classes, int(true)), class_name(classes, int(said))
        words += f" The most frequent mistake: {a} is taken for {b}, {wrong[true, said]:,} times."
    right = f"{np.trace(matrix):,} of {matrix.sum():,} test samples are right."
    return View(words, picture(confusion_matrix(matrix, classes), f"Confusion matrix: {right}", "chart"))


def mistakes(subject: Subject) -> View | None:
    """Images that a classifier gets wrong, the surest first."""
    reading = subject.reading
    if reading is None or subject.kind != "images":
        return None
    n = len(reading.mistakes)
    words = "Above each image what the net said and how surely, below it the truth; the surest mistakes come first. "
    words += "Wrong labels and odd samples show up here."
    shown = "No mistake." if not n else f"{min(n, MOST_MISTAKES)} of {n:,} misclassified test samples."
    return View(words, picture(draw_confident(reading, subject.test, MOST_MISTAKES), shown))


def first_filters(subject: Subject) -> View | None:
    """The kernels of the first convolution."""
    if not any(isinstance(layer, Conv2D) for _, layer in subject.net.layers_inside()):
        return None
    words = "The patterns that the first convolution answers to."
    return View(words, picture(filters(subject.net), "The kernels of the first convolution."))


def maps(subject: Subject) -> View | None:
    """One image on its way through the net."""
    x = None if subject.test is None else subject.batch(1)[0]
    if not isinstance(x, np.ndarray) or x.ndim != 4:
        return None
    words = "The first sample of the test data, layer by layer. Each layer has its own scale, from dark to bright."
    return View(words, picture(feature_maps(subject.net, x[0]), "The outputs of every layer for one sample."))


def weights(subject: Subject) -> View | None:
    """How weights and gradients are spread."""
    net = subject.net
    if not net.parameters():
        return None
    words = "A panel for each weight, biases left out."
    if subject.initial is not None:
        words += " The grey line shows it before training: where blue has kept to it, the weight has hardly learned."
    html = picture(weight_histograms(net, subject.initial), "Histograms of the weights.", "chart")
    if subject.loss is not None and subject.test is not None:
        gradients = batch_gradients("report", net, *subject.batch(BATCH), subject.loss)
        html += page.paragraph(gradient_words(gradients))
        html += picture(draw_gradients(gradients), "Histograms of the gradients of one batch.", "chart")
    return View(words, html)


def gradient_words(gradients: dict[str, np.ndarray]) -> str:
    """How to read the histograms of gradients, with what is to be seen in these.

    Example:
        >>> gradient_words({"0.weight": np.array([[0.1, -0.1]]), "2.weight": np.zeros((1, 2))})
        'In the gradients of one batch most values lie near zero, ... The gradient of 2.weight is zero throughout: ...'
    """
    spread = {path: float(np.std(gradient)) for path, gradient in gradients.items()}
    words = (
        "In the gradients of one batch most values lie near zero, which is as it should be: a sample concerns few of "
        "the weights. Exact zeros belong to inputs and units that are 0 for the whole batch, such as pixels at the "
        "border. What counts is that no layer's gradients are far smaller or larger than those of the others."
    )
    alive = {path: value for path, value in spread.items() if value > 0 and np.isfinite(value)}
    if len(alive) > 1:
        least, most = min(alive, key=alive.__getitem__), max(alive, key=alive.__getitem__)
        words += f" Here their spread (std) lies between {alive[least]:.2g} ({least}) and {alive[most]:.2g} ({most})."
    dead = [path for path, gradient in gradients.items() if not np.any(gradient)]
    if dead:
        words += f" The gradient of {', '.join(dead)} is zero throughout: it learns nothing from this batch."
    return words


def network(subject: Subject) -> View:
    """The layers as boxes and as a table, with their formulas."""
    words = (
        "Each layer with its output shape, parameters, multiplications, memory and formula; N is the number of samples."
    )
    if subject.test is None:
        return View(words, page.scrolling(net_html(subject.net), "Layers of the net") + _symbols(subject))
    x, _ = subject.batch(1)
    input_shape = [part.shape[1:] for part in x] if isinstance(x, tuple) else x.shape[1:]
    html = picture(network_diagram(subject.net, input_shape), "The layers as boxes, in their order.", "chart")
    table = subject.net.summary(input_shape)._repr_html_()
    return View(words, html + page.scrolling(table, "Layers of the net") + _symbols(subject))


def _symbols(subject: Subject) -> str:
    """What the symbols in the formulas mean, for each class of layers whose formula has more lines than the first."""
    classes = dict.fromkeys(type(layer) for layer in subject.net.every_layer())
    rest = {kind.__name__: " ".join(formula(kind).get("Equation", "").split("\n")[1:]) for kind in classes}
    meant = {name: " ".join(words.split()) for name, words in rest.items() if words}
    if not meant:
        return ""
    letters = (
        "In the formulas n counts the samples, c the channels of the input and o those of the output, r and s the rows "
        "and columns of the output, i and j those of a kernel or window, p and q those of the input."
    )
    first = page.paragraph(letters) if any(" p " in f" {words}" for words in meant.values()) else ""
    return first + page.settings_table(meant)


SECTIONS: list[tuple[str, Maker]] = [
    ("In short", in_short),
    ("Learning curves", learning_curves),
    ("Decision boundary", boundary),
    ("Fit", fit),
    ("Reconstructions", reconstructed),
    ("Confusion matrix", confusion),
    ("Mistakes", mistakes),
    ("Filters", first_filters),
    ("Feature maps", maps),
    ("Weights and gradients", weights),
    ("Network", network),
]
