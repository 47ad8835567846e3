"""A folder of checkpoints: each is whole or not there at all, and what damages one harms none of the others.

    latest                      the name of the newest
    best                        the name of the best, if one was chosen
    checkpoint-000012/
        config.json             format, versions, architecture and settings
        model.safetensors       the net; tn.load takes it
        optimizer.safetensors   what the optimizer keeps
        arrays.safetensors      further arrays, of which state.json speaks
        state.json              everything else, and the SHA-256 of each file

A checkpoint is written into a temporary folder beside its place. Files and folder reach the disk, then one rename puts
it there, and only then does `latest` name it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tinynet.core.checks.words import fail
from tinynet.core.temporary import temporary_folder
from tinynet.layers import Layer
from tinynet.storage.atomic import atomic_write, refusal, sync_folder, write_through
from tinynet.storage.descriptions import KEY, describe, text_of
from tinynet.storage.sentences import quoted, shown
from tinynet.storage.tensors import Arrays, file_content, read_tensors
from tinynet.storage.values import packed, unpacked

FORMAT = 1
CONFIG, MODEL, OPTIMIZER, ARRAYS, STATE = (
    "config.json",
    "model.safetensors",
    "optimizer.safetensors",
    "arrays.safetensors",
    "state.json",
)
LATEST, BEST = "latest", "best"
MOST_SHOWN = 500  #: Characters of what is wrong with a file.
LONGEST_NAME = 100  # characters of a pointer that are read
WORDS = {"tinynet_checkpoint": str(FORMAT)}  #: A safetensors file without arrays and words cannot be read.
NAME = re.compile(r"checkpoint-(\d{6,12})")


@dataclass(frozen=True)
class Content:
    """What a checkpoint holds.

    Attributes:
        config: Format, versions, architecture and settings, as values for JSON.
        model: The arrays of the net.
        about_model: The words in the file of the net, with which `tn.load` rebuilds it.
        optimizer: What the optimizer keeps, see `packed`.
        state: Everything else, see `packed`.
    """

    config: dict[str, Any]
    model: Arrays
    about_model: dict[str, str]
    optimizer: Any
    state: dict[str, Any]


def write_checkpoint(who: str, folder: Path, content: Content, is_best: bool = False) -> Path:
    """Write a checkpoint as the newest of a folder.

    Args:
        who: The name that errors speak in.
        folder: The folder of the checkpoints, which is there.
        content: What it shall hold.
        is_best: Whether it is the best so far.

    Returns:
        Where it lies.

    Raises:
        OSError: It cannot be written. Those written before are as they were.
        TypeError: The content holds something else than numbers, texts and arrays.
    """
    target = folder / "checkpoint"
    try:
        target = folder / f"checkpoint-{max(_numbers(folder), default=0) + 1:06}"
        with temporary_folder(folder) as work:
            _write_files(who, work, content)
            sync_folder(work)
            os.rename(work, target)
        sync_folder(folder)
        for pointer in (BEST, LATEST) if is_best else (LATEST,):
            atomic_write(folder / pointer, f"{target.name}\n", who=who)
    except OSError as error:
        reason, hint = refusal(error)
        if error.errno is None:  # it has its sentence already
            raise
        fail(who, f"{quoted(target)} could not be written: {reason}; {_left(folder)}.", hint, type(error))
    return target


def keep_last(folder: Path, n: int) -> None:
    """Remove all checkpoints but the last n and the best.

    Raises:
        OSError: One cannot be removed.
    """
    best = pointed(folder, BEST)
    for number, path in sorted(_numbers(folder).items())[:-n]:
        if path != best:
            with temporary_folder(folder) as away:  # half a checkpoint never bears the name of one
                os.rename(path, away / str(number))


def pointed(folder: Path, pointer: str) -> Path | None:
    """The checkpoint that `latest` or `best` names; None if there is no such file, or it names none."""
    if not os.path.isfile(folder / pointer):  # a pipe would wait for ever
        return None
    try:
        with open(folder / pointer, encoding="utf-8", errors="replace") as file:
            name = file.read(LONGEST_NAME).strip()
    except OSError:
        return None
    return folder / name if NAME.fullmatch(name) and os.path.isdir(folder / name) else None


def checkpoints_in(folder: Path) -> list[Path]:
    """The checkpoints of a folder, the one that `latest` names first, then the others from the newest to the oldest."""
    found = [path for _, path in sorted(_numbers(folder).items(), reverse=True)]
    first = pointed(folder, LATEST)
    return sorted(found, key=lambda path: path != first)


def read_checkpoint(who: str, path: Path) -> Content:
    """Read a checkpoint, and check that every file of it is what was written.

    Raises:
        ValueError: It is damaged, or of a later format.
        OSError: A file is missing, or cannot be read.
    """
    try:
        return _content(who, path)
    except (TypeError, LookupError, AttributeError, RecursionError) as error:
        damaged_checkpoint(who, path, f"{STATE} is none ({type(error).__name__}: {error})")


def damaged_checkpoint(who: str, path: Path, problem: str) -> NoReturn:
    """A checkpoint is not what was written."""
    hint = "an earlier checkpoint of the same folder may be whole."
    fail(
        who,
        f"the checkpoint {quoted(path)} is damaged: {shown(problem).splitlines()[0][:MOST_SHOWN].rstrip('.')}.",
        hint,
    )


def architecture_or_none(net: Layer) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """What `describe` gives, and the words with which `load` rebuilds the net; nothing where that is impossible.

    Example:
        >>> from tinynet.layers import ReLU
        >>> description, words = architecture_or_none(ReLU())
        >>> description["net"]["class"], list(words)
        ('ReLU', ['tinynet'])
    """
    try:
        description = describe(net)
        return description, {KEY: text_of(description)}
    except (TypeError, ValueError, RecursionError):
        return None, {}


def _write_files(who: str, work: Path, content: Content) -> None:
    """Write all files of a checkpoint, one after the other so that only one is in memory, and state.json last."""
    inside: Arrays = {}
    state = packed(who, content.state, inside, "state")
    kept: Arrays = {}
    optimizer = packed(who, content.optimizer, kept, "optimizer")
    digests = {CONFIG: _write(who, work / CONFIG, _json(content.config | {"format": FORMAT}, indent=2))}
    for name, arrays, words in (
        (MODEL, content.model, content.about_model or WORDS),
        (OPTIMIZER, kept, WORDS),
        (ARRAYS, inside, WORDS),
    ):
        digests[name] = _write(who, work / name, file_content(who, arrays, words))
    body = {"format": FORMAT, "files": digests, "optimizer": optimizer, "state": state}
    _write(who, work / STATE, _json(body | {"sha256": _digest(_json(body))}))


def _write(who: str, path: Path, data: bytes) -> str:
    """Write a file, read it back, and give its SHA-256."""
    write_through(path, data)
    digest = _digest(data)
    if _digest(path.read_bytes()) != digest:
        problem = f"{quoted(path)} was not written, what came back from the disk differs; nothing was changed."
        fail(who, problem, "the disk may be damaged; try another one.", OSError)
    return digest


def _content(who: str, path: Path) -> Content:
    body = _read_json(who, path / STATE)
    expected = body.pop("sha256", None)
    if body.get("format") != FORMAT:
        damaged_checkpoint(who, path, f"{STATE} has format {body.get('format')}, this Tinynet reads {FORMAT}")
    if _digest(_json(body)) != expected:
        damaged_checkpoint(who, path, f"{STATE} is not what was written")
    for name in (CONFIG, MODEL, OPTIMIZER, ARRAYS):
        if _digest_of_file(who, path / name) != body["files"].get(name):
            damaged_checkpoint(who, path, f"{name} is not what was written")
    arrays, _ = read_tensors(who, path / ARRAYS)
    kept, _ = read_tensors(who, path / OPTIMIZER)
    model, about_model = read_tensors(who, path / MODEL)
    try:
        state, optimizer = unpacked(body["state"], arrays), unpacked(body["optimizer"], kept)
    except (ValueError, TypeError, RecursionError) as error:
        damaged_checkpoint(who, path, f"{STATE} does not fit {ARRAYS} and {OPTIMIZER}: {error}")
    if not isinstance(state, dict):
        damaged_checkpoint(who, path, f"{STATE} holds no state")
    return Content(_read_json(who, path / CONFIG), model, about_model, optimizer, state)


def _read_json(who: str, path: Path) -> dict[str, Any]:
    _is_file(who, path)
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        fail(who, f"{quoted(path)} cannot be read: {refusal(error)[0]}.", kind=type(error))
    except (ValueError, RecursionError) as error:
        damaged_checkpoint(who, path.parent, f"{path.name} is not JSON that can be read ({error})")
    if not isinstance(found, dict):
        damaged_checkpoint(who, path.parent, f"{path.name} holds no object")
    return found


def _digest_of_file(who: str, path: Path) -> str:
    _is_file(who, path)
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        fail(who, f"{quoted(path)} cannot be read: {refusal(error)[0]}.", kind=type(error))


def _is_file(who: str, path: Path) -> None:
    """Check that a file is there, and that it is one: a pipe would wait for ever, and a device may never end."""
    if not os.path.isfile(path):
        damaged_checkpoint(who, path.parent, f"it has no file {path.name}")


def _json(value: Any, indent: int | None = None) -> bytes:
    """JSON in one form, so that the same values give the same bytes; half of a surrogate pair is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text.encode("utf-8", "backslashreplace")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _numbers(folder: Path) -> dict[int, Path]:
    matches: Iterator[tuple[re.Match[str] | None, Path]] = ((NAME.fullmatch(p.name), p) for p in folder.iterdir())
    return {int(match[1]): path for match, path in matches if match and os.path.isdir(path)}


def _left(folder: Path) -> str:
    return "those written before are unchanged" if os.path.isdir(folder) else "the folder is gone"
