"""What happened in each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


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
        self.rows.append(row)

    def names(self) -> list[str]:
        """The names of all columns, in order of their first appearance."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def __getitem__(self, name: str) -> list[Any]:
        """One column; epochs without a value are left out."""
        if self.rows and name not in self.names():
            raise KeyError(f"there is no column {name!r}; there are {', '.join(self.names())}")
        return [row[name] for row in self.rows if name in row]

    def best(self, name: str, mode: str = "min") -> dict[str, Any]:
        """The row in which a column is lowest, or highest with mode="max"."""
        return (min if mode == "min" else max)((row for row in self.rows if name in row), key=lambda row: row[name])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __repr__(self) -> str:
        return f"History({len(self.rows)} epochs: {', '.join(self.names())})"
