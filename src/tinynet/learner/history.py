"""What happened in each epoch."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from math import isnan
from os import PathLike
from typing import Any, NoReturn

from tinynet.core import checks
from tinynet.learner.monitor import direction, known_column


class History:
    """One row for each epoch: a dict with "epoch", "loss", each metric, "lr", "seconds", and "valid_…" for validation.

    Example:
        >>> history = History()
        >>> history.append({"epoch": 1, "loss": 0.5}); history.append({"epoch": 2, "loss": 0.25})
        >>> history["loss"], history.best("loss")
        ([0.5, 0.25], {'epoch': 2, 'loss': 0.25})
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def append(self, row: dict[str, Any]) -> None:
        """Add the row of one more epoch."""
        checks.instance("History.append", "row", row, dict)
        self.rows.append(row)

    def names(self) -> list[str]:
        """The names of all columns, in order of their first appearance."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def __getitem__(self, name: str) -> list[Any]:
        """One column; epochs without a value are left out.

        Raises:
            ValueError: There are rows, but none has such a column.
        """
        if self.rows:
            known_column("History", name, self.names())
        return [row[name] for row in self.rows if name in row]

    def best(self, name: str, mode: str | None = None) -> dict[str, Any]:
        """The row in which a column is best.

        Args:
            name: The column.
            mode: "min" or "max", what better means; None reads it from the name.

        Raises:
            ValueError: There is no such column, or its name says nothing about what is better.
        """
        known_column("History.best", name, self.names())
        best = min if direction("History.best", name, mode) == "min" else max
        numbers = [row for row in self.rows if name in row and not isnan(row[name])]
        if not numbers:
            checks.fail("History.best", f"every value of {name} is NaN.")
        return best(numbers, key=lambda row: row[name])

    @classmethod
    def read_csv(cls, path: str | PathLike[str]) -> History:
        """Read what a `CSVLog` has written; whole numbers come back as integers, empty fields not at all.

        Raises:
            ValueError: The file is not such a table.
            OSError: It cannot be read.
        """
        path = checks.path("History.read_csv", path)
        checks.readable_file("History.read_csv", path)
        history = cls()
        with open(path, encoding="utf-8-sig", newline="") as file:  # spreadsheets write a byte order mark
            try:
                for row in csv.DictReader(file):
                    if None in row or None in row.values():
                        _fail_at_line(path, len(history) + 2)
                    history.append({name: _number(path, len(history) + 2, text) for name, text in row.items() if text})
            except UnicodeDecodeError as error:
                problem = f"{path} is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}."
                checks.fail("History.read_csv", problem, "it was damaged; take another copy.")
            except csv.Error:  # a zero byte, or a field without end
                _fail_at_line(path, len(history) + 2)
        return history

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __repr__(self) -> str:
        return f"History({len(self.rows)} epochs: {', '.join(self.names())})"


def _number(path: str | PathLike[str], line: int, text: str) -> int | float:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        _fail_at_line(path, line)


def _fail_at_line(path: str | PathLike[str], line: int) -> NoReturn:
    problem = f"line {line} of {path} is not a row of numbers."
    checks.fail("History.read_csv", problem, "cut the file off before that line.")
