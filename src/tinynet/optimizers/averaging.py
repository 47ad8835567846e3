"""Averages of weights over the steps of training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import fraction
from tinynet.core.faster import faster


class WeightAverage:
    """An exponential moving average of the weights, often better on new data than the last: Polyak and Juditsky 1992.

    Equation:
        a ← w at the first update, then a ← d a + (1 − d) w

    Args:
        parameters: From path to parameter, as `net.parameters()` gives them.
        decay: d, at least 0 and below 1.

    Attributes:
        kept: The averages by path, from the first update on.

    Raises:
        ValueError: The decay is out of range.
        RuntimeError: The average is wanted before the first update.

    Example:
        >>> weight = Parameter(np.zeros(1))
        >>> average = WeightAverage({"weight": weight}, decay=0.9)
        >>> average.update(); weight.tensor = [1.0]; average.update()
        >>> with average.applied():
        ...     weight.tensor.item()
        0.10000000149011612
        >>> weight.tensor.item()
        1.0
    """

    decay: float

    def __init__(self, parameters: dict[str, Parameter], decay: float = 0.999) -> None:
        self.parameters = dict(parameters)
        checks.arguments(self, locals(), decay=fraction)
        self.n_updates = 0
        self.kept: dict[str, np.ndarray] = {}

    @faster
    def update(self) -> None:
        """Take the weights as they are now into the average."""
        for path, parameter in self.parameters.items():
            w = parameter.tensor
            if self.n_updates == 0:
                self.kept[path] = w.copy()
            else:
                a = self.kept[path]
                a += (1 - self.decay) * (w - a)
        self.n_updates += 1

    def averages(self) -> dict[str, np.ndarray]:
        """Copies of the averages, by path."""
        if self.n_updates == 0:
            checks.fail("WeightAverage", "there is no average yet.", "call update() after each step.", RuntimeError)
        return {path: average.copy() for path, average in self.kept.items()}

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within this block the parameters hold the averages; afterwards what they held before.

        The running statistics of batch norm stay those of the other weights; `learner.recompute_statistics` gives those
        of the averages.
        """
        averages = self.averages()
        before = {path: parameter.tensor.copy() for path, parameter in self.parameters.items()}
        for path, parameter in self.parameters.items():
            parameter.tensor = averages[path]
        try:
            yield
        finally:
            for path, parameter in self.parameters.items():
                parameter.tensor = before[path]
