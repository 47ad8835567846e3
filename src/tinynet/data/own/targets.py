"""The column of a table that is to be predicted: the names of classes, or numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tinynet.core.checks.words import fail
from tinynet.data.own.cells import Cells
from tinynet.data.own.columns import Number, is_number, mean_and_std
from tinynet.data.own.configs import entry, names

MOST_CLASSES = 1000
FEW_NUMBERS = 20  # different whole numbers up to which they are taken for classes
ROWS_A_CLASS = 5  # at least, on average, for whole numbers to be classes


@dataclass(frozen=True)
class Classes:
    """A target of classes; the label of each is its place.

    Attributes:
        name: The name of the column.
        values: Those of the classes.
    """

    task: ClassVar[str] = "classes"
    name: str
    values: tuple[str, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each output of a net stands for."""
        return self.values

    def encode(self, texts: Sequence[str], places: Sequence[str]) -> np.ndarray:
        """The labels, (n,) int64."""
        label = {value: number for number, value in enumerate(self.values)}
        for text, place in zip(texts, places, strict=True):
            if text not in label:
                known = ", ".join(self.values[:10])
                problem = f"{self.name} is {text!r} in {place}, which is no class that was learned."
                fail("table", problem, f"there are {known}.")
        return np.array([label[text] for text in texts], np.int64)


@dataclass(frozen=True)
class Numbers:
    """A target of numbers, standardised like a column.

    Attributes:
        name: The name of the column.
        mean: Of the rows that were learned from.
        std: Their standard deviation.
        has_commas: Whether the decimal sign is a comma.
    """

    task: ClassVar[str] = "numbers"
    name: str
    mean: float
    std: float
    has_commas: bool = False

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each output of a net stands for."""
        return (self.name,)

    def encode(self, texts: Sequence[str], places: Sequence[str]) -> np.ndarray:
        """The standardised numbers, (n, 1) float32."""
        return Number(self.name, self.mean, self.std, has_commas=self.has_commas).encode(texts, places)

    def number(self, output: float) -> float:
        """What an output of the net is in the units of the column."""
        return self.mean + self.std * float(output)


Target = Classes | Numbers


def fitted_target(name: str, cells: Cells, learned: np.ndarray, task: str | None) -> Target:
    """What is to be predicted.

    Args:
        name: The name of the column.
        cells: The table; in this column all cells are filled.
        learned: Which of its rows are learned from.
        task: "classes" or "numbers"; seen from the column if None.

    Raises:
        ValueError: It holds one value only, or too many texts, or a class that is in the test part alone.

    Example:
        >>> cells = Cells("people.csv", ["kind"], [["b"], ["a"], ["b"]], [2, 3, 4])
        >>> fitted_target("kind", cells, np.array([True, True, False]), None)
        Classes(name='kind', values=('a', 'b'))
    """
    texts = cells.column(name)
    different = sorted(set(texts))
    if len(different) == 1:
        problem = f"the target {name} of {cells.place} is always {different[0]!r}, so there is nothing to learn."
        fail("table", problem, "name another column, or add rows with other values.")
    has_commas = cells.has_decimal_commas and not all(map(is_number, texts))
    are_numbers = all(is_number(text, has_commas) for text in texts)
    if task == "numbers" and not are_numbers:
        text, place = next(each for each in zip(texts, cells.places, strict=True) if not is_number(each[0]))
        problem = f"the target {name} must be a number in each row, got {text!r} in {place}."
        fail("table", problem, "mend that cell, or learn classes with task='classes', --task classes.")
    if task == "numbers" or (task is None and are_numbers and (has_commas or not _are_labels(different, len(texts)))):
        return _numbers(name, cells, learned, has_commas)
    if len(different) > MOST_CLASSES or (len(different) > FEW_NUMBERS and 2 * len(different) > len(texts)):
        those = f"{len(different):,} different texts in {len(texts):,} rows: too many"
        problem = f"the target {name} of {cells.place} has {those}."
        fail("table", problem, f"name a column of classes or of numbers; the first text here is {different[0]!r}.")
    return _classes(name, cells, learned, different, are_numbers)


def target_of(config: Mapping[str, Any]) -> Target:
    """The target that a config tells of."""
    name, task = entry(config, "name", str), config.get("task")
    if task == "classes":
        return Classes(name, tuple(names(config, "values")))
    if task != "numbers":
        fail("preparation", f"there is no task called {task!r}.", "train again; it was damaged.")
    return Numbers(name, entry(config, "mean", float), entry(config, "std", float), entry(config, "has_commas", bool))


def _are_labels(different: Sequence[str], n_rows: int) -> bool:
    """Whether numbers seem to be those of classes: whole ones, few of them, and each in several rows."""
    if len(different) > FEW_NUMBERS or ROWS_A_CLASS * len(different) > n_rows:
        return False
    return all(float(text).is_integer() for text in different)  # pandas writes 1 as 1.0 where there are gaps


def _numbers(name: str, cells: Cells, learned: np.ndarray, has_commas: bool) -> Numbers:
    plain = Number(name, 0.0, 1.0, has_commas=has_commas)
    numbers = plain.numbers(cells.column(name), cells.places)[learned]
    mean, std = mean_and_std(numbers)
    if not std:
        problem = f"the target {name} of {cells.place} is {numbers[0]:g} in all rows to learn from."
        fail("table", problem, "name another column, or add rows.")
    return Numbers(name, mean, std, has_commas)


def _classes(name: str, cells: Cells, learned: np.ndarray, different: Sequence[str], are_numbers: bool) -> Classes:
    """Classes, of which each must be among the rows that are learned from."""
    texts = cells.column(name)
    counts = Counter(texts)
    seen = {text for text, is_learned in zip(texts, learned.tolist(), strict=True) if is_learned}
    for text in different:
        if text not in seen:
            n_rows = "1 row, which is" if counts[text] == 1 else f"{counts[text]} rows, all of which are"
            problem = (
                f"the class {text!r} of {name} in {cells.place} has {n_rows} for the test, so it cannot be learned."
            )
            fail("table", problem, "add rows of it, or remove it.")
    return Classes(name, tuple(sorted(different, key=float) if are_numbers else different))
