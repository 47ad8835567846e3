"""Which update makes a weight NaN or infinite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinynet.core import faster
from tinynet.optimizers import Optimizer
from tinynet.probe.not_finite.cause import Outcome, cause_of, is_bad
from tinynet.probe.not_finite.finding import NotFinite
from tinynet.probe.not_finite.kept import kept
from tinynet.probe.not_finite.replay import Step, watch_parameter
from tinynet.probe.not_finite.watched_array import watched

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
        path, array, place = found
        value = float(array[place])

    def run() -> Outcome:
        with kept(optimizer, *parameters.values()), faster.use("plain"), np.errstate(all="ignore"):
            for parameter in parameters.values():
                watch_parameter(parameter)
            for _, slots in _slots(optimizer, parameters):
                slots.update({name: watched(slot) for name, slot in slots.items()})
            update(parameters)
            after = [parameters[path].tensor, *_arrays_kept(optimizer, parameters, path)]
            return [np.array(array) for array in after]

    cause = cause_of(run)
    kind = type(optimizer.rule_of(path, parameters[path])).__name__
    return NotFinite("update", path, kind, value, place, None if cause is None else cause.operation)


def first_bad_weight(parameters: dict[str, Any], optimizer: Optimizer) -> Any:
    """The path of the first weight that is not finite, its array and the place in it; slots count after all weights."""
    for path, parameter in parameters.items():
        if is_bad(parameter.tensor):
            return path, parameter.tensor, _place(parameter.tensor)
    for path in parameters:
        for array in _arrays_kept(optimizer, parameters, path):
            if is_bad(array):
                return path, array, _place(array)
    return None


def _place(array: np.ndarray) -> tuple[int, ...]:
    return tuple(map(int, np.argwhere(~np.isfinite(array))[0]))


def _slots(optimizer: Optimizer, parameters: dict[str, Any]) -> Iterator[tuple[Any, dict[str, np.ndarray]]]:
    for rule in optimizer.rules:
        for parameter in parameters.values():
            if parameter in rule._slots:
                yield parameter, rule._slots[parameter]


def _arrays_kept(optimizer: Optimizer, parameters: dict[str, Any], path: str) -> list[np.ndarray]:
    each = _slots(optimizer, {path: parameters[path]})
    return [array for _, slots in each for array in slots.values()]
