"""Temporary files and folders; those of a process that was killed are removed by the next one.

A process holds a lock on what it still writes. The operating system frees the lock when the process ends, however it
ends, so whatever can be locked is left over. Where there are no locks (`fcntl` is missing on Windows, and some network
drives refuse them), leftovers stay.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX, SUFFIX = ".tinynet-", ".tmp"


@contextmanager
def temporary_file(folder: Path) -> Iterator[Path]:
    """An empty file in a folder, for this block; it may be moved away before the block ends.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, temporary_file(Path(folder)) as path:
        ...     path.name.startswith(".tinynet-"), path.stat().st_size
        (True, 0)
    """
    with _held(folder, lambda path: path.touch(exist_ok=False)) as path:
        try:
            yield path
        finally:
            with suppress(OSError):  # it has moved
                path.unlink()


@contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """An empty folder in a folder, for this block; what lies in it may be moved away before the block ends.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, temporary_folder(Path(folder)) as path:
        ...     path.is_dir()
        True
    """
    with _held(folder, Path.mkdir) as path:
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Within this block no other process, nor another such block in this one, holds the folder, where there are locks.

    Raises:
        BlockingIOError: Another holds it.
        OSError: It cannot be opened.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, alone_in(Path(folder)), alone_in(Path(folder)):
        ...     pass
        Traceback (most recent call last):
        BlockingIOError: ...
    """
    descriptor = _opened(folder)
    try:
        try:
            _lock(descriptor, wait=False)
        except BlockingIOError:
            raise
        except OSError:  # there are no locks
            pass
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files and folders of processes that have ended.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Path(folder, ".tinynet-0.tmp").touch()
        ...     remove_leftovers(Path(folder))
        ...     list(Path(folder).iterdir())
        []
    """
    for path in folder.glob(f"{PREFIX}*{SUFFIX}"):
        with suppress(OSError):  # it is in use, or belongs to somebody else
            descriptor = _opened(path)
            try:
                if _lock(descriptor, wait=False):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            finally:
                os.close(descriptor)


@contextmanager
def _held(folder: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """Make something new in a folder, and hold a lock on it for this block."""
    remove_leftovers(folder)
    descriptor = None
    while descriptor is None:
        path = folder / f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}"
        make(path)
        with suppress(FileNotFoundError):  # another process may have taken it for a leftover before it was locked
            descriptor = _locked(path)
    try:
        yield path
    finally:
        os.close(descriptor)


def _locked(path: Path) -> int:
    descriptor = _opened(path)
    try:
        with suppress(OSError):  # there are no locks
            _lock(descriptor, wait=True)  # until a process that has taken it for a leftover has removed it
        os.stat(path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _opened(path: Path) -> int:
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # no link is followed, no pipe waited for
    return os.open(path, os.O_RDONLY | flags)


def _lock(descriptor: int, wait: bool) -> bool:
    """Lock an open file, if there are locks.

    Raises:
        OSError: Another process holds it, and we do not wait.
    """
    try:
        import fcntl
    except ImportError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    return True
