"""Run folders: config.json, history.csv, model.safetensors and report.html."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from tinynet.cli.settings import VALID_FRACTION, Settings, choose, known_kernels
from tinynet.core.checks.words import fail
from tinynet.core.version import __version__
from tinynet.learner import History
from tinynet.net import Net
from tinynet.storage import atomic_write, load

FORMAT = 1
CONFIG, HISTORY, MODEL, REPORT = FILES = ("config.json", "history.csv", "model.safetensors", "report.html")
VERSIONED = ("numpy", "scipy", "numba")  # what computes


@dataclass(frozen=True)
class Run:
    """A run folder that has been read.

    Attributes:
        folder: Where it lies.
        config: What its config.json holds.
        settings: The part of it that `tinynet train` was told.
    """

    folder: Path
    config: dict[str, Any]
    settings: Settings

    @property
    def input_shape(self) -> tuple[int, ...]:
        return tuple(self.config["input_shape"])

    @property
    def classes(self) -> list[str]:
        return [str(name) for name in self.config["classes"]]

    def kernels(self, asked: str | None) -> str:
        """The body of the kernels that was asked for, or that the run was trained with."""
        return self.settings.kernels if asked is None else known_kernels(asked)

    def net(self) -> Net:
        """The trained net."""
        return load(self.folder / MODEL)

    def history(self) -> History:
        """The history of its training."""
        return History.read_csv(self.folder / HISTORY)


def free_folder(settings: Settings, out: Path | None, force: bool) -> Path:
    """The folder for a new run: `out`, or the first of runs/DATASET-MODEL-1, -2, … that does not exist."""
    numbered = (Path("runs", f"{settings.dataset}-{settings.model}-{number}") for number in count(1))
    folder = next(path for path in numbered if not path.exists()) if out is None else out
    _free_run_folder(folder, [name for name in FILES if (folder / name).exists()], force)
    return folder


def begin(folder: Path, config: dict[str, Any]) -> None:
    """Make the folder, clear what an earlier run has left in it, and write the configuration."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        _not_writable(folder, error)
    write_config(folder, config)


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Write config.json."""
    atomic_write(folder / CONFIG, json.dumps(config, indent=2, ensure_ascii=False) + "\n", who="tinynet")


def describe(settings: Settings, folder: Path, train: Any) -> dict[str, Any]:
    """Everything that is needed to repeat a run, for its config.json."""
    versions = {"tinynet": __version__, "python": platform.python_version()}
    versions |= {name: metadata.version(name) for name in VERSIONED if _installed(name)}
    return {
        "format": FORMAT,
        "command": settings.command(str(folder)),
        **asdict(settings),
        "valid_fraction": VALID_FRACTION,
        "input_shape": list(train[:1][0].shape[1:]),
        "classes": list(train.classes),
        "data_source": train.source,
        "versions": versions,
        "threads": {name: os.environ[name] for name in _THREADS if name in os.environ},
        "platform": f"{sys.platform} {platform.machine()}, {os.cpu_count()} cores",
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def open_run(folder: Path) -> Run:
    """Read a run folder, and check that its configuration is one."""
    folder = folder.parent if folder.name in FILES else folder
    _run_folder(folder)
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        _broken_config(path, f"it is no JSON ({error})")
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        _broken_config(path, f"it is not of format {FORMAT}, which Tinynet {__version__} knows")
    names = [field.name for field in fields(Settings)]
    missing = [name for name in [*names, "input_shape", "classes"] if name not in config]
    if missing:
        _broken_config(path, f"it says nothing about {', '.join(missing)}")
    try:
        settings = choose(**{name: config[name] for name in names})
    except TypeError as error:
        _broken_config(path, str(error).removeprefix("tinynet: ").rstrip("."))
    return Run(folder, config, settings)


_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _free_run_folder(folder: Path, found: Sequence[str], force: bool) -> None:
    """Check that a run may be written into a folder."""
    if folder.exists() and not folder.is_dir():
        fail("tinynet", f"{folder} is a file, not a folder.", "choose another --out.", NotADirectoryError)
    if found and not force:
        hint = "choose another --out, or add --force to replace it."
        fail("tinynet", f"there is a run in {folder} already ({', '.join(found)}).", hint, FileExistsError)


def _run_folder(folder: Path) -> None:
    """Check that a folder holds a run."""
    if not (folder / "config.json").is_file():
        what = "there is no such folder" if not folder.exists() else "it holds no config.json"
        hint = f"make a run with: tinynet train digits --out {folder}"
        fail("tinynet", f"{folder} is not a run: {what}.", hint, FileNotFoundError)


def _broken_config(path: Path, problem: str) -> NoReturn:
    """The settings of a run cannot be used."""
    fail("tinynet", f"{path} is damaged: {problem}.", "train again; the file is written by tinynet train.")


def _not_writable(folder: Path, error: OSError) -> NoReturn:
    """A folder cannot be made or written to."""
    fail("tinynet", f"cannot write to {folder}: {error.strerror}.", "choose another --out.", type(error))
