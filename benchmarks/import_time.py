"""How long `import tinynet` takes, as a multiple of `import numpy`.

usage: python benchmarks/import_time.py [PAIRS]

The two are timed in turn, each in a process of its own, so that a busy machine slows both alike; the median over all
pairs is printed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

TIMED = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def seconds(module: str) -> float:
    """The time of one import in a fresh process."""
    run = subprocess.run([sys.executable, "-c", TIMED.format(module)], capture_output=True, text=True, check=True)
    return float(run.stdout)


def ratio(pairs: int) -> tuple[float, float, float]:
    """The median ratio, and the median seconds of each import."""
    seconds("tinynet")  # the first import compiles the package
    timed = [(seconds("numpy"), seconds("tinynet")) for _ in range(pairs)]
    numpys, tinynets = zip(*timed, strict=True)
    return statistics.median(t / n for n, t in timed), statistics.median(numpys), statistics.median(tinynets)


if __name__ == "__main__":
    times, numpy, tinynet = ratio(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
    print(
        f"import numpy {numpy:.3f} s, import tinynet {tinynet:.3f} s: {times:.2f} times as long (at most 2 is wanted)"
    )
