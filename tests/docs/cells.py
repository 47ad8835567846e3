"""The code cells of a page, and how the docs build runs them: top to bottom, in one namespace."""

from __future__ import annotations

import re
from contextlib import chdir
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt

DOCS = Path(__file__).parents[2] / "docs"
OPTIONS = r"(?:---\n.*?^---\n|(?::[^\n]*\n)+)?"
CELL = re.compile(rf"^```\{{code-cell\}}[^\n]*\n{OPTIONS}(.*?)^```", re.DOTALL | re.MULTILINE)


def cells(page: Path) -> list[str]:
    """The code of each cell, without the options above it."""
    return [code.strip("\n") for code in CELL.findall(page.read_text(encoding="utf-8"))]


def run_page(page: Path) -> dict[str, Any]:
    """Execute the cells in the folder of the page and return their namespace; no setting of matplotlib is kept."""
    namespace: dict[str, Any] = {"__name__": "page"}
    with chdir(page.parent), matplotlib.rc_context():
        for code in cells(page):
            exec(compile(code, page.name, "exec"), namespace)
            plt.close("all")
    return namespace
