"""The tables of the comparison: what each part measures, its columns, and how a row reads."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import NamedTuple

from benchmarks import sides

Row = dict[str, float]
WANTED = {
    "mlp": 0.5, "lenet": 0.5, "mnist_cnn": 0.6, "resnet20": 0.85, "vgg": 0.6, "gpt": 0.8, "lstm": 0.9, "mobilenet": 0.7,
}  # fmt: skip
WANTED_MEAN, WANTED_GROWTH = 0.65, 1.2
STARTED = ("mnist_cnn",)  # whose start is measured with a cold cache too, if no workload is named


class Part(NamedTuple):
    """One table."""

    title: str
    about: str
    headings: tuple[str, ...]
    measure: Callable[[str, sides.Plan], Row]
    cells: Callable[[str, Row], list[str]]
    verdict: Callable[[dict[str, Row]], str]


def training_cells(workload: str, row: Row) -> list[str]:
    wanted = f"{WANTED[workload]:.2f}" if workload in WANTED else ""
    ours, theirs = f"{row['ms']:.2f} ({row['min']:.2f})", f"{row['torch ms']:.2f} ({row['torch min']:.2f})"
    return [ours, theirs, f"{row['ratio']:.2f}", wanted, f"{row['of peak']:.0%}"]


def training_verdict(rows: dict[str, Row]) -> str:
    mean = statistics.geometric_mean(row["ratio"] for row in rows.values())
    peak = max(row["peak"] for row in rows.values())
    missed = [workload for workload, row in rows.items() if row["ratio"] > WANTED.get(workload, 1)]
    return (
        f"Geometric mean of the ratios: {mean:.2f} (at most {WANTED_MEAN} is wanted); {missing(missed)}. The peak is "
        f"{peak:.0f} GFLOP/s."
    )


def memory_cells(workload: str, row: Row) -> list[str]:
    cells = [f"{row['MiB']:.0f}", f"{row['torch MiB']:.0f}", f"{row['ratio']:.2f}"]
    return [*cells, f"{row['first']:.2f}", f"{row['torch first']:.2f}"]


def memory_verdict(rows: dict[str, Row]) -> str:
    return f"At most PyTorch's memory is wanted; {missing([w for w, row in rows.items() if row['ratio'] > 1])}."


def inference_cells(workload: str, row: Row) -> list[str]:
    return [
        f"{row[f'{what} {size}']:{form}}"
        for size in sides.TIMES
        for what, form in (("ms", ".3g"), ("torch ms", ".3g"), ("ratio", ".2f"))
    ]


def inference_verdict(rows: dict[str, Row]) -> str:
    slow = [workload for workload, row in rows.items() if row["ratio 1"] >= 1]
    return f"For one sample less than PyTorch's time is wanted; {missing(slow)}."


def start_cells(workload: str, row: Row) -> list[str]:
    return [f"{row[name]:.2f}" for name in ("imports", "warm", "cold", "torch imports", "torch")]


def start_verdict(rows: dict[str, Row]) -> str:
    late = [w for w, row in rows.items() if row["warm"] > row["imports"] + 1 or row["cold"] > row["imports"] + 30]
    return f"A second more than the imports is wanted, 30 with nothing compiled yet; {missing(late)}."


def missing(workloads: list[str]) -> str:
    """The workloads that miss the target."""
    return f"missed by {', '.join(workloads)}" if workloads else "reached by all"


PARTS = {
    "training": Part(
        "A step of training",
        "Milliseconds a step, the median and in brackets the least, and the share of the machine's matrix-product "
        "peak: the multiply-adds of forward and backward as plain sums over Tinynet's time. Winograd's convolutions "
        "need fewer, so they can exceed 100 %.",
        ("Tinynet ms (min)", "PyTorch ms (min)", "ratio", "at most", "of peak"),
        sides.training,
        training_cells,
        training_verdict,
    ),
    "memory": Part(
        "Memory and start",
        "The most memory of a process that only trains, and the seconds from the start of the process to its first "
        "finished step, imports included, with the compiled code cached on disk.",
        ("Tinynet MiB", "PyTorch MiB", "ratio", "first step s", "PyTorch s"),
        sides.memory,
        memory_cells,
        memory_verdict,
    ),
    "inference": Part(
        "Inference",
        "Milliseconds of a forward for a batch of 1 and of 256, both sides put into evaluation mode before the timing.",
        ("Tinynet, 1", "PyTorch, 1", "ratio, 1", "Tinynet, 256", "PyTorch, 256", "ratio, 256"),
        sides.inference,
        inference_cells,
        inference_verdict,
    ),
    "start": Part(
        "The first step",
        "Seconds from the start of a process: until everything is imported, and until the first step is finished, with "
        "compiled code cached on disk (warm) and with none (cold).",
        ("imports", "warm", "cold", "PyTorch's imports", "PyTorch"),
        sides.start,
        start_cells,
        start_verdict,
    ),
}


def in_threads(number: int) -> str:
    return f"{number} thread{'s' if number > 1 else ''}"


def line(texts: list[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def heading(part: Part) -> list[str]:
    """The first two lines of a table."""
    return [line(["workload", *part.headings]), line(["---"] + ["---:"] * len(part.headings))]
