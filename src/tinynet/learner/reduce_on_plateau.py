"""Lower the learning rate when training no longer improves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, fraction, number
from tinynet.learner.callback import Callback
from tinynet.learner.monitor import Monitor

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner


class ReduceOnPlateau(Callback):
    """Multiply the learning rate by a factor when a column of the history has not improved for some epochs.

    With `ParameterGroups`, the rate of every group is lowered, except those that are already below `min_lr`.

    Equation:
        ε ← min(ε, max(factor · ε, min_lr)) after more than `patience` epochs without improvement

    Args:
        monitor: The column of the history that decides.
        factor: What the rate is multiplied by, at least 0 and below 1.
        patience: The number of epochs without improvement that are tolerated; the next one lowers the rate. At least 0.
        min_delta: An improvement by no more than this does not count.
        cooldown: The number of epochs after a reduction that are not counted.
        min_lr: The rate goes no lower.
        mode: "min" or "max", what better means; None reads it from the name.

    Raises:
        ValueError: A number is out of range, the name says nothing about what is better, or, when training begins, the
            learner has no such column.
        TypeError: When training begins, the rate is a schedule, which cannot be lowered.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import Learner, ReduceOnPlateau
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> plateau, optimizer = ReduceOnPlateau("loss", factor=0.5, patience=1, min_delta=9.0), SGD(lr=0.1)
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, optimizer, moons(64), callbacks=[plateau])
        >>> learner.fit(epochs=5, progress=False)["lr"]
        [0.1, 0.1, 0.1, 0.05, 0.05]
    """

    factor: float
    patience: int
    cooldown: int
    min_lr: float

    def __init__(
        self,
        monitor: str = "valid_loss",
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        mode: str | None = None,
    ) -> None:
        self.monitor = Monitor("ReduceOnPlateau", monitor, mode, min_delta)
        checks.arguments(self, locals(), factor=fraction, patience=at_least(0), cooldown=at_least(0), min_lr=number(0))
        self.waited = self.resting = 0

    def state(self) -> dict[str, Any]:
        return self.monitor.state() | {"waited": self.waited, "resting": self.resting}

    def load_state(self, state: dict[str, Any]) -> None:
        checks.kept_state("ReduceOnPlateau", state, "waited", "resting")
        self.monitor.load_state(state)
        counts = (checks.integer("ReduceOnPlateau", name, state[name], minimum=0) for name in ("waited", "resting"))
        self.waited, self.resting = counts

    def on_fit_begin(self, learner: Learner) -> None:
        self.monitor.check(learner)
        for rule in learner.optimizer.rules:
            if callable(rule.lr):
                problem = f"the learning rate of {type(rule).__name__} is a schedule, which sets it at every step."
                checks.fail("ReduceOnPlateau", problem, "give the optimizer a number as lr.", TypeError)
        self.monitor.reset()
        self.waited = self.resting = 0

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        self.waited = 0 if self.monitor.improves(row) else self.waited + 1
        if self.resting:
            self.resting, self.waited = self.resting - 1, 0
        if self.waited > self.patience:
            for rule in learner.optimizer.rules:
                rate = rule.learning_rate
                rule.lr = min(rate, max(self.factor * rate, self.min_lr))
            self.waited, self.resting = 0, self.cooldown
