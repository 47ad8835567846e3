"""Write a file whole, or leave what was there before."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from tinynet.core.checks import files


def atomic_write(
    path: str | os.PathLike[str],
    content: bytes | str,
    *,
    verify: Callable[[Path], None] | None = None,
    who: str = "atomic_write",
) -> None:
    """Write a file so that, whatever happens, there is either the old one or the new one, never half of one.

    The content goes into a temporary file in the same folder, reaches the disk, and takes the place of the old file in
    one step. Where that fails, the temporary file is removed.

    Args:
        path: Where the content shall be, just as given; a link is followed, the permissions of an old file stay.
        content: Bytes, or text that is written as UTF-8 with its line ends as they are.
        verify: Called with the path of the temporary file before it takes the place; raises where that must not happen.
        who: The name that errors speak in.

    Raises:
        OSError: The folder is missing, the path is a folder, there is no permission, the disk is full.
        TypeError: The path or the content is of a wrong type.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     note = pathlib.Path(folder, "note.txt")
        ...     atomic_write(note, "first"); atomic_write(note, "second")
        ...     note.read_text(), len(list(note.parent.iterdir()))
        ('second', 1)
    """
    data = files.content(who, content)
    target = Path(os.path.realpath(files.path(who, path)))
    files.writable_place(who, target)
    temporary = target.with_name(f".tinynet-{secrets.token_hex(8)}.tmp")
    try:
        _write(temporary, data)
        if verify is not None:
            verify(temporary)
        if os.path.exists(target):
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except OSError as error:
        if error.errno is None:
            raise  # it has its sentence already
        files.not_written(who, target, error)
    finally:
        with contextlib.suppress(OSError):  # it has moved, or was never there
            temporary.unlink()


def _write(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
