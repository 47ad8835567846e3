"""Keep copies of the weights along the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.learner.callback import Callback

if TYPE_CHECKING:
    from tinynet.learner.history import History
    from tinynet.learner.learner import Learner

N_CHOSEN = 8  # epochs, if none are named; with the weights of the beginning, three rows of pictures


class Snapshots(Callback):
    """Keep a copy of the weights before training and after some epochs, to see how a net came to be.

    Each copy takes the memory of the weights. `tinynet.visualize.boundary_over_training` draws them.

    Args:
        epochs: After which epochs a copy is kept. If None, after eight of those that `fit` will run, close together at
            the beginning, where most happens.

    Attributes:
        states: From the epoch to the weights as `net.state()` gives them; 0 is the time before training.

    Raises:
        TypeError: The epochs are not a list of integers.
        ValueError: One of them is below 1.

    Example:
        >>> from tinynet.learner import Learner, Snapshots
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.optimizers import Adam
        >>> moments = Snapshots()
        >>> net, points = tn.models.mlp(2, [8], 2), tn.data.moons(64)
        >>> learner = Learner(net, cross_entropy, Adam(lr=0.01), points, callbacks=[moments])
        >>> history = learner.fit(epochs=100, progress=False)
        >>> list(moments.states)
        [0, 1, 2, 4, 7, 14, 27, 52, 100]
    """

    def __init__(self, epochs: Sequence[int] | None = None) -> None:
        if epochs is not None:
            if not isinstance(epochs, (list, tuple, range)):
                problem = f"epochs must be a list of integers, got {checks.of_kind(epochs)}."
                checks.fail("Snapshots", problem, "write epochs=[1, 10, 100].", TypeError)
            epochs = [checks.integer("Snapshots", f"epochs[{i}]", epoch, minimum=1) for i, epoch in enumerate(epochs)]
        self.epochs = epochs
        self.states: dict[int, dict[str, np.ndarray]] = {}
        self._chosen: list[int] = []
        self._history: History | None = None  # that of the learner to which the states belong

    def state(self) -> dict[str, Any]:
        return {"states": dict(self.states), "chosen": self._chosen}

    def load_state(self, state: dict[str, Any]) -> None:
        checks.kept_state("Snapshots", state, "states", "chosen")
        self.states = checks.instance("Snapshots", "states", state["states"], dict)
        self._chosen = checks.instance("Snapshots", "chosen", state["chosen"], list)

    def on_fit_begin(self, learner: Learner) -> None:
        if self._history is not learner.history:
            self._history, self.states = learner.history, {}
        self.states[learner.epoch] = learner.net.state()
        first, last = learner.epoch, learner.epochs_wanted
        growing = np.geomspace(1, max(last - first, 1), N_CHOSEN).round().astype(int)
        self._chosen = (first + growing).tolist() if self.epochs is None else list(self.epochs)

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        if epoch in self._chosen:
            self.states[epoch] = learner.net.state()
