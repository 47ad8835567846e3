"""Named arrays in one .npz file of NumPy, written whole or not at all, and read without pickle."""

from __future__ import annotations

import io
import math
import os
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.lib import format as npy

from tinynet.core.checks.words import fail
from tinynet.storage.atomic import atomic_write
from tinynet.storage.sentences import quoted, shown
from tinynet.storage.tensors import DTYPES, Arrays, readable_file, same

LONGEST_HEADER = 10_000  #: Characters that say what an array is like; a usual one takes 80.
#: What `zipfile` and NumPy raise where a file is damaged, encrypted, or packed in a way that they do not know.
ERRORS: tuple[type[Exception], ...] = (ValueError, TypeError, OSError, EOFError, LookupError, RuntimeError, MemoryError)
ERRORS += (SyntaxError, OverflowError, TokenError, zipfile.BadZipFile, zlib.error)


def is_zip(path: Path) -> bool:
    """Whether a file begins like a zip archive, as .npz files do.

    Example:
        >>> is_zip(Path("/"))
        False
    """
    if not os.path.isfile(path):  # which may also be a pipe, and a name that no disk takes
        return False
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:  # the reader that comes next says why
        return False


def write_npz(who: str, path: Path, arrays: Arrays) -> None:
    """Write arrays, read them back, and only then replace the file that was there.

    Raises:
        OSError: The file cannot be written, or what is read back differs. The earlier file is unchanged.
    """
    arrays = {name: array.astype(array.dtype.newbyteorder("="), copy=False) for name, array in arrays.items()}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:  # and not savez, which takes no array by the name of "file"
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                npy.write_array(file, array, allow_pickle=False)

    def compare(temporary: Path) -> None:
        found = read_npz(who, temporary)
        if found.keys() != arrays.keys() or not all(same(arrays[name], found[name]) for name in arrays):
            problem = f"{quoted(path)} was not written, what came back from the disk differs; nothing was changed."
            fail(who, problem, "the disk may be damaged; try another one.", OSError)

    atomic_write(path, content.getvalue(), verify=compare, who=who)


def read_npz(who: str, path: Path, largest: int | None = None) -> Arrays:
    """Read all arrays of a file; nothing in it is executed.

    Args:
        who: The name that errors speak in.
        path: The file.
        largest: How many bytes the arrays may take together; any number if None.

    Raises:
        OSError: There is no such file, it is a folder, or it may not be read.
        ValueError: It is not an .npz file, is damaged or cut off, or holds objects, which need pickle, or too much.
    """
    readable_file(who, path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if not all(entry.filename.endswith(".npy") for entry in entries):
                raise ValueError("it is a zip archive of other files, as .pt and .keras files are")
            if largest is not None and sum(entry.file_size for entry in entries) > largest:
                raise ValueError(f"its arrays would take more than the {largest:,} bytes that may be needed")
            return {entry.filename.removesuffix(".npy"): _array(archive, entry) for entry in entries}
    except ERRORS as error:
        reason = shown(str(error).partition("\n")[0].rstrip(".") or type(error).__name__)
        hint = "take another copy, or write it again with np.savez(path, **arrays); in PyTorch, with safetensors.torch."
        fail(who, f"{quoted(path)} cannot be read as an .npz file: {reason}.", hint)


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """Read an array; the header is read first, so that no more is asked for than is there."""
    with archive.open(entry) as file:
        version = npy.read_magic(file)
        read_header: Any = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, in_columns, dtype = read_header(file, max_header_size=LONGEST_HEADER)
        if dtype.hasobject or dtype.name not in DTYPES.values():
            raise ValueError(f"{entry.filename} holds {dtype} and not plain numbers")
        n_bytes = math.prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or n_bytes != entry.file_size - file.tell():
            raise ValueError(f"{entry.filename} is not as long as its shape {shape} tells")
        array = np.frombuffer(bytearray(file.read(n_bytes)), dtype).reshape(shape, order="F" if in_columns else "C")
        file.read(1)  # the end, where the checksum is compared
    return array.astype(dtype.newbyteorder("="), copy=False)
