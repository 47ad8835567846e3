"""Arrays in files of NumPy, .npy and .npz, as data."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import Any, NoReturn

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.words import fail

MAX_UNPACKED, MAX_RATIO = 2**26, 200  # Bytes of any file, and how often its size, where most numbers are the same.
#: What NumPy and `zipfile` raise where a file is damaged, encrypted, or packed in a way that they do not know.
ERRORS: tuple[type[Exception], ...] = (EOFError, LookupError, MemoryError, OSError, OverflowError, RuntimeError)
ERRORS += (SyntaxError, TokenError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


def array_of_file(who: str, path: Path) -> np.ndarray:
    """The array of an .npy file, which stays on the disk.

    Raises:
        OSError: There is no such file, or it cannot be read.
        ValueError: It is damaged, no such file, or holds objects.
    """
    with _readable(who, path):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray):  # an .npz file under another name
            array.close()
            raise ValueError
        return array


def arrays_of_file(who: str, path: Path) -> dict[str, Any]:
    """The arrays of an .npz file by their names.

    Raises:
        OSError: There is no such file, or it cannot be read.
        ValueError: It is damaged, no such file, holds objects, or would need far more memory than it has bytes.
    """
    with _readable(who, path), zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if not all(entry.filename.endswith(".npy") for entry in entries):
            raise ValueError
    n_bytes = sum(entry.file_size for entry in entries)
    if n_bytes > MAX_UNPACKED + MAX_RATIO * os.path.getsize(path):
        _fail(who, path, f"its arrays would take {n_bytes:,} bytes", "write it with np.savez, which packs nothing.")
    with _readable(who, path), np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@contextmanager
def _readable(who: str, path: Path) -> Iterator[None]:
    """Say in a sentence what is wrong with a file."""
    checks.readable_file(who, path)
    try:
        with np.errstate(over="ignore"):  # of the length, where a shape tells lies
            yield
    except ERRORS as error:
        objects = "Object arrays" in str(error)
        _fail(who, path, "it holds objects" if objects else "it is damaged, or no file of NumPy")


def _fail(who: str, path: Path, reason: str, hint: str = "write it with np.save or np.savez, as numbers.") -> NoReturn:
    fail(who, f"cannot read {path}: {reason}.", hint)
