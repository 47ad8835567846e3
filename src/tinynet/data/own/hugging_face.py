"""A data set of Hugging Face (https://huggingface.co/docs/datasets), read by what it says of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from tinynet.core.checks.words import fail
from tinynet.data.own.rows import INPUT, TRUTH, plain

TEXT, CLASS, PICTURE, NUMBER = "texts", "classes", "pictures", "numbers"
NUMBERS = ("int", "uint", "float", "double", "bool")  # how the types of numbers begin


def is_hugging_face(value: Any) -> bool:
    """Whether something is a map-style data set with typed columns that are read as they are.

    What `with_transform` makes is not: only its rows tell what its function gives.
    """
    has_columns = isinstance(getattr(value, "features", None), Mapping) and hasattr(value, "with_format")
    return has_columns and hasattr(value, "__len__") and value.format["type"] != "custom"


class HuggingFaceRows:
    """The rows of a data set of Hugging Face as pairs (x, y).

    Args:
        who: The function that complains.
        name: What the data set is called.
        value: The data set.

    Attributes:
        classes: The names of the classes, or None if y is no ClassLabel.

    Raises:
        TypeError: A column that goes in, or the truth, holds texts.
        ValueError: It is not to be seen which columns go in, or which is the truth; or a value is missing.
    """

    def __init__(self, who: str, name: str, value: Any) -> None:
        self.who, self.name = who, name
        kinds = {column: _kind(feature) for column, feature in value.features.items()}
        self.truth = self._truth(kinds)
        self.inputs = self._inputs(kinds)
        self.is_picture = kinds[self.inputs[0]] == PICTURE
        self.is_one_number = kinds[self.truth] == NUMBER and "float" in str(
            getattr(value.features[self.truth], "dtype", "")
        )
        self.classes = list(value.features[self.truth].names) if kinds[self.truth] == CLASS else None
        form = None if self.is_picture else "numpy"  # pictures of Pillow know their modes
        self.rows = value.with_format(form, columns=[*self.inputs, self.truth])

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"HuggingFaceRows({len(self)} samples, x={', '.join(self.inputs)}, y={self.truth})"

    def __getitem__(self, indices: Any) -> tuple[Any, Any]:
        if isinstance(indices, (int, np.integer)):
            x, y = self[[int(indices)]]
            return x[0], y[0]
        read = self.rows[indices]
        columns = [self._numbers(read[column], column, indices) for column in self.inputs]
        y = self._numbers(read[self.truth], self.truth, indices)
        if self.is_one_number:
            y = y[:, np.newaxis]  # (N, 1), as a net predicts it
        return columns[0] if len(columns) == 1 else np.stack(columns, axis=-1), y

    def _numbers(self, values: Any, column: str, indices: Any) -> Any:
        """The values of a column as an array, or a complaint about the first that is missing."""
        missing = _missing(values)
        if missing:
            row = np.arange(len(self))[indices][missing[0]]
            problem = f"row {row} of {self.name} has no value in the column {column!r}, or not all of it."
            fail(self.who, problem, f"leave such rows out with {self.name}.filter, or fill them with {self.name}.map.")
        array = plain(list(values) if isinstance(values, list) or values.dtype == object else values)
        return array.astype(np.int64) if column == self.truth and array.dtype == bool else array

    def _truth(self, kinds: dict[str, str]) -> str:
        found = [column for column in TRUTH if column in kinds] or [c for c, kind in kinds.items() if kind == CLASS]
        if not found or (len(found) > 1 and found[0] not in TRUTH):
            of_them = (
                f"{' and '.join(map(repr, found))} hold classes" if found else f"none is one of {', '.join(TRUTH)}"
            )
            self._unclear(kinds, f"which is the truth; {of_them}", f'{self.name}.rename_column("…", "label")')
        if kinds[found[0]] == TEXT:
            problem = f"the truth, the column {found[0]!r} of {self.name}, holds texts, and a loss takes numbers."
            hint = f'{self.name}.class_encode_column("{found[0]}") numbers the classes.'
            fail(self.who, problem, hint, TypeError)
        return found[0]

    def _inputs(self, kinds: dict[str, str]) -> list[str]:
        others = [column for column in kinds if column not in TRUTH and column != self.truth]
        named = [column for column in INPUT if column in others][:1]
        taken = named or others
        if not taken:
            self._unclear(kinds, "which goes in", f'{self.name}.rename_column("…", "x")')
        for column in taken:
            if kinds[column] == TEXT:
                problem = f"the column {column!r} of {self.name} holds texts, and a net takes numbers."
                hint = f'make numbers of it with {self.name}.map, or {self.name}.remove_columns("{column}").'
                fail(self.who, problem, hint, TypeError)
        if len(taken) > 1 and any(kinds[column] not in (NUMBER, CLASS) for column in taken):
            self._unclear(kinds, "which goes in", f'{self.name}.rename_column("…", "x")')
        return taken

    def _unclear(self, kinds: dict[str, str], what: str, hint: str) -> NoReturn:
        columns = ", ".join(f"{column!r} ({kind})" for column, kind in list(kinds.items())[:10])
        fail(self.who, f"{self.name} has the columns {columns}, and it is not to be seen {what}.", f"name it: {hint}.")


def _kind(feature: Any) -> str:
    """What a column holds, in a word."""
    kind, dtype = type(feature).__name__, str(getattr(feature, "dtype", ""))
    if kind == "Image":
        return PICTURE
    if kind == "ClassLabel":
        return CLASS
    if "string" in dtype:
        return TEXT
    if kind == "Value" and dtype.startswith(NUMBERS):
        return NUMBER
    inner = getattr(feature, "feature", None)  # of lists
    return TEXT if inner is not None and _kind(inner) == TEXT else "arrays"


def _missing(values: Any) -> list[int]:
    """Which of the values are missing, or have a gap in them; NumPy holds a gap as NaN or as None."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return np.flatnonzero(np.isnan(values).reshape(len(values), -1).any(axis=1)).tolist()
    return [row for row, value in enumerate(values) if value is None or _has_none(value)]


def _has_none(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object and any(part is None for part in value.flat)
