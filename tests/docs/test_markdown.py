"""What Markdown would read otherwise than it was written."""

import re
from itertools import pairwise
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
OF_A_LIST = re.compile(r"\s*(\d+\.|[-*+])\s|\s")


def lists_by_accident(text):
    """Lines of a paragraph that begin with "1." because it was broken there: Markdown begins a list with them."""
    lines = CODE.sub("", text).splitlines()
    return [
        after for before, after in pairwise(lines) if after.startswith("1. ") and OF_A_LIST.match(before + " ") is None
    ]


def test_no_sentence_becomes_a_list():
    assert lists_by_accident("its variance is\n1. That holds.\n") == ["1. That holds."]
    assert lists_by_accident("So:\n\n1. first\n2. second\n   and more\n") == []
    found = {path.name: lists_by_accident(path.read_text(encoding="utf-8")) for path in DOCS.rglob("*.md")}
    assert {name: lines for name, lines in found.items() if lines} == {}
