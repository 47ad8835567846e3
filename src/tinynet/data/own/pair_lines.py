"""Pairs of texts as they stand in a file: a pair a line with a tab between, or two columns of a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tinynet.core.checks.words import fail
from tinynet.data.own.cells import read_cells
from tinynet.data.own.text_files import text_of

SKIP = "--skip-broken leaves such lines out."


class Pair(NamedTuple):
    """What is read, what is to be written, and the line of the file that both stand on."""

    read: str
    written: str
    line: int


class Pairs(NamedTuple):
    """The pairs of a file.

    Attributes:
        place: The file.
        rows: The pairs.
        target: The column that is written; None where the file has a pair a line.
    """

    place: str
    rows: list[Pair]
    target: str | None

    def places(self, pair: Pair) -> str:
        """What a pair is called in a sentence."""
        return f"line {pair.line} of {self.place}"


def read_pairs(path: Path, target: str | None, skip_broken: bool) -> Pairs:
    """The pairs of a file.

    Args:
        path: A text in which each line has what is read, a tab, and what is written; or a table of two columns.
        target: The column of the table that is written.
        skip_broken: Whether lines that are no pair are left out.

    Raises:
        OSError: There is no such file, or it cannot be read.
        ValueError: A line is no pair, or the table has other columns.
    """
    found = _in_lines(path, skip_broken) if target is None else _in_columns(path, target, skip_broken)
    rows = [pair for pair in found if _is_whole(path, pair, skip_broken)]
    if not rows:
        fail("pairs", f"there is no pair in {path}.", "write a pair a line, with a tab between.")
    return Pairs(str(path), rows, target)


def _in_lines(path: Path, skip_broken: bool) -> Iterator[Pair]:
    for number, line in enumerate(text_of("pairs", path).split("\n"), 1):
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) == 2:
            yield Pair(parts[0], parts[1], number)
        elif parts != [""] and not skip_broken:
            _no_pair(f"line {number} of {path}", len(parts))


def _in_columns(path: Path, target: str, skip_broken: bool) -> Iterator[Pair]:
    cells = read_cells("pairs", path, skip_broken, cell=str.strip)
    if target not in cells.names:
        names = ", ".join(cells.names[:10])
        fail("pairs", f"{path} has no column {target!r} to be written.", f"there are {names}.")
    others = [name for name in cells.names if name != target]
    if len(others) > 1:
        problem = f"{path} has {len(others)} columns beside {target}, but one text is read: {', '.join(others[:10])}."
        fail("pairs", problem, "leave only the column that is read, and the one that is written.")
    yield from map(Pair, cells.column(others[0]), cells.column(target), cells.lines)


def _is_whole(path: Path, pair: Pair, skip_broken: bool) -> bool:
    if not ((pair.read and pair.written) or skip_broken):
        what = "written" if pair.read else "read"
        fail("pairs", f"line {pair.line} of {path} has nothing to be {what}.", f"fill it in; {SKIP}")
    return bool(pair.read and pair.written)


def _no_pair(place: str, n_parts: int) -> None:
    """A line is no pair."""
    if n_parts == 1:
        problem = f"{place} has no tab, which parts what is read from what is written."
        fail("pairs", problem, f"write a pair a line, with a tab between; {SKIP}")
    fail("pairs", f"{place} has {n_parts} texts with tabs between, but a pair has 2.", f"remove the others; {SKIP}")
