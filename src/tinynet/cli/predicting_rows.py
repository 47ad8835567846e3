"""What `tinynet predict` does where the net has learned from a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tinynet.cli.answers import Answer, likeliest
from tinynet.cli.output import given_path, reason
from tinynet.cli.trained import Trained
from tinynet.core.checks.words import fail
from tinynet.data.own.cells import Cells, cell_of, read_cells
from tinynet.data.own.targets import Numbers


def rows_predicted(trained: Trained, samples: Sequence[str]) -> Iterator[Answer]:
    """A line for each row: its class with the probability, or its number.

    Args:
        trained: The net with its preparation.
        samples: CSV files, or the values of one row, each as COLUMN=VALUE.
    """
    given = [sample for sample in samples if "=" in sample and not given_path(sample).exists()]
    if given and len(given) < len(samples):
        fail("tinynet", "expected CSV files or the values of one row, got both.", "predict one after the other.")
    if given:
        yield _answer(trained, _one_row(given), "the row", "")
        return
    for sample in samples:
        try:
            cells = read_cells("predict", given_path(sample), least=1)
            trained.preparation.check_columns(cells)
        except OSError as error:
            yield Answer(reason(error), False)
        except ValueError as error:
            yield Answer(str(error).removeprefix("predict: ").removeprefix("table: "), False)
        else:
            for number, line in enumerate(cells.lines):
                yield _answer(trained, cells.subset([number]), f"line {line} of {sample}", f"line {line}: ")


def _answer(trained: Trained, cells: Cells, place: str, begin: str) -> Answer:
    preparation: Any = trained.preparation
    try:
        x = preparation.inputs(cells, [place])
    except ValueError as error:
        return Answer(str(error).removeprefix("table: "), False)
    with np.errstate(over="ignore", invalid="ignore"):
        y = trained.net.predict(x)[0]
    if not np.isfinite(y).all():
        return Answer(f"{place}: the net gives numbers that are not finite; its weights may be damaged.", False)
    if isinstance(preparation.target, Numbers):
        return Answer(f"{begin}{preparation.target.name} {preparation.target.number(y[0]):.6g}", True)
    return Answer(f"{begin}{likeliest(trained.classes, y)}", True)


def _one_row(given: Sequence[str]) -> Cells:
    """The row that is told by its values."""
    values: dict[str, str] = {}
    for text in given:
        name, _, value = text.partition("=")
        if name.strip() in values:
            fail("tinynet", f"the column {name.strip()!r} is given twice.", "give each column once.")
        values[name.strip()] = cell_of(value)
    return Cells("the row", list(values), [list(values.values())], [1])
