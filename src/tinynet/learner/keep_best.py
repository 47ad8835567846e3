"""Keep the weights of the best epoch."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.learner.callback import Callback
from tinynet.learner.monitor import Monitor
from tinynet.learner.progress import go_on_without
from tinynet.storage import check_savable, save

if TYPE_CHECKING:
    from tinynet.learner.history import History
    from tinynet.learner.learner import Learner


class KeepBest(Callback):
    """Remember the weights of the epoch in which a column of the history was best, and put them back at the end.

    The best is that of the learner's whole history, over several calls of `fit`; given to another learner, the callback
    begins anew. The weights are also restored if Ctrl-C or an error ended training. If the file cannot be written
    meanwhile, a warning says so; it is tried again with the next better weights, and at the end.

    Args:
        monitor: The column of the history that decides.
        path: If given, the net is also saved there, whenever it is better than before.
        mode: "min" or "max", what better means; None reads it from the name.

    Attributes:
        best_epoch: The epoch whose weights are kept, 0 before the first.
        best: The value of the column in it.

    Raises:
        ValueError: The name says nothing about what is better, or, when training begins, the learner has no such
            column, or the net cannot be saved.
        TypeError: The path is none, or, when training begins, a layer was built with a function or an array.
        OSError: When training begins, nothing can be written at the path.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import KeepBest, Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> keep = KeepBest("loss")
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(64), callbacks=[keep])
        >>> history = learner.fit(epochs=3, progress=False)
        >>> keep.best == min(history["loss"])
        True
    """

    def __init__(
        self, monitor: str = "valid_loss", path: str | PathLike[str] | None = None, mode: str | None = None
    ) -> None:
        self.monitor = Monitor("KeepBest", monitor, mode)
        self.path = None if path is None else checks.path("KeepBest", path)
        self._history: History | None = None  # that of the learner to which the rest belongs
        self._state: dict[str, np.ndarray] | None = None

    @property
    def best_epoch(self) -> int:
        return self.monitor.best_epoch

    @property
    def best(self) -> float | None:
        return self.monitor.best

    def state(self) -> dict[str, Any]:
        return self.monitor.state() | {"weights": self._state}

    def load_state(self, state: dict[str, Any]) -> None:
        self.monitor.load_state(state)
        weights = state["weights"]
        if weights is not None:
            checks.matching_state(self._net, weights, {path: one.shape for path, one in self._net.state().items()})
        self._state, self._is_saved = weights, False  # the file may be of an epoch that is trained again

    def on_fit_begin(self, learner: Learner) -> None:
        self.monitor.check(learner)
        self._net = learner.net
        if self.path is not None:
            check_savable(learner.net, self.path)
        if self._history is not learner.history:
            self._history, self._state = learner.history, None
            self.monitor.reset()

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        if self.monitor.improves(row):
            self._state, self._is_saved = learner.net.state(), False
            self._save(learner)

    def on_fit_end(self, learner: Learner) -> None:
        if self._state is not None:
            learner.net.load_state(self._state)
            if not self._is_saved:
                self._save(learner)

    def _save(self, learner: Learner) -> None:
        """Save the net, which holds the best weights, if that is wanted; where it fails, training goes on."""
        if self.path is None:
            return
        try:
            save(learner.net, self.path)
            self._is_saved = True
        except OSError as error:
            go_on_without("KeepBest", error)
