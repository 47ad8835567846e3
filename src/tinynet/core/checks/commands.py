"""Sentences of the command line: names, run folders and pictures."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from tinynet.core.checks.words import fail


def known(what: str, name: str, names: Sequence[str]) -> str:
    """Check that a name is one of those that exist; `what` says of what, as in "model"."""
    if name not in names:
        close = difflib.get_close_matches(name.lower(), names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}."
        fail("tinynet", f"there is no {what} called {name!r}.", hint)
    return name


def input_shape(text: str) -> tuple[int, ...]:
    """Turn a text such as 1,28,28 into a shape."""
    sizes = text.replace("x", ",").replace("×", ",").strip("() ").split(",")
    if not all(size.strip().isdecimal() and int(size) for size in sizes):
        fail("tinynet", f"--input-shape must be sizes such as 1,28,28, got {text!r}.")
    return tuple(int(size) for size in sizes)


def shape_needed(path: Path) -> NoReturn:
    """A file of weights alone does not tell what goes in."""
    fail("tinynet", f"{path} does not tell the shape of its input.", "add it, as in --input-shape 1,28,28.")


def free_run_folder(folder: Path, found: Sequence[str], force: bool) -> None:
    """Check that a run may be written into a folder."""
    if folder.exists() and not folder.is_dir():
        fail("tinynet", f"{folder} is a file, not a folder.", "choose another --out.", NotADirectoryError)
    if found and not force:
        hint = "choose another --out, or add --force to replace it."
        fail("tinynet", f"there is a run in {folder} already ({', '.join(found)}).", hint, FileExistsError)


def run_folder(folder: Path) -> None:
    """Check that a folder holds a run."""
    if not (folder / "config.json").is_file():
        what = "there is no such folder" if not folder.exists() else "it holds no config.json"
        hint = f"make a run with: tinynet train digits --out {folder}"
        fail("tinynet", f"{folder} is not a run: {what}.", hint, FileNotFoundError)


def broken_config(path: Path, problem: str) -> NoReturn:
    """The settings of a run cannot be used."""
    fail("tinynet", f"{path} is damaged: {problem}.", "train again; the file is written by tinynet train.")


def not_writable(folder: Path, error: OSError) -> NoReturn:
    """A folder cannot be made or written to."""
    fail("tinynet", f"cannot write to {folder}: {error.strerror}.", "choose another --out.", type(error))


def unreadable_picture(path: Path, problem: str) -> NoReturn:
    """A file is no picture that can be read."""
    fail("tinynet", f"cannot read {path}: {problem}.", "give a picture file, such as a PNG or JPEG.")


def blank_picture(path: Path) -> NoReturn:
    """A picture has nothing in it."""
    fail("tinynet", f"{path} shows nothing: all of its pixels are nearly alike.")


def no_pictures(dataset: str) -> NoReturn:
    """A net does not classify pictures."""
    fail(
        "tinynet",
        f"this run was trained on {dataset}, and its net names no classes of pictures.",
        "predict needs one that does.",
    )


def nothing_there(what: str) -> NoReturn:
    """A model, a run or a file was expected, and it is none of them."""
    fail("tinynet", f"there is no model, run folder or weights file {what}.", "tinynet models lists the models.")
