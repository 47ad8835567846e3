"""Train every model that has a stated result, one after the other, and keep what came out: `make models`.

    python tools/models.py          # all of them; MNIST, CIFAR-10 and Tiny Shakespeare are in the folder TINYNET_DATA
    python tools/models.py 15 16    # only the examples with these numbers; the other rows stay as they are

Each run is an example as a user would start it. Its numbers go into docs/results.json, from which docs/results.md is
written; a number on the wrong side of its bound is named, and ends this script with status 1.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
KEPT, PAGE, PICTURES = ROOT / "docs" / "results.json", ROOT / "docs" / "results.md", ROOT / "docs" / "pictures"


class Number(NamedTuple):
    """A number in the output of an example, and what it must reach."""

    what: str
    pattern: str
    relation: str
    bound: float

    def holds(self, value: float) -> bool:
        return value <= self.bound if self.relation == "≤" else value >= self.bound


class Run(NamedTuple):
    """An example, what is learned there, its numbers and pictures; `sample` says that it ends with text to keep."""

    example: str
    model: str
    task: str
    numbers: list[Number]
    pictures: tuple[str, ...] = ()
    sample: bool = False


LOSS = Number("validation loss, nats per character", r"validation loss ([\d.]+)", "≤", 1.75)
ACCURACY = r"test accuracy ([\d.]+)"
RUNS = [
    Run(
        "08_autoencoder.py",
        "conv_autoencoder",
        "MNIST, 3 epochs",
        [Number("mean squared error", r"error ([\d.]+);", "≤", 0.01)],
        pictures=("08_reconstructions.png",),
    ),
    Run(
        "10_resnet20.py",
        "resnet20",
        "10,000 images of CIFAR-10, 15 epochs",
        [Number("test accuracy, %", ACCURACY, "≥", 66)],
    ),
    Run(
        "11_mobilenet.py",
        "mobilenet",
        "10,000 images of CIFAR-10, 10 epochs",
        [Number("test accuracy, %", ACCURACY, "≥", 60)],
    ),
    Run(
        "12_unet.py",
        "unet",
        "discs among squares, 300 steps of 16",
        [Number("intersection over union", r"union ([\d.]+)", "≥", 0.9)],
        pictures=("12_pictures.png",),
    ),
    Run(
        "13_vae.py",
        "vae",
        "MNIST, a code of two numbers, 20 epochs",
        [Number("negative evidence bound, nats", r"bound ([\d.]+)", "≤", 145)],
        pictures=("13_latent_space.png", "13_samples.png"),
    ),
    Run(
        "14_dcgan.py",
        "dcgan",
        "MNIST, 3 epochs",
        [
            Number("a classifier is sure of, %", r"drawn ones .* sure of ([\d.]+)", "≥", 60),
            Number("different digits", r"drawn ones .* sees (\d+)", "≥", 10),
        ],
        pictures=("14_samples.png",),
    ),
    Run("15_char_lstm.py", "char_lstm", "Tiny Shakespeare, 980 steps of 32 × 64", [LOSS], sample=True),
    Run(
        "16_char_gpt.py",
        "char_gpt",
        "Tiny Shakespeare, 1,307 steps of 16 × 128",
        [LOSS, Number("with and without the cache, logits differ by", r"differ by ([\d.e-]+)", "≤", 1e-5)],
        sample=True,
    ),
    Run(
        "17_seq2seq.py",
        "seq2seq",
        "up to 8 digits, 2,000 steps of 64",
        [
            Number("strings reversed wholly right, %", r"reversing ([\d.]+)", "≥", 99),
            Number("strings sorted wholly right, %", r"sorting ([\d.]+)", "≥", 99),
        ],
    ),
]


def main() -> int:
    wanted = sys.argv[1:]
    missed = []
    for run in RUNS:
        if not wanted or run.example[:2] in wanted:
            outcome = train(run)
            missed += [f"{run.model}: {number}" for number in out_of_bounds(run, outcome)]
            keep(run, outcome)
    print(PAGE.read_text(encoding="utf-8"))
    print("\n".join(missed) or f"Every number is within its bound; they are kept in {PAGE.relative_to(ROOT)}.")
    return 1 if missed else 0


def train(run: Run) -> dict:
    """Run an example in a process of its own, its output shown as it comes, and read its numbers."""
    print(f"== {run.example}: {run.model}, {run.task}", flush=True)
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-u", f"examples/{run.example}"]
    lines = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", env=os.environ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        raise SystemExit(f"{run.example} ended with status {process.returncode}.")
    for name in run.pictures:
        shutil.copy(ROOT / "runs" / "examples" / name, PICTURES / name)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return read(run, "".join(lines), round(time.perf_counter() - start), round(cpu))


def read(run: Run, output: str, seconds: int, cpu_seconds: int) -> dict:
    """What is kept of a run."""
    values = []
    for number in run.numbers:
        found = re.search(number.pattern, output)
        if found is None:
            raise SystemExit(f"{run.example} printed no {number.what}.")
        values.append(float(found[1]))
    sample = output[re.search(run.numbers[-1].pattern, output).end() :].partition("\n")[2] if run.sample else ""  # type: ignore[union-attr]
    return {"values": values, "seconds": seconds, "cpu_seconds": cpu_seconds, "seed": 0, "sample": sample.strip()}


def keep(run: Run, outcome: dict) -> None:
    """Merge the new results with those of other runs, and write the page."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    kept[run.example] = outcome
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(kept), encoding="utf-8")


def out_of_bounds(run: Run, outcome: dict) -> list[str]:
    pairs = zip(run.numbers, outcome["values"], strict=True)
    return [f"{n.what} {v:g}, not {n.relation} {n.bound:g}" for n, v in pairs if not n.holds(v)]


def page(kept: dict) -> str:
    """The page, from what is kept."""
    lines = [
        "# What the ready models reach",
        "",
        "Written by `make models`, which runs these examples one after the other. The seed is `tn.seed`'s. Time is",
        "in minutes, on the clock and in brackets of the processor, on a machine with two cores that others used too.",
        "",
        "| model | trained on | number | reached | bound | seed | time | command |",
        "|---|---|---|---|---|---|---|---|",
    ]
    done = [run for run in RUNS if run.example in kept]
    for run in done:
        outcome = kept[run.example]
        took = f"{outcome['seconds'] / 60:.1f} ({outcome['cpu_seconds'] / 60:.1f})"
        for index, (number, value) in enumerate(zip(run.numbers, outcome["values"], strict=True)):
            first = [f"`{run.model}`", run.task] if index == 0 else ["", ""]
            last = [str(outcome["seed"]), took, f"`python examples/{run.example}`"] if index == 0 else [""] * 3
            cells = [*first, number.what, f"{value:g}", f"{number.relation} {number.bound:g}", *last]
            lines.append(f"| {' | '.join(cells)} |")
    lines += [f"\n`{run.model}`: {kept[run.example]['note']}" for run in done if "note" in kept[run.example]]
    for run in done:
        if kept[run.example]["sample"]:
            lines += ["", f"## What `{run.model}` writes", "", "```text", kept[run.example]["sample"], "```"]
        if run.pictures:
            lines += ["", f"## What `{run.model}` draws"]
        for name in run.pictures:
            lines += ["", f"![{Path(name).stem[3:].replace('_', ' ')}](pictures/{name})"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
