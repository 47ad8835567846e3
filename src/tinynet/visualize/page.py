"""One HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from tinynet.core import checks
from tinynet.visualize.page_style import STYLE


@dataclass(frozen=True)
class Section:
    """A part of a page: its heading, a sentence on how to read it, and its HTML."""

    heading: str
    words: str
    html: str
    mark: str = ""  #: A class of the style, which gives the section a coloured edge.

    @property
    def anchor(self) -> str:
        """Where links go to."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.heading.lower())

    def whole(self) -> str:
        """The section as HTML."""
        words = f"<p>{escape(self.words)}</p>" if self.words else ""
        mark = f' class="{escape(self.mark)}"' if self.mark else ""
        heading = f'<h2 id="{self.anchor}-title">{escape(self.heading)}</h2>'
        labelled = f'aria-labelledby="{self.anchor}-title"'
        return f'<section id="{self.anchor}"{mark} {labelled}>{heading}{words}\n{self.html}</section>'


def page(
    title: str, lead: str, numbers: dict[str, str], sections: Iterable[Section], foot: str, style: str = ""
) -> str:
    """A whole page. All texts are escaped here; only `Section.html` is HTML already.

    Args:
        title: The heading.
        lead: A sentence below it.
        numbers: From a name to a number, shown large at the top.
        sections: The parts.
        foot: The last line.
        style: Rules of style for what only these sections have.
    """
    sections = list(sections)
    cards = "".join(
        f'<div class="number{" main" if index == 0 else ""}"><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>'
        for index, (name, value) in enumerate(numbers.items())
    )
    links = "".join(f'<li><a href="#{section.anchor}">{escape(section.heading)}</a></li>' for section in sections)
    body = "\n".join(section.whole() for section in sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{STYLE}{style}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<h1 id="top">{escape(title)}</h1>
<p class="lead">{escape(lead)}</p>
<dl class="numbers">{cards}</dl>
<nav aria-label="Sections of this page"><ul>{links}</ul></nav>
</header>
<main id="content" tabindex="-1">
{body}
</main>
<footer><p>{escape(foot)}</p><p><a href="#top">Back to the top</a></p></footer>
</body>
</html>
"""


def image(png: bytes, width: int, description: str, kind: str = "photo") -> str:
    """A picture inside the page, `width` pixels wide where there is room.

    Args:
        png: The file.
        width: In pixels of a page. One that is wider than a phone keeps a legible size there, and scrolls.
        description: What is to be seen, for those who cannot.
        kind: "chart" for lines on transparent paper, which a dark page turns light; "photo" keeps its colours.
    """
    data = base64.b64encode(png).decode("ascii")
    words = escape(description)
    picture = f'<img src="data:image/png;base64,{data}" width="{width}" alt="{words}">'
    if width > WIDE:
        small = f"min-width: {round(LEGIBLE * width)}px"
        picture = picture.replace("<img ", f'<img style="{small}" ', 1)
        return f'<figure class="{kind} scroll" tabindex="0" role="group" aria-label="{words}">{picture}</figure>\n'
    return f'<figure class="{kind}">{picture}</figure>\n'


WIDE, LEGIBLE = 560, 0.62  # pixels; the share of its size down to which the words in a picture can be read


def side_by_side(pictures: Sequence[str]) -> str:
    """Pictures in as many columns as there is room for."""
    return f'<div class="grid">{"".join(pictures)}</div>\n'


def scrolling(table: str, name: str) -> str:
    """A table that scrolls by itself where it is wider than the page, by touch or by arrow keys."""
    return f'<div class="table" tabindex="0" role="region" aria-label="{escape(name)}">{table}</div>\n'


def points(sentences: Iterable[str]) -> str:
    """Sentences as a list."""
    return "<ul>" + "".join(f"<li>{_prose(sentence)}</li>" for sentence in sentences) + "</ul>\n"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of its own."""
    return f'<p class="{escape(kind)}">{_prose(text)}</p>\n' if kind else f"<p>{_prose(text)}</p>\n"


def _prose(text: str) -> str:
    """A text as HTML in which no line begins with a percent sign."""
    return escape(text).replace(" %", "&nbsp;%")


def settings_table(settings: dict[str, str]) -> str:
    """Names and values as a table."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in settings.items()
    )
    return f'<table class="settings">{rows}</table>\n'


def command_line(command: str) -> str:
    """A command to be copied."""
    return f'<pre tabindex="0">{escape(command)}</pre>\n'


def place_for_a_page(who: str, path: str | os.PathLike[str]) -> None:
    """Check that a page would not take the place of something else, such as the weights of the net.

    Example:
        >>> place_for_a_page("report", ".")
        Traceback (most recent call last):
        IsADirectoryError: report: '.' is a folder, not a file; nothing was changed.
        Hint: name the page too, as in 'report.html'.
    """
    target = checks.path(who, path)
    if os.path.isdir(target):
        hint = f"name the page too, as in {str(target / 'report.html')!r}."
        checks.fail(who, f"{str(target)!r} is a folder, not a file; nothing was changed.", hint, IsADirectoryError)
    if target.suffix.lower() in (".html", ".htm") or not os.path.isfile(target) or not os.path.getsize(target):
        return
    with open(target, "rb") as file:
        is_page = file.read(100).lstrip().lower().startswith((b"<!doctype html", b"<html"))
    if not is_page:
        problem = f"{str(target)!r} is no HTML page, so no page takes its place; nothing was changed."
        hint = f"choose another name, as in {str(target.with_name('report.html'))!r}."
        checks.fail(who, problem, hint, FileExistsError)
