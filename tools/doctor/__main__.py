#!/usr/bin/env python3
"""Score the doctor: faulty programs, their healthy twins, controls and healthy runs, several seeds each.

usage: python -m tools.doctor [--only A1 D3 twins …] [--seeds 3] [--jobs 2] [--verbose] [--drawn 100]

`--only` takes the beginnings of names: A for section A, D3r for one program, and `twins`, `controls` or `healthy`. The
exit status is 1 if a wanted number is not reached.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial

from tools.doctor.report import line, totals
from tools.doctor.running import drawn, tasks, verdicts


def main() -> int:
    parser = argparse.ArgumentParser(description="Score the doctor on programs with a known fault, and healthy ones.")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--drawn", type=int, default=0, metavar="N", help="N programs drawn at random instead")
    parser.add_argument("--first", type=int, default=0, help="the number of the first of these")
    parser.add_argument("--verbose", action="store_true", help="what was seen, for each diagnosis")
    given = parser.parse_args()
    runs = drawn(given.first, given.drawn) if given.drawn else tasks(given.only, given.seeds)
    if not runs:
        parser.error(f"nothing is called {' or '.join(given.only)}")
    say = partial(print, flush=True)
    done = []
    for verdict in verdicts(runs, given.jobs):
        done.append(verdict)
        say(line(verdict, given.verbose))
    text, reached = totals(done)
    say(text)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
