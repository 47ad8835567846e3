"""Damage files of every format, read them, and list what is neither a right load nor a sentence that names the file.

    python -m tools.fuzz --cases 20000 --seed 0
    python -m tools.fuzz --seconds 60
    python -m tools.fuzz --only tar --case 137          one case again, with its files kept

The reading is done in child processes. One that hangs or dies is a fault, and another goes on after that case.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tools.fuzz import checkpoints, datasets, nets, onnx_files, own, runs
from tools.fuzz.judging import MAX_SECONDS, case, emptied

FORMATS = nets.FORMATS | datasets.FORMATS | runs.FORMATS | own.FORMATS | checkpoints.FORMATS | onnx_files.FORMATS
ADDRESS_SPACE = 6 * 2**30  # bytes beyond what a child has at its start; the machine is not to suffer
HANGS = 4 * MAX_SECONDS  # seconds after which a case that does not even hear its alarm ends its process


def main() -> int:
    options = _options()
    names = options.only or list(FORMATS)
    if options.child is not None:
        return _child(names, options)
    if options.case is not None:
        return _again(names[0], options)
    return _report(_all_cases(names, options), options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=20_000, help="how many files to damage (20000)")
    parser.add_argument("--seconds", type=float, default=None, help="stop after this time, however many it were")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=list(FORMATS), help="a format; may be given several times")
    parser.add_argument("--case", type=int, help="this one alone, kept in build/fuzz")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes read at once (2)")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _child(names: list[str], options: argparse.Namespace) -> int:
    """Do every case from number `child` on, in steps of `jobs`, and print a line of JSON for each."""
    if Path("/proc/self/statm").exists():
        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGESIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + ADDRESS_SPACE, resource.getrlimit(resource.RLIMIT_AS)[1]))
    with tempfile.TemporaryDirectory(prefix="tinynet-fuzz-") as top:
        for name in names:  # what is loaded or compiled once counts for no case
            kind = FORMATS[name]
            emptied(Path(top, name, "files"))
            kind.make(Path(top, name, "files"))
            kind.read(Path(top, name, "files"))
        for number in range(options.child, options.cases, options.jobs):
            name = names[(number + number // len(names)) % len(names)]  # each child meets each format
            print(json.dumps({"number": number, "format": name}), flush=True)
            faulthandler.dump_traceback_later(HANGS, exit=True)
            verdict = case(FORMATS[name], options.seed, number, emptied(Path(top, name, "files")))
            faulthandler.cancel_dump_traceback_later()
            print(json.dumps({"number": number, "format": name, **verdict._asdict()}), flush=True)
    return 0


def _again(name: str, options: argparse.Namespace) -> int:
    """Do one case in this process, and leave its files."""
    folder = emptied(Path("build", "fuzz", name, "files"))
    verdict = case(FORMATS[name], options.seed, options.case, folder)
    print(json.dumps(verdict._asdict(), indent=2, ensure_ascii=False), f"\n{folder}")
    return int(verdict.outcome == "fault")


def _all_cases(names: list[str], options: argparse.Namespace) -> list[dict[str, Any]]:
    """The verdicts of all cases, from children that run side by side."""
    end = time.monotonic() + (options.seconds or 10**9)
    children = [_Child(names, options, first) for first in range(options.jobs)]
    while any([child.running() for child in children]):  # noqa: C419  (each must be asked)
        if time.monotonic() > end:
            for child in children:
                child.stop()
            break
        time.sleep(0.05)
    return [verdict for child in children for verdict in child.verdicts()]


class _Child:
    """A process that does cases, and the next one after it has died."""

    def __init__(self, names: list[str], options: argparse.Namespace, first: int) -> None:
        self.names, self.options, self.next = names, options, first
        self.lines: list[str] = []
        self.died: list[dict[str, Any]] = []
        self.ended = False
        self._start()

    def _start(self) -> None:
        self.output = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  (closed by _collect)
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        words = [sys.executable, "-m", "tools.fuzz", "--child", self.next, "--cases", self.options.cases]
        words += ["--seed", self.options.seed, "--jobs", self.options.jobs]
        words += [word for name in self.names for word in ("--only", name)]
        self.process = subprocess.Popen([str(word) for word in words], stdout=self.output, stderr=self.errors)

    def running(self) -> bool:
        """Whether there is more to do; a child that has died is followed by another."""
        if self.ended or self.process.poll() is None:
            return not self.ended
        self._collect()
        if self.process.returncode == 0:
            self.ended = True
            return False
        if not self.last or "outcome" in self.last or "number" not in self.last:
            raise RuntimeError(f"a child could not work:\n{self.said[-3000:]}")
        said = " | ".join(self.said.strip().splitlines()[:12])
        problem = f"the process died with status {self.process.returncode}: {said}"
        self.died.append(
            {**self.last, "change": "", "outcome": "fault", "problem": problem, "seconds": HANGS, "memory": 0}
        )
        self.next = self.last["number"] + self.options.jobs
        self._start()
        return True

    def stop(self) -> None:
        """End it where it is."""
        if not self.ended:
            self.process.kill()
            self.process.wait()
            self._collect()

    def _collect(self) -> None:
        with self.output, self.errors:
            self.output.seek(0)
            self.errors.seek(0)
            found, self.said = self.output.read().splitlines(), self.errors.read()
        self.lines += found
        whole = [json.loads(line) for line in found if line.endswith("}")]
        self.last: dict[str, Any] = whole[-1] if whole else {}

    def verdicts(self) -> list[dict[str, Any]]:
        """All that ended, one way or another."""
        found = [json.loads(line) for line in self.lines if line.endswith("}")]
        return [verdict for verdict in found if "outcome" in verdict] + self.died


def _report(verdicts: list[dict[str, Any]], options: argparse.Namespace) -> int:
    """Print a table by format, then every fault; 1 if there is one."""
    print(f"{'format':10}{'cases':>8}{'loaded':>8}{'sentence':>10}{'fault':>7}{'slowest':>9}{'most memory':>13}")
    for name in dict.fromkeys(verdict["format"] for verdict in verdicts):
        mine = [verdict for verdict in verdicts if verdict["format"] == name]
        count = Counter(verdict["outcome"] for verdict in mine)
        slowest, most = max(v["seconds"] for v in mine), max(v["memory"] for v in mine) / 2**20
        row = f"{name:10}{len(mine):8}{count['loaded']:8}{count['sentence']:10}{count['fault']:7}"
        print(f"{row}{slowest:7.2f} s{most:10,.0f} MB")
    faults = [verdict for verdict in verdicts if verdict["outcome"] == "fault"]
    for fault in faults:
        print(f"{fault['format']} {fault['number']} ({fault['change']}): {fault['problem']}")
    print(f"{len(verdicts):,} damaged files, {len(faults)} faults, seed {options.seed}")
    return int(bool(faults) or not verdicts)


if __name__ == "__main__":
    sys.exit(main())
