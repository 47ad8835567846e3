"""Run folders: config.json, history.csv, statistics.safetensors, model.safetensors and report.html."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import datetime
from importlib import metadata
from math import prod
from pathlib import Path
from typing import Any, NoReturn

from tinynet.cli.choosing import choose, known_kernels
from tinynet.cli.nets import NetFile, read_net_file, source_of
from tinynet.cli.output import complain
from tinynet.cli.own_data import PREPARATION, Data, read, read_preparation
from tinynet.cli.settings import Settings
from tinynet.cli.tasks import input_shape_of
from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.core.threads import thread_count
from tinynet.core.version import __version__
from tinynet.layers import Layer
from tinynet.learner import History
from tinynet.models import EncoderDecoder, VariationalAutoencoder
from tinynet.net import Net
from tinynet.probe import TrainingStatistics
from tinynet.storage import atomic_write, load

FORMAT = 1
CONFIG, HISTORY, MODEL, REPORT = "config.json", "history.csv", "model.safetensors", "report.html"
STATISTICS = "statistics.safetensors"
NET = "net.py"  #: A copy of the file that an own net comes from.
CHECKPOINTS = "checkpoints"
FILES = (CONFIG, HISTORY, STATISTICS, MODEL, REPORT, PREPARATION, NET)
LONGEST = 10**6  # characters of a config.json; there are about 1,500
LARGEST_SAMPLE = 10**8  # numbers in a sample
VERSIONED = ("numpy", "scipy", "numba")  # what computes


@dataclass(frozen=True)
class Run:
    """A run folder that has been read.

    Attributes:
        folder: Where it lies.
        config: What its config.json holds.
        settings: The part of it that `tinynet train` was told.
        code: The file with its own net, where the user has said that it may run.
    """

    folder: Path
    config: dict[str, Any]
    settings: Settings
    code: NetFile | None = None

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
        path = self.folder / MODEL
        try:
            net = load(path, layers_of(self.code))
        except ValueError as error:
            if self.settings.net is not None and self.code is None:
                self.without_code(str(error).partition("\n")[0])
            raise
        if not isinstance(net, Net):
            _no_net(path, net)
        return net

    def without_code(self, problem: str) -> NoReturn:
        """Something needs the file of the run's own net, which nobody has allowed to run."""
        hint = f"add --net {shlex.quote(str(self.folder / NET))}, which runs the code that the run was made with."
        fail("tinynet", problem, hint)

    def preparation(self) -> Any:
        """What was done to a user's own data; None for a data set of Tinynet, and before any was written."""
        has_begun = (self.folder / MODEL).exists() or (self.folder / CHECKPOINTS).exists()
        is_own = self.settings.own is not None and (has_begun or (self.folder / PREPARATION).exists())
        if not is_own:
            return None
        preparation = read_preparation(self.folder)
        if (preparation.input_shape, list(preparation.classes)) != (self.input_shape, self.classes):
            path = self.folder / PREPARATION
            fail("tinynet", f"{path} and {CONFIG} tell of different inputs or classes.", "train again.")
        return preparation

    def data(self) -> Data:
        """The data that it was trained on, read again."""
        return read(self.settings, self.preparation())

    def history(self) -> History:
        """The history of its training."""
        return History.read_csv(self.folder / HISTORY)

    def statistics(self) -> TrainingStatistics | None:
        """What its layers gave over training; None if it was trained before that was kept."""
        path = self.folder / STATISTICS
        return TrainingStatistics.load(path) if os.path.lexists(path) else None


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Write config.json."""
    atomic_write(folder / CONFIG, config_text(config), who="tinynet")


def config_text(config: dict[str, Any]) -> str:
    """What config.json holds."""
    return json.dumps(config, indent=2, ensure_ascii=False) + "\n"


def describe(settings: Settings, folder: Path, data: Data) -> dict[str, Any]:
    """Everything that is needed to repeat a run, for its config.json."""
    versions = {"tinynet": __version__, "python": platform.python_version()}
    versions |= {name: metadata.version(name) for name in VERSIONED if _installed(name)}
    return {
        "format": FORMAT,
        "command": settings.command(str(folder)),
        **asdict(settings),
        "valid_fraction": settings.valid_fraction,
        "input_shape": list(input_shape_of(data.train)),
        "classes": list(data.outputs),
        "data_source": data.train.source,
        "versions": versions,
        "threads": thread_count(),
        "platform": f"{sys.platform} {platform.machine()}, {os.cpu_count()} cores",
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def layers_of(net: NetFile | str | None) -> list[type[Layer]]:
    """The layer classes that a saved net may need besides those that `load` knows; a file that is named is run."""
    code = read_net_file(net) if isinstance(net, str) else net
    return [VariationalAutoencoder, EncoderDecoder, *(code.layers if code else ())]


def open_run(folder: Path, net: str | NetFile | None = None) -> Run:
    """Read a run folder, and check that its configuration is one.

    Args:
        folder: The folder.
        net: The file of its own net, if that shall run; nothing in the folder is run unless it is named here.
    """
    folder = folder.parent if folder.name in FILES else folder
    _run_folder(folder)
    path = folder / CONFIG
    checks.readable_file("tinynet", path)
    try:
        with open(path, encoding="utf-8-sig") as file:  # some editors write a byte order mark
            config = json.loads(file.read(LONGEST))
    except (ValueError, RecursionError) as error:
        _broken_config(path, f"it is no JSON ({error})")
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        _broken_config(path, f"it is not of format {FORMAT}, which Tinynet {__version__} knows")
    names = [field.name for field in fields(Settings)]
    needed = [field.name for field in fields(Settings) if field.default is field.default_factory is MISSING]
    missing = [name for name in [*needed, "input_shape", "classes"] if name not in config]
    if missing:
        _broken_config(path, f"it says nothing about {', '.join(missing)}")
    for name, (is_right, expected) in KINDS.items():
        if not is_right(config.get(name)):
            _broken_config(path, f"{name} must be {expected}, got {config.get(name)!r}")
    try:
        settings = choose(**{name: config[name] for name in names if name in config})
    except OverflowError:
        _broken_config(path, "a number in it is too large")
    except (TypeError, ValueError) as error:
        _broken_config(path, str(error).partition("\n")[0].removeprefix("tinynet: ").rstrip("."))
    return Run(folder, config, settings, _code_of(folder, settings, net) if isinstance(net, str) else net)


def _code_of(folder: Path, settings: Settings, net: str) -> NetFile:
    """The file of the run's own net, which the user has named."""
    if settings.net is None:
        fail("tinynet", f"{folder} has no net of its own, but {settings.model}.", "leave out --net.")
    code = read_net_file(net, source_of(settings.net).function)
    if code.sha256 != settings.net_sha256:
        complain(f"{code.source.path} is not as it was when {folder} was trained; a copy of that is {folder / NET}.")
    return code


def code_to_go_on(run: Run) -> NetFile | None:
    """The file of a run's own net, which must be what it was: with another one, training would be another."""
    if run.settings.net is not None and run.code is None:
        run.without_code(f"{run.folder} has a net of its own, from {run.settings.net}.")
    if run.code is not None and run.code.sha256 != run.settings.net_sha256:
        problem = f"{run.code.source.path} has changed since the run began."
        fail("tinynet", problem, f"take the copy: --net {shlex.quote(str(run.folder / NET))}")
    return run.code


def write_net(folder: Path, code: NetFile | None) -> None:
    """Keep a copy of the file that an own net comes from; it is never run by itself."""
    if code is not None:
        atomic_write(folder / NET, code.text, who="tinynet")


def check_same_data(run: Run, data: Data) -> None:
    """Check that data of a user's own are what they were when the run began, for else its steps are others."""
    before, now = run.config.get("data_source"), data.train.source
    if run.settings.own is not None and before != now:
        problem = f"the data have changed since the run began: it learned from {before}, now there are {now}."
        fail("tinynet", problem, "put them back as they were, or train anew.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_list_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(map(_is_text, value)))


def _is_shape(value: Any) -> bool:
    sizes = value if isinstance(value, list) and value else [0]
    return all(type(size) is int and size > 0 for size in sizes) and 0 < prod(sizes) <= LARGEST_SAMPLE


def _is_table_or_none(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(name, (str, int, float)) for name in value)


def _is_results(value: Any) -> bool:
    numbers = [None] if not isinstance(value, dict) else value.values()
    return value is None or all(type(number) in (int, float) for number in numbers)


#: What the entries must be on which nobody else looks, and in words.
KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(("dataset", "model", "optimizer", "kernels"), (_is_text, "a text")),
    "input_shape": (_is_shape, "a list of sizes"),
    "classes": (_is_names, "a list of names"),
    **dict.fromkeys(("own", "sizes"), (_is_table_or_none, "a table")),
    **dict.fromkeys(("net", "net_sha256", "early_stopping"), (_is_text_or_none, "a text")),
    "augment": (_is_list_or_none, "a list of texts"),
    "test": (_is_results, "a number for each name"),
}


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _run_folder(folder: Path) -> None:
    """Check that a folder holds a run."""
    if not (folder / "config.json").is_file():
        what = "there is no such folder" if not folder.exists() else "it holds no config.json"
        hint = f"make a run with: tinynet train digits --out {folder}"
        fail("tinynet", f"{folder} is not a run: {what}.", hint, FileNotFoundError)


def _broken_config(path: Path, problem: str) -> NoReturn:
    """The settings of a run cannot be used."""
    fail("tinynet", f"{path} is damaged: {problem}.", "train again; the file is written by tinynet train.")


def _no_net(path: Path, found: object) -> NoReturn:
    """A file that somebody has put there holds another thing."""
    fail("tinynet", f"{path} holds a {type(found).__name__}, not a Net.", "train again.", TypeError)
