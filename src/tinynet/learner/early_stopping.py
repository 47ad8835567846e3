"""Stop when training no longer improves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least
from tinynet.learner.callback import Callback
from tinynet.learner.monitor import Monitor

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner


class EarlyStopping(Callback):
    """End training when a column of the history has not improved for some epochs.

    The weights are those of the last epoch; add `KeepBest` to get those of the best.

    Args:
        monitor: The column of the history that decides.
        patience: How many epochs in a row without improvement end training, at least 1.
        min_delta: An improvement by no more than this does not count.
        mode: "min" or "max", what better means; None reads it from the name.

    Raises:
        ValueError: A number is out of range, the name says nothing about what is better, or, when training begins, the
            learner has no such column.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import EarlyStopping, Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> stopping = EarlyStopping("loss", patience=2)
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.0), moons(64), callbacks=[stopping])
        >>> len(learner.fit(epochs=50, progress=False)), learner.stop_reason
        (3, 'loss has not improved since epoch 1')
    """

    patience: int

    def __init__(
        self, monitor: str = "valid_loss", patience: int = 5, min_delta: float = 0.0, mode: str | None = None
    ) -> None:
        self.monitor = Monitor("EarlyStopping", monitor, mode, min_delta)
        checks.arguments(self, locals(), patience=at_least(1))
        self.waited = 0

    def state(self) -> dict[str, Any]:
        return self.monitor.state() | {"waited": self.waited}

    def load_state(self, state: dict[str, Any]) -> None:
        checks.kept_state("EarlyStopping", state, "waited")
        self.monitor.load_state(state)
        self.waited = checks.integer("EarlyStopping", "waited", state["waited"], minimum=0)

    def on_fit_begin(self, learner: Learner) -> None:
        self.monitor.check(learner)
        self.monitor.reset()
        self.waited = 0

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        self.waited = 0 if self.monitor.improves(row) else self.waited + 1
        if self.waited >= self.patience:
            since = f" since epoch {self.monitor.best_epoch}" if self.monitor.best_epoch else ""
            learner.stop, learner.stop_reason = True, f"{self.monitor.name} has not improved{since}"
