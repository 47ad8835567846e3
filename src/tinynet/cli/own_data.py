"""The data of a run: a data set by its name, or a user's own with the preparation that goes with the net."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from tinynet.cli.own import Own
from tinynet.cli.settings import Settings
from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.data import load, pairs, pictures, preparation_of, table, text_file
from tinynet.data.own.cells import read_cells
from tinynet.data.sources import sha256
from tinynet.storage import atomic_write

PREPARATION = "preparation.json"
LONGEST = 2**26  # characters of that file; a table of many columns has many


class Data(NamedTuple):
    """What is learned from, what is for the test, and what was done to both; None for a data set of Tinynet."""

    train: Any
    test: Any
    preparation: Any = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each output of a net stands for: the classes, or the column whose number it is."""
        return self.train.classes if self.preparation is None else self.preparation.classes


def read(settings: Settings, preparation: Any = None) -> Data:
    """The data that settings name.

    Args:
        settings: Those of the run.
        preparation: That of the run, once it has one; else it is fitted to the training part.
    """
    own = settings.own
    if own is None:
        return Data(*load(settings.dataset))
    if preparation is not None:
        return read_parts(settings.dataset, own, preparation)
    if own.kind == "pairs":
        return Data(*_fit_pairs(settings.dataset, own, settings.sizes.get("max_length")))
    return Data(*FITS[own.kind](settings.dataset, own))


def _fit_pictures(path: str, own: Own) -> tuple[Any, Any, Any]:
    return pictures(path, own.size, skip_broken=own.skip_broken)


def _fit_table(path: str, own: Own) -> tuple[Any, Any, Any]:
    if own.target is None:
        _no_target(path, own, "predicted")
    return table(path, own.target, own.task, skip_broken=own.skip_broken)


def _fit_pairs(path: str, own: Own, max_length: int | None) -> tuple[Any, Any, Any]:
    if own.target is None and Path(path).suffix.lower() == ".csv":
        _no_target(path, own, "written")
    return pairs(path, own.target, max_length, skip_broken=own.skip_broken)


def _fit_text(path: str, own: Own) -> tuple[Any, Any, Any]:
    return text_file(path, **({} if own.window is None else {"window": own.window}))


def _no_target(path: str, own: Own, done: str) -> NoReturn:
    """It is not said which column of a table is to be predicted, or written."""
    names = read_cells("table", Path(path), own.skip_broken).names
    hint = f"add --target COLUMN; its columns are {', '.join(names[:10])}{' and more' if len(names) > 10 else ''}."
    fail("tinynet", f"it is not said which column of {path} is to be {done}.", hint)


FITS = {"pictures": _fit_pictures, "table": _fit_table, "text": _fit_text}


def read_parts(dataset: str, own: Own, preparation: Any) -> Data:
    """Data of a user's own, prepared and cut as they were for a run."""
    if not Path(dataset).exists():
        hint = "put them back, or test the net on another place with: tinynet evaluate RUN --on PATH"
        fail("tinynet", f"the data of the run are no longer at {dataset}.", hint, FileNotFoundError)
    train, test = preparation.parts(dataset, own.skip_broken)
    return Data(train, test, preparation)


def write_preparation(folder: Path, preparation: Any) -> None:
    """Write preparation.json; where there is no preparation, nothing."""
    if preparation is not None:
        config = {"format": 1, **preparation.config()}
        text = json.dumps(config | {"sha256": _digest(config)}, ensure_ascii=False, indent=1)
        atomic_write(folder / PREPARATION, text + "\n", who="tinynet")


def read_preparation(folder: Path) -> Any:
    """The preparation of a run on own data.

    Raises:
        OSError: There is none.
        ValueError: It is damaged.
    """
    path = folder / PREPARATION
    checks.readable_file("tinynet", path)
    try:
        with open(path, encoding="utf-8-sig") as file:
            config = json.loads(file.read(LONGEST))
    except (ValueError, RecursionError) as error:
        _damaged(path, f"it is no JSON ({error})")
    if not isinstance(config, dict) or config.get("format") != 1:
        _damaged(path, "it is not of format 1")
    written = config.pop("sha256", None)
    try:
        preparation = preparation_of(config)
    except (TypeError, ValueError) as error:
        _damaged(path, str(error).partition("\n")[0].removeprefix("preparation: ").rstrip("."))
    if written != _digest(config):  # another mean or category would give other numbers, without a word
        _damaged(path, "what is in it is not what was written; its SHA-256 is another")
    return preparation


def _digest(config: dict[str, Any]) -> str:
    return sha256(json.dumps(config, sort_keys=True).encode())


def _damaged(path: Path, problem: str) -> NoReturn:
    fail("tinynet", f"{path} is damaged: {problem}.", "train again; the file is written by tinynet train.")
