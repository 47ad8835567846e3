"""Experiments: a few steps again, from the same weights and on the same batches, with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import numpy as np

from tinynet.core import streams
from tinynet.net import Net
from tinynet.net.tuples import as_tuple
from tinynet.optimizers import Optimizer
from tinynet.probe.doctor.case import Case, Step
from tinynet.probe.doctor.diagnosis import Experiment
from tinynet.probe.doctor.settings import at_peak, unused
from tinynet.probe.doctor.skill import ERRORS, Loss, loss_value, skill

MIN_SAVING = 0.05  #: A change helps where it saves this much more of the loss of the best constant.


def same(thing: Any) -> Any:
    """What is not changed."""
    return thing


@dataclass(frozen=True)
class Change:
    """What is changed in an experiment: each function gets a thing and returns another in its place.

    Attributes:
        words: What is changed, as it follows "with".
    """

    words: str = ""
    net: Callable[[Net], Net] = same
    loss: Callable[[Loss], Loss] = same
    optimizer: Callable[[Optimizer], Optimizer] = same
    x: Callable[[Any], Any] = same
    y: Callable[[Any], Any] = same


@dataclass(frozen=True)
class Trial:
    """A few steps, and what became of the net.

    Attributes:
        losses: The loss of each step; the last is NaN if a step failed.
        skill: How well the net does afterwards, from 0 for the best constant to 1; NaN if a step failed.
        net: The net afterwards.
    """

    losses: tuple[float, ...]
    skill: float
    net: Net


def step_for(case: Case, net: Net, loss: Loss, optimizer: Optimizer) -> Step:
    """A function that trains a net on a batch, as the learner does."""
    return (case.make_step or plain_step)(net, loss, optimizer)


def plain_step(net: Net, loss: Loss, optimizer: Optimizer) -> Step:
    """The usual step: forward, loss, backward, update."""

    def step(x: Any, y: Any) -> float:
        value, gradient = loss(net.forward(*as_tuple(x)), y)
        net.backward(*as_tuple(gradient), input_gradient=False)
        if not isfinite(value):
            raise FloatingPointError("the loss is not finite.")
        net.update(optimizer)
        return float(value)

    return step


def has_usual_loss(case: Case) -> bool:
    """Whether a step of a user's own returns the loss of the net on the batch, so that all questions make sense."""
    x, y = case.first_batches[0]
    net = case.copy_of_net()
    streams.go_to(epoch=1, step=1)
    usual = loss_value(case.loss, net.forward(*as_tuple(x)), y)
    streams.go_to(epoch=1, step=1)
    net = case.copy_of_net()
    try:
        found = step_for(case, net, case.loss, unused(case.optimizer))(x, y)
    except (FloatingPointError, *ERRORS):
        return False
    return abs(found - usual) <= 1e-4 * max(abs(usual), 1e-12)


def run(case: Case, change: Change, start: str = "first", long: bool = False) -> Trial:
    """Train a copy of the net for a few steps, from its first or its last weights, on the first batches."""
    net = change.net(case.copy_of_net(start))
    loss = change.loss(case.loss)
    step = step_for(case, net, loss, change.optimizer(at_peak(unused(case.optimizer), case.n_steps)))
    losses: list[float] = []
    for index, (x, y) in enumerate(case.batches(case.n_long if long else case.n_tried)):
        streams.go_to(epoch=1, step=index + 1)
        try:
            losses.append(float(step(change.x(x), change.y(y))))
        except (FloatingPointError, *ERRORS):
            losses.append(nan)
            break
    x, y = case.sample
    after = nan
    if losses and isfinite(losses[-1]):
        try:
            after = skill(loss, net.predict(*as_tuple(change.x(x))), change.y(y))
        except ERRORS:
            after = nan
    return Trial(tuple(losses), after, net)


def unchanged(case: Case, start: str = "first", long: bool = False) -> Trial:
    """The same steps as they are, run once for each case."""
    kept = vars(case).setdefault("_unchanged", {})
    if (start, long) not in kept:
        kept[start, long] = run(case, Change(), start, long)
    return kept[start, long]


def one_batch(case: Case, n_rows: int = 8) -> list[float]:
    """The losses of training on the same few rows, over and over, from the first weights."""
    net = case.copy_of_net()
    step = step_for(case, net, case.loss, at_peak(unused(case.optimizer), case.n_steps))
    x, y = (_first_rows(part, n_rows) for part in case.sample)
    losses: list[float] = []
    for index in range(case.n_long):
        streams.go_to(epoch=1, step=index + 1)
        try:
            losses.append(float(step(x, y)))
        except (FloatingPointError, *ERRORS):
            return [*losses, nan]
    return losses


def _first_rows(part: Any, n: int) -> Any:
    return tuple(array[:n] for array in part) if isinstance(part, tuple) else part[:n]


def compare(case: Case, change: Change, start: str = "first", long: bool = False) -> Experiment | None:
    """The experiment that a change is, or None if nothing may be tried."""
    if not case.may_try:
        return None
    before, after = unchanged(case, start, long), run(case, change, start, long)
    return Experiment(change.words, before.losses, after.losses, (before.skill, after.skill))


def helps(experiment: Experiment | None, by: float = MIN_SAVING) -> bool:
    """Whether the change made things clearly better."""
    if experiment is None:
        return False
    before, after = experiment.skills
    return isfinite(after) and after > MIN_SAVING / 2 and (not isfinite(before) or after > before + by)


def with_layer(path: str, make: Callable[[], Any]) -> Callable[[Net], Net]:
    """Put another layer in the place of the one at a path; None takes it out."""

    def change(net: Net) -> Net:
        names = path.split(".")
        owner: Any = dict(net.layers_inside())[".".join(names[:-1])] if len(names) > 1 else net
        if not isinstance(owner, Net):
            return net
        layers = list(owner)
        other = make()
        layers[int(names[-1])] = other
        if other is None:
            del layers[int(names[-1])]
        owner.layers = tuple(layers)
        return net.train()

    return change


def as_mean(n_rows: int) -> Callable[[Loss], Loss]:
    """Divide a loss, and its gradient, by the number of rows."""

    def change(loss: Loss) -> Loss:
        def mean(predicted: Any, y: Any) -> tuple[float, Any]:
            value, gradient = loss(predicted, y)
            n = len(as_tuple(predicted)[0]) or n_rows
            if isinstance(gradient, tuple):
                return float(value) / n, tuple(part / n for part in gradient)
            return float(value) / n, gradient / np.asarray(n, gradient.dtype)

        return mean

    return change
