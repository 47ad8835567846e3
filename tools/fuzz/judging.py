"""What one damaged file comes to: a right load, a sentence of ours, or a fault."""

from __future__ import annotations

import ctypes
import shutil
import signal
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tools.fuzz.kind import Format
from tools.fuzz.mutations import replace_file

MAX_SECONDS = 10.0
MAX_BYTES = 2**30
MAX_CHARACTERS = 25_000  # of a sentence; no reader of it will want more
P_REPLACED = 0.06  # of the cases in which something else lies where the file was


class Verdict(NamedTuple):
    """How a case ended.

    Attributes:
        change: How the file was damaged.
        outcome: "loaded", "sentence" or "fault".
        problem: What is wrong with it; empty unless it is a fault.
        seconds: How long reading took.
        memory: By how many bytes the process grew at most meanwhile; 0 where the system does not tell.
    """

    change: str
    outcome: str
    problem: str
    seconds: float
    memory: int


class TooLong(BaseException):
    """No reader catches it."""


def case(kind: Format, seed: int, number: int, folder: Path) -> Verdict:
    """Damage one file in a folder that is empty, and read it. The same seed and number give the same damage."""
    rng = np.random.default_rng([seed, number])
    names, contents = _good_files(kind, folder)
    name = names[int(rng.integers(len(names)))]
    for other, content in contents.items():
        if other == name or not kind.alone:
            (folder / other).parent.mkdir(parents=True, exist_ok=True)
            (folder / other).write_bytes(content)
    if rng.random() < P_REPLACED:
        change = replace_file(rng, folder / name, [contents[other] for other in names if other != name])
    else:
        chosen = kind.changes[int(rng.integers(len(kind.changes)))]
        change = chosen.__name__
        (folder / name).write_bytes(chosen(rng, contents[name]))
    return judge(kind, folder, folder / name, change)


_good: dict[int, tuple[list[str], dict[str, bytes]]] = {}


def _good_files(kind: Format, folder: Path) -> tuple[list[str], dict[str, bytes]]:
    """The names of the files that may be damaged, and all files that are read; they are made only once."""
    if id(kind) not in _good:
        names = [str(path.relative_to(folder)) for path in kind.make(folder)]
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        _good[id(kind)] = names, {str(path.relative_to(folder)): path.read_bytes() for path in files}
        emptied(folder)
    return _good[id(kind)]


def judge(kind: Format, folder: Path, path: Path, change: str) -> Verdict:
    """Read what lies in the folder, in which `path` is damaged, with an eye on the clock and on memory."""
    before = _start_of_peak()
    start = time.perf_counter()
    outcome, problem = "loaded", ""
    try:
        with _alarm(), warnings.catch_warnings():
            warnings.simplefilter("error")
            kind.read(folder)
    except TooLong:
        problem = f"more than {MAX_SECONDS} s, at {_stack()}"
    except AssertionError as error:
        problem = f"a wrong load: {error}"
    except Exception as error:  # noqa: BLE001  (a foreign one is what is looked for)
        outcome, problem = "sentence", _complaint(error, path)
    seconds, memory = time.perf_counter() - start, max(_peak() - before, 0)
    if not problem and memory > MAX_BYTES:
        problem = f"{memory / 2**20:,.0f} MB"
    return Verdict(change, "fault" if problem else outcome, problem, seconds, memory)


def _complaint(error: Exception, path: Path) -> str:
    """What is wrong with an error: it is not phrased by Tinynet, or it does not name the file."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    if not (last.name == "fail" and last.filename.replace("\\", "/").endswith("core/checks/words.py")):
        return f"a foreign {type(error).__name__} at {where}: {str(error)[:200]}"
    if path.name not in str(error):
        return f"{path.name} is not named: {str(error)[:200]}"
    if len(str(error)) > MAX_CHARACTERS:
        return f"a sentence of {len(str(error))} characters: {str(error)[:200]}"
    return ""


@contextmanager
def _alarm() -> Iterator[None]:
    """Raise TooLong after the time that is allowed, in the main thread of a system that has alarms."""

    def ring(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stack() -> str:
    frames = traceback.extract_tb(__import__("sys").exc_info()[2])
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[:-6:-1])


def _start_of_peak() -> int:
    """Let the system forget the highest memory so far, and give what is in use now."""
    try:
        ctypes.CDLL(None).malloc_trim(0)  # memory that is free but not given back would hide what is taken
        Path("/proc/self/clear_refs").write_text("5")
    except (OSError, AttributeError):
        return 0
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM") if Path("/proc/self/clear_refs").exists() else 0


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def emptied(folder: Path) -> Path:
    """The folder, made anew."""
    for path in folder.rglob("*") if folder.exists() else []:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
