"""The statistics of a training, and the file that holds them."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.probe.statistics import files
from tinynet.probe.statistics.bins import N_BINS
from tinynet.probe.statistics.columns import Column, Columns, mean_of, sum_of
from tinynet.probe.statistics.look import HISTOGRAMS, NUMBERS, Seen

MOST_COLUMNS = 256  #: As many as a picture can show.
MOST_HISTOGRAMS = 32  #: Over time, for each layer: they take a hundred times as much room as a number.


class TrainingStatistics:
    """What the layers of a net gave, and how fast they learned, over training.

    `tinynet.learner.Statistics` fills it. A column holds what was seen at one step, or in a long training the mean over
    several looks, so that there are never more than 256 columns. `statistics["dead"]` is an array with a row for each
    column and an entry for each layer, NaN where a layer has no such number:

        mean            of the outputs
        spread          of the outputs: their standard deviation
        dead            the share of the units that gave zero for the whole batch
        saturated       the share of the outputs of a sigmoid or tanh where its slope is below 5 % of the greatest
        gradient_norm   ‖∂L/∂θ‖ over the parameters θ of the layer, before clipping
        update_ratio    ‖Δθ‖ / ‖θ‖: how much one step changes the weights, against their size

    Args:
        layers: The paths of the layers, as in "0.body.2", with the names of their classes.
        settings: How it was looked, and how many batches an epoch had, as plain values.

    Attributes:
        layers: As given, in the order of the net.
        settings: As given.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.learner import Learner, Statistics
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> net, watching = Net([Linear(2, 8), ReLU(), Linear(8, 2)]), Statistics("full")
        >>> learner = Learner(net, cross_entropy, SGD(lr=0.1), moons(128), callbacks=[watching])
        >>> history = learner.fit(progress=False)
        >>> statistics = watching.record
        >>> statistics.layers
        {'0': 'Linear', '1': 'ReLU', '2': 'Linear'}
        >>> statistics.steps.tolist(), statistics["gradient_norm"].shape
        ([1, 2, 3, 4], (4, 3))
    """

    def __init__(self, layers: dict[str, str], settings: dict[str, Any] | None = None) -> None:
        self.layers = dict(checks.instance("TrainingStatistics", "layers", layers, dict))
        self.settings = (
            {} if settings is None else dict(checks.instance("TrainingStatistics", "settings", settings, dict))
        )
        self._numbers = Columns(MOST_COLUMNS, mean_of)
        self._histograms = Columns(MOST_HISTOGRAMS, sum_of)

    def add(self, step: int, seen: Seen) -> None:
        """Add what was seen at a step, counted from 1."""
        with np.errstate(over="ignore"):
            numbers = {name: values.astype(np.float32) for name, values in seen.numbers.items()}
        self._numbers.add(step, numbers)
        self._histograms.add(step, dict(seen.histograms))

    @property
    def steps(self) -> np.ndarray:
        """The last step of each column, (T,)."""
        return self._numbers.first_and_last()[1]

    @property
    def first_steps(self) -> np.ndarray:
        """The first step of each column, (T,); equal to `steps` where a column holds a single look."""
        return self._numbers.first_and_last()[0]

    def __getitem__(self, name: str) -> np.ndarray:
        """One of the numbers of all layers over time, (T, layers)."""
        checks.one_of("TrainingStatistics", "the name of a number", name, NUMBERS)
        return self._numbers.stacked(name) if len(self) else np.empty((0, len(self.layers)), np.float32)

    @property
    def counted(self) -> list[str]:
        """What there are histograms of: "outputs", and in a full look "weights" and "gradients"."""
        there = self._histograms.list[0].values if self._histograms.list else {}
        return [name for name in HISTOGRAMS if name in there]

    def histograms(self, of: str = "outputs") -> np.ndarray:
        """How often the values of each layer were in each bin, over time.

        Args:
            of: "outputs"; in a full look also "weights" and "gradients".

        Returns:
            The counts, (T, layers, bins) with T at most 32; `histogram_steps` says when. The bins reach from one
            power of two to the next: their limits are `tinynet.probe.statistics.bins.edges()`.

        Raises:
            ValueError: Those were not counted.
        """
        checks.one_of("TrainingStatistics.histograms", "of", of, HISTOGRAMS)
        columns = self._histograms.list
        if not columns:
            return np.empty((0, len(self.layers), N_BINS), np.int64)
        if of not in self.counted:
            problem = f"there are no histograms of {of}, only of {', '.join(self.counted)}."
            checks.fail("TrainingStatistics.histograms", problem, 'watch with Statistics("full").')
        return self._histograms.stacked(of)

    @property
    def histogram_steps(self) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last step of each histogram, (T,)."""
        return self._histograms.first_and_last()

    def __len__(self) -> int:
        return len(self._numbers.list)

    def __repr__(self) -> str:
        where = f"steps {self.steps[0]} to {self.steps[-1]}" if len(self) else "no step yet"
        return f"TrainingStatistics({len(self.layers)} layers, {len(self)} columns, {where})"

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything into one safetensors file, a few megabytes at most; an old one is replaced once it is whole.

        Raises:
            OSError: The file cannot be written.
        """
        files.write(path, self.arrays(), self.layers, self.settings)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> TrainingStatistics:
        """Read what `save` has written.

        Raises:
            ValueError: It is not such a file, or it is damaged.
            OSError: There is no such file, or it cannot be read.
        """
        arrays, layers, settings = files.read(path)
        statistics = cls(layers, settings)
        statistics.take_arrays(arrays)
        return statistics

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything that was seen, as arrays by name."""
        arrays = {}
        for kind, columns in self._kinds().items():
            arrays[f"{kind}.first"], arrays[f"{kind}.last"] = columns.first_and_last()
            arrays[f"{kind}.looks"] = np.array([column.n for column in columns.list], np.int64)
            for name in columns.list[0].values if columns.list else ():
                arrays[f"{kind}.{name}"] = columns.stacked(name)
        return arrays

    def take_arrays(self, arrays: dict[str, np.ndarray]) -> None:
        """Take over what `arrays` gave."""
        for kind, columns in self._kinds().items():
            prefix = f"{kind}."
            checks.kept_state("TrainingStatistics", arrays, *[f"{prefix}{name}" for name in ("first", "last", "looks")])
            found = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            columns.list = _columns(found.pop("first"), found.pop("last"), found.pop("looks"), found)
            columns.looks_per_column = max((column.n for column in columns.list), default=1)

    def _kinds(self) -> dict[str, Columns]:
        return {"numbers": self._numbers, "histograms": self._histograms}


def recorded(who: str, statistics: Any) -> TrainingStatistics:
    """Check that something is the statistics of a training, or a callback that has recorded them.

    Example:
        >>> recorded("training_strip", TrainingStatistics({}))
        TrainingStatistics(0 layers, 0 columns, no step yet)
    """
    found = getattr(statistics, "record", statistics)
    if not isinstance(found, TrainingStatistics):
        problem = f"expected the statistics of a training, got {checks.of_kind(statistics)}."
        checks.fail(who, problem, "pass a Statistics callback, or TrainingStatistics.load(path).", TypeError)
    return found


def _columns(first: np.ndarray, last: np.ndarray, looks: np.ndarray, values: dict[str, np.ndarray]) -> list[Column]:
    return [
        Column(int(first[i]), int(last[i]), int(looks[i]), {name: array[i] for name, array in values.items()})
        for i in range(len(first))
    ]
