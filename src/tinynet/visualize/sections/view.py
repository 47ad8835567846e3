"""What stands under a heading of a report, and how a figure gets there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinynet.visualize import page
from tinynet.visualize.style import png
from tinynet.visualize.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI, SHOWN_DPI = 144, 96  # They are drawn finer than shown, for high-resolution screens.
MAX_PIXELS = 6e6  # of a picture; the feature maps of a deep net are drawn coarser, so that the page stays small


@dataclass(frozen=True)
class View:
    """What stands under a heading: a sentence on how to read it, and HTML; `mark` is a class of the style."""

    words: str
    html: str
    mark: str = ""


Maker = Callable[[Subject], "View | Figure | None"]


def made(subject: Subject, makers: Sequence[tuple[str, Maker]]) -> Iterator[page.Section]:
    """The sections that apply to a subject."""
    for heading, maker in makers:
        found = maker(subject)
        if found is not None:
            view = found if isinstance(found, View) else View("", picture(found, f"{heading}."))
            yield page.Section(heading, view.words, view.html, view.mark)


def picture(figure: Figure, description: str, kind: str = "photo") -> str:
    """A figure as HTML; a "chart" without its white paper, so that it can follow a dark page."""
    width, height = figure.get_size_inches()
    dpi = min(DPI, np.sqrt(MAX_PIXELS / (width * height)))
    file = png(figure, dpi, kind == "chart")
    return page.image(file, round(width * SHOWN_DPI), description, kind)
