"""The columns of a table as numbers: what is done to each is fitted to the rows that are learned from."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np

from tinynet.core.checks.words import fail
from tinynet.data.own.cells import Cells, short
from tinynet.data.own.configs import entry, names

MOST_CATEGORIES = 100  # different texts up to which each gets a number of its own
ROW_NUMBER = re.compile(r"(.*[\W_])?(id|index|row|no|nr|number|#)", re.IGNORECASE)  # what columns of such are called
FEW = 10  # different texts that are categories in any table, however short


@dataclass(frozen=True)
class Number:
    """A column of numbers, standardised: (number − mean) / std. Where it is missing, the mean stands for it.

    Attributes:
        name: That of the column.
        mean: Of the rows that were learned from.
        std: Their standard deviation, above 0.
        has_gaps: Whether some of them had no number; then a second number tells, with 1 for a gap.
        has_commas: Whether the decimal sign is a comma.
    """

    kind: ClassVar[str] = "number"
    name: str
    mean: float
    std: float
    has_gaps: bool = False
    has_commas: bool = False

    @property
    def width(self) -> int:
        return 2 if self.has_gaps else 1

    def numbers(self, texts: Sequence[str], places: Sequence[str]) -> np.ndarray:
        """The numbers as they stand, (n,) float64, with NaN where one is missing; none may be infinite."""
        return np.array([_number(self, text, place) for text, place in zip(texts, places, strict=True)])

    def encode(self, texts: Sequence[str], places: Sequence[str], strict: bool = True) -> np.ndarray:
        """The standardised numbers, (n, width) float32; `places` names each cell in a sentence."""
        numbers = self.numbers(texts, places)
        gaps = np.isnan(numbers)
        with np.errstate(over="ignore"):
            scaled = (np.where(gaps, self.mean, numbers) - self.mean) / self.std
        for row in np.flatnonzero(np.abs(scaled) > np.finfo(np.float32).max).tolist():
            problem = f"{self.name} is {short(texts[row])} in {places[row]}, too far from what was learned from."
            hint = f"the mean there is {self.mean:g}, the standard deviation {self.std:g}; check the number."
            fail("table", problem, hint)
        return np.stack([scaled, gaps][: self.width], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Category:
    """A column of texts: for each that was learned from there is a number, 1 where it stands and 0 elsewhere.

    Attributes:
        name: That of the column.
        values: The texts; an empty one is a gap.
    """

    kind: ClassVar[str] = "category"
    name: str
    values: tuple[str, ...]

    @property
    def width(self) -> int:
        return len(self.values)

    def encode(self, texts: Sequence[str], places: Sequence[str], strict: bool = True) -> np.ndarray:
        """A row of 0 and one 1 for each cell, (n, width) float32; only 0 for a text that was never seen.

        Args:
            texts: The cells.
            places: What each is called in a sentence.
            strict: Whether a text that was never seen is an error.
        """
        code = {value: number for number, value in enumerate(self.values)}
        found = np.zeros((len(texts), self.width), np.float32)
        for row, (text, place) in enumerate(zip(texts, places, strict=True)):
            if text in code:
                found[row, code[text]] = 1
            elif strict and text:
                known = ", ".join(map(repr, [value for value in self.values if value][:SHOWN]))
                more = f" and {self.width - SHOWN} more" if self.width > SHOWN else ""
                problem = f"{self.name} is {text!r} in {place}, which was in no row that was learned from."
                fail("table", problem, f"it knows {known}{more}; leave the cell empty if none fits.")
        return found


SHOWN = 10  # known categories that a sentence lists


@dataclass(frozen=True)
class LeftOut:
    """A column that tells nothing, or nothing that a net can learn from.

    Attributes:
        name: That of the column.
        why: The reason, as in "always 3".
    """

    kind: ClassVar[str] = "left out"
    name: str
    why: str

    width: ClassVar[int] = 0

    def encode(self, texts: Sequence[str], places: Sequence[str], strict: bool = True) -> np.ndarray:
        """No numbers, (n, 0)."""
        return np.zeros((len(texts), 0), np.float32)


Column = Number | Category | LeftOut


def fitted(name: str, cells: Cells, learned: np.ndarray) -> Column:
    """What is done to a column: its kind is seen from all rows, its statistics from those that are learned from.

    Args:
        name: That of the column.
        cells: The table.
        learned: Which of its rows are learned from.

    Raises:
        ValueError: A number is infinite, or the column holds both numbers and many other texts.

    Example:
        >>> cells = Cells("people.csv", ["age"], [["1"], ["3"], ["9"]], [2, 3, 4])
        >>> fitted("age", cells, np.array([True, True, False]))
        Number(name='age', mean=2.0, std=1.0, has_gaps=False, has_commas=False)
    """
    texts = cells.column(name)
    filled = [(text, place) for text, place in zip(texts, cells.places, strict=True) if text]
    seen = [text for text, is_learned in zip(texts, learned.tolist(), strict=True) if is_learned]
    if not any(seen):
        return LeftOut(name, "it has no values")
    if len(set(seen)) == 1:
        return LeftOut(name, f"it is always {short(seen[0])}")
    if ROW_NUMBER.fullmatch(name) and _count_up(texts):
        return LeftOut(name, "it numbers the rows")
    for has_commas in (False, True)[: 1 + cells.has_decimal_commas]:
        if all(is_number(text, has_commas) for text, _ in filled):
            return _number_column(name, seen, filled, has_commas)
    counts = Counter(seen)
    if len(counts) <= MOST_CATEGORIES and (len(counts) <= FEW or 2 * len(counts) <= len(seen)):
        return Category(name, tuple(sorted(counts)))
    others = [(text, place) for text, place in filled if not is_number(text)]
    if 2 * len(others) < len(filled):
        text, place = others[0]
        these = f"{len(others)} of {len(filled)} cells"
        problem = f"{name} holds numbers, but not in {these}: {short(text)} in {place}."
        fail("table", problem, "mend these cells, or empty them.")
    return LeftOut(name, f"it has {len(counts):,} different texts")


def is_number(text: str, has_commas: bool = False) -> bool:
    """Whether a text is a number.

    Example:
        >>> is_number("-1.5e3"), is_number("1,5"), is_number("1,5", has_commas=True), is_number("1_000")
        (True, False, True, False)
    """
    try:
        float(text.replace(",", ".") if has_commas else text)
    except ValueError:
        return False
    return "_" not in text


def column_of(config: Mapping[str, Any]) -> Column:
    """The column that a config tells of."""
    name, kind = entry(config, "name", str), config.get("kind")
    if kind == "number":
        std = entry(config, "std", float)
        if std <= 0:
            fail("preparation", f"std must be above 0, got {std:g}.", "train again; it was damaged.")
        mean, gaps = entry(config, "mean", float), entry(config, "has_gaps", bool)
        return Number(name, mean, std, gaps, entry(config, "has_commas", bool))
    if kind == "category":
        return Category(name, tuple(names(config, "values")))
    if kind == "left out":
        return LeftOut(name, entry(config, "why", str))
    fail("preparation", f"there is no kind of column called {kind!r}.", "train again; it was damaged.")


def mean_and_std(numbers: np.ndarray) -> tuple[float, float]:
    """The mean and the standard deviation, also of numbers whose squares are too large.

    Example:
        >>> mean_and_std(np.array([2e200, 4e200]))
        (3e+200, 1e+200)
    """
    scale = float(np.abs(numbers).max()) or 1.0
    return float((numbers / scale).mean() * scale), float((numbers / scale).std() * scale)


def _count_up(texts: Sequence[str]) -> bool:
    """Whether texts are whole numbers, each one more than that before it."""
    if not all(text.isdecimal() for text in texts):
        return False
    numbers = list(map(int, texts))
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _number_column(
    name: str, seen: Sequence[str], filled: Sequence[tuple[str, str]], has_commas: bool
) -> Number | LeftOut:
    column = Number(name, 0.0, 1.0, has_commas=has_commas)
    for text, place in filled:
        _number(column, text, place)  # none may be infinite
    numbers = np.array([_number(column, text, "") for text in seen if text])
    mean, std = mean_and_std(numbers)
    if not std:
        return LeftOut(name, f"it is always {numbers[0]:g}, where it is given")
    return Number(name, mean, std, "" in seen, has_commas)


def _number(column: Number, text: str, place: str) -> float:
    """The number of a cell, NaN where it is missing."""
    if not text:
        return math.nan
    if not is_number(text, column.has_commas):
        fail(
            "table",
            f"{column.name} must be a number, got {short(text)} in {place}.",
            "leave it empty if it is missing.",
        )
    number = float(text.replace(",", ".") if column.has_commas else text)
    if not math.isfinite(number):
        _infinite(column.name, text, place)
    return number


def _infinite(name: str, text: str, place: str) -> NoReturn:
    """A cell holds a number that is none to learn from."""
    fail("table", f"{name} is infinite in {place}: {short(text)}.", "write a number, or leave the cell empty.")
