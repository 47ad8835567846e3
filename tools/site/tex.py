"""Formulas as docstrings write them, set as mathematics.

A line of a docstring mixes symbols and words: "y = x Φ(x), where Φ(x) = ½ (1 + erf(x / √2))". It is cut into
pieces, each prose, code or TeX, so that a page can break a long line between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.site.reading import Piece, Reader

WIDTH = 112  # of a docstring's section, to which lines are wrapped
STARTS = re.compile(r"(?:\([^)]*\)|[^\s\[(]*)(?:\[[^\]]*\])?\s*(?:\+?=|←) ")  # a left side: y[n, k] =


def statements(section: str) -> list[list[list[Piece]]]:
    """The lines of a section, each as its columns, each as pieces.

    Example:
        >>> statements("dx = dy W        db = Σₙ dyₙ")
        [[[Piece(kind='math', text='dx=dy\\\\,W')], [Piece(kind='math', text='db=\\\\sum _{n}\\\\,dy_{n}')]]]
    """
    return [[pieces(column) for column in re.split(r"\s{3,}", line)] for line in unwrapped(section)]


def unwrapped(section: str) -> Iterator[str]:
    """The lines of a section, those joined that were broken only because they were too long."""
    lines = [line.strip() for line in section.splitlines() if line.strip()]
    whole, last = "", ""
    for line in lines:
        if whole and (STARTS.match(line) or len(last) + 1 + len(line.split()[0]) <= WIDTH):
            yield whole
            whole = ""
        whole, last = f"{whole} {line}".strip(), line
    if whole:
        yield whole


def pieces(line: str) -> list[Piece]:
    """One statement as pieces; neighbours of one kind are joined."""
    found: list[Piece] = []
    for piece in Reader(line).pieces():
        if found and found[-1].kind == piece.kind and piece.kind != "code":
            found[-1] = Piece(piece.kind, found[-1].text + piece.text)
        else:
            found.append(piece)
    return [
        Piece(kind, text.strip() if kind == "math" else text) for kind, text in found if text.strip() or kind == "text"
    ]


def tex(line: str) -> str:
    r"""A formula without prose as TeX.

    Example:
        >>> tex("y = 1 / (1 + e⁻ˣ)")
        'y=\\frac{1}{1+e^{-x}}'
    """
    return "".join(piece.text if piece.kind == "math" else rf"\text{{{piece.text}}}" for piece in pieces(line))
