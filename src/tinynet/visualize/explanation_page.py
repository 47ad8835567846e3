"""An explanation as one self-contained HTML page."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np

from tinynet.core import checks
from tinynet.probe import Explanation, Walk
from tinynet.probe.explain.html import STYLE, inner_html
from tinynet.storage import atomic_write
from tinynet.visualize.page import Section, page, place_for_a_page

#: How many times the numbers on the page are explained in turn.
DEPTH = 2


def explanation_page(
    path: str | os.PathLike[str], what: object, *, title: str = "A training step, explained", lead: str = ""
) -> Path:
    """Write an explanation, or the walk of a whole step, as one HTML page that needs nothing but itself.

    The numbers that an explanation comes from can be opened on the page, and those that they come from.

    Args:
        path: Where to write it, as in "step.html".
        what: What `tinynet.explain` or `tinynet.probe.walk` gave.
        title: The heading.
        lead: A sentence below it.

    Returns:
        The path.

    Raises:
        OSError: The page cannot be written there.
        TypeError: `what` is neither.

    Example:
        >>> import tempfile
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> step = tn.trace(Net([Linear(2, 1)]), np.ones((4, 2)), np.zeros((4, 1)), mean_squared_error)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     explanation_page(Path(folder, "step.html"), tn.explain(step, "0.weight", (0, 1))).name
        'step.html'
    """
    checks.path("explanation_page", path)
    checks.text("explanation_page", "title", title)
    checks.text("explanation_page", "lead", lead)
    place_for_a_page("explanation_page", path)
    if isinstance(what, Walk):
        parts = [(chapter.heading, chapter.words, chapter.explanation) for chapter in what.chapters]
        lead = " ".join(part for part in (lead, what.title) if part)
    elif isinstance(what, Explanation):
        parts = [(what.result.symbol, "", what)]
    else:
        came = f"expected an explanation or a walk, got {checks.of_kind(what)}."
        checks.fail("explanation_page", came, "give what tn.explain or tn.probe.walk returned.", TypeError)
    sections = [Section(heading, words, _body(explanation)) for heading, words, explanation in parts]
    foot = f"Written by Tinynet on Python {platform.python_version()} with NumPy {np.__version__}."
    text = page(title, lead, {}, sections, foot, STYLE)
    atomic_write(path, text, who="explanation_page")
    return Path(path)


def _body(explanation: Explanation) -> str:
    return f"<div class='explained'>{inner_html(explanation, DEPTH)}</div>"
