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


def cifar_files(folder: Path, train: list[Path], test: Path) -> None:
    """Check that a folder has at least one training file and the test file of CIFAR-10."""
    missing = ([] if train else ["data_batch_1.bin"]) + ([] if test.exists() else [test.name])
    if missing:
        fail(
            "data",
            f"{folder} has no {' and no '.join(missing)}.",
            "put the files of cifar-10-binary.tar.gz there; the pickled version, without .bin, is never read.",
            FileNotFoundError,
        )


def text_file(path: Path) -> str:
    """Read a text file in UTF-8 that is not empty."""
    readable_file("text", path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        fail(
            "text",
            f"{path} is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}.",
            "convert the file to UTF-8, for example with iconv.",
        )
    if not text:
        fail("text", f"{path} is empty.", "name a file with text in it.")
    return text


def known_characters(who: object, text: str, vocabulary: dict[str, int]) -> None:
    """Check that every character of a text is in the vocabulary."""
    unknown = sorted(set(text) - vocabulary.keys())
    if unknown:
        words = ", ".join(repr(character) for character in unknown[:5])
        fail(who, f"the text has {words}, not among the {len(vocabulary)} known characters.", "leave them out.")


def known_codes(who: object, codes: np.ndarray, n_codes: int) -> None:
    """Check that every number stands for a character."""
    if codes.size and codes.dtype.kind not in "iu":
        fail(who, f"codes must be integers, got {codes.dtype}.", "take the argmax of the predictions.", TypeError)
    wrong = codes[(codes < 0) | (codes >= n_codes)]
    if wrong.size:
        fail(who, f"codes must lie in 0 to {n_codes - 1}, got {wrong[0]}.")


def long_enough(who: object, n_characters: int, length: int) -> None:
    """Check that a text holds at least one window and the character after it."""
    if n_characters <= length:
        fail(
            who,
            f"a window of {length} characters and the one after it need {length + 1}, there are {n_characters}.",
            "take a smaller length or a longer text.",
        )
