"""One workload in a process of its own: what it costs to look inside while it trains. The answer is a line of JSON.

usage: python -m benchmarks.looking_worker WORKLOAD THREADS BLOCKS
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import tracemalloc
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from benchmarks.in_tinynet import Side
from benchmarks.sides import DROPPED
from benchmarks.worker import WORKLOADS, batch
from tinynet import trace
from tinynet.learner import Callback, Learner, Statistics
from tinynet.learner.statistics import DETAILS
from tinynet.losses import cross_entropy
from tinynet.optimizers import SGD, Adam

APART = 4  # steps from one look to the next, while its cost is measured
LEAST = 0.4  # seconds of a block
NEVER = 10**12


class Repeated:
    """The same batch in every step, so that no time goes into reading."""

    def __init__(self, x: Any, y: Any, n_steps: int) -> None:
        self.x, self.y, self.n_steps = x, y, n_steps

    def __len__(self) -> int:
        return self.n_steps * len(self.x)

    def __getitem__(self, indices: Any) -> tuple[Any, Any]:
        return self.x, self.y


class Clock(Callback):
    """The seconds of each step, all callbacks before this one included."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_epoch_begin(self, learner: Learner, epoch: int) -> None:
        self.last = perf_counter()

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        now = perf_counter()
        self.seconds.append(now - self.last)
        self.last = now


class Training:
    """Blocks of steps of one net, with callbacks."""

    def __init__(self, net: Any, rule: str, data: Repeated, *callbacks: Callback) -> None:
        self.clock, self.kept = Clock(), list[list[float]]()
        optimizer = SGD(lr=0.001, momentum=0.9) if rule == "sgd" else Adam(lr=0.0001)
        chain = [*callbacks, self.clock]
        self.learner = Learner(net, cross_entropy, optimizer, data, batch_size=len(data.x), callbacks=chain)

    def block(self) -> None:
        self.clock.seconds = []
        self.learner.fit(1, progress=False)
        self.kept.append(self.clock.seconds)

    def steps(self) -> list[float]:
        """All steps but the first of each block."""
        return [seconds for block in self.kept for seconds in block[DROPPED:]]

    def cost_of_a_look(self, plain: float) -> float:
        """What a look costs in steps: the step itself, and what it changes for those that follow."""
        by_place = [
            [block[i] for block in self.kept for i in range(place, len(block), APART)] for place in range(APART)
        ]
        return sum(usual(seconds) - plain for seconds in by_place) / plain


def usual(seconds: list[float]) -> float:
    """The lower quartile: whatever else the machine does only adds to a time."""
    return quantiles(seconds, n=4, method="inclusive")[0] if len(seconds) > 1 else seconds[0]


def measure(workload: str, threads: int, blocks: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        side = Side(workload, WORKLOADS[workload][2], str(Path(folder) / "weights.npz"), threads, "")
    x, y = batch(workload, WORKLOADS[workload][0])
    for _ in range(DROPPED + 1):
        start = perf_counter()
        side.step(x, y)
    n_steps = max(2 * APART, APART * math.ceil(LEAST / (perf_counter() - start) / APART))
    data, rule = Repeated(x, y, n_steps), WORKLOADS[workload][2]
    plain, off = Training(side.net, rule, data), Training(side.net, rule, data, Statistics(every=NEVER))
    looking = {
        name: Training(side.net, rule, data, Statistics(name, every=1 if name == "full" else APART)) for name in DETAILS
    }
    traced = list[float]()
    for _ in range(blocks):
        for training in (plain, off, *looking.values()):
            training.block()
        traced += _traced(side, x, y, n_steps // APART)
    step = usual(plain.steps())
    row = {"ms": 1e3 * step, "off": usual(off.steps()) / step, "trace": usual(traced) / step}
    row |= {name: looking[name].cost_of_a_look(step) / DETAILS[name].every for name in ("light", "economy")}
    return row | {"full": usual(looking["full"].steps()) / step} | _memory(side, x, y)


def _traced(side: Side, x: Any, y: Any, times: int) -> list[float]:
    seconds = []
    for _ in range(times):
        side.step(x, y)
        start = perf_counter()
        trace(side.net, x, y, cross_entropy, side.optimizer)
        seconds.append(perf_counter() - start)
    return seconds


def _memory(side: Side, x: Any, y: Any) -> dict[str, float]:
    """How many bytes a trace keeps, and how many more than an ordinary step it needs while it runs."""
    tracemalloc.start()
    side.step(x, y)
    ordinary = _peak_of(lambda: side.step(x, y))
    found = list[Any]()
    with_trace = _peak_of(lambda: found.append(trace(side.net, x, y, cross_entropy, side.optimizer)))
    tracemalloc.stop()
    return {"kept": found[0].nbytes, "needed": with_trace - ordinary}


def _peak_of(work: Any) -> int:
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    work()
    return tracemalloc.get_traced_memory()[1] - before


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
