"""Train the same networks from the same weights on the same batches in Tinynet and in PyTorch, and compare.

usage: python -m benchmarks.against_pytorch [WORKLOAD ...] [--training] [--memory] [--inference] [--start] [--growth]
                                            [--threads N] [--blocks N] [--steps N] [--write FILE]

Each side runs in a process of its own. They train in turn, in blocks of at least 20 steps of which the first three do
not count, while the other one waits on a pipe: in shorter turns their waiting threads would slow each other down four
to six times. Losses must agree. Without the name of a part, training, memory and inference are measured, and all five
if the page is written; without a workload, every workload.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks import growth, page
from benchmarks.sides import Plan
from benchmarks.tables import PARTS, STARTED, Row, heading, in_threads, line
from benchmarks.worker import WORKLOADS

USUAL = ("training", "memory", "inference")


def main(arguments: list[str] | None = None, sides: tuple[str, str] = ("tinynet", "torch")) -> None:
    """Measure and print what is asked for; `sides` are those of the two processes."""
    given = options(arguments)
    plan = Plan(given.threads, given.blocks, given.steps, sides)
    everything = [*PARTS, "growth"]
    wanted = [part for part in everything if getattr(given, part)] or (everything if given.write else USUAL)
    measured = {}
    for name in wanted:
        if name in PARTS:
            usual = STARTED if name == "start" else WORKLOADS
            measured[name] = measure(name, given.workloads or list(usual), plan)
    grown = None
    if "growth" in wanted:
        grown = growth.measure(given.workloads or list(growth.WORKLOADS), plan, stacks=not given.workloads)
        print(*growth.table(grown), growth.verdict(grown), sep="\n")
    if given.write:
        page.write(given.write, plan, measured, grown)


def measure(name: str, workloads: list[str], plan: Plan) -> dict[str, Row]:
    """The rows of one table, each printed as soon as it is known."""
    part, rows = PARTS[name], {}
    print(f"{part.title}, {in_threads(plan.threads)}", *heading(part), sep="\n", flush=True)
    for workload in workloads:
        rows[workload] = part.measure(workload, plan)
        print(line([workload, *part.cells(workload, rows[workload])]), flush=True)
    print(part.verdict(rows), flush=True)
    return rows


def options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="; ".join(WORKLOADS))
    for part, about in {name: part.title for name, part in PARTS.items()}.items():
        parser.add_argument(f"--{part}", action="store_true", help=about)
    parser.add_argument("--growth", action="store_true", help="With the batch, the width and the depth")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--blocks", type=int, default=3, help="how often the two take turns")
    parser.add_argument("--steps", type=int, default=20, help="in each block; at least 20")
    parser.add_argument("--write", type=Path, help="a page to write the tables to")
    given = parser.parse_args(arguments)
    if unknown := [workload for workload in given.workloads if workload not in WORKLOADS]:
        parser.error(f"there is no workload {unknown[0]}; there are {', '.join(WORKLOADS)}")
    if given.steps < 20:
        parser.error("shorter blocks than 20 steps measure how the two disturb each other")
    return given


if __name__ == "__main__":
    main()
