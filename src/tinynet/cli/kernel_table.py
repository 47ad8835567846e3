"""What `tinynet kernels` says: which body serves each kernel, on what, and how fast."""

from __future__ import annotations

import os
import pkgutil
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from tinynet import engine as kernels
from tinynet.cli.kernel_calls import Call, calls
from tinynet.core import faster
from tinynet.core.threads import blas, thread_count
from tinynet.engine import selection

SECONDS = 0.03  # for which a kernel is repeated
PEAK_SIZE = 1024  # of the square matrices whose product is the machine's peak


class Speed(NamedTuple):
    """How fast one kernel is."""

    seconds: float  #: For one call on arrays of a usual size.
    times: float  #: As fast as the plain body, for each multiply-add or number.
    gflops: float | None  #: Of a kernel whose work is sums of products.


def kernels_table() -> None:
    """Print all of it."""
    console = Console()
    peak = product_peak()
    for name, text in surroundings(peak).items():
        console.print(f"{name:<14}{text}", soft_wrap=True, highlight=False)
    console.print()
    table = Table("kernel", "body", "time", "speed", "GFLOP/s", "of peak", box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for family in families():
        table.add_row(family)
        measured = speeds(family)
        for kernel in [*measured, *(name for name in kernels_of(family) if name not in measured)]:
            numbers = cells(measured[kernel], plain_body(family), peak) if kernel in measured else []
            table.add_row(f"  {kernel}", serving(family, kernel), *numbers)
    console.print(table)


def families() -> list[str]:
    """The families of kernels: the folders in `kernels/`.

    Example:
        >>> "convolution" in families()
        True
    """
    return sorted(module.name for module in pkgutil.iter_modules(kernels.__path__) if module.ispkg)


def kernels_of(family: str) -> list[str]:
    """The kernels of a family, those of its functions that its bodies have.

    Example:
        >>> kernels_of("convolution")
        ['forward', 'input_gradient', 'weight_gradient']
    """
    module, body = import_module(f"{kernels.__name__}.{family}"), kernels.body(family)
    return [name for name in module.__all__ if hasattr(body, name)]


def serving(family: str, kernel: str) -> str:
    """The body that serves a kernel now for large samples; a compiled one may leave it to the vectorized one."""
    function = getattr(kernels.body(family), kernel.partition(",")[0])
    return function.__module__.rpartition(".")[2]


def plain_body(family: str) -> str:
    """What a family is compared with: its loops, or NumPy where an operation is elementwise and has none."""
    return "loops" if find_spec(f"{kernels.__name__}.{family}.loops") else "vectorized"


def speeds(family: str) -> dict[str, Speed]:
    """The speed of each kernel of a family that `kernel_calls` knows how to call."""
    module, plain = import_module(f"{kernels.__name__}.{family}"), plain_body(family)
    large = calls(family, large=faster.in_use() != "loops" or plain != "loops")
    small = calls(family, large=plain != "loops")
    found = {}
    for name, call in large.items():
        seconds = best_time(module, name, call)
        with faster.use(plain):
            plain_seconds = best_time(module, name, small[name])
        times = plain_seconds / small[name].work * call.work / seconds
        found[name] = Speed(seconds, times, 2e-9 * call.multiply_adds / seconds if call.multiply_adds else None)
    return found


def best_time(module: ModuleType, name: str, call: Call) -> float:
    """The shortest of some calls, after one that compiles."""
    kernel = getattr(module, name.partition(",")[0])
    kernel(*call.arguments)
    seconds: list[float] = []
    while sum(seconds) < SECONDS:
        start = perf_counter()
        kernel(*call.arguments)
        seconds.append(perf_counter() - start)
    return min(seconds)


def cells(speed: Speed, plain: str, peak: float) -> list[str]:
    """The numbers in a row of the table."""
    time = f"{speed.seconds * 1e3:.2f} ms" if speed.seconds >= 1e-3 else f"{speed.seconds * 1e6:.0f} µs"
    times = f"{speed.times:,.0f}" if speed.times >= 10 else f"{speed.times:.1f}"
    shown = [time, f"{times} × {plain if plain == 'loops' else 'NumPy'}"]
    return shown if speed.gflops is None else [*shown, f"{speed.gflops:.1f}", f"{speed.gflops / peak:.0%}"]


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
    """What the kernels run on, a line each."""
    return {
        "kernels": f"{faster.in_use()} (compiled from {selection.LARGE:,} numbers in a sample on, vectorized below)"
        if faster.in_use() == "auto"
        else faster.in_use(),
        "threads": f"{thread_count()} of {os.cpu_count()} processors",
        "NumPy's BLAS": blas_of("numpy"),
        "SciPy's BLAS": blas_of("scipy"),
        "compiler": compiler(),
        "compiled code": cache(),
        "peak": f"{peak:.0f} GFLOP/s, a matrix product in float32",
    }


def blas_of(package: str) -> str:
    """The library of matrix products that NumPy or SciPy was built with, and for which processor it chose its code."""
    module: Any = import_module(package)
    if package == "scipy":
        import_module("scipy.linalg.cython_blas")  # loads the library
    built = module.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    chosen = [getattr(library, "architecture", None) for library in blas() if package in str(library.filepath)]
    name = f"{built.get('name', 'unknown')} {built.get('version', '')}".strip()
    return f"{name} for {chosen[0]}" if chosen and chosen[0] else name


def compiler() -> str:
    """Numba with its version, if there is one."""
    if find_spec("numba") is None:
        return "none: Numba is not installed, and NumPy serves instead"
    return f"Numba {import_module('numba').__version__}"


def cache() -> str:
    """Where compiled code is kept."""
    if find_spec("numba") is None:
        return "none"
    return (
        import_module("tinynet.engine.machine.jit").cache_folder() or "not kept: nothing can be written to its folder"
    )
