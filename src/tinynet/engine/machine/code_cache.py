"""Compiled code on disk.

Numba has such a cache, but its files are pickles that it believes: a damaged one ends in an error until it is deleted
by hand, a full disk ends the computing, and one that somebody else has put there runs as code. Here the folder belongs
to the user alone or is not used, a file has a checksum, and whatever is wrong with one, the code is compiled again.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import stat
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import caching, compiler, serialize

MAX_FILE_SIZE = 1 << 28  # bytes; the largest of our kernels has one hundredth of it
_said: set[str] = set()


class CodeCache(caching.FunctionCache):
    """The compiled code of one function, in place of Numba's cache: a file for each type of arguments, and an index.

    The name of a file is the checksum of what is in it, so two processes that write at once cannot mix up their code.

    Args:
        function: The function that is compiled.
        folder: Where the files are.
    """

    def __init__(self, function: Callable, folder: str) -> None:
        self._name, self._py_func = repr(function), function
        self._cache_path = folder
        name = f"{function.__module__}.{function.__qualname__}-{function.__code__.co_firstlineno}"
        self._start = os.path.join(folder, re.sub(r"[^\w.-]", "_", f"{name}.{sys.implementation.cache_tag}"))
        self.enable()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code for these types, or None if it is not there or damaged."""
        target_context.refresh()
        found = self._index().get(self._index_key(sig, target_context.codegen()))
        content = None if found is None else read(f"{self._start}.{found}.code")
        if content is None or _checksum(content) != found:
            return None
        return compiler.CompileResult._rebuild(target_context, *pickle.loads(content))  # noqa: S301 - only the user can write there

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep code, unless the disk is full or does not take it for another reason, which is said once."""
        if data.lifted or data.library.has_dynamic_globals:
            return
        content = serialize.dumps(data._reduce())
        checksum = _checksum(content)
        try:
            write(f"{self._start}.{checksum}.code", content)
            index = serialize.dumps(self._index() | {self._index_key(sig, data.codegen): checksum})
            write(f"{self._start}.index", _checksum(index).encode() + index)
        except OSError as error:
            say(f"Tinynet: compiled code is not kept in {self._cache_path} ({error.strerror}), only for this run\n")

    def flush(self) -> None:
        """Forget what is kept."""
        with suppress(OSError):
            os.unlink(f"{self._start}.index")

    def _index(self) -> dict:
        """The checksum of the code for each key; empty if the file is damaged."""
        content = read(f"{self._start}.index") or b""
        length = len(_checksum(b""))
        index = content[length:]
        whole = content[:length] == _checksum(index).encode()
        return pickle.loads(index) if whole else {}  # noqa: S301 - only the user can write there


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read(path: str) -> bytes | None:
    """What is in a file, or None if it cannot be read. A pipe in its place, say, must not be waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            fits = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_FILE_SIZE
            return file.read() if fits else None
    except OSError:
        return None


def write(path: str, content: bytes) -> None:
    """Write a file that others see whole or not at all."""
    unfinished = f"{path}.{uuid.uuid4().hex}"
    try:
        with open(unfinished, "wb") as file:
            file.write(content)
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise


def say(sentence: str) -> None:
    """Write a sentence to the standard error, once, if there is one: a program without a console has none."""
    if sentence not in _said and sys.stderr is not None:
        _said.add(sentence)
        with suppress(OSError, ValueError):
            sys.stderr.write(sentence)


@cache
def cache_folder() -> str:
    """Where compiled code is kept, or "" if it cannot be kept, which costs compiling in every process.

    Its name holds a hash of the whole engine, because a kernel is compiled together with all that it calls.
    """
    engine = Path(__file__).parents[1]
    versions = f"{numba.__version__} {sys.version}".encode()
    sources = [path.read_bytes() for path in sorted(engine.rglob("*.py"))]
    key = hashlib.sha256(b"".join([versions, *sources])).hexdigest()[:16]
    try:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        (root / "tinynet").mkdir(parents=True, exist_ok=True)
        folder = Path(os.path.realpath(root / "tinynet")) / "kernels" / key
        if not are_private([folder.parent, folder]):
            return ""
        write(str(folder / "written"), b"1")
    except (OSError, RuntimeError, ValueError):  # RuntimeError: the user has no home
        return ""
    return str(folder)


def are_private(folders: list[Path]) -> bool:
    """Make folders, one in the other, that are the user's alone; False if others could put files into them.

    Above them others may own nothing, except the administrator, and may write only where they cannot replace what is
    ours, as in /tmp.
    """
    has_owners = hasattr(os, "geteuid")  # Windows keeps a cache in the user's profile
    if has_owners and not all(_keeps_what_is_ours(path.stat()) for path in folders[0].parents):
        return False
    for path in folders:
        path.mkdir(mode=0o700, exist_ok=True)
        if has_owners and (path.is_symlink() or path.stat().st_uid != os.geteuid()):
            return False
        if has_owners and path.stat().st_mode & 0o077:
            path.chmod(0o700)
    return True


def _keeps_what_is_ours(status: os.stat_result) -> bool:
    own_group = stat.S_IWGRP if status.st_gid == os.getegid() else 0  # Each user may have a group of one.
    others_may_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) & ~own_group
    return status.st_uid in (0, os.geteuid()) and (not others_may_write or bool(status.st_mode & stat.S_ISVTX))
