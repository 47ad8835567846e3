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
    """Check that a path names a file that can be opened; a pipe would wait for ever, and a device may never end."""
    if os.path.isdir(path):  # unlike Path.is_dir, it is False where one may not look
        fail(who, f"expected a file, but {path} is a directory.", "name the file inside it.", IsADirectoryError)
    if os.path.exists(path) and not os.path.isfile(path):
        fail(who, f"expected a file, but {path} is a device or a pipe.", "copy what it gives into a file.", OSError)
    try:
        with open(path, "rb") as file:
            file.read(1)  # a broken disk may open a file and then not read it
    except FileNotFoundError:
        fail(who, f"there is no file {path}.", "check the path.", FileNotFoundError)
    except PermissionError:
        fail(who, f"there is no permission to read {path}.", "change its permissions.", PermissionError)
    except (OSError, ValueError) as error:  # ValueError: no name of a file has a zero byte
        reason = getattr(error, "strerror", None) or str(error)
        fail(who, f"cannot read {str(path)!r}: {reason}.", "check the path.", type(error))
