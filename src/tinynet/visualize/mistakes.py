"""The samples that a classifier gets wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks as basic_checks
from tinynet.core.checks import figures as checks
from tinynet.net import Net
from tinynet.visualize.pictures import show, tiles
from tinynet.visualize.readings import Reading, class_name, class_names, read
from tinynet.visualize.style import INK, VERMILLION, message, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def confident_mistakes(net: Net, dataset: Any, n: int = 16) -> Figure:
    """The mistakes that the net is most sure of: each image with what was said, how surely, and the truth.

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
        >>> sum(bool(ax.images) for ax in figure.axes)
        3
    """
    basic_checks.integer("confident_mistakes", "n", n, minimum=1)
    return draw_confident(read("confident_mistakes", net, dataset), dataset, n)


def misclassified(net: Net, dataset: Any, n: int = 36) -> Figure:
    """The first mistakes in the order of the data set, each image with the true class and what it was taken for.

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
        >>> sum(bool(ax.images) for ax in figure.axes)
        12
    """
    basic_checks.integer("misclassified", "n", n, minimum=1)
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
    x = checks.images("confident_mistakes", dataset[chosen][0])
    figure, axes = tiles(len(chosen), title, tile_height=1.6)
    classes = class_names(dataset)
    for ax, sample, image in zip(axes, chosen, x, strict=True):
        show(ax, image)
        p = reading.probabilities[sample, said[sample]]
        ax.set_title(
            f"{class_name(classes, said[sample])}, {100 * p:.0f} %", color=VERMILLION, fontsize=9, loc="center"
        )
        ax.set_xlabel(f"is {class_name(classes, reading.labels[sample])}", color=INK, fontsize=9)
    return figure


@styled
def draw_misclassified(reading: Reading, dataset: Any, n: int) -> Figure:
    """`misclassified` of a reading."""
    wrong, said = reading.mistakes, reading.predicted
    if not len(wrong):
        return _no_mistakes(reading, "Misclassified")
    chosen = wrong[:n]
    x = checks.images("misclassified", dataset[chosen][0])
    shown = f"the first {len(chosen)} of {len(wrong)}" if len(wrong) > n else f"{len(wrong)} of {len(said)}"
    figure, axes = tiles(len(chosen), f"Misclassified: {shown}  (true → predicted)", tile_height=1.4)
    classes = class_names(dataset)
    for ax, sample, image in zip(axes, chosen, x, strict=True):
        show(ax, image)
        names = (class_name(classes, label, 8) for label in (reading.labels[sample], said[sample]))
        ax.set_title(" → ".join(names), fontsize=8.5, fontweight="normal", loc="center")
    return figure


def _no_mistakes(reading: Reading, title: str) -> Figure:
    return message(f"No mistake among {len(reading.labels):,} samples.", title)
