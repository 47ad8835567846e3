"""The base class of every callback."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.storage.values import is_storable

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner


class Callback:
    """Code that a Learner calls at fixed points of training.

    A subclass writes the hooks it needs. Each may read the learner and set `learner.stop = True`, which ends training
    after the current batch. A method that begins with `on_` and is not one of these hooks is refused when the class is
    defined, so that a misspelt hook is noticed. `on_fit_begin` is the place to forget what belongs to another learner.

    What a callback remembers is kept in checkpoints by `state`, and given back by `load_state` when training is
    resumed, after `on_fit_begin`. As they stand they keep every attribute that is a number, a text, an array, a list or
    dict of these, or a generator of random numbers. A callback that keeps other things writes its own.

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
                checks.fail(cls.__name__, f"{name} is not a hook that a Learner calls.", hint, TypeError)

    comes_last: bool = False  #: Whether it is called after the others, as what writes down their memory must be.

    def state(self) -> dict[str, Any]:
        """A copy of what this callback remembers: numbers, texts, arrays, and lists, tuples and dicts of them."""
        kept = {name: deepcopy(value) for name, value in vars(self).items() if is_storable(value)}
        rngs = {name: value for name, value in vars(self).items() if isinstance(value, np.random.Generator)}
        return kept | {name: rng.bit_generator.state for name, rng in rngs.items()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        checks.kept_state(type(self).__name__, state)
        for name, value in state.items():
            rng = vars(self).get(name)
            if isinstance(rng, np.random.Generator):
                rng.bit_generator.state = value
            elif not callable(getattr(type(self), name, None)):
                setattr(self, name, value)

    def on_fit_begin(self, learner: Learner) -> None:
        """`fit` was called."""

    def on_epoch_begin(self, learner: Learner, epoch: int) -> None:
        """Epoch number `epoch`, counted from 1, begins. Not called where training is resumed within it."""

    def on_batch_begin(self, learner: Learner, index: int) -> None:
        """Batch number `index` of the epoch, counted from 0, begins."""

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        """The net has been trained on a batch; `means` are the loss and metrics over the epoch so far,
        without metrics that need all predictions at once."""

    def on_stop(self, learner: Learner) -> None:
        """`learner.stop` is set: within an epoch, before that is closed early, and once more before training ends."""

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        """An epoch is over and validated; `row` is its row of the history."""

    def on_fit_end(self, learner: Learner) -> None:
        """Training is over, even if an error ended it; not called if `on_fit_begin` failed."""


def in_order(callbacks: Sequence[Callback]) -> list[Callback]:
    """Callbacks in the order in which they are called.

    Example:
        >>> first, last = Callback(), Callback()
        >>> last.comes_last = True
        >>> in_order([last, first]) == [first, last]
        True
    """
    return sorted(callbacks, key=lambda callback: callback.comes_last)


@contextmanager
def one_at_a_time(learner: Learner) -> Iterator[None]:
    """Refuse a `fit` within a `fit` of the same learner, as a callback or another thread may call it.

    Raises:
        RuntimeError: The learner is training already.
    """
    if learner._is_training:
        hint = "a callback may evaluate, or set learner.stop; for other trainings make another Learner."
        checks.fail("Learner.fit", "this learner is training already.", hint, RuntimeError)
    try:
        learner._is_training = True
        yield
    finally:
        learner._is_training = False


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
