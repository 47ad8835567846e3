"""The picture files in a folder that has a folder for each class."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tinynet.core.checks.words import fail
from tinynet.data.own.text_files import is_text

LEFT_OUT = ("thumbs.db", "desktop.ini", "__macosx")  # what systems put into folders
GIVEN_PARTS = {"train": False, "training": False, "test": True, "testing": True}
VALID_NAMES = ("val", "valid", "validation")


class Found(NamedTuple):
    """A picture file that was found."""

    path: Path
    class_name: str
    is_for_test: bool | None  #: None if its content decides.


def found_in(folder: Path) -> list[Found]:
    """The picture files of a folder, in the order of their names."""
    inside = _folders_in(_a_folder(folder))
    if not inside:
        problem = f"expected a folder for each class in {folder}, but there is no folder in it."
        fail("pictures", problem, f"put the pictures into {folder / 'cat'}, {folder / 'dog'}, as their classes are.")
    lower = {path.name.lower(): path for path in inside}
    if lower.keys() & GIVEN_PARTS.keys() and lower.keys() <= GIVEN_PARTS.keys() | set(VALID_NAMES) and len(lower) > 1:
        has_test = any(GIVEN_PARTS.get(name) for name in lower)
        parts = {path: GIVEN_PARTS.get(name, not has_test) for name, path in lower.items()}
        return [found for path, is_for_test in parts.items() for found in _of_classes(path, is_for_test)]
    return _of_classes(folder, None)


def _of_classes(folder: Path, is_for_test: bool | None) -> list[Found]:
    found = []
    for path in _folders_in(folder):
        if not is_text(path.name):
            fail("pictures", f"the name of the folder {path} is no text in UTF-8.", "rename it; it is that of a class.")
        files = sorted(_files_below(path, set()))
        if not files:
            problem = f"the folder {path} is empty, but each folder in {folder} is a class with its pictures."
            fail("pictures", problem, "put pictures into it, or remove it.")
        found += [Found(file, path.name, is_for_test) for file in files]
    return found


def _files_below(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """The files in a folder and in those inside; a link that leads back to one of these is not followed."""
    here = folder.resolve()
    if here in seen:
        return
    for path in _entries(folder):
        if os.path.isdir(path):
            yield from _files_below(path, seen | {here})
        else:
            yield path


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder, without what is hidden."""
    try:
        paths = sorted(folder.iterdir())
    except PermissionError:
        fail("pictures", f"there is no permission to read {folder}.", "change its permissions.", PermissionError)
    return [path for path in paths if not path.name.startswith(".") and path.name.lower() not in LEFT_OUT]


def _folders_in(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if os.path.isdir(path)]


def _a_folder(folder: Path) -> Path:
    """Check that a path is that of a folder."""
    if not os.path.exists(folder):
        fail("pictures", f"there is no folder {folder}.", "check the path.", FileNotFoundError)
    if not os.path.isdir(folder):
        fail("pictures", f"expected a folder, but {folder} is a file.", "name the folder.", NotADirectoryError)
    return folder
