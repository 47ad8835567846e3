"""A table as texts: the cells of a CSV file, or of a frame."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from tinynet.core.checks.words import fail
from tinynet.data.own.text_files import text_of

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
LOOKED_AT = 50  # rows by which the separator is known
MOST_COLUMNS = 20_000
#: What stands where there is nothing, as pandas and R have it.
MISSING = frozenset(["", "na", "n/a", "#n/a", "nan", "null", "none", "<na>", "nat", "?", "-"])


class Cells(NamedTuple):
    """The cells of a table; one without a value is an empty text.

    Attributes:
        place: What the table is called in a sentence: its file.
        names: Those of the columns.
        rows: The cells of each row.
        lines: The line of the file on which each row begins; of a frame, the number of the row.
        separator: What stands between two cells.
    """

    place: str
    names: list[str]
    rows: list[list[str]]
    lines: list[int]
    separator: str = ""

    @property
    def places(self) -> list[str]:
        """What each row is called in a sentence."""
        return [f"line {line} of {self.place}" for line in self.lines]

    @property
    def has_decimal_commas(self) -> bool:
        """Whether a comma may be a decimal sign: it is where it is not the separator."""
        return self.separator not in ("", ",")

    def column(self, name: str) -> list[str]:
        """The cells of a column."""
        place = self.names.index(name)
        return [row[place] for row in self.rows]

    def subset(self, chosen: Iterable[int]) -> Cells:
        """The table with some of its rows."""
        chosen = list(chosen)
        return self._replace(rows=[self.rows[i] for i in chosen], lines=[self.lines[i] for i in chosen])


def _cell(text: str) -> str:
    text = text.strip()
    return "" if text.lower() in MISSING else text


def read_cells(
    who: str, path: Path, skip_broken: bool = False, least: int = 2, cell: Callable[[str], str] = _cell
) -> Cells:
    """The cells of a CSV file, whose first row names the columns; its separator is seen from the file.

    Args:
        who: The function that complains.
        path: The file.
        skip_broken: Whether rows with too many or too few cells are left out.
        least: How many columns there must be.
        cell: What becomes of the text of each cell.

    Raises:
        OSError: There is no such file, or it cannot be read.
        ValueError: It is no such table.
    """
    text = text_of(who, path)
    separator = _separator(text)
    records = _records(who, path, text, separator)
    _, names = next(records, (1, []))
    _check_names(who, str(path), names, least)
    rows, lines = [], []
    for line, row in records:
        if len(row) == len(names):
            rows.append([cell(text) for text in row])
            lines.append(line)
        elif not skip_broken:
            problem = f"line {line} of {path} has {_many(len(row), 'cell')}, but the header has {len(names)}."
            fail(who, problem, "put a cell with the separator in it into quotes; --skip-broken leaves such rows out.")
    if not rows:
        fail(who, f"{path} has a header, but no rows below it.", "add rows, or name another file.")
    return Cells(str(path), names, rows, lines, separator)


def cells_of_frame(who: str, frame: Any) -> Cells:
    """The cells of a pandas frame, or of whatever has `columns` and gives each of them as `frame[name]`."""
    names = [str(name) for name in frame.columns]
    _check_names(who, "the frame", names)
    columns = [[cell_of(value) for value in frame[name]] for name in frame.columns]
    rows = [list(row) for row in zip(*columns, strict=True)]
    if not rows:
        fail(who, "the frame has no rows.", "check how it was selected.")
    return Cells("the frame", names, rows, list(range(len(rows))))


def cell_of(value: Any) -> str:
    """A value as the text of a cell, which is empty where there is none.

    Example:
        >>> cell_of(1.5), cell_of(" yes "), cell_of(None), cell_of(float("nan"))
        ('1.5', 'yes', '', '')
    """
    return "" if value is None or type(value).__name__ in ("NAType", "NaTType") else _cell(str(value))


def _records(who: str, path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file that are not empty, with the line on which each begins."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = "its quotes are never closed" if "end of data" in str(error) else str(error)
            problem = f"{path} cannot be read from line {line} on: {reason}."
            fail(who, problem, "close the quotes in that row, and write a quote inside a cell twice.")
        if any(cell.strip() for cell in row):
            yield line, row
        line = reader.line_num + 1


def _separator(text: str) -> str:
    """The separator by which the first rows fall into the most cells, all rows into as many if there is one."""

    def widths(separator: str) -> list[int]:
        reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
        try:
            return [len(row) for row in islice(reader, LOOKED_AT) if row]
        except csv.Error:
            return [1]

    def merit(separator: str) -> tuple[bool, int]:
        found = widths(separator) or [1]
        return found[0] > 1 and len(set(found)) == 1, found[0]

    return max(SEPARATORS, key=merit)


def _check_names(who: str, path: str, names: list[str], least: int = 2) -> None:
    """Check the header of a table; the names lose the space around them."""
    names[:] = [name.strip() for name in names]
    if names and not names[0] and "index" not in names:  # pandas writes the numbers of its rows without a name
        names[0] = "index"
    if len(names) < least:
        known = ", ".join(SEPARATORS.values())
        only = f"only one column, {short(names[0])}" if names else "no column"
        fail(who, f"{path} has {only}.", f"separate its columns by one of these: {known}.")
    if len(names) > MOST_COLUMNS:
        fail(who, f"{path} has {len(names):,} columns, more than {MOST_COLUMNS:,}.", "take those that tell something.")
    seen = set()
    for number, name in enumerate(names, 1):
        if not name:
            fail(who, f"column {number} of {path} has no name.", "name it, or remove it.")
        if name in seen:
            fail(who, f"{path} has two columns called {short(name)}.", "give each column its own name.")
        seen.add(name)
    if all(_is_number(name) for name in names):
        problem = f"the first row of {path} must name the columns, but it holds numbers ({', '.join(names[:3])})."
        fail(who, problem, "write a row with a name for each column above it.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _many(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def short(text: str) -> str:
    """A text as it is quoted in an error, cut where it is long."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
