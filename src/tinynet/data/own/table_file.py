"""A table as a data set: a CSV file, or a frame of pandas."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.data.dataset import Dataset
from tinynet.data.own.cells import Cells, cell_of, cells_of_frame, read_cells
from tinynet.data.own.columns import Column, LeftOut, column_of, fitted, is_number
from tinynet.data.own.configs import entry, values_of
from tinynet.data.own.stable_split import TEST_FRACTION, fingerprint, in_test, share
from tinynet.data.own.targets import Numbers, Target, fitted_target, target_of

TASKS = ("classes", "numbers")
MOST_NUMBERS = 20_000  # in a row, once categories are numbers


class TablePreparation:
    """What is done to a row before the net sees it: numbers are standardised, and categories become 0 and 1.

    Shapes:
        a call gives (n_features,) float32

    Args:
        columns: What is done to each column.
        target: What is predicted.
        fraction: The share of the test part.

    Attributes:
        input_shape: (n_features,).
        classes: What each output of a net stands for: the classes, or the name of the target if it is a number.

    Example:
        >>> from tinynet.data.own.columns import Number
        >>> from tinynet.data.own.targets import Classes
        >>> preparation = TablePreparation([Number("age", mean=40.0, std=20.0)], Classes("buys", ("no", "yes")))
        >>> preparation({"age": 50})
        array([0.5], dtype=float32)
    """

    kind = "table"

    def __init__(self, columns: Sequence[Column], target: Any, fraction: float = TEST_FRACTION) -> None:
        if not isinstance(columns, (list, tuple)) or not all(isinstance(column, Column) for column in columns):
            came = checks.of_kind(columns)
            fail("TablePreparation", f"columns must be a list of columns, got {came}.", kind=TypeError)
        self.columns = tuple(columns)
        if not isinstance(target, Target):
            came = checks.of_kind(target)
            fail("TablePreparation", f"target must be Classes or Numbers, got {came}.", kind=TypeError)
        self.target: Target = target
        self.fraction = share("TablePreparation", fraction)
        self.input_shape = (sum(column.width for column in columns),)
        self.classes = target.outputs

    def __call__(self, row: Mapping[str, Any]) -> np.ndarray:
        """A row, given as a dict from column to value, as the net takes it; None is a missing value."""
        if not hasattr(row, "keys"):
            came = checks.of_kind(row)
            fail("TablePreparation", f"a row must be a dict from column to value, got {came}.", kind=TypeError)
        values = dict(row)  # also of a row of a frame
        cells = Cells("the row", [str(name) for name in values], [[cell_of(value) for value in values.values()]], [0])
        return self.inputs(cells, ["the row"])[0]

    def inputs(self, cells: Cells, places: Sequence[str], strict: bool = True) -> np.ndarray:
        """The rows of a table as the net takes them, (n, n_features).

        Args:
            cells: A table that has the columns of the one that was learned from, in any order.
            places: What each row is called in a sentence.
            strict: Whether a category that was never seen is an error; else it counts as none.
        """
        self.check_columns(cells)
        used = [column for column in self.columns if not isinstance(column, LeftOut)]
        parts = [column.encode(cells.column(column.name), places, strict) for column in used]
        return np.concatenate(parts, axis=1)

    def check_columns(self, cells: Cells) -> None:
        """Check that a table has all columns that the net needs."""
        for column in self.columns:
            if not isinstance(column, LeftOut) and column.name not in cells.names:
                hint = f"its columns are {', '.join(cells.names[:10])}; leave a cell empty if its value is missing."
                fail("table", f"{cells.place} has no column {column.name!r}, from which the net has learned.", hint)

    def parts(self, source: Any, skip_broken: bool = False) -> tuple[Dataset, Dataset]:
        """The training and the test part of a table, cut as at first; where rows were added, they are in either."""
        cells = _with_target(_cells(source, skip_broken), self.target.name, skip_broken)
        return self._parts(cells, _learned(cells, self.fraction))

    def dataset(self, source: Any, skip_broken: bool = False) -> Dataset:
        """All rows of a table, none of which the net has learned from, to test it."""
        cells = _with_target(_cells(source, skip_broken), self.target.name, skip_broken)
        return self._dataset(cells, cells)

    def config(self) -> dict[str, Any]:
        """All of it, as plain values."""
        return {
            "kind": self.kind,
            "target": {"task": self.target.task, **values_of(self.target)},
            "columns": [{"kind": column.kind, **values_of(column)} for column in self.columns],
            "fraction": self.fraction,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TablePreparation:
        """The preparation that a config tells of."""
        columns = [column_of(each if isinstance(each, dict) else {}) for each in entry(config, "columns", list)]
        made = cls(columns, target_of(entry(config, "target", dict)), entry(config, "fraction", float))
        if not 0 < made.input_shape[0] <= MOST_NUMBERS:
            fail("preparation", f"it makes {made.input_shape[0]} numbers of a row.", "train again; it was damaged.")
        return made

    @property
    def words(self) -> list[str]:
        """What was seen in the table, in sentences."""
        used = [column for column in self.columns if not isinstance(column, LeftOut)]
        out = [f"{column.name} ({column.why})" for column in self.columns if isinstance(column, LeftOut)]
        is_a_number = isinstance(self.target, Numbers)
        kind = "a number" if is_a_number else f"one of {len(self.classes)} classes"
        words = [f"{self.target.name} is predicted as {kind}"]
        if is_a_number:
            words[0] += "; --task classes takes its values for classes"
        elif all(map(is_number, self.classes)):
            words[0] += "; --task numbers takes them for numbers"
        n_numbers, n_categories = (sum(column.kind == kind for column in used) for kind in ("number", "category"))
        n_features = self.input_shape[0]
        columns = "column" if n_numbers == 1 else "columns"
        return [
            *words,
            f"{n_features} inputs from {n_numbers} {columns} of numbers and {n_categories} of categories",
            *([f"left out: {', '.join(out)}"] if out else []),
        ]

    def __repr__(self) -> str:
        return f"TablePreparation({self.input_shape[0]} inputs, target={self.target.name!r}, {self.target.task})"

    def _parts(self, cells: Cells, learned: np.ndarray) -> tuple[Dataset, Dataset]:
        train, test = (self._dataset(cells.subset(np.flatnonzero(rows)), cells) for rows in (learned, ~learned))
        return train, test

    def _dataset(self, cells: Cells, whole: Cells) -> Dataset:
        x = self.inputs(cells, cells.places, strict=False)
        y = self.target.encode(cells.column(self.target.name), cells.places)
        part = Dataset(x, y, self.classes if y.ndim == 1 else None)
        part.source = f"{len(whole.rows):,} own rows, {fingerprint(map(_content, whole.rows))}"
        return part


def table(
    source: Any,
    target: str,
    task: str | None = None,
    fraction: float = TEST_FRACTION,
    skip_broken: bool = False,
) -> tuple[Dataset, Dataset, TablePreparation]:
    """A table whose other columns are to predict one: a CSV file, or a frame of pandas.

    Columns of numbers are standardised, and columns of up to 100 different texts become a 0 or 1 for each; all this is
    fitted to the training part alone. Where a number is missing, the mean stands for it and a further column tells;
    among categories, a gap is one more. Columns that are constant, empty, or of free text are left out;
    `preparation.words` says so. A hash of its row decides whether it is for the test, so the parts stay as they are
    when rows are added. The file is UTF-8, its first row names the columns, and its separator is seen from it.

    Args:
        source: The file or the frame.
        target: The column that is to be predicted.
        task: "classes" or "numbers". None takes texts and a few repeated whole numbers for classes.
        fraction: The share of the test part.
        skip_broken: Whether rows without a target, or of another length, are left out; else one is an error.

    Returns:
        The training part, the test part, and the preparation, which takes a new row as a dict. Numbers are predicted
        in standardised form; `preparation.target.number` gives them back in their own units.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no table, or nothing can be learned from it.

    Example:
        >>> train, test, preparation = table("houses.csv", target="price")  # doctest: +SKIP
        >>> y = net.predict(preparation({"rooms": 4, "town": "Ulm"})[np.newaxis])  # doctest: +SKIP
        >>> preparation.target.number(y[0, 0])  # doctest: +SKIP
        181000.0
    """
    checks.text("table", "target", target)
    if task is not None:
        checks.one_of("table", "task", task, TASKS)
    part = share("table", fraction)
    cells = _with_target(_cells(source, checks.flag("table", "skip_broken", skip_broken)), target, skip_broken)
    learned = _learned(cells, part)
    predicted = fitted_target(target, cells, learned, task)
    columns = [fitted(name, cells, learned) for name in cells.names if name != target]
    preparation = TablePreparation(columns, predicted, part)
    _check_inputs(preparation, cells)
    return *preparation._parts(cells, learned), preparation


def _cells(source: Any, skip_broken: bool) -> Cells:
    if hasattr(source, "columns") and hasattr(source, "__getitem__"):
        return cells_of_frame("table", source)
    if isinstance(source, (str, os.PathLike)):
        return read_cells("table", checks.path("table", source), skip_broken)
    came = type(source).__name__
    fail("table", f"source must be the path of a CSV file or a frame, got {came}.", 'as in "houses.csv".', TypeError)


def _with_target(cells: Cells, target: str, skip_broken: bool) -> Cells:
    """Check that there is the target, in each row; rows without it are left out if asked."""
    if target not in cells.names:
        close = difflib.get_close_matches(target, cells.names, n=1)
        some = ", ".join(cells.names[:10]) + (" and more" if len(cells.names) > 10 else "")
        hint = f"did you mean {close[0]}?" if close else f"there are {some}."
        fail("table", f"{cells.place} has no column {target!r} to be predicted.", hint)
    filled = [row for row, text in enumerate(cells.column(target)) if text]
    if not filled:
        fail("table", f"the target {target} has no values in {cells.place}.", "name another column.")
    n_gaps = len(cells.rows) - len(filled)
    if n_gaps and not skip_broken:
        first = next(line for line, text in zip(cells.lines, cells.column(target), strict=True) if not text)
        where = f"in {n_gaps} of {len(cells.rows)} rows of {cells.place}, first in line {first}"
        problem = f"the target {target} is missing {where}."
        fail("table", problem, "fill it in, or leave such rows out with skip_broken=True, --skip-broken.")
    return cells.subset(filled)


def _learned(cells: Cells, fraction: float) -> np.ndarray:
    """Which rows are learned from; the others are for the test."""
    learned = np.array([not in_test(_content(row), fraction) for row in cells.rows])
    if learned.all() or not learned.any():
        part = "test" if learned.all() else "training"
        reason = f"the hash that decides for each took none of {len(learned)} rows"
        problem = f"the {part} part of {cells.place} is empty: {reason}."
        fail("table", problem, f"add rows, or take another fraction than {fraction:g}; equal rows stay together.")
    return learned


def _content(row: Sequence[str]) -> bytes:
    return "\x1f".join(row).encode()


def _check_inputs(preparation: TablePreparation, cells: Cells) -> None:
    """Check that there is something to learn from, and not too much."""
    n_inputs = preparation.input_shape[0]
    if not n_inputs:
        reasons = "; ".join(f"{column.name}: {column.why}" for column in preparation.columns[:5])
        fail("table", f"no column of {cells.place} tells anything about {preparation.target.name}: {reasons}.")
    if n_inputs > MOST_NUMBERS:
        problem = f"a row of {cells.place} would be {n_inputs:,} numbers, more than {MOST_NUMBERS:,}."
        fail("table", problem, "leave out columns with many categories.")
