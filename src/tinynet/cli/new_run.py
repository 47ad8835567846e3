"""The folder of a new run: no other process gets it, and what the run replaces lives until the new one is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from tinynet.cli.runs import CONFIG, FILES, config_text, write_config
from tinynet.cli.settings import Settings
from tinynet.core.checks.words import fail
from tinynet.core.temporary import temporary_folder


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
        names = (f"{settings.dataset}-{settings.model}-{number}" for number in count(1))
        return next(runs / name for name in names if _made(runs / name))


@contextmanager
def begun(folder: Path, config: dict[str, Any], force: bool) -> Iterator[Path]:
    """Write the configuration, and give the folder that the new run is to be written into.

    It is the folder itself. With --force it is a temporary folder inside, whose files take the places of those of an
    earlier run when this block ends well.
    """
    if force:
        with ExitStack() as ends:
            with _writing_to(folder):
                work = ends.enter_context(temporary_folder(folder))
            write_config(work, config)
            yield work
            with _writing_to(folder):
                _move(work, folder)
        return
    try:
        with _writing_to(folder), open(folder / CONFIG, "x", encoding="utf-8") as file:  # of several processes, one may
            file.write(config_text(config))
    except FileExistsError:
        _there_is_a_run(folder, _run_files(folder))
    yield folder


def _move(work: Path, folder: Path) -> None:
    """Move the files of a run; what it lacks is removed, because that of another run would be a lie."""
    for name in FILES:
        if (work / name).exists():
            os.replace(work / name, folder / name)
        else:
            (folder / name).unlink(missing_ok=True)


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
