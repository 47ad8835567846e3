"""Train the same networks from the same weights on the same batches in Tinynet and in PyTorch, and compare.

usage: python -m benchmarks.against_pytorch [WORKLOAD ...] [--threads N] [--blocks N] [--steps N] [--write FILE]

Each side runs in a process of its own. They train in turn, in blocks of at least 20 steps of which the first three do
not count, while the other one waits on a pipe: in shorter turns their waiting threads would slow each other down four
to six times. Losses must agree. The share of the peak counts the multiply-adds of forward and backward as plain sums,
against the machine's own matrix products on as many threads, so Winograd's convolutions can pass 100 %.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.worker import WORKLOADS

WANTED = {
    "mlp": 0.5, "lenet": 0.5, "mnist_cnn": 0.6, "resnet20": 0.85, "vgg": 0.6, "gpt": 0.8, "lstm": 0.9, "mobilenet": 0.7,
}  # fmt: skip
DROPPED = 3
TOLERANCE = 2e-3  # of the losses, relative, over the first steps in float32
HEADINGS = [
    "workload", "Tinynet ms (min)", "PyTorch ms (min)", "ratio", "wanted", "of peak", "MiB", "PyTorch MiB",
    "first step s", "PyTorch s", "inference, 1", "inference, 256",
]  # fmt: skip


class Worker:
    """A process that trains on one side, started when the other one waits."""

    def __init__(self, side: str, workload: str, weights: Path, threads: int) -> None:
        command = [sys.executable, "-m", "benchmarks.worker", side, workload, str(weights), str(threads)]
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, str(threads))
        start = perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.first_loss = self._read()["losses"][0]
        self.first_step = perf_counter() - start

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        print(json.dumps({"do": do, **more}), file=self.process.stdin, flush=True)
        return self._read()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def _read(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args}: ended with {self.process.wait()}")
        return json.loads(line)


def compare(workload: str, threads: int, blocks: int, steps: int) -> dict[str, float]:
    """All numbers of one row."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.npz"
        pair = [Worker(side, workload, weights, threads) for side in ("tinynet", "torch")]
    check_losses(workload, pair)
    peaks = [worker.ask("memory")["bytes"] for worker in pair]  # after the steps of the check, before inference
    work = pair[0].ask("work")
    seconds: list[list[float]] = [[], []]
    for _ in range(blocks):
        for worker, kept in zip(pair, seconds, strict=True):
            kept += worker.ask("train", times=steps)["seconds"][DROPPED:]
    row = {f"infer {size}": infer_ratio(pair, size) for size in (1, 256)}
    for worker in pair:
        worker.close()
    medians = [statistics.median(kept) * 1e3 for kept in seconds]
    gflops = 6 * work["multiply_adds"] / medians[0] / 1e6  # 2 for each, and forward, dx and dW
    return row | {
        "ms": medians[0], "min": min(seconds[0]) * 1e3, "torch ms": medians[1], "torch min": min(seconds[1]) * 1e3,
        "ratio": medians[0] / medians[1], "of peak": gflops / work["peak"],
        "MiB": peaks[0] / 2**20, "torch MiB": peaks[1] / 2**20,
        "first": pair[0].first_step, "torch first": pair[1].first_step,
    }  # fmt: skip


def check_losses(workload: str, pair: list[Worker]) -> None:
    """Stop if the two sides do not train the same network."""
    losses = [[worker.first_loss, *worker.ask("agree", times=4)["losses"]] for worker in pair]
    if any(abs(a - b) > TOLERANCE * abs(b) for a, b in zip(*losses, strict=True)):
        raise SystemExit(f"{workload}: the losses differ: Tinynet {losses[0]}, PyTorch {losses[1]}")


def infer_ratio(pair: list[Worker], size: int) -> float:
    times = 40 if size == 1 else 8
    medians = []
    for worker in pair:
        medians.append(statistics.median(worker.ask("infer", batch=size, times=times)["seconds"][DROPPED:]))
    return medians[0] / medians[1]


def cells(workload: str, row: dict[str, float]) -> list[str]:
    return [
        workload, f"{row['ms']:.2f} ({row['min']:.2f})", f"{row['torch ms']:.2f} ({row['torch min']:.2f})",
        f"{row['ratio']:.2f}", f"{WANTED[workload]:.2f}", f"{row['of peak']:.0%}", f"{row['MiB']:.0f}",
        f"{row['torch MiB']:.0f}", f"{row['first']:.1f}", f"{row['torch first']:.1f}", f"{row['infer 1']:.2f}",
        f"{row['infer 256']:.2f}",
    ]  # fmt: skip


def line(texts: list[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="; ".join(WORKLOADS))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--blocks", type=int, default=3, help="how often the two take turns")
    parser.add_argument("--steps", type=int, default=20, help="in each block; at least 20")
    parser.add_argument("--write", type=Path, help="a page to write the table to")
    given = parser.parse_args()
    table = [line(HEADINGS), line(["---"] + ["---:"] * (len(HEADINGS) - 1))]
    print(*table, sep="\n", flush=True)
    ratios = []
    for workload in given.workloads or WORKLOADS:
        row = compare(workload, given.threads, given.blocks, given.steps)
        ratios.append(row["ratio"])
        table.append(line(cells(workload, row)))
        print(table[-1], flush=True)
    mean = f"Geometric mean of the ratios: {statistics.geometric_mean(ratios):.2f}"
    print(mean)
    if given.write:
        about = f"Tinynet against PyTorch eager, {given.threads} threads of {platform.machine()}, float32."
        page = ["# Speed", "", about, "", *table, "", f"{mean} (at most 0.65 is wanted).", ""]
        given.write.write_text("\n".join(page))


if __name__ == "__main__":
    main()
