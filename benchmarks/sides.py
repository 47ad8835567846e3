"""What is measured of the two sides, each of which computes while the other one waits on a pipe."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Self

ROOT = Path(__file__).resolve().parents[1]
LEAST = 0.25  # seconds of a block, whose first milliseconds are those of a process that has waited
DROPPED = 3  # steps at the beginning of each block, while threads wake up and memory is warmed
TOLERANCE = 2e-3  # of the losses, relative, over the first steps in float32
MEMORY_STEPS = 6
TIMES = {1: 100, 256: 8}  # predictions in a block, by batch size
BATCHES = (1, 4, 16, 64, 256, 1024)
WIDTHS, DEPTHS = (8, 16, 32, 64, 128), (2, 4, 8, 16, 32)  # of a stack of convolutions
# What either side imports until its first step is done; Tinynet loads Numba with SciPy's BLAS where it is first needed.
IMPORTS = {
    "tinynet": "import benchmarks.in_tinynet, tinynet.engine.machine.gemm.inside",
    "torch": "import benchmarks.in_torch",
}


class Plan(NamedTuple):
    """How to measure."""

    threads: int
    blocks: int = 3  #: How often the two take turns.
    steps: int = 20  #: In each block at least, those that are dropped included.
    sides: tuple[str, str] = ("tinynet", "torch")


class Worker:
    """A process that trains on one side, started when the other one waits."""

    def __init__(self, side: str, workload: str, weights: Path, threads: int, **environment: str) -> None:
        command = [sys.executable, "-m", "benchmarks.worker", side, workload, str(weights), str(threads)]
        start = perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=surroundings(threads) | environment,
            cwd=ROOT,
        )
        self.first_loss = self._read()["losses"][0]
        self.first_step = perf_counter() - start

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        print(json.dumps({"do": do, **more}), file=self.process.stdin, flush=True)
        return self._read()

    def _read(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args}: ended with {self.process.wait()}")
        return json.loads(line)


def surroundings(threads: int) -> dict[str, str]:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return os.environ | dict.fromkeys(names, str(threads))


@contextmanager
def both(workload: str, plan: Plan) -> Iterator[list[Worker]]:
    """The two sides with the same weights, once their first losses agree."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.npz"
        with (
            Worker(plan.sides[0], workload, weights, plan.threads) as one,
            Worker(plan.sides[1], workload, weights, plan.threads) as other,
        ):
            check_losses(workload, [one, other])
            yield [one, other]


def check_losses(workload: str, pair: list[Worker]) -> None:
    """Stop if the two sides do not train the same network."""
    losses = [[worker.first_loss, *worker.ask("agree", times=4)["losses"]] for worker in pair]
    if any(not abs(a - b) <= TOLERANCE * abs(b) for a, b in zip(*losses, strict=True)):
        raise SystemExit(f"{workload}: the losses differ: Tinynet {losses[0]}, PyTorch {losses[1]}")


def in_turn(pair: list[Worker], blocks: int, do: str, times: int, **more: Any) -> list[list[float]]:
    """The milliseconds that each side took for each step, in alternating blocks of so many, or of `LEAST` seconds."""
    seconds = [worker.ask(do, times=DROPPED + 1, **more)["seconds"][-1] for worker in pair]
    counts = [max(times, math.ceil(LEAST / one)) for one in seconds]
    kept: list[list[float]] = [[], []]
    for _ in range(blocks):
        for worker, count, milliseconds in zip(pair, counts, kept, strict=True):
            milliseconds += [1e3 * s for s in worker.ask(do, times=count, **more)["seconds"][DROPPED:]]
    return kept


def training(workload: str, plan: Plan) -> dict[str, float]:
    """A step of training: forward, backward, update."""
    with both(workload, plan) as pair:
        work = pair[0].ask("work")
        ours, theirs = in_turn(pair, plan.blocks, "train", plan.steps)
    ms = statistics.median(ours)
    gflops = 6 * work["multiply_adds"] / ms / 1e6  # 2 for each, and forward, dx and dW
    row = {"ms": ms, "min": min(ours), "torch ms": statistics.median(theirs), "torch min": min(theirs)}
    return row | {"ratio": ms / row["torch ms"], "of peak": gflops / work["peak"], "peak": work["peak"]}


def memory(workload: str, plan: Plan) -> dict[str, float]:
    """Processes that do nothing but train: the most memory each had, and when its first step was done."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.npz"
        with Worker(plan.sides[0], workload, weights, plan.threads):
            pass  # so that all is compiled, and has been read from the disk once
        found = [_trained(side, workload, weights, plan.threads) for side in plan.sides]
    (ours, first), (theirs, torch_first) = found
    return {
        "MiB": ours / 2**20, "torch MiB": theirs / 2**20, "ratio": ours / theirs,
        "first": first, "torch first": torch_first,
    }  # fmt: skip


def _trained(side: str, workload: str, weights: Path, threads: int) -> tuple[int, float]:
    with Worker(side, workload, weights, threads) as worker:
        worker.ask("train", times=MEMORY_STEPS)
        return worker.ask("memory")["bytes"], worker.first_step


def inference(workload: str, plan: Plan) -> dict[str, float]:
    """Predictions for one sample and for 256."""
    row = {}
    with both(workload, plan) as pair:
        for size, times in TIMES.items():
            ours, theirs = map(statistics.median, in_turn(pair, plan.blocks, "infer", times, batch=size))
            row |= {f"ms {size}": ours, f"torch ms {size}": theirs, f"ratio {size}": ours / theirs}
    return row


def start(workload: str, plan: Plan) -> dict[str, float]:
    """From the start of a process to its first finished step, with compiled code on the disk and without."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.npz"
        with Worker(plan.sides[0], workload, weights, plan.threads, XDG_CACHE_HOME=folder) as cold:
            pass
        with Worker(plan.sides[0], workload, weights, plan.threads, XDG_CACHE_HOME=folder) as warm:
            pass
        with Worker(plan.sides[1], workload, weights, plan.threads) as theirs:
            pass
    imports, torch_imports = (_import_time(side, plan.threads) for side in plan.sides)
    return {
        "cold": cold.first_step, "warm": warm.first_step, "imports": imports,
        "torch": theirs.first_step, "torch imports": torch_imports,
    }  # fmt: skip


def _import_time(side: str, threads: int) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS[side]], check=True, env=surroundings(threads), cwd=ROOT)
    return perf_counter() - start


Line = dict[int, tuple[float, float]]  # from a size to the milliseconds for each sample, ours and theirs


def growth_with_batch(workload: str, plan: Plan) -> Line:
    """A step of training for larger and larger batches."""
    line = {}
    with both(workload, plan) as pair:
        for size in BATCHES:
            line[size] = _per_sample(pair, plan, size)
    return line


def growth_with_size(stacks: dict[int, str], plan: Plan) -> Line:
    """A step of training for larger and larger nets of the same kind, by their size."""
    line = {}
    for size, workload in stacks.items():
        with both(workload, plan) as pair:
            line[size] = _per_sample(pair, plan, 64)
    return line


def _per_sample(pair: list[Worker], plan: Plan, batch: int) -> tuple[float, float]:
    ours, theirs = map(statistics.median, in_turn(pair, plan.blocks, "train", plan.steps, batch=batch))
    return ours / batch, theirs / batch
