"""Sentences about the files of data sets: where they are, and whether they are what they should be."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np

from tinynet.core.checks.words import fail


def existing_folder(who: object, path: Path) -> None:
    """Check that a path names a folder."""
    if not path.is_dir():
        what = "is a file" if path.exists() else "does not exist"
        fail(who, f"expected a folder, but {path} {what}.", "correct the path, or unset it.", NotADirectoryError)


def readable_file(who: object, path: Path) -> None:
    """Check that a path names a file."""
    if path.is_dir():
        fail(who, f"expected a file, but {path} is a directory.", "name the file inside it.", IsADirectoryError)
    if not path.exists():
        fail(who, f"there is no file {path}.", "check the path.", FileNotFoundError)


def not_downloaded(name: str, folder: Path, sha256: str, failures: list[str]) -> NoReturn:
    """A file is not on this disk, and no mirror gave it."""
    tried = "".join(f"\n  {failure}" for failure in failures)
    fail(
        "data",
        f"{name} is not in {folder}, and no address gave it:{tried}",
        f"download it where there is a connection and put it into {folder}, or into the same subfolder of the folder "
        f"that the environment variable TINYNET_DATA names; its SHA-256 is {sha256}.",
        OSError,
    )


def damaged(path: Path, expected: str, found: str) -> NoReturn:
    """A file is truncated, of another kind, or otherwise not what its name promises."""
    fail(
        "data",
        f"{path} is damaged or another kind of file: expected {expected}, found {found}.",
        "delete it and let it be downloaded again, or replace it by the original.",
    )


def equal_counts(images: Path, n_images: int, labels: Path, n_labels: int) -> None:
    """Check that there are as many labels as images."""
    if n_images != n_labels:
        damaged(labels, f"{n_images} labels, as many as {images.name} has images", f"{n_labels} labels")


def labels_below(path: Path, labels: np.ndarray, n_classes: int) -> None:
    """Check that all labels in a file name a class."""
    if labels.max() >= n_classes:
        damaged(path, f"labels from 0 to {n_classes - 1}", f"the label {labels.max()}")
