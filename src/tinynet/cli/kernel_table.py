"""What `tinynet kernels` prints: what serves each kind of work, how fast, and on which machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from tinynet.cli.kernel_calls import Work, works
from tinynet.cli.served import by, has_engine, noted
from tinynet.core.faster import in_use, use
from tinynet.core.threads import blas, thread_count

SECONDS = 0.03  # A call is repeated for so long.
PEAK_SIZE = 1024  # Of the square matrices whose product gives the machine's peak.


class Speed(NamedTuple):
    """How fast some work is."""

    seconds: float
    times: float  #: As fast as the plain lesson.
    gflops: float | None  #: Where the work is sums of products.


def kernels_table() -> None:
    """Print all of it."""
    console = Console()
    peak = product_peak()
    for name, text in surroundings(peak).items():
        console.print(f"{name:<14}{text}", soft_wrap=True, highlight=False)
    console.print()
    table = Table("work", "served by", "time", "speed", "GFLOP/s", "of peak", box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for work in works(large=in_use() != "loops"):
        table.add_row(work.name, serving(work), *cells(speed(work), peak))
    console.print(table)


def serving(work: Work) -> str:
    """What serves some work now."""
    with noted() as calls:
        work.call()
    return by(calls)


def speed(work: Work) -> Speed:
    """Its time now, and compared with the plain lesson."""
    seconds = best_time(work.call)
    with use("plain"):
        plain = best_time(work.call)
    return Speed(seconds, plain / seconds, 2e-9 * work.multiply_adds / seconds if work.multiply_adds else None)


def best_time(call: Callable[[], Any]) -> float:
    """The shortest of some calls, after one that compiles."""
    call()
    seconds: list[float] = []
    while sum(seconds) < SECONDS:
        start = perf_counter()
        call()
        seconds.append(perf_counter() - start)
    return min(seconds)


def cells(measured: Speed, peak: float) -> list[str]:
    """The numbers in a row of the table."""
    seconds = measured.seconds
    time = f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"
    times = f"{measured.times:,.0f}" if measured.times >= 10 else f"{measured.times:.1f}"
    shown = [time, f"{times} × plain"]
    return shown if measured.gflops is None else [*shown, f"{measured.gflops:.1f}", f"{measured.gflops / peak:.0%}"]


def product_peak() -> float:
    """The best of some large matrix products in float32, in GFLOP/s."""
    a: np.ndarray = np.ones((PEAK_SIZE, PEAK_SIZE), np.float32)
    seconds = []
    for _ in range(5):
        start = perf_counter()
        a @ a
        seconds.append(perf_counter() - start)
    return 2e-9 * PEAK_SIZE**3 / min(seconds)


def surroundings(peak: float) -> dict[str, str]:
    """The machine and its libraries, a line for each."""
    return {
        "kernels": chosen(),
        "threads": f"{thread_count()} of {os.cpu_count()} processors",
        "NumPy's BLAS": blas_of("numpy"),
        "SciPy's BLAS": blas_of("scipy"),
        "compiler": compiler(),
        "compiled code": cache(),
        "peak": f"{peak:.0f} GFLOP/s, a matrix product in float32",
    }


def chosen() -> str:
    """The choice, and what "auto" means."""
    if not has_engine():
        return f"{in_use()}: there is no engine here, so the plain lessons run"
    large = import_module("tinynet.engine.serves").MIN_SAMPLE_SIZE if in_use() == "auto" else 0
    return f"auto (compiled mostly from {large:,} numbers in a sample on, plain below)" if large else in_use()


def blas_of(package: str) -> str:
    """The library of matrix products that NumPy or SciPy was built with, and for which processor it chose its code."""
    module: Any = import_module(package)
    if package == "scipy":
        import_module("scipy.linalg.cython_blas")  # loads the library
    built = module.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    architectures = [getattr(library, "architecture", None) for library in blas() if package in str(library.filepath)]
    name = f"{built.get('name', 'unknown')} {built.get('version', '')}".strip()
    return f"{name} for {architectures[0]}" if architectures and architectures[0] else name


def compiler() -> str:
    """Numba with its version, if there is one."""
    if find_spec("numba") is None:
        return "none: Numba is not installed, and NumPy serves instead"
    return f"Numba {import_module('numba').__version__}"


def cache() -> str:
    """The folder of compiled code."""
    if find_spec("numba") is None or not has_engine():
        return "none"
    return import_module("tinynet.engine.machine.jit").cache_folder() or "not kept: its folder cannot be written to"
