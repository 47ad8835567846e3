"""Which update makes a weight NaN or infinite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.core import faster
from tinynet.optimizers import Optimizer
from tinynet.probe.not_finite.cause import Outcome, bad_place, cause_of, is_bad
from tinynet.probe.not_finite.finding import NotFinite
from tinynet.probe.not_finite.kept import kept
from tinynet.probe.not_finite.replay import Step, watch_parameter
from tinynet.probe.not_finite.watched_array import plainly, watched

Update = Callable[[dict[str, Any]], None]


def where_in_update(step: Step, optimizer: Optimizer) -> NotFinite | None:
    """What the update that follows a finite step makes of the weights, if it is not finite."""
    parameters = step.parameters()
    with step.again(), kept(optimizer):
        for parameter in parameters.values():
            parameter.zero_gradient()
        step.run(step.x, step.y, step.loss)
        return bad_update(parameters, optimizer, optimizer.step)


def bad_update(parameters: dict[str, Any], optimizer: Optimizer, update: Update) -> NotFinite | None:
    """What an update with the gradients as they are makes of the weights, if it is not finite; nothing is changed.

    Args:
        parameters: From path to parameter.
        optimizer: The optimizer.
        update: What it does, its `step` or `finish`.

    Example:
        >>> from tinynet.core import Parameter
        >>> from tinynet.optimizers import SGD
        >>> rule, weight = SGD(lr=1e30), Parameter(np.zeros(2))
        >>> weight.accumulate([1.0, 1e20])
        >>> bad_update({"weight": weight}, rule, rule.step).place
        (1,)
    """
    with kept(optimizer, *parameters.values()), np.errstate(all="ignore"):
        update(parameters)
        found = first_bad_weight(parameters, optimizer)
        if found is None:
            return None
        path, slot, array = found
        place = bad_place(array)
        value = float(array[place])

    def run() -> Outcome:
        with kept(optimizer, *parameters.values()), faster.use("plain"), np.errstate(all="ignore"):
            for parameter in parameters.values():
                watch_parameter(parameter)
                slots = _slots_of(optimizer, parameter)
                slots.update({name: watched(array) for name, array in slots.items()})
            update(parameters)
            after = [parameters[path].tensor, *_slots_of(optimizer, parameters[path]).values()]
            return [plainly(array).copy() for array in after]

    cause = cause_of(run)
    kind = type(optimizer.rule_of(path, parameters[path])).__name__
    return NotFinite("update", path, kind, value, place, None if cause is None else cause.operation, slot=slot)


def first_bad_weight(parameters: dict[str, Any], optimizer: Optimizer) -> tuple[str, str, np.ndarray] | None:
    """The path of the first weight that is not finite, and its array; then the slots, with the name of the slot."""
    for path, parameter in parameters.items():
        if is_bad(parameter.tensor):
            return path, "", parameter.tensor
    for path, parameter in parameters.items():
        for name, array in _slots_of(optimizer, parameter).items():
            if is_bad(array):
                return path, name, array
    return None


def _slots_of(optimizer: Optimizer, parameter: Any) -> dict[str, np.ndarray]:
    """What the rule of a parameter keeps for it."""
    return next((rule._slots[parameter] for rule in optimizer.rules if parameter in rule._slots), {})
