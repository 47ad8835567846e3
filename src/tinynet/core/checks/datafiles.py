"""Sentences about the files of data sets: where they are, and whether they are what they should be."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np

from tinynet.core.checks.words import fail


def readable_file(who: object, path: Path) -> None:
    """Check that a path names a file."""
    if path.is_dir():
        fail(who, f"expected a file, but {path} is a directory.", "name the file inside it.", IsADirectoryError)
    if not path.exists():
        fail(who, f"there is no file {path}.", "check the path.", FileNotFoundError)


def damaged(path: Path, expected: str, found: str) -> NoReturn:
    """A file is truncated, of another kind, or otherwise not what its name promises."""
    fail(
        "data",
        f"{path} is damaged or another kind of file: expected {expected}, found {found}.",
        "delete it and let it be downloaded again, or replace it by the original.",
    )


def labels_below(path: Path, labels: np.ndarray, n_classes: int) -> None:
    """Check that all labels in a file name a class."""
    if labels.max() >= n_classes:
        damaged(path, f"labels from 0 to {n_classes - 1}", f"the label {labels.max()}")
