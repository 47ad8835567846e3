"""A case: a training, and what the doctor measures of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import nan
from typing import Any

import numpy as np

from tinynet.core import streams
from tinynet.data import batches
from tinynet.layers import Dropout, Dropout2D
from tinynet.net import Net
from tinynet.net.tuples import as_tuple
from tinynet.optimizers import Optimizer
from tinynet.probe.doctor.effort import SECONDS_PER_LAYER, seconds_per_row
from tinynet.probe.doctor.loss_facts import LossFacts, facts_about
from tinynet.probe.doctor.settings import peak_rate
from tinynet.probe.doctor.skill import ERRORS, Loss, skill
from tinynet.probe.doctor.truth import TruthFacts, truth_facts
from tinynet.probe.doctor.walk import Place, Walk, output_range

MAX_ROWS, MIN_ROWS = 256, 32
MAX_NUMBERS = 2e6  #: In the rows that are looked at.
N_STEPS, MIN_STEPS = 20, 4  #: Steps that are tried again.
N_LONG = 100
SECONDS, SECONDS_LONG = 0.15, 0.25  #: That these may take, roughly.
GOOD, BAD = 0.75, 0.3  #: Skills from which a net does well, and below which it does badly.

Step = Callable[[Any, Any], float]


@dataclass
class Case:
    """All that a diagnosis rests on.

    Args:
        net: The net as it is.
        loss: A function (predicted, ground_truth) -> (loss, gradient).
        optimizer: The update rule.
        train: The training data.
        valid: The validation data, or None.
        batch_size: Rows per step.
        history: The rows of the history, one for each epoch.
        metrics: From name to function.
        first_weights: The net's state before its first step; None if there was none yet.
        n_steps: The number of steps so far.
        ended_by: The error that ended training, or "".
        read_batches: A function (data, epoch) -> iterator over (index, (x, y)), as training reads them.
        make_step: A function (net, loss, optimizer) -> step, where step(x, y) trains on a batch and returns the loss.
        usual_step: Whether a step is forward, loss, backward, update of this net with this loss.
        may_try: Whether steps may be tried again, which takes a second or so.
        explained: The names of symptoms of what was found so far.

    Example:
        >>> from tinynet.data import digits
        >>> from tinynet.layers import Flatten, Linear
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.optimizers import SGD
        >>> case = Case(Net([Flatten(), Linear(64, 10)]), cross_entropy, SGD(lr=0.1), digits()[0])
        >>> case.loss_facts.takes, case.truth.kind, case.fitted
        ('logits', 'classes', False)
    """

    net: Net
    loss: Loss
    optimizer: Optimizer
    train: Any
    valid: Any = None
    batch_size: int = 32
    history: Sequence[dict[str, Any]] = ()
    metrics: dict[str, Callable] = field(default_factory=dict)
    first_weights: dict[str, np.ndarray] | None = None
    n_steps: int = 0
    ended_by: str = ""
    read_batches: Callable[[Any, int], Iterator[Any]] | None = None
    make_step: Callable[[Net, Loss, Optimizer], Step] | None = None
    usual_step: bool = True
    may_try: bool = True
    explained: set[str] = field(default_factory=set)

    def copy_of_net(self, start: str = "first") -> Net:
        """A copy of the net, with its first weights or with its last."""
        net = deepcopy(self.net)
        if start == "first" and self.first_weights is not None:
            with suppress(ValueError):  # layers were exchanged since
                net.load_state(self.first_weights)
        return net.train()

    @property
    def fitted(self) -> bool:
        """Whether there was a step already, or a try."""
        return self.n_steps > 0 or bool(self.ended_by)

    @cached_property
    def sample(self) -> tuple[Any, Any]:
        """Rows of the training data, drawn with a seed of their own."""
        return self._rows_of(self.train)

    @cached_property
    def valid_sample(self) -> tuple[Any, Any] | None:
        """Rows of the validation data."""
        return None if self.valid is None else self._rows_of(self.valid)

    def _rows_of(self, data: Any) -> tuple[Any, Any]:
        size = sum(np.size(part) for part in as_tuple(next(batches(data, 1))[0]))
        bounds = MAX_NUMBERS / max(1, size), SECONDS / self._seconds_per_row
        most = MAX_ROWS if self.may_try else MAX_ROWS / 4
        n_rows = int(np.clip(min(bounds), MIN_ROWS, most))
        return next(batches(data, n_rows, shuffle=True, rng=0))

    @cached_property
    def _seconds_per_row(self) -> float:
        return seconds_per_row(self.copy_of_net(), next(batches(self.train, 2))[0])

    @property
    def x(self) -> np.ndarray | None:
        """The inputs of the sample, where they are one array of floating-point numbers."""
        x = self.sample[0]
        return x if isinstance(x, np.ndarray) and x.dtype.kind == "f" else None

    @property
    def y(self) -> Any:
        """The truth of the sample."""
        return self.sample[1]

    @cached_property
    def refusal(self) -> str:
        """What forward, loss or backward say where they refuse a batch; "" if they take it."""
        x, y = self.sample
        try:
            net = self.copy_of_net()
            _, gradient = self.loss(net.forward(*as_tuple(x)), y)
            net.backward(*as_tuple(gradient))
        except ERRORS as error:
            return str(error) or type(error).__name__
        return ""

    @cached_property
    def first_output(self) -> Any:
        """What the net gave for the sample before its first step."""
        return self.copy_of_net().predict(*as_tuple(self.sample[0]))

    @cached_property
    def output(self) -> Any:
        """What the net gives for the sample now."""
        return self.net.predict(*as_tuple(self.sample[0]))

    @cached_property
    def truth(self) -> TruthFacts:
        """What kind of targets there are."""
        return truth_facts(self.first_output, self.y)

    @cached_property
    def loss_facts(self) -> LossFacts:
        """What the loss does."""
        return facts_about(self.loss, self.first_output, self.y)

    @cached_property
    def first_walk(self) -> Walk:
        """A batch on its way through the net before its first step, forward and back, in training mode."""
        return self._walk("first")

    @cached_property
    def last_walk(self) -> Walk:
        """A batch on its way through the net as it is now."""
        return self._walk("last")

    def _walk(self, start: str) -> Walk:
        streams.go_to(epoch=1, step=1)
        return Walk(self.copy_of_net(start), *self.sample, self.loss)

    @cached_property
    def ending(self) -> Place | None:
        """The layer whose behaviour the outputs have: the last one that is no mere change of shape, nor a dropout."""
        for place in reversed(self.first_walk.places):
            if place.kind != "shape" and not isinstance(place.layer, (Dropout, Dropout2D)):
                return place
        return None

    @cached_property
    def output_range(self) -> tuple[float, float, bool]:
        """The lowest and highest possible output, and whether the outputs of a row sum to 1."""
        for output in (self.first_output, self.output):
            if (
                (
                    isinstance(output, np.ndarray)
                    and output.ndim > 1
                    and output.shape[-1] > 1
                    and np.isfinite(output).all()
                )
                and np.abs(output.sum(axis=-1) - 1).max() < 1e-3
                and output.min() >= 0
            ):
                return 0.0, 1.0, True
        place = self.ending
        if place is None or place.kind in ("weights", "norm"):
            return -np.inf, np.inf, False
        seen = self.inputs_of.get(place.path)
        return (-np.inf, np.inf, False) if seen is None else output_range(place.layer, seen)

    @cached_property
    def inputs_of(self) -> dict[str, np.ndarray]:
        """A few rows of the input of each layer, by its path."""
        seen: dict[str, np.ndarray] = {}

        class Inputs:
            def on_forward(self, path: str, layer: Any, x: Any, y: Any) -> None:
                if isinstance(x, np.ndarray):
                    seen[path] = x

        net = self.copy_of_net().eval()
        with net.watch(Inputs()):
            net.forward(*(part[:8] for part in as_tuple(self.sample[0])))
        return seen

    @cached_property
    def first_skill(self) -> float:
        """How well the net did before its first step; see `skill`."""
        return skill(self.loss, self.first_output, self.y)

    @cached_property
    def skill(self) -> float:
        """How well the net does on training data now."""
        return skill(self.loss, self.output, self.y)

    @cached_property
    def valid_skill(self) -> float:
        """How well the net does on validation data now; NaN without any."""
        if self.valid_sample is None:
            return nan
        x, y = self.valid_sample
        try:
            return skill(self.loss, self.net.predict(*as_tuple(x)), y)
        except ERRORS:
            return nan

    @property
    def goes_well(self) -> bool:
        """Whether training has worked."""
        return self.fitted and not self.ended_by and self.skill >= GOOD and not self.valid_skill < GOOD / 2

    @property
    def goes_badly(self) -> bool:
        """Whether training has not worked: it ended with an error, or the net is hardly better than a constant."""
        return self.fitted and (bool(self.ended_by) or not self.skill >= BAD)

    @cached_property
    def rate(self) -> float:
        """The highest learning rate so far; that of the first step where there was none."""
        return peak_rate(self.optimizer, self.n_steps)

    @cached_property
    def n_tried(self) -> int:
        """How many steps are tried again: fewer for a net with much work per step."""
        return int(np.clip(SECONDS / self._seconds_per_step, MIN_STEPS, N_STEPS))

    @cached_property
    def n_long(self) -> int:
        """How many are tried where those tell nothing."""
        return int(np.clip(SECONDS_LONG / self._seconds_per_step, self.n_tried, N_LONG))

    @property
    def _seconds_per_step(self) -> float:
        rows = min(self.batch_size, len(self.train))
        return len(self.net.every_layer()) * SECONDS_PER_LAYER + rows * self._seconds_per_row

    @cached_property
    def first_batches(self) -> list[tuple[Any, Any]]:
        """The first batches of training, as many as are tried."""
        return list(self.batches(self.n_tried))

    def batches(self, n: int) -> Iterator[tuple[Any, Any]]:
        """The first n batches of training, as it reads them, over as many epochs as that takes."""
        epoch = n_read = 0
        while n_read < n:
            epoch, before = epoch + 1, n_read
            streams.go_to(epoch, step=0)
            for _, pair in islice(self._batches(epoch), n - n_read):
                n_read += 1
                yield pair
            if n_read == before:
                return

    def _batches(self, epoch: int) -> Iterator[Any]:
        if self.read_batches is not None:
            return self.read_batches(self.train, epoch)
        return enumerate(batches(self.train, self.batch_size, shuffle=True))
