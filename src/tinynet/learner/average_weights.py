"""Train with one set of weights, and keep the average of all that they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tinynet.core import checks
from tinynet.core.checks.vocabulary import fraction
from tinynet.learner.batch_statistics import statistics_kept
from tinynet.learner.callback import Callback
from tinynet.optimizers import WeightAverage

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner


class AverageWeights(Callback):
    """Average the weights over the steps, and put the average into the net when training is over.

    A batch that only adds to the gradients, for an optimizer with `gradient_accumulation_steps`, is no step. Validation
    during training sees the weights of the moment; `average.applied()` shows the others for a `with` block.

    The running statistics of batch norm layers belong to other weights than the average. So they are recomputed, in one
    more pass over the training data, at the end and whenever the average is applied: see `recompute_statistics`. A
    learner whose net reads something else than the x of its data overrides its method of that name.

    Args:
        decay: How slowly the average forgets, at least 0 and below 1: it looks back over about 1 / (1 − decay) steps.

    Attributes:
        average: The `WeightAverage`, from the beginning of `fit` on.

    Raises:
        ValueError: The decay is out of range.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import AverageWeights, Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> averaging = AverageWeights(decay=0.9)
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(64), callbacks=[averaging])
        >>> history = learner.fit(epochs=3, progress=False)
        >>> averaging.average.n_updates
        6
    """

    decay: float

    def __init__(self, decay: float = 0.999) -> None:
        checks.arguments(self, locals(), decay=fraction)

    def state(self) -> dict[str, Any]:
        averages = {path: average.copy() for path, average in self.average.kept.items()}
        return {"n_updates": self.average.n_updates, "averages": averages}

    def load_state(self, state: dict[str, Any]) -> None:
        n_updates = checks.integer("AverageWeights", "n_updates", state["n_updates"], minimum=0)
        parameters = self.average.parameters if n_updates else {}
        averages = {path: checks.numbers("AverageWeights", path, state["averages"][path]) for path in parameters}
        for path, average in averages.items():
            checks.same_shape(f"AverageWeights: {path}", average.shape, parameters[path].shape)
        self.average.n_updates, self.average.kept = n_updates, averages

    def on_fit_begin(self, learner: Learner) -> None:
        self.average = _AverageOfLearner(learner, self.decay)

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        if not learner.optimizer.is_adding_up:
            self.average.update()

    def on_fit_end(self, learner: Learner) -> None:
        if self.average.n_updates:
            for path, average in self.average.averages().items():
                self.average.parameters[path].tensor = average
            learner.recompute_statistics()


class _AverageOfLearner(WeightAverage):
    """The average of a net's weights, with the statistics of batch norm that belong to it."""

    def __init__(self, learner: Learner, decay: float) -> None:
        super().__init__(learner.net.parameters(), decay)
        self._learner = learner

    @contextmanager
    def applied(self) -> Iterator[None]:
        with super().applied(), statistics_kept(self._learner.net):
            self._learner.recompute_statistics()
            yield
