"""What a trace knows of an optimizer: its numbers, what it keeps, and what it does to gradients first."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.optimizers import Optimizer, schedules


def stages(optimizer: Optimizer, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """What happens to gradients before a rule gets them, in that order: a mean over several steps, and clipping.

    Each stage is of the parameters at its paths, and the norm is taken over these together.
    """
    trainable = {path: parameter for path, parameter in parameters.items() if parameter.trainable}
    steps = optimizer.gradient_accumulation_steps
    stage = {
        "rule": type(optimizer).__name__,
        "mean_of": steps,
        "waits": (optimizer.n_calls + 1) % steps > 0,
        "clip_norm": optimizer.clip_norm,
        "clip_value": optimizer.clip_value,
        "paths": list(trainable),
    }
    is_idle = steps == 1 and optimizer.clip_norm is None and optimizer.clip_value is None
    return [stage] * (not is_idle) + [
        inner for group, part in optimizer.in_groups(trainable) for inner in stages(group, part)
    ]


def rule_of_each(optimizer: Optimizer, parameters: dict[str, Any]) -> dict[str, Optimizer]:
    """Which optimizer updates which parameter, by path."""
    trainable = {path: parameter for path, parameter in parameters.items() if parameter.trainable}
    return {path: optimizer.rule_of(path, parameter) for path, parameter in trainable.items()}


def slots_of(optimizer: Optimizer, parameters: dict[str, Any]) -> dict[str, tuple[int, dict[str, np.ndarray]]]:
    """The count and copies of the arrays that belong to each parameter, by path."""
    found: dict[str, tuple[int, dict[str, np.ndarray]]] = dict.fromkeys(parameters, (0, {}))
    states = [optimizer.state(parameters)]
    while states:
        state = states.pop()
        states += state.get("groups", [])
        for path, slots in state.get("slots", {}).items():
            if slots or state["counts"][path]:
                found[path] = state["counts"][path], slots
    return found


def settings_of(rule: Optimizer) -> tuple[str, dict[str, Any]]:
    """The class of a rule, and its numbers in this step."""
    numbers = plain_values(vars(rule)) | {"lr": rule.learning_rate}
    if callable(rule.lr):
        numbers["schedule"] = _schedule(rule.lr, rule.n_steps)
    return type(rule).__name__, numbers


def _schedule(schedule: Any, step: int) -> Any:
    """A schedule as its class and its numbers, those inside it as well; of any other function its name and value."""
    if not callable(schedule):
        return schedule
    if type(schedule).__module__ != schedules.__name__:
        return {"kind": getattr(schedule, "__name__", type(schedule).__name__), "value": float(schedule(step))}
    numbers: dict[str, Any] = {"kind": type(schedule).__name__}
    for name, value in vars(schedule).items():
        is_list = isinstance(value, (list, tuple))
        numbers[name] = [_schedule(each, step) for each in value] if is_list else _schedule(value, step)
    return numbers


def plain_values(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that are plain values: numbers, words, and tuples of them."""
    return {name: value for name, value in attributes.items() if not name.startswith("_") and _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))
