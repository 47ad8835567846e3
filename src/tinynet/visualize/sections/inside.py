"""What is inside the net: filters, feature maps, weights, gradients, and its layers with their formulas."""

from __future__ import annotations

import numpy as np

from tinynet.core import formula
from tinynet.layers import Conv2D
from tinynet.net.summary import net_html
from tinynet.visualize import page
from tinynet.visualize.diagram import network_diagram
from tinynet.visualize.histograms import batch_gradients, draw_gradients, weight_histograms
from tinynet.visualize.inside import feature_maps, filters
from tinynet.visualize.sections.view import View, picture
from tinynet.visualize.subject import Subject

BATCH = 128  # samples for the gradient histograms


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
    if not any(map(np.any, gradients.values())):
        return "Every gradient of this batch is zero: the net can learn nothing from it any more."
    spread = {path: float(np.std(gradient)) for path, gradient in gradients.items()}
    words = (
        "In the gradients of one batch most values lie near zero, which is as it should be: a sample concerns few of "
        "the weights. Exact zeros belong to inputs and units that are 0 for the whole batch, such as pixels at the "
        "border. What counts is that the gradients of no layer are far smaller or larger than those of the others."
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
