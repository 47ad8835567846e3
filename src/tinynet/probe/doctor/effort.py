"""What a step costs, told from the work in it: a clock would let the answers of the doctor differ from run to run."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from tinynet.layers import Layer
from tinynet.net import Net
from tinynet.net.tuples import as_tuple
from tinynet.probe.doctor.skill import ERRORS

# Of forward and backward together, on a usual processor.
SECONDS_PER_LAYER, SECONDS_PER_OUTPUT, SECONDS_PER_MULTIPLY_ADD = 3e-5, 1e-8, 2.4e-10


def seconds_per_row(net: Net, x: Any) -> float:
    """The seconds that a training step takes for each row, roughly.

    Args:
        net: A net that may be used up.
        x: The inputs of a few rows.

    Example:
        >>> from tinynet.layers import Linear
        >>> seconds_per_row(Net([Linear(1000, 1000)]), np.ones((2, 1000))) > 1e-4
        True
    """
    work = _Work()
    with net.watch(work), suppress(*ERRORS):  # a net that refuses the rows is told so elsewhere
        net.forward(*as_tuple(x))
    return work.seconds / len(as_tuple(x)[0]) + SECONDS_PER_OUTPUT


class _Work:
    """Watches a net, and adds up what its layers cost."""

    seconds = 0.0

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        n_outputs = sum(np.size(part) for part in as_tuple(y))
        self.seconds += SECONDS_PER_OUTPUT * n_outputs + SECONDS_PER_MULTIPLY_ADD * layer.multiply_adds(x, y)
