"""Each layer, loss and optimizer alone beside PyTorch's, forward and backward, in alternating processes.

usage: python -m benchmarks.layers [NAME ...] [--threads N] [--blocks N] [--write docs/benchmarks_layers.md]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, Self

from benchmarks.layer_cases import CASES
from benchmarks.sides import ROOT, surroundings

BLOCK_SECONDS = 0.15
SHORTEST = 20e-6  # seconds below which a ratio says more about Python than about the work
BOUND, MEAN_BOUND = 1.25, 0.75


class Side:
    """A process that computes on one side."""

    def __init__(self, name: str, threads: int, **environment: str) -> None:
        command = [sys.executable, "-m", "benchmarks.layer_worker", name, str(threads)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env=surroundings(threads) | environment,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, case: str, size: int, seconds: float) -> list[float]:
        return self._answer({"case": case, "size": size, "seconds": seconds})

    def route(self, case: str, size: int) -> str:
        return self._answer({"case": case, "size": size, "route": True})

    def _answer(self, asked: dict[str, Any]) -> Any:
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args}: ended with {self.process.wait()} at {asked}")
        return json.loads(line)


class Row(NamedTuple):
    """What was measured of one case at one size."""

    name: str
    shape: tuple[int, ...]
    route: str  #: What serves it in Tinynet.
    ours: float  #: Seconds, the median.
    theirs: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    @property
    def counts(self) -> bool:
        """Whether it takes long enough to be held to the bound."""
        return self.theirs > SHORTEST or self.ours > SHORTEST

    def cells(self) -> list[str]:
        mark = " (missed)" if self.counts and self.ratio > BOUND else ""
        times = [f"{seconds * 1e6:,.0f}" for seconds in (self.ours, self.theirs)]
        return [self.name, " × ".join(map(str, self.shape)), self.route, *times, f"{self.ratio:.2f}{mark}"]


def measure(names: list[str], threads: int, blocks: int) -> list[Row]:
    """Measure both sizes of each case, and print each row as soon as it is known."""
    rows = []
    with Side("tinynet", threads) as ours, Side("torch", threads) as theirs:
        for name in names:
            for size, shape in enumerate(CASES[name].shapes):
                kept: list[list[float]] = [[], []]
                for _ in range(blocks):
                    for side, seconds in zip((ours, theirs), kept, strict=True):
                        seconds += side.ask(name, size, BLOCK_SECONDS)
                rows.append(Row(name, shape, ours.route(name, size), *map(statistics.median, kept)))
                print("| " + " | ".join(rows[-1].cells()) + " |", flush=True)
    return rows


def verdict(rows: list[Row]) -> str:
    """The mean, and what is slower than the bound."""
    counted = [row for row in rows if row.counts]
    mean = math.exp(statistics.fmean(math.log(row.ratio) for row in counted))
    missed = [f"{row.name} {row.ratio:.2f}" for row in counted if row.ratio > BOUND]
    slower = f"slower than {BOUND}: {', '.join(missed)}" if missed else f"none slower than {BOUND}"
    return f"Geometric mean {mean:.2f} (wanted: {MEAN_BOUND}); {slower}."


def page(rows: list[Row], threads: int) -> str:
    """The page of the docs."""
    table = ["| what | shape of x | served by | µs | PyTorch's µs | ratio |", "|---|---|---|---|---|---|"]
    table += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return f"""# Speed, layer by layer

Each layer and loss alone, forward and backward, and each optimizer alone, one step; the shape of an optimizer's row is
how many parameters it has and how many numbers each. `make bench-layers` measures it beside PyTorch, in alternating
blocks of two processes with {threads} threads each, and writes this page. Images come with their channels last in
memory, which is how one layer of a net hands them to the next (but for Flatten, of which PyTorch has only the case in
which nothing moves). Rows of less than {SHORTEST * 1e6:.0f} µs on both sides are shown and not counted.

{verdict(rows)}

{chr(10).join(table)}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="; ".join(CASES))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--blocks", type=int, default=10, help="how often the two take turns")
    parser.add_argument("--write", type=Path, help="the page to write")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in CASES]:
        parser.error(f"there is no case {unknown[0]}; there are {', '.join(CASES)}")
    rows = measure(given.names or list(CASES), given.threads, given.blocks)
    print(verdict(rows))
    if given.write:
        given.write.write_text(page(rows, given.threads), encoding="utf-8")


if __name__ == "__main__":
    main()
