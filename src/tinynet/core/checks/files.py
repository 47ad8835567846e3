"""Sentences about the files that a user names."""

from __future__ import annotations

import os
from pathlib import Path

from tinynet.core.checks.words import fail


def path(who: object, value: object) -> Path:
    """Turn a string or PathLike into a Path."""
    hint = 'name the file, as in "model.safetensors".'
    if not isinstance(value, (str, os.PathLike)) or not isinstance(os.fspath(value), str):
        fail(who, f"path must be a string or a Path, got {value!r}.", hint, TypeError)
    if not os.fspath(value) or "\0" in os.fspath(value):
        fail(who, f"path must name a file, got {os.fspath(value)!r}.", hint)
    return Path(value)


def readable_file(who: object, path: Path) -> None:
    """Check that a path names a file."""
    if path.is_dir():
        fail(who, f"expected a file, but {path} is a directory.", "name the file inside it.", IsADirectoryError)
    if not path.exists():
        fail(who, f"there is no file {path}.", "check the path.", FileNotFoundError)
