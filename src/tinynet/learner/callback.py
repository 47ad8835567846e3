"""The base class of every callback."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from tinynet.core import checks

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner


class Callback:
    """Code that a Learner calls at fixed points of training.

    A subclass writes the hooks it needs. Each may read the learner and set `learner.stop = True`, which ends training
    after the current batch. A method that begins with `on_` and is not one of these hooks is refused when the class is
    defined, so that a misspelt hook is noticed. `on_fit_begin` is the place to forget what belongs to another learner.

    Raises:
        TypeError: A subclass has an `on_…` method that would never be called.

    Example:
        >>> class Shout(Callback):
        ...     def on_epoch_end(self, learner, epoch, row):
        ...         print(f"epoch {epoch} done!")
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        hooks = [name for name in vars(Callback) if name.startswith("on_")]
        for name in vars(cls):
            if name.startswith("on_") and name not in hooks:
                close = difflib.get_close_matches(name, hooks, n=1)
                hint = (f"did you mean {close[0]}? " if close else "") + f"The hooks are {', '.join(hooks)}."
                checks.fail(cls.__name__, f"{name} is no hook that a Learner calls.", hint, TypeError)

    def on_fit_begin(self, learner: Learner) -> None:
        """`fit` was called."""

    def on_epoch_begin(self, learner: Learner, epoch: int) -> None:
        """Epoch number `epoch`, counted from 1, begins."""

    def on_batch_begin(self, learner: Learner, index: int) -> None:
        """Batch number `index` of the epoch, counted from 0, begins."""

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        """The net has been trained on a batch; `means` are the loss and metrics over the epoch so far,
        without metrics that need all predictions at once."""

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        """An epoch is over and validated; `row` is its row of the history."""

    def on_fit_end(self, learner: Learner) -> None:
        """Training is over, even if an error ended it; not called if `on_fit_begin` failed."""


@contextmanager
def begun(callbacks: Sequence[Callback], learner: Learner) -> Iterator[None]:
    """Begin each callback, and on leaving end those that have begun: all of them, even if one of them raises."""
    have_begun: list[Callback] = []
    with ExitStack() as ends:
        try:
            for callback in callbacks:
                callback.on_fit_begin(learner)
                have_begun.append(callback)
            yield
        finally:
            for callback in reversed(have_begun):  # an ExitStack runs its last entry first
                ends.callback(callback.on_fit_end, learner)
