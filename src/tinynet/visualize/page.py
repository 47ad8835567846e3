"""One HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1f2933; --muted: #5f6c7b; --paper: #f4f6f8; --card: #ffffff; --line: #dfe4ea;
  --accent: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --muted: #9aa7b5; --paper: #12171d; --card: #1b222b;
  --line: #2f3945; --accent: #6cb8e8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 2.2rem 1.4rem 3rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .2rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; margin: 0 0 .3rem; }
.lead { color: var(--muted); margin: 0 0 1.3rem; }
.numbers { display: grid; gap: .9rem; margin-bottom: 1.2rem;
  grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
.number { padding: .8rem 1rem; }
.number b { display: block; font-size: 1.65rem; font-weight: 650; line-height: 1.25; }
.number.main b { color: var(--accent); }
.number span { color: var(--muted); font-size: .88rem; }
nav { margin-bottom: 1.2rem; font-size: .93rem; }
nav a { color: var(--accent); text-decoration: none; margin-right: 1.1rem; }
nav a:hover { text-decoration: underline; }
section { margin-bottom: 1.2rem; padding: 1.2rem 1.4rem 1.3rem; }
section, .number { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
section p { color: var(--muted); margin: 0 0 .9rem; max-width: 100ch; }
figure { margin: 0 0 1rem; background: #ffffff; border-radius: 8px; text-align: center; }
figure:last-child { margin-bottom: 0; }
figure img { max-width: 100%; height: auto; vertical-align: bottom; border-radius: 8px; }
.table { overflow-x: auto; font-variant-numeric: tabular-nums; font-size: .84rem; }
.settings { border-collapse: collapse; margin-bottom: 1rem; }
.settings th { text-align: left; font-weight: 500; color: var(--muted); padding: .22rem 1.6rem .22rem 0;
  vertical-align: top; }
.settings td { padding: .22rem 0; overflow-wrap: anywhere; }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; margin: 0;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: .88rem; }
footer { color: var(--muted); font-size: .85rem; }
@media print { section { break-inside: avoid; } nav { display: none; } }
"""


@dataclass(frozen=True)
class Section:
    """A part of a page: its heading, a sentence on how to read it, and its HTML."""

    heading: str
    words: str
    html: str

    @property
    def anchor(self) -> str:
        """Where links go to."""
        return self.heading.lower().replace(" ", "-")

    def whole(self) -> str:
        """The section as HTML."""
        heading, words = escape(self.heading), escape(self.words)
        return f'<section id="{self.anchor}"><h2>{heading}</h2><p>{words}</p>\n{self.html}</section>'


def page(title: str, lead: str, numbers: dict[str, str], sections: Iterable[Section], foot: str) -> str:
    """A whole page. All texts are escaped here; only `Section.html` is HTML already."""
    sections = list(sections)
    cards = "".join(
        f'<div class="number{" main" if index == 0 else ""}"><b>{escape(value)}</b><span>{escape(name)}</span></div>'
        for index, (name, value) in enumerate(numbers.items())
    )
    links = "".join(f'<a href="#{section.anchor}">{escape(section.heading)}</a>' for section in sections)
    body = "\n".join(section.whole() for section in sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p class="lead">{escape(lead)}</p>
<div class="numbers">{cards}</div>
<nav>{links}</nav>
{body}
<footer>{escape(foot)}</footer>
</main>
</body>
</html>
"""


def image(png: bytes, width: int, description: str) -> str:
    """A picture inside the page, `width` pixels wide where there is room."""
    data = base64.b64encode(png).decode("ascii")
    return f'<figure><img src="data:image/png;base64,{data}" width="{width}" alt="{escape(description)}"></figure>\n'


def settings_table(settings: dict[str, str]) -> str:
    """Names and values as a table."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in settings.items())
    return f'<table class="settings">{rows}</table>\n'


def command_line(command: str) -> str:
    """A command to be copied."""
    return f"<pre>{escape(command)}</pre>\n"
