"""How long nested Python loops will take, said before they begin."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from tinynet.cli.output import complain
from tinynet.core.faster import in_use, use
from tinynet.layers import Conv2D
from tinynet.net import Net

STEP = 3  # A step of training costs as much as three forwards: the backward of a layer is two products of its size.
WORTH_A_WORD = 30  # seconds
UNITS = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


def warn_of_loops(net: Net, input_shape: tuple[int, ...], n_trained: int, n_evaluated: int) -> None:
    """Say how long it will take, if loops are in use and it is long.

    Args:
        net: The net that runs.
        input_shape: The shape of one sample.
        n_trained: Samples to train on, counted once for each epoch.
        n_evaluated: Samples that only go forward.
    """
    if in_use() != "loops":
        return
    seconds = seconds_of_loops(net, input_shape) * (STEP * n_trained + n_evaluated)
    if seconds > WORTH_A_WORD:
        complain(
            f"this will take about {duration(seconds)}: --kernels loops computes in nested Python loops, "
            "which are there to be read.\nHint: leave --kernels out to compute fast; Ctrl-C ends it."
        )


def seconds_of_loops(net: Net, input_shape: tuple[int, ...]) -> float:
    """What one sample takes on its way forward, from the multiplications of all layers that loops compute."""
    with use("plain"):
        rows = net.summary(input_shape).rows
    work = sum(row.multiply_adds for row in rows if not row.layer.startswith("Linear"))
    return work * seconds_of_a_product() if work else 0.0


def seconds_of_a_product() -> float:
    """How long loops take for one multiplication with its addition, measured on a small convolution."""
    layer, x = Conv2D(4, 4, 3), np.ones((1, 4, 8, 8), np.float32)
    times = []
    for _ in range(3):
        start = perf_counter()
        y = layer.forward(x)
        times.append(perf_counter() - start)
    return min(times) / layer.multiply_adds(x, y)


def duration(seconds: float) -> str:
    """A time in words.

    Example:
        >>> duration(5400), duration(200000)
        ('90 minutes', '2 days')
    """
    unit, size = next((unit, size) for unit, size in UNITS.items() if seconds >= 2 * size or size == 1)
    return f"{seconds / size:.0f} {unit}"
