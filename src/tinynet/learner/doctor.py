"""What the doctor is told of a learner, and its short word at the end of `fit`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.learner.progress import write
from tinynet.net import Net
from tinynet.optimizers import Optimizer

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner
    from tinynet.probe.doctor import Case, Diagnoses

MOST_SHOWN = 3


@dataclass
class Record:
    """What is kept of a training for the doctor; all else is computed when it is asked.

    Attributes:
        first_weights: The net's state before its first step.
        ended_by: The error that ended the last `fit`, or "".
    """

    first_weights: dict[str, np.ndarray] | None = None
    ended_by: str = ""


@contextmanager
def recorded(learner: Learner, shown: bool) -> Iterator[None]:
    """Keep what the doctor needs of a `fit`; afterwards, if it is shown, say in a few lines what went wrong."""
    record = learner.record
    record.ended_by = ""
    if record.first_weights is None:
        record.first_weights = learner.net.state()
    try:
        yield
    except FloatingPointError as error:
        record.ended_by = str(error).partition("\n")[0]
        if shown:
            _say_what_is_wrong(learner)
        raise
    if shown and learner.stop_reason != "Ctrl-C":
        _say_what_is_wrong(learner)


def _say_what_is_wrong(learner: Learner) -> None:
    from tinynet.probe.doctor.skill import ERRORS

    try:
        problems = diagnose(learner, may_try=False).problems
    except ERRORS:
        return  # from data or layers of a user's own; the training is over, and no question may spoil it
    for each in problems[:MOST_SHOWN]:
        write(each.short())
    if problems:
        write("learner.diagnose() tells more, and tries it out.")


def diagnose(learner: Learner, may_try: bool = True) -> Diagnoses:
    """Let the doctor examine a learner."""
    from tinynet.probe.doctor import diagnose  # it is not needed to train

    return diagnose(case_of(learner, may_try))


def case_of(learner: Learner, may_try: bool = True) -> Case:
    """A learner as the doctor wants to see it."""
    from tinynet.learner.learner import Learner
    from tinynet.probe.doctor import Case

    return Case(
        learner.net,
        learner.loss,
        learner.optimizer,
        learner.train,
        learner.valid,
        learner.batch_size,
        learner.history.rows,
        learner.metrics,
        learner.record.first_weights,
        learner.step,
        learner.record.ended_by,
        partial(_read_batches, learner),
        _step_maker(learner),
        type(learner).train_step is Learner.train_step,
        may_try,
    )


def _read_batches(learner: Learner, data: Any, epoch: int) -> Iterator[Any]:
    """The batches of an epoch, as this learner reads them, of data in place of its own."""
    twin = _twin(learner)
    twin.train = data
    return twin._batches(epoch)


def _step_maker(learner: Learner) -> Callable[[Net, Any, Optimizer], Callable[[Any, Any], float]]:
    """A function that makes steps as this learner makes them, for another net, loss and optimizer."""

    def make(net: Net, loss: Any, optimizer: Optimizer) -> Callable[[Any, Any], float]:
        twin = _twin(learner, net, optimizer)
        twin.net, twin.loss, twin.optimizer = net, loss, optimizer
        vars(twin)["check_finite"] = _fail_if_not_finite

        def step(x: Any, y: Any) -> float:
            twin.batch = x, y
            with np.errstate(all="ignore"):
                return float(twin.train_step(x, y)[0])

        return step

    return make


def _twin(learner: Learner, net: Net | None = None, optimizer: Optimizer | None = None) -> Learner:
    """A learner at its beginning, with everything of its own but the data."""
    from tinynet.learner.learner import Learner

    twin = copy(learner)
    twin._n_batches_done, twin.epoch, twin.callbacks = 0, 0, ()
    if type(learner).train_step is not Learner.train_step and net is not None:  # it may train what else it holds
        shared = ("train", "valid", "history", "metrics", "record", "recovery", "callbacks", "loss")
        memo = {id(getattr(learner, name)): getattr(learner, name) for name in shared}
        memo |= {id(learner.net): net, id(learner.optimizer): optimizer}
        vars(twin).update({name: deepcopy(value, memo) for name, value in vars(learner).items() if name not in shared})
    return twin


def _fail_if_not_finite(loss: float, *_: Any) -> None:
    if not np.isfinite(loss):
        raise FloatingPointError("the loss is not finite.")
