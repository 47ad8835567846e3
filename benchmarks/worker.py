"""One side of the comparison in a process of its own: it does what each line on its standard input asks for.

usage: python -m benchmarks.worker SIDE WORKLOAD WEIGHTS THREADS [BODY]

SIDE is tinynet or torch. While it has nothing to do it waits on the pipe, and its threads sleep. Each answer is a line
of JSON. The first, without being asked, comes after the first step.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

# name: (batch size, shape of one sample, optimizer); a sample of integers is a text.
WORKLOADS: dict[str, tuple[int, tuple[int, ...], str]] = {
    "mlp": (64, (784,), "sgd"),
    "lenet": (64, (1, 28, 28), "sgd"),
    "mnist_cnn": (128, (1, 28, 28), "sgd"),
    "resnet20": (128, (3, 32, 32), "sgd"),
    "vgg": (64, (3, 32, 32), "sgd"),
    "gpt": (16, (128,), "adam"),
    "lstm": (32, (64,), "adam"),
    "mobilenet": (64, (3, 32, 32), "sgd"),
}
TEXTS = ("gpt", "lstm")
STACK = (64, (3, 16, 16), "sgd")  # of convolutions, stack-WIDTHxDEPTH


def batch(workload: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The same inputs and labels on both sides."""
    rng = np.random.default_rng(0)
    shape = WORKLOADS.get(workload, STACK)[1]
    if workload in TEXTS:
        return rng.integers(0, 65, (size, *shape)), rng.integers(0, 65, (size, *shape))
    return rng.random((size, *shape), np.float32), rng.integers(0, 10, size)


def product_peak() -> float:
    """The best of some large matrix products, in GFLOP/s."""
    a = np.ones((2048, 2048), np.float32)
    return 2 * 2048**3 / min(timed(lambda: a @ a, 8)[0]) / 1e9


def peak_memory() -> int:
    """The most bytes that this process ever had in memory."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage also counts what the parent had when it started this process
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def timed(work: Any, times: int) -> tuple[list[float], list[Any]]:
    seconds, results = [], []
    for _ in range(times):
        start = perf_counter()
        results.append(work())
        seconds.append(perf_counter() - start)
    return seconds, results


def answer(side: Any, workload: str, asked: dict[str, Any]) -> dict[str, Any]:
    x, labels = batch(workload, asked.get("batch", WORKLOADS.get(workload, STACK)[0]))
    match asked["do"]:
        case "train":
            seconds, losses = timed(lambda: side.step(x, labels), asked["times"])
            return {"seconds": seconds, "losses": losses}
        case "agree":
            side.without_dropout()
            losses = timed(lambda: side.step(x, labels), asked["times"])[1]
            side.with_dropout()
            return {"losses": losses}
        case "infer":
            with side.inference():
                return {"seconds": timed(lambda: side.infer(x), asked["times"])[0]}
        case "memory":
            return {"bytes": peak_memory()}
        case "work":
            return {"multiply_adds": side.multiply_adds(x), "peak": product_peak()}
    raise ValueError(asked)


def main() -> None:
    name, workload, weights, threads, *body = sys.argv[1:]
    size, _, optimizer = WORKLOADS.get(workload, STACK)
    side = import_module(f"benchmarks.in_{name}").Side(
        workload, optimizer, weights, int(threads), body[0] if body else ""
    )
    side.without_dropout()
    print(json.dumps({"losses": [side.step(*batch(workload, size))]}), flush=True)
    side.with_dropout()
    for line in sys.stdin:
        print(json.dumps(answer(side, workload, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
