"""Where a learner stands: all that training needs to go on as if it had never ended.

The order of the batches and every draw follow from the seed, the epoch and the step, so there is no state of random
streams but these three. What is kept besides: weights and statistics, what the optimizers keep, rates that were
changed, gradients that wait for an update, numbers over the epoch so far, the history, and the memory of each callback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import Parameter, checks, generator_states
from tinynet.learner.averages import Averages
from tinynet.learner.callback import Callback
from tinynet.learner.interrupt import INTERRUPTIONS
from tinynet.learner.scaled import Scaled
from tinynet.learner.twin import generators_in
from tinynet.net import Net
from tinynet.optimizers import Optimizer
from tinynet.storage.values import is_storable

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner


@dataclass
class SoFar:
    """What an epoch has come to so far.

    Attributes:
        rate: The learning rate at its beginning.
        averages: Loss and metrics.
        start: When it began, on the clock of `perf_counter`; earlier by what it took before it was resumed.
    """

    rate: float
    averages: Averages = field(default_factory=Averages)
    start: float = field(default_factory=perf_counter)

    @property
    def seconds(self) -> float:
        """What it has taken so far."""
        return perf_counter() - self.start

    def state(self) -> dict[str, Any]:
        """All of it, as plain values and arrays."""
        return {"rate": self.rate, "averages": self.averages.state(), "seconds": self.seconds}

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> SoFar:
        """An epoch that goes on from what `state` gave."""
        so_far = cls(state["rate"], start=perf_counter() - state["seconds"])
        so_far.averages.load_state(state["averages"])
        return so_far


def standing_of(learner: Learner, callbacks: Sequence[Callback]) -> dict[str, Any]:
    """Where a learner stands, between two batches or two epochs, as plain values and arrays.

    Args:
        learner: The learner.
        callbacks: Those whose memory is kept.
    """
    so_far = learner.so_far
    return {
        "epoch": learner.epoch,
        "batch": learner._n_batches_done,
        "epochs_wanted": learner.epochs_wanted,
        "stopped": "" if not learner.stop or learner.stop_reason in INTERRUPTIONS else learner.stop_reason or "stopped",
        "seed": generator_states()["seed"],
        "so_far": None if so_far is None else so_far.state(),
        "history": [dict(row) for row in learner.history],
        "numbers": numbers_of(learner),
        "generators": [generator.bit_generator.state for generator in generators_of(learner)],
        "callbacks": [(type(callback).__name__, callback.state()) for callback in callbacks],
        "recovery": learner.recovery.state(),
        "first_weights": learner.record.first_weights,
        "own": {name: value for name, value in vars(learner).items() if is_own(learner, name) and is_storable(value)},
    }


def numbers_of(learner: Learner) -> dict[str, Any]:
    """Copies of all numbers that training changes: those of the nets and of the optimizers, by name of attribute.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.optimizers import SGD
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(64))
        >>> before = numbers_of(learner)
        >>> history = learner.fit(progress=False)
        >>> put_numbers(learner, before)
        >>> np.array_equal(learner.net[0].weight.tensor, before["nets"]["net"]["0.weight"])
        True
    """
    nets, optimizers = parts(learner, Net), parts(learner, Optimizer)
    each = {name: net.parameters() for name, net in nets.items()}
    return {
        "nets": {name: net.state() for name, net in nets.items()},
        "frozen": {name: [path for path, one in own.items() if not one.trainable] for name, own in each.items()},
        "gradients": {
            name: {path: one.gradient.copy() for path, one in own.items() if one.gradient.any()}
            for name, own in each.items()
        },
        "optimizers": {name: _optimizer_state(learner, rule) for name, rule in optimizers.items()},
    }


def put_numbers(learner: Learner, numbers: dict[str, Any]) -> None:
    """Put back what `numbers_of` gave.

    Raises:
        ValueError: The numbers are those of another learner.
        TypeError: They are something else.
        LookupError: Some are missing.
    """
    for name, net in parts(learner, Net).items():
        net.load_state(numbers["nets"][name])
        for path, parameter in net.parameters().items():
            parameter.trainable = path not in numbers["frozen"][name]
    for name, optimizer in parts(learner, Optimizer).items():
        for rule, rate in zip(optimizer.rules, numbers["optimizers"][name]["rates"], strict=True):
            rule.lr = _rate(rule, rate)
    put_unfinished(learner, numbers)


def put_unfinished(learner: Learner, numbers: dict[str, Any]) -> None:
    """Put back what waits for an update: the gradients, and how many of them the optimizers have counted."""
    for name, net in parts(learner, Net).items():
        net.zero_gradient()
        for path, gradient in numbers["gradients"][name].items():
            net.parameters()[path].gradient = gradient
    for name, optimizer in parts(learner, Optimizer).items():
        kept = numbers["optimizers"][name]
        known = _all_parameters(learner)
        optimizer.load_state(kept["state"], {own: known[path] for own, path in kept["paths"].items()})


def parts(learner: Learner, kind: Any) -> dict[str, Any]:
    """The nets, or the optimizers, of a learner, by the names of its attributes."""
    return {name: part for name, part in vars(learner).items() if isinstance(part, kind)}


def put_generators(learner: Learner, states: Sequence[Any]) -> None:
    """Put the generators of random numbers inside the data and the net back to where they were.

    Raises:
        ValueError: There are more of them, or fewer.
    """
    found = generators_of(learner)
    if len(found) != len(states):
        raise ValueError(f"the data and the net had {len(states)} generators of random numbers, and have {len(found)}.")
    for generator, state in zip(found, states, strict=True):
        generator.bit_generator.state = state


def is_own(learner: Learner, name: str) -> bool:
    """Whether an attribute belongs to a subclass, and is no method: what it counts is kept too."""
    return name not in KNOWN and not hasattr(type(learner), name)


def generators_of(learner: Learner) -> list[np.random.Generator]:
    """The generators of random numbers inside the data, the loss and the nets."""
    return list(generators_in([learner.train, learner.valid, learner.loss, *parts(learner, Net).values()]))


def _optimizer_state(learner: Learner, optimizer: Optimizer) -> dict[str, Any]:
    paths = _paths(learner, optimizer)
    known = _all_parameters(learner)
    state = optimizer.state({own: known[path] for own, path in paths.items()})
    return {"state": state, "paths": paths, "rates": [_plain_rate(rule.lr) for rule in optimizer.rules]}


def _paths(learner: Learner, optimizer: Optimizer) -> dict[str, str]:
    """The parameters that an optimizer updates: from the path in their net to that in the learner."""
    if optimizer is learner.optimizer:
        return {path: f"net.{path}" for path in learner.net.parameters()}
    return {
        f"{name}.{path}": f"{name}.{path}"
        for name, net in parts(learner, Net).items()
        for path, parameter in net.parameters().items()
        if parameter in optimizer._of_its_net
    }


def _all_parameters(learner: Learner) -> dict[str, Parameter]:
    nets = parts(learner, Net)
    return {f"{name}.{path}": one for name, net in nets.items() for path, one in net.parameters().items()}


def _plain_rate(rate: Any) -> Any:
    """A rate that is a number; of a schedule, the factors by which it was scaled."""
    factor = 1.0
    while isinstance(rate, Scaled):
        rate, factor = rate.schedule, factor * rate.factor
    return ("schedule", factor) if callable(rate) else rate


def _rate(rule: Optimizer, kept: Any) -> Any:
    """The rate of a rule, given what `_plain_rate` gave."""
    if not isinstance(kept, tuple):
        rate = checks.number("Learner.resume", "a learning rate", kept, minimum=0)
        return rate if not callable(rule.lr) else _not_the_same("a number", "a schedule")
    factor = checks.number("Learner.resume", "the factor of a schedule", kept[1], minimum=0)
    if not callable(rule.lr):
        _not_the_same("a schedule", "a number")
    schedule: Any = rule.lr
    while isinstance(schedule, Scaled):
        schedule = schedule.schedule
    return schedule if factor == 1 else Scaled(schedule, factor)


def _not_the_same(before: str, now: str) -> Any:
    raise ValueError(f"the learning rate was {before}, and is {now}.")


#: The attributes of every learner; those of a subclass are its own.
KNOWN = {
    "net", "loss", "optimizer", "train", "valid", "batch_size", "drop_last", "metrics", "callbacks", "history", "batch",
    "epoch", "epochs_wanted", "_n_batches_done", "stop", "stop_reason", "record", "recovery", "so_far", "resumed",
}  # fmt: skip
