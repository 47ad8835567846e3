"""Numbers and tables as text: what a summary is written with."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import Any

from tinynet.core.checks.shapes import shape_text


def compact(count: int) -> str:
    """A number in four digits or so: 950, 12.3 K, 4.56 M; nothing for 0."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("K", 1e3)):
        if count >= 0.9995 * size:
            return f"{_three_digits(count / size)} {unit}"
    return str(count) if count else ""


def bytes_text(n_bytes: int) -> str:
    """A number of bytes in KiB, MiB or GiB; nothing for 0."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if n_bytes >= 0.9995 * size:
            return f"{_three_digits(n_bytes / size)} {unit}"
    return f"{n_bytes} B" if n_bytes else ""


def output_text(shape: tuple) -> str:
    if shape and isinstance(shape[0], tuple):
        return ", ".join(map(output_text, shape))
    return shape_text(("N", *shape))


def _three_digits(value: float) -> str:
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def width_of(text: str) -> int:
    return sum(not unicodedata.combining(character) for character in text)


def aligned(text: str, width: int, left: bool) -> str:
    while width_of(text) > max(width, 1):
        text = text.removesuffix("…")[:-1].rstrip() + "…"
    space = " " * (width - width_of(text))
    return text + space if left else space + text


def html_table(title: str, headings: Any, left: Any, rows: list[tuple[str, ...]], total: str) -> str:
    sides = ["left" if is_left else "right" for is_left in left]

    def line(tag: str, cells: Any) -> str:
        wraps = ["pre"] * (len(sides) - 1) + ["normal"]  # the formula may take two lines
        styles = [
            f"padding:.25em .8em;vertical-align:top;white-space:{w};text-align:{s}"
            for w, s in zip(wraps, sides, strict=True)
        ]
        return "".join(
            f'<{tag} style="{style}">{escape(cell)}</{tag}>' for style, cell in zip(styles, cells, strict=True)
        )

    rule = "border-bottom:1px solid #8886"
    body = "".join(f"<tr>{line('td', cells)}</tr>" for cells in rows)
    foot = f'<td style="padding:.4em .8em;text-align:left" colspan="{len(sides)}">{escape(total)}</td>'
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;font-size:90%">'
        f'<caption style="text-align:left;padding:.3em .8em;font-weight:600">{escape(title)}</caption>'
        f'<thead><tr style="{rule}">{line("th", headings)}</tr></thead><tbody style="{rule}">{body}</tbody>'
        f"<tfoot><tr>{foot}</tr></tfoot></table></div>"
    )
