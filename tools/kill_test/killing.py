"""Processes that are killed, and what came of them."""

from __future__ import annotations

import mmap
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from traceback import print_exc

from tinynet.storage import load
from tinynet.storage.checkpoints import checkpoints_in
from tools.kill_test.trainings import FILES, fingerprint, rows_of, train

PHASES = ("beginning", "training", "validating", "saving", "ending")
WORDS = ("train", "moons", "--epochs", "8", "--kernels", "auto")
TO_LOAD = 0.5  # s, the earliest at which a command is killed


@dataclass
class Tally:
    """What was killed, and what was wrong afterwards."""

    phases: Counter[str] = field(default_factory=Counter)
    n_runs: int = 0
    faults: list[str] = field(default_factory=list)

    def compare(self, found: dict[str, str], right: dict[str, str]) -> None:
        """Compare the fingerprint of a run with that of the undisturbed one."""
        self.n_runs += 1
        self.faults += [f"run {self.n_runs}: {name} is another" for name in right if found.get(name) != right[name]]

    def __str__(self) -> str:
        where = ", ".join(f"{n} while {phase}" for phase, n in sorted(self.phases.items()))
        result = "\n".join(self.faults) or "each ended bit for bit as the undisturbed one"
        return f"{self.phases.total()} kills ({where}) of {self.n_runs} trainings: {result}"


def kill_library(top: Path, number: int, seed: int, tally: Tally) -> None:
    """Kill trainings in children of this process, at moments drawn over the time that a whole one takes."""
    draw = random.Random(seed)
    right, seconds = _undisturbed(top / "undisturbed")
    done, folder = 0, top / "0"
    while done < number:
        folder.mkdir(parents=True, exist_ok=True)
        phase = _trained_or_killed(folder, draw.uniform(0, seconds))
        if phase == "failed":
            tally.faults.append(f"{folder.name}: a process ended with an error")
            return
        if phase is None:
            tally.compare(fingerprint(folder), right)
            folder = top / str(tally.n_runs)
        else:
            done += 1
            tally.phases[phase] += 1
    if folder.exists():
        _trained_or_killed(folder, None)
        tally.compare(fingerprint(folder), right)


def kill_command(top: Path, number: int, seed: int, tally: Tally) -> None:
    """Kill `tinynet train` at moments drawn over the time that a whole one takes; it compiles anew for each run."""
    if not number:
        return
    draw, start = random.Random(seed), time.monotonic()
    _run_command(top / "undisturbed", None)
    seconds, right = time.monotonic() - start, _of_run(top / "undisturbed")
    done, folder = 0, top / "0"
    while done < number:
        if _run_command(folder, draw.uniform(TO_LOAD, seconds)):
            done += 1
            tally.phases["in the command"] += 1
        else:
            tally.compare(_of_run(folder), right)
            folder = top / f"more-{tally.n_runs}"
    _run_command(folder, None)
    tally.compare(_of_run(folder), right)


def _undisturbed(folder: Path) -> tuple[dict[str, str], float]:
    folder.mkdir(parents=True)
    start = time.monotonic()
    _trained_or_killed(folder, None)
    return fingerprint(folder), time.monotonic() - start


def _trained_or_killed(folder: Path, delay: float | None) -> str | None:
    """Train in a child, and kill it after a time; the phase in which it was killed, or None if it was at its end."""
    shared = mmap.mmap(-1, 1)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            train(folder, lambda phase: shared.__setitem__(0, PHASES.index(phase)))
            status = 0
        finally:
            if status:
                print_exc()
            os._exit(status)
    if delay is not None:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return PHASES[shared[0]]
    return "failed" if os.WEXITSTATUS(status) else None


def _run_command(folder: Path, delay: float | None) -> bool:
    """Begin a run or go on with it; whether it was killed.

    Raises:
        RuntimeError: It ended with an error.
    """
    words = ("train", "--resume", str(folder)) if (folder / "config.json").exists() else (*WORDS, "--out", str(folder))
    places = os.environ | {"XDG_CACHE_HOME": str(folder.parent / "cache" / folder.name)}
    process = subprocess.Popen([sys.executable, "-m", "tinynet", *words], env=places, stdout=subprocess.PIPE)
    try:
        process.communicate(timeout=delay)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    if process.returncode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"{' '.join(words)} ended with status {process.returncode}")
    return process.returncode != 0


def _of_run(folder: Path) -> dict[str, str]:
    """What a run has left, without the times and the names of folders."""
    last = checkpoints_in(folder / "checkpoints")[0]
    found = {name: (last / name).read_bytes().hex() for name in FILES}
    found["statistics"] = (folder / "statistics.safetensors").read_bytes().hex()
    found["model"] = repr({path: array.tobytes() for path, array in load(folder / "model.safetensors").state().items()})
    return found | {"history.csv": repr(rows_of(folder / "history.csv"))}
