"""The samples that a classifier gets wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.net import Net
from tinynet.visualize import sentences
from tinynet.visualize.pictures import Sheet, picture
from tinynet.visualize.readings import Reading, class_name, class_names, read
from tinynet.visualize.style import VERMILLION, message, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def confident_mistakes(net: Net, dataset: Any, n: int = 16) -> Figure:
    """The mistakes that the net is most sure of: each image with the prediction, its probability, and the truth.

    They are the first place to look for wrong labels, odd data, and what the net pays attention to.

    Args:
        net: A classifier that gives logits or probabilities.
        dataset: Images (N, C, H, W) with integer labels.
        n: How many to show at most.

    Raises:
        ValueError: The data are not images, n is below 1, or the net does not give two or more classes.
        TypeError: The labels are not integers.

    Example:
        >>> from tinynet.layers import Flatten, Linear
        >>> train, test = tn.data.digits()
        >>> figure = confident_mistakes(Net([Flatten(), Linear(64, 10)]), test, n=3)
        >>> len(figure.axes[0].images)
        3
    """
    checks.integer("confident_mistakes", "n", n, minimum=1)
    return draw_confident(read("confident_mistakes", net, dataset), dataset, n)


def misclassified(net: Net, dataset: Any, n: int = 36) -> Figure:
    """The first mistakes in the order of the data set, each image with the true class and the predicted one.

    Args:
        net: A classifier that gives logits or probabilities.
        dataset: Images (N, C, H, W) with integer labels.
        n: How many to show at most.

    Raises:
        ValueError: The data are not images, n is below 1, or the net does not give two or more classes.
        TypeError: The labels are not integers.

    Example:
        >>> from tinynet.layers import Flatten, Linear
        >>> train, test = tn.data.digits()
        >>> figure = misclassified(Net([Flatten(), Linear(64, 10)]), test, n=12)
        >>> len(figure.axes[0].images)
        12
    """
    checks.integer("misclassified", "n", n, minimum=1)
    return draw_misclassified(read("misclassified", net, dataset), dataset, n)


@styled
def draw_confident(reading: Reading, dataset: Any, n: int) -> Figure:
    """`confident_mistakes` of a reading."""
    title = "Most confident mistakes"
    wrong, said = reading.mistakes, reading.predicted
    if not len(wrong):
        return _no_mistakes(reading, title)
    sure = reading.probabilities[wrong, said[wrong]]
    chosen = wrong[np.argsort(-sure, kind="stable")[:n]]
    x = sentences.images("confident_mistakes", dataset[chosen][0])
    classes = class_names(dataset)
    long = _are_long(classes)
    sheet = Sheet(len(chosen), x.shape[2:], title, above=0.34 if long else 0.18, below=0.2)
    for place, (sample, image) in enumerate(zip(chosen, x, strict=True)):
        sheet.put(place, picture(image), cmap="gray", vmin=0, vmax=1)
        p = reading.probabilities[sample, said[sample]]
        space = "\n" if long else " "
        said_surely = f"{class_name(classes, said[sample], 11)}{space}({100 * p:.0f} %)"
        sheet.words_above(place, said_surely, color=VERMILLION, fontweight="bold")
        sheet.words_below(place, f"is {class_name(classes, reading.labels[sample], 11)}")
    return sheet.figure


@styled
def draw_misclassified(reading: Reading, dataset: Any, n: int) -> Figure:
    """`misclassified` of a reading."""
    wrong, said = reading.mistakes, reading.predicted
    if not len(wrong):
        return _no_mistakes(reading, "Misclassified")
    chosen = wrong[:n]
    x = sentences.images("misclassified", dataset[chosen][0])
    shown = f"the first {len(chosen)} of {len(wrong)}" if len(wrong) > n else f"{len(wrong)} of {len(said)}"
    classes = class_names(dataset)
    long = _are_long(classes)
    title = f"Misclassified: {shown}  (true → predicted)"
    sheet = Sheet(len(chosen), x.shape[2:], title, above=0.32 if long else 0.2)
    for place, (sample, image) in enumerate(zip(chosen, x, strict=True)):
        sheet.put(place, picture(image), cmap="gray", vmin=0, vmax=1)
        names = (class_name(classes, label, 12) for label in (reading.labels[sample], said[sample]))
        sheet.words_above(place, ("\n→ " if long else " → ").join(names), fontsize=8)
    return sheet.figure


def _are_long(classes: Any) -> bool:
    """Whether two names of classes do not fit side by side above a picture."""
    return classes is not None and max(len(str(name)) for name in classes) > 4


def _no_mistakes(reading: Reading, title: str) -> Figure:
    return message(f"No mistake among {len(reading.labels):,} samples.", title)
