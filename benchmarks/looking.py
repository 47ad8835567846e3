"""What it costs to look inside while a net trains: watching, statistics over training, and a trace.

usage: python -m benchmarks.looking [WORKLOAD ...] [--threads N] [--blocks N] [--write docs/benchmarks_looking.md]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.page import machine
from benchmarks.sides import ROOT, surroundings
from benchmarks.tables import in_threads, line, missing
from benchmarks.worker import WORKLOADS
from tinynet.learner.statistics import DETAILS

Row = dict[str, float]
HEADINGS = ("workload", "step, ms", "off", "light", "economy", "full", "trace", "trace keeps, MB", "needs, of that")
#: What is stated; a step that nobody looks at is measured to about a hundredth.
BOUNDS = {"off": 1.01, "light": 0.01, "economy": 0.05, "trace": 3.0}
ABOUT = """\
# Looking inside, and what it costs

Each row is one of the workloads of [the comparison with PyTorch](benchmarks.md), trained by `Learner.fit` on one batch
again and again, in a process of its own. Blocks of steps without a callback and with one take turns. Lower quartiles
are compared, because whatever else the machine does only adds to a time. `make bench` measures it for the machine it
runs on.

- **off**: a step with a `Statistics` callback that does not look at it, as a multiple of one without.
- **light**, **economy**: what the looks add to the time of training, as a share: the cost of a look, with what it
  changes for the steps that follow, over the number of steps from one look to the next, {light} and {economy}.
- **full**: a step that is looked at in full, as a multiple of one without.
- **trace**: a step recorded by `tinynet.trace`, as a multiple of an ordinary one; how much the trace keeps, and the
  memory that the step needs beyond an ordinary one, as a multiple of what is kept.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="; ".join(WORKLOADS))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--blocks", type=int, default=5, help="how often all take turns")
    parser.add_argument("--write", type=Path, help="the page to write")
    given = parser.parse_args()
    if unknown := [workload for workload in given.workloads if workload not in WORKLOADS]:
        parser.error(f"there is no workload {unknown[0]}; there are {', '.join(WORKLOADS)}")
    print(f"Looking inside, {in_threads(given.threads)}", *heading(), sep="\n", flush=True)
    rows = {}
    for workload in given.workloads or WORKLOADS:
        rows[workload] = measured(workload, given.threads, given.blocks)
        print(line([workload, *cells(rows[workload])]), flush=True)
    print(verdict(rows))
    if given.write:
        given.write.write_text(page(rows, given.threads), encoding="utf-8")


def measured(workload: str, threads: int, blocks: int) -> Row:
    command = [sys.executable, "-m", "benchmarks.looking_worker", workload, str(threads), str(blocks)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=surroundings(threads), cwd=ROOT)
    return json.loads(done.stdout)


def heading() -> list[str]:
    """The first two lines of the table."""
    return [line(list(HEADINGS)), line(["---"] + ["---:"] * (len(HEADINGS) - 1))]


def cells(row: Row) -> list[str]:
    shares = [f"{100 * row[name]:.2f} %" for name in ("light", "economy")]
    times = [f"{row[name]:.2f}" for name in ("full", "trace")]
    return [f"{row['ms']:.2f}", f"{row['off']:.3f}", *shares, *times, f"{row['kept'] / 1e6:.1f}", _needed(row)]


def _needed(row: Row) -> str:
    return f"{row['needed'] / row['kept']:.2f}"


def verdict(rows: dict[str, Row]) -> str:
    """Which of the stated prices hold."""
    found = {name: [w for w, row in rows.items() if row[name] > bound] for name, bound in BOUNDS.items()}
    words = {"off": "nothing when off", "light": "light at most 1 %", "economy": "economy at most 5 %"}
    words["trace"] = "a trace at most 3 steps"
    return "; ".join(f"{words[name]}: {missing(workloads)}" for name, workloads in found.items()) + "."


def page(rows: dict[str, Row], threads: int) -> str:
    """The page of the docs."""
    about = ABOUT.format(light=DETAILS["light"].every, economy=DETAILS["economy"].every)
    table = [*heading(), *(line([workload, *cells(row)]) for workload, row in rows.items())]
    return "\n\n".join([about.strip(), *machine(threads), "\n".join(table), verdict(rows)]) + "\n"


if __name__ == "__main__":
    main()
