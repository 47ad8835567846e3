"""Sentences about files that are written and read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tinynet.core.checks.words import fail

MAGIC = {
    b"PK\x03\x04": "a zip archive, as .npz, .pt and .keras files are",
    b"\x93NUMPY": "a NumPy .npy file",
    b"\x89HDF": "an HDF5 file",
    b"\x1f\x8b": "gzip-compressed",
    b"\x80\x02": "a pickle, which is never read because it can run code",
    b"\x80\x03": "a pickle, which is never read because it can run code",
    b"\x80\x04": "a pickle, which is never read because it can run code",
    b"\x80\x05": "a pickle, which is never read because it can run code",
}
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def path(who: str, value: object) -> Path:
    """Turn a string or PathLike into a Path."""
    hint = 'name the file, as in "model.safetensors".'
    if not isinstance(value, (str, os.PathLike)) or not isinstance(os.fspath(value), str):
        fail(who, f"path must be a string or a Path, got {value!r}.", hint, TypeError)
    if not os.fspath(value) or "\0" in os.fspath(value):
        fail(who, f"path must name a file, got {os.fspath(value)!r}.", hint)
    return Path(value)


_CONVERT = "tn.load reads what tn.save has written; convert other formats to safetensors where they were made."


def _name(place: Path) -> str:
    return repr(str(place))


def _inside(folder: Path) -> str:
    for name in ("model.safetensors", *sorted(entry.name for entry in folder.glob("*.safetensors"))[:1]):
        if (folder / name).is_file():
            return f"the folder holds {name}: write {str(folder / name)!r}."
    return f"name the file too, as in {str(folder / 'model.safetensors')!r}."
