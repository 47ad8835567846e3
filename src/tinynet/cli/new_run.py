"""The folder of a new run: no other process gets it, and what the run replaces lives until the new one is whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from tinynet.cli.own import short_name
from tinynet.cli.runs import CHECKPOINTS, CONFIG, FILES, config_text, open_run, write_config
from tinynet.cli.settings import Settings
from tinynet.core.checks.words import fail
from tinynet.core.temporary import alone_in
from tinynet.storage import atomic_write

REPLACEMENT = "replacement"  #: In the folder of a run: the one that --force puts into its place.
WHOLE = "whole.json"  #: In that: the names of all that belongs to it, once it is at its end.
MOVED = (*FILES, CHECKPOINTS)


def check_free(folder: Path | None, force: bool) -> None:
    """Check early that a run may be written into a folder; None is a folder of its own."""
    if folder is None:
        return
    if os.path.exists(folder) and not os.path.isdir(folder):
        fail("tinynet", f"{folder} is a file, not a folder.", "choose another --out.", NotADirectoryError)
    if not force and (found := _run_files(folder)):
        _there_is_a_run(folder, found)


def new_folder(settings: Settings, out: Path | None) -> Path:
    """Make the folder `out`, or the first of runs/DATASET-MODEL-1, -2, … that is not there.

    A numbered one is made by exactly one process: of several that try at once, the others take the next number.
    """
    if out is not None:
        with _writing_to(out):
            out.mkdir(parents=True, exist_ok=True)
        return out
    runs = Path("runs")
    with _writing_to(runs):
        runs.mkdir(exist_ok=True)
        names = (f"{short_name(settings.dataset)}-{settings.model}-{number}" for number in count(1))
        return next(runs / name for name in names if _made(runs / name))


@contextmanager
def begun(folder: Path, config: dict[str, Any], force: bool) -> Iterator[Path]:
    """Write the configuration, and give the folder that the new run is to be written into.

    It is the folder itself. With --force, where there is a run already, it is a folder inside, whose files take the
    places of those of the earlier run when this block ends well. Until then either can be gone on with.
    """
    if force and _run_files(folder):
        with _replacing(folder) as work:
            _emptied(work)
            write_config(work, config)
            yield work
        return
    try:
        with _writing_to(folder), open(folder / CONFIG, "x", encoding="utf-8") as file:  # of several processes, one may
            file.write(config_text(config))
    except FileExistsError:
        _there_is_a_run(folder, _run_files(folder))
    yield folder


@contextmanager
def resumed(folder: Path) -> Iterator[Path]:
    """The folder in which a run goes on: the folder itself, or that of the run which is to replace it."""
    if (folder / REPLACEMENT / WHOLE).exists():  # the process was killed while it moved the files
        _move(folder)
    if (folder / REPLACEMENT / CONFIG).exists():
        with _replacing(folder) as work:
            yield work
    else:
        open_run(folder)
        yield folder


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """The folder of a run that takes the place of another one when this block ends well."""
    work = folder / REPLACEMENT
    with _writing_to(folder):
        work.mkdir(exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(alone_in(work))
        except BlockingIOError:
            hint = "wait for it, or choose another --out."
            fail("tinynet", f"another training is about to replace the run in {folder}.", hint, BlockingIOError)
        yield work
        with _writing_to(folder):
            names = [name for name in MOVED if (work / name).exists()]
            atomic_write(work / WHOLE, json.dumps(names), who="tinynet")
            _move(folder)


def _move(folder: Path) -> None:
    """Let the run inside take the place of the one in the folder; what it lacks is removed, since it would be a lie.

    A process that is killed in between leaves the list of what belongs to the run, and the next one goes on.
    """
    work = folder / REPLACEMENT
    names = json.loads((work / WHOLE).read_text(encoding="utf-8"))
    for name in MOVED:
        new, old = work / name, folder / name
        if old.is_dir() and (new.exists() or name not in names):
            shutil.rmtree(old)  # one folder does not replace another
        if new.exists():
            os.replace(new, old)
        elif name not in names:
            old.unlink(missing_ok=True)
    shutil.rmtree(work)


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    """Within this block, what the system refuses becomes a sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        fail("tinynet", f"cannot write to {folder}: {reason}.", "choose another --out.", type(error))


def _made(folder: Path) -> bool:
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def _run_files(folder: Path) -> list[str]:
    return [name for name in FILES if os.path.lexists(folder / name)]


def _there_is_a_run(folder: Path, found: Sequence[str]) -> NoReturn:
    """A folder holds a run that nobody has asked to replace."""
    hint = "choose another --out, or add --force to replace it."
    fail("tinynet", f"there is a run in {folder} already ({', '.join(found)}).", hint, FileExistsError)
