"""Watch the layers over training, at a stated price."""

from __future__ import annotations

from contextlib import ExitStack
from os import PathLike
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, optional, word
from tinynet.learner.callback import Callback
from tinynet.learner.progress import go_on_without
from tinynet.probe.statistics.look import Look, layers_to_watch
from tinynet.probe.statistics.record import TrainingStatistics
from tinynet.storage.atomic import check_writable

if TYPE_CHECKING:
    from tinynet.learner.history import History
    from tinynet.learner.learner import Learner


class Detail(NamedTuple):
    """How closely to look."""

    every: int  #: One step in this many is looked at.
    most: int  #: At most this many outputs of each layer, drawn from the whole batch.
    deep: bool  #: Whether weights and gradients are counted in histograms too.


#: Of small nets, a look takes as long as two or three steps; of large ones, a fraction of a step.
DETAILS = {
    "light": Detail(every=250, most=2**12, deep=False),
    "economy": Detail(every=50, most=2**12, deep=False),
    "full": Detail(every=1, most=2**18, deep=True),
}
WRITING_SHARE = 0.002  #: of the time that training takes, while it goes on


class Statistics(Callback):
    """Record what each layer gives and how fast it learns, at some of the steps.

    For each layer: mean, spread and histogram of the outputs, the share of dead and of saturated units, the norm of
    the gradient, and the size of the update against that of the weights, which is near 1e-3 where the learning rate
    fits. `TrainingStatistics` says what each is. Looking changes no number of the training, and steps that are not
    looked at cost nothing.

    A detail has its price, as measured on eight networks in docs/benchmarks_looking.md:

        "light"      every 250th step: at most 1 % of the time of a step, on average, so it can always be on
        "economy"    every 50th step: at most 5 %
        "full"       every step, up to 2¹⁸ outputs of each layer, and histograms of weights and gradients too

    "light" and "economy" look at up to 2¹² outputs of each layer, drawn from the whole batch; whether a unit is dead is
    seen in all of its outputs.

    Args:
        detail: "light", "economy" or "full".
        every: Look at one step in this many, counted over all epochs; None takes the number of the detail.
        path: If given, the record is also kept in this safetensors file, during training and at its end.

    Attributes:
        record: The `TrainingStatistics` of the learner that was trained last.

    Raises:
        ValueError: There is no such detail, or `every` is below 1.
        OSError: When training begins, nothing can be written at the path.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.learner import Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> net, statistics = Net([Linear(2, 8), ReLU(), Linear(8, 2)]), Statistics("economy", every=2)
        >>> learner = Learner(net, cross_entropy, SGD(lr=0.1), moons(128), callbacks=[statistics])
        >>> history = learner.fit(epochs=2, progress=False)
        >>> statistics.record.steps.tolist()
        [2, 4, 6, 8]
        >>> statistics.record["update_ratio"].shape
        (4, 3)
    """

    detail: str

    def __init__(
        self, detail: str = "light", every: int | None = None, path: str | PathLike[str] | None = None
    ) -> None:
        checks.arguments(self, locals(), detail=word(*DETAILS), every=optional(at_least(1)))
        self.every = every or DETAILS[detail].every
        self.path = None if path is None else checks.path("Statistics", path)
        self.record = TrainingStatistics({})
        self._history: History | None = None  # that of the learner to which the record belongs
        self._look: Look | None = None
        self._watching = ExitStack()
        self._written, self._writing_seconds = 0.0, 0.0

    def state(self) -> dict[str, Any]:
        return {"layers": self.record.layers, "settings": self.record.settings, "arrays": self.record.arrays()}

    def load_state(self, state: dict[str, Any]) -> None:
        checks.kept_state("Statistics", state, "layers", "settings", "arrays")
        self.record = TrainingStatistics(state["layers"], state["settings"])
        self.record.take_arrays(state["arrays"])

    def on_fit_begin(self, learner: Learner) -> None:
        if self.path is not None:
            check_writable("Statistics", self.path)
        self._watched = layers_to_watch(learner.net)
        layers = {one.path: type(one.layer).__name__ for one in self._watched}
        if self._history is not learner.history or self.record.layers != layers:
            self._history = learner.history
            settings = {"detail": self.detail, "every": self.every, "batches_per_epoch": learner.batches_per_epoch}
            self.record = TrainingStatistics(layers, settings)

    def on_batch_begin(self, learner: Learner, index: int) -> None:
        if (learner.step + 1) % self.every == 0:
            self._n_added = learner.optimizer.n_calls % learner.optimizer.gradient_accumulation_steps + 1
            _, most, deep = DETAILS[self.detail]
            self._look = Look(self._watched, most, deep)
            self._watching.enter_context(learner.net.watch(self._look))

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        if self._look is None:
            return
        self._watching.close()
        look, self._look = self._look, None
        self.record.add(learner.step, look.seen(self._n_added, updated=not learner.optimizer.is_adding_up))

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, object]) -> None:
        now = perf_counter()
        if (now - self._written) * WRITING_SHARE > self._writing_seconds:
            self._write()

    def on_fit_end(self, learner: Learner) -> None:
        self._watching.close()
        self._look = None
        self._write()

    def _write(self) -> None:
        if self.path is None:
            return
        start = perf_counter()
        try:
            self.record.save(self.path)
        except OSError as error:
            go_on_without("Statistics", error)
        self._written = perf_counter()
        self._writing_seconds = self._written - start
