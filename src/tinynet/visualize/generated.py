"""Pictures that a generative net draws, and how it arranges the samples it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, optional, string
from tinynet.core.checks.words import fail
from tinynet.visualize import sentences
from tinynet.visualize.pictures import Sheet, picture
from tinynet.visualize.style import COLOURS, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def samples(images: np.ndarray, title: str = "Samples", columns: int | None = None) -> Figure:
    """Pictures in rows, as a net has drawn them.

    Args:
        images: Images (N, C, H, W).
        title: The title above them.
        columns: Pictures in a row; if None, as many as fill the rows best.

    Raises:
        ValueError: They are not such images, there is none, or columns is below 1.

    Example:
        >>> len(samples(np.zeros((12, 1, 8, 8)), columns=4).axes[0].images)
        12
    """
    images = sentences.images("samples", images)
    checks.non_empty_list("samples", "images", list(images))
    checks.arguments("samples", locals(), title=string, columns=optional(at_least(1)))
    low, high = min(0, float(images.min())), max(1, float(images.max()))
    sheet = Sheet(len(images), images.shape[2:], title, side=0.6, columns=columns)
    for index, image in enumerate(images):
        sheet.put(index, picture((image - low) / (high - low)), cmap="gray", vmin=0, vmax=1)
    return sheet.figure


@styled
def latent_space(codes: np.ndarray, labels: np.ndarray, classes: Sequence[str] | None = None) -> Figure:
    """A map of codes: each sample a dot where a net has put it, in the colour of its class.

    Args:
        codes: The codes, (N, 2) or more; the first two numbers of each are drawn.
        labels: The class of each, (N,) integers.
        classes: The names of the classes; their numbers if None.

    Raises:
        ValueError: Codes and labels do not fit together.
        TypeError: The labels are not integers.

    Example:
        >>> figure = latent_space(np.eye(3)[:, :2], np.array([0, 1, 1]), ["cat", "dog"])
        >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        ['cat', 'dog']
    """
    labels, codes = checks.as_array("latent_space", "labels", labels), checks.numbers("latent_space", "codes", codes)
    sentences.names("latent_space", classes, labels)
    sentences.integer_labels("latent_space", labels)
    shape = np.shape(codes)
    if len(shape) != 2 or shape[0] != len(labels) or shape[1] < 2:
        expected = f"expected codes of shape ({len(labels)}, 2) or wider, one for each label"
        fail("latent_space", f"{expected}, got {shape_text(shape)}.", "a map needs two numbers for each sample.")
    figure, (ax,) = panels(1, 1, 7, 5.6)
    for index, label in enumerate(np.unique(labels)):
        here = np.asarray(codes)[labels == label]
        name = str(label) if classes is None else classes[label]
        ax.scatter(here[:, 0], here[:, 1], s=6, linewidths=0, alpha=0.7, color=COLOURS[index % 10], label=name)
    ax.set(title="Where the net puts each sample", xlabel="first number of the code", ylabel="second number")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=3)
    return figure
