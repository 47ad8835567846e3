"""The page of the docs: the tables with what they were measured on, and how."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

from benchmarks import growth, sides
from benchmarks.tables import PARTS, Row, heading, in_threads, line
from tinynet.cli.kernel_table import blas_of

PICTURE = "pictures/growth.svg"
METHOD = """\
Both train the same networks from the same weights on the same batches, in float32 with the same number of threads, each
in a process of its own. They compute in turn, in {blocks} blocks of at least {steps} steps and {least:g} seconds, of
which the first {dropped} steps do not count, while the other one waits on a pipe: in shorter turns, or in one process,
the waiting threads of each library, which spin, would slow the other down. The losses of the first steps must
agree to {tolerance:g}. PyTorch runs eagerly, as most of its users run it. `make bench` measures this for the machine it
runs on."""


def write(
    path: Path, plan: sides.Plan, measured: dict[str, dict[str, Row]], grown: dict[str, dict[str, sides.Line]] | None
) -> None:
    """Write the page, and the drawing beside it."""
    method = METHOD.format(
        blocks=plan.blocks, steps=plan.steps, least=sides.LEAST, dropped=sides.DROPPED, tolerance=sides.TOLERANCE
    )
    parts = ["# Speed", "Tinynet against PyTorch on the processor.", method, *machine(plan.threads)]
    for name, rows in measured.items():
        part = PARTS[name]
        table = [*heading(part), *(line([workload, *part.cells(workload, row)]) for workload, row in rows.items())]
        parts += [f"## {part.title}", part.about, "\n".join(table), part.verdict(rows)]
    if grown is not None:
        (path.parent / PICTURE).parent.mkdir(exist_ok=True)
        growth.draw(grown, path.parent / PICTURE)
        parts += [
            "## Growth",
            "The time of a training step for each sample, in milliseconds, as the batch or the net grows.",
            f"![Time for each sample against batch size, width and depth]({PICTURE})",
            growth.verdict(grown),
            "\n".join(growth.table(grown)),
        ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def machine(threads: int) -> list[str]:
    """The machine and the versions."""
    versions = [f"{name} {metadata.version(name)}" for name in ("numpy", "scipy", "numba", "torch") if _has(name)]
    return [
        f"**Machine**: {processor()}, {os.cpu_count()} processors, {platform.system()} {platform.machine()}; "
        f"{in_threads(threads)} on each side.",
        f"**Versions**: Python {platform.python_version()}, {', '.join(versions)}; matrix products by "
        f"{blas_of('numpy')} (NumPy) and {blas_of('scipy')} (SciPy).",
    ]


def processor() -> str:
    """The processor's name, and the widest vectors that it computes with."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "a processor"
    about = dict(part.split(":", 1) for part in text.split("\n\n")[0].splitlines() if ":" in part)
    about = {name.strip(): value.strip() for name, value in about.items()}
    widest = next((flag for flag in ("avx512f", "avx2", "avx", "asimd") if flag in about.get("flags", "").split()), "")
    return " with ".join(part for part in (about.get("model name", platform.machine()), widest.upper()) if part)


def _has(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
