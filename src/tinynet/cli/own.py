"""What a command is told of a user's own data: where they are, of which kind, and how they are to be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

from tinynet.cli.output import given_path
from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.data import DATASETS
from tinynet.data.own.text_files import is_text
from tinynet.models import MODELS

KINDS = ("pictures", "table", "text", "pairs")
TASKS = ("classes", "numbers")
TABLES = (".csv", ".tsv", ".tab")
TEXTS = (".txt", ".text", ".md", ".tex")
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
LANGUAGE = tuple(name for name, entry in MODELS.items() if entry.reads_text)
OF_PAIRS = tuple(name for name, entry in MODELS.items() if entry.learns == "pairs")
#: Each option, and the kinds of data that it is for.
FOR_KIND = {
    "target": ("table", "pairs"),
    "task": ("table",),
    "size": ("pictures",),
    "window": ("text",),
    "skip_broken": ("pictures", "table", "pairs"),
}


@dataclass(frozen=True)
class Own:
    """How data of a user's own are read; None is the usual.

    Attributes:
        kind: "pictures", "table", "text" or "pairs".
        target: The column of a table that is to be predicted, or written.
        task: Whether it names "classes" or holds "numbers", where that is not to be seen from the column.
        size: Pixels of a side to which pictures are brought.
        window: Characters of a text that are read at once.
        skip_broken: Whether broken files, rows without a target, and lines that are no pair are left out.
    """

    kind: str
    target: str | None = None
    task: str | None = None
    size: int | None = None
    window: int | None = None
    skip_broken: bool = False

    def options(self) -> list[str]:
        """The options of a command that say the same."""
        words = []
        for name, value in asdict(self).items():
            if name != "kind" and value is not None and value is not False:
                words += [_option(name)] if value is True else [_option(name), str(value)]
        return words


def located(dataset: str, model: str | None, **options: Any) -> tuple[str, Own | None]:
    """What a command names as its data: the name of a data set, or an absolute path and how to read it.

    Raises:
        OSError: There is nothing at the path.
        ValueError: It is of no kind that is known, or an option is for another kind.
    """
    given = {name: value for name, value in options.items() if value is not None and value is not False}
    path = existing(dataset) if dataset and dataset not in DATASETS else None
    if path is None:
        for name in given:
            problem = f"{_option(name)} is for {_kinds(name)} of your own, but {dataset} is a data set of Tinynet."
            fail("tinynet", problem, f"leave it out, or write ./{dataset} for a file or folder of that name.")
        return dataset, None
    kind = _kind(path, model, "target" in given)
    for name in given:
        if kind not in FOR_KIND[name]:
            problem = f"{_option(name)} is for {_kinds(name)}, but {path} is read as {_named(kind)}."
            fail("tinynet", problem, "leave it out.")
    if not is_text(str(path.absolute())):
        fail("tinynet", f"the path {path} is no text in UTF-8, so no run can note it.", "rename it.")
    return str(path.absolute()), own_of({"kind": kind, **given})


def existing(text: str) -> Path | None:
    """The path that a text is; None if it may be the name of a data set.

    Raises:
        OSError: It can only be a path, and there is nothing.
    """
    path = given_path(text)
    if path.exists():
        return path
    if path.suffix or len(path.parts) > 1:
        fail("tinynet", f"there is no file or folder {path}.", "check the path.", FileNotFoundError)
    return None


def own_of(told: Mapping[str, Any]) -> Own:
    """Check what is told about own data.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: A value is out of range, or there is no such entry.

    Example:
        >>> own_of({"kind": "table", "target": "price"}).options()
        ['--target', 'price']
    """
    for name in told:
        checks.one_of("tinynet", "an entry about own data", name, tuple(field.name for field in fields(Own)))
    own = Own(**{"kind": "", **told})
    checks.one_of("tinynet", "the kind of own data", own.kind, KINDS)
    if own.task is not None:
        checks.one_of("tinynet", "--task", own.task, TASKS)
    for name, number in (("size", own.size), ("window", own.window)):
        if number is not None:
            checks.integer("tinynet", _option(name), number, minimum=1, maximum=10**6)
    if own.target is not None:
        checks.text("tinynet", "--target", own.target)
    checks.flag("tinynet", "--skip-broken", own.skip_broken)
    return own


def short_name(dataset: str) -> str:
    """What data are called in a line, and in the name of a folder.

    Example:
        >>> short_name("digits"), short_name("/home/ada/my flowers"), short_name("/home/ada/houses.csv")
        ('digits', 'my-flowers', 'houses')
    """
    return dataset if dataset in DATASETS else re.sub(r"[^\w.-]+", "-", Path(dataset).stem).strip("-.") or "data"


def _kind(path: Path, model: str | None, has_target: bool) -> str:
    """Of which kind the data at a path are."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return "pictures"
    if model in LANGUAGE:
        return "text"
    if model in OF_PAIRS:
        return "pairs"
    if has_target or suffix in TABLES:
        return "table"
    if suffix in TEXTS:
        return "text"
    if suffix in PICTURES:
        hint = "put the pictures of each class into a folder, and these into one; name that."
        fail("tinynet", f"expected a folder of pictures, got the single picture {path}.", hint)
    _unknown_kind(path)


def _unknown_kind(path: Path) -> NoReturn:
    """It is not to be seen how a file should be read."""
    problem = f"expected a folder of pictures, a table (.csv) or a text (.txt), got {path}."
    fail("tinynet", problem, "add --target COLUMN for a table, or --model char_gpt for a text.")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _named(kind: str) -> str:
    return kind if kind.endswith("s") else f"a {kind}"


def _kinds(name: str) -> str:
    *first, last = map(_named, FOR_KIND[name])
    return f"{', '.join(first)} or {last}" if first else last
