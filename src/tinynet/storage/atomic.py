"""Write a file completely, or leave the old one unchanged."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.core.temporary import temporary_file
from tinynet.storage.sentences import FORBIDDEN, file_inside, quoted

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def atomic_write(
    path: str | os.PathLike[str],
    content: bytes | str,
    *,
    verify: Callable[[Path], None] | None = None,
    who: str = "atomic_write",
) -> None:
    """Write a file so that, whatever happens, there is either the old one or the new one, never half of one.

    The content goes into a temporary file in the same folder, reaches the disk, and replaces the old file in
    one step; then the folder is synced. Where that fails, the temporary file is removed. One that a killed process
    has left is removed by the next write into the folder.

    Args:
        path: Where the content shall be, just as given; a link is followed, the permissions of an old file stay.
        content: Bytes, or text that is written as UTF-8 with its line ends as they are.
        verify: Called with the path of the temporary file before it replaces the file; raises if that must not happen.
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
    data = _content(who, content)
    target = Path(os.path.realpath(checks.path(who, path)))
    _writable_place(who, target)
    try:
        with temporary_file(target.parent) as temporary:
            write_through(temporary, data)
            if verify is not None:
                verify(temporary)
            if os.path.exists(target):
                shutil.copymode(target, temporary)
            os.replace(temporary, target)
            sync_folder(target.parent)
    except OSError as error:
        if error.errno is None:
            raise  # it has its sentence already
        _not_written(who, target, error)


def check_writable(who: str, path: Path) -> None:
    """Check that `atomic_write` can write a file there, by a temporary file beside it.

    Raises:
        OSError: The folder is missing, the path is a folder, there is no permission, the disk is full.

    Example:
        >>> check_writable("save", Path("/"))
        Traceback (most recent call last):
        IsADirectoryError: save: '/' is a folder, not a file; nothing was changed.
        Hint: ...
    """
    target = Path(os.path.realpath(path))
    _writable_place(who, target)
    try:
        with temporary_file(target.parent) as temporary:
            write_through(temporary, b"")
    except OSError as error:
        _not_written(who, target, error)


def write_through(path: Path, data: bytes) -> None:
    """Write a file, and wait until it has reached the disk.

    Example:
        >>> write_through(Path("/no/such/folder/file"), b"")
        Traceback (most recent call last):
        FileNotFoundError: ...
    """
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Let the new name reach the disk too, where the system can: after a loss of power there is the old or the new."""
    with contextlib.suppress(OSError):  # Windows opens no folders, and some network drives do not sync them
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _content(who: str, value: object) -> bytes:
    """Turn text into UTF-8, and check that anything else is bytes."""
    if not isinstance(value, (str, bytes)):
        fail(who, f"content must be text or bytes, got {type(value).__name__}.", kind=TypeError)
    return value.encode() if isinstance(value, str) else value


def _writable_place(who: str, target: Path) -> None:
    """Check that a file can be written to a path: its folder exists, and nothing but a file is in the way."""
    if os.path.isdir(target):  # unlike Path.is_dir, it is False where one may not look
        fail(
            who,
            f"{quoted(target)} is a folder, not a file; nothing was changed.",
            file_inside(target),
            IsADirectoryError,
        )
    if os.path.exists(target) and not os.path.isfile(target):
        fail(who, f"{quoted(target)} is a device or a pipe, not a file; nothing was changed.", kind=OSError)
    if not os.path.isdir(target.parent):
        hint = f"make it first: pathlib.Path({str(target.parent)!r}).mkdir(parents=True)."
        fail(who, f"there is no folder {quoted(target.parent)}; nothing was changed.", hint, FileNotFoundError)


def refusal(error: OSError) -> tuple[str, str]:
    """Why the system refused to write, and what to do about it.

    Example:
        >>> refusal(OSError(errno.ENOSPC, "No space left on device"))
        ('the disk is full', 'free some space, or write to another disk.')
    """
    if error.errno in FULL:
        return "the disk is full", "free some space, or write to another disk."
    if error.errno in FORBIDDEN:
        return "there is no permission to write there", "choose a folder of your own."
    return error.strerror or str(error) or type(error).__name__, ""


def _not_written(who: str, target: Path, error: OSError) -> NoReturn:
    """The system refused to write."""
    reason, hint = refusal(error)
    left = "the file that was there before is unchanged" if os.path.exists(target) else "nothing was changed"
    fail(
        who, f"{quoted(target)} could not be written: {reason}; {left}.", hint, type(error)
    )  # an OSError by its kind, the number left out
