"""How the training went: in words, as curves, as the doctor sees it, and layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.visualize import page
from tinynet.visualize.curves import curve_names, curve_words, draw_curve
from tinynet.visualize.readings import Reading, class_name, class_names
from tinynet.visualize.sections.view import View, picture
from tinynet.visualize.subject import Subject
from tinynet.visualize.training_strip import training_strip

if TYPE_CHECKING:
    from tinynet.probe import Diagnosis

EDGE = {"done": "good", "unfinished": "fair", "overfitted": "fair", "stuck": "bad", "diverged": "bad", "unknown": ""}
#: What the first section says already, by its kind.
SAID = {"unfinished": ("few-steps", "lr-low"), "overfitted": ("reg-none",), "stuck": ("stuck",)}


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


def doctor(subject: Subject) -> View | None:
    """What the doctor says, but for what stands in the first section already."""
    said = SAID.get(subject.course.kind, ()) if subject.rows else ()
    found = [each for each in subject.diagnoses or () if each.level == "problem" and each.name not in said]
    if not found:
        return None
    words = (
        "What may have gone wrong, the gravest first: what was seen, why it hurts, and a line of code to write instead."
    )
    return View(words, "".join(map(_diagnosis, found)), "bad")


def _diagnosis(each: Diagnosis) -> str:
    rows = [
        f"<dt>{escape(heading)}</dt><dd>{f'<code>{escape(text)}</code>' if heading == 'fix' else escape(text)}</dd>"
        for heading, text in each.lines()
    ]
    title = escape(each.title[:1].upper() + each.title[1:])
    return f'<h3>{title}</h3>\n<dl class="pairs">{"".join(rows)}</dl>\n'


def layer_by_layer(subject: Subject) -> View | None:
    """What the layers gave over the training."""
    if subject.statistics is None:
        return None
    words = (
        "A row is a layer, from the input at the top to the output at the bottom, and time goes to the right. A stripe "
        "that turns dark or bright tells in which layer, and when, outputs, gradients or updates grew or faded."
    )
    return View(words, picture(training_strip(subject.statistics), "All layers over the training."))
