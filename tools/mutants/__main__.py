"""python -m tools.mutants [--only losses/dice.py] [--room data] [--most 12] [--of-room 99] [--list] [--report FILE]"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import sys
import time
import tomllib
from pathlib import Path

from tools.mutants.report import as_markdown, by_room, line_of, totals
from tools.mutants.running import Outcome, Tests, collect
from tools.mutants.sources import ROOMS, sample, sample_of_rooms, sources

EQUIVALENT = Path(__file__).with_name("equivalent.toml")
ENOUGH = 0.96
# One thread, as a fork takes only one along, and no test that waits for a compiler.
SURROUNDINGS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_DISABLE_JIT": "1"}


def main() -> int:
    """Try the mutants, and return 1 if too many survive in a room."""
    os.environ |= SURROUNDINGS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exit ends the children too
    options = _options()
    package = Path(importlib.util.find_spec("tinynet").origin).parent
    found = sources(package, f"{options.room}/" if options.room else options.only)
    chosen = sample((mutant for source in found for mutant in source.mutants()), options.most)
    chosen = sample_of_rooms(chosen, options.of_room)
    if options.list:
        for mutant in chosen:
            print(f"{mutant.function.file}:{mutant.change.line}  {mutant.key.partition(' ')[2]}")
        print(f"{len(chosen)} mutants")
        return 0
    equivalent = _equivalent()
    outcomes: list[Outcome] = []
    start = time.monotonic()

    def work(tests: Tests) -> None:
        print(f"{len(chosen)} mutants. First the tests on the sources as they are: ", end="", flush=True)
        readings = tests.read(found, options.jobs)
        broken = [item.nodeid for item, reading in zip(tests.items, readings, strict=True) if not reading.passed]
        print(f"{len(readings)} tests, {len(broken)} of which fail and will catch nothing.")
        for name in broken:
            print(f"  {name}")
        at = {source.file: source for source in found}
        pairs: list[tuple] = [(mutant, at[mutant.function.file]) for mutant in chosen]
        for outcome in tests.catch(pairs, readings, options.jobs):
            outcomes.append(outcome)
            print(line_of(outcome, equivalent), flush=True)

    status = collect(work, options.room)
    if len(outcomes) < len(chosen):
        return status or 1
    minutes = (time.monotonic() - start) / 60
    print(totals(outcomes, equivalent, minutes))
    if options.report:
        options.report.write_text(
            as_markdown(outcomes, equivalent, minutes, options.jobs, options.most, options.of_room), encoding="utf-8"
        )
    return 0 if all(caught >= ENOUGH * number for _, number, caught in by_room(outcomes)) else 1


def _equivalent() -> dict[str, str]:
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutants"]
    return {f"{entry['where']}: {change}": entry["why"] for entry in entries for change in entry["changes"]}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutants", description="Change one thing, and see a test fail."
    )
    parser.add_argument("--only", default="", help="part of the path of the files to change, as in layers/linear.py")
    parser.add_argument("--room", choices=ROOMS, help="only this room, with the tests of this room alone")
    parser.add_argument("--most", type=int, default=12, help="mutants of each class or single function; 0 for all")
    parser.add_argument("--of-room", type=int, default=0, help="mutants of each room, drawn from those; 0 for all")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    parser.add_argument("--report", type=Path, help="write the page of survivors here")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
