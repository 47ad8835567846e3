"""Kill a training at random moments, go on with it each time, and see that it ends bit for bit as if undisturbed.

    python -m tools.kill_test --number 200
    python -m tools.kill_test --number 20 --seed 7 --only library

Most kills meet a process in which Tinynet is loaded already, so that they come while it trains, validates and saves.
Every twentieth meets the command `tinynet train` from its start: while it loads, compiles, tests and writes the report.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tools.kill_test.killing import Tally, kill_command, kill_library

#: A process is killed, not the machine, so what is in memory counts as on the disk, and syncing takes no time.
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
SHARE_OF_COMMAND = 20  # of so many kills, one is of the command
KINDS = {"library": kill_library, "command": kill_command}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.kill_test", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--number", type=int, default=200, help="how many kills (200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(KINDS), help="kills of one kind alone")
    options = parser.parse_args()
    tally = Tally()
    n_command = {"library": 0, "command": options.number, None: options.number // SHARE_OF_COMMAND}[options.only]
    with tempfile.TemporaryDirectory(prefix="tinynet-kill-", dir=IN_MEMORY) as top:
        kill_library(Path(top, "library"), options.number - n_command, options.seed, tally)
        kill_command(Path(top, "command"), n_command, options.seed, tally)
    print(tally)
    return int(bool(tally.faults))


if __name__ == "__main__":
    sys.exit(main())
