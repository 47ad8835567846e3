"""What a trace knows of an optimizer: its numbers, what it keeps, and what it does to gradients first."""

from __future__ import annotations

from functools import cache, partial
from inspect import signature
from itertools import zip_longest
from typing import Any

import numpy as np

from tinynet import optimizers
from tinynet.core import checks
from tinynet.optimizers import Optimizer, ParameterGroups, schedules
from tinynet.probe.trace import Trace


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


def slots_of(state: dict[str, Any], parameters: dict[str, Any]) -> dict[str, tuple[int, dict[str, np.ndarray]]]:
    """From the state of an optimizer, the count and the arrays of each parameter, by path."""
    found: dict[str, tuple[int, dict[str, np.ndarray]]] = dict.fromkeys(parameters, (0, {}))
    states = [state]
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
    if not type(schedule).__module__.startswith(schedules.__name__):
        return {"kind": getattr(schedule, "__name__", type(schedule).__name__), "value": float(schedule(step))}
    numbers: dict[str, Any] = {"kind": type(schedule).__name__}
    if isinstance(schedule, schedules.SequentialLR):
        starts = [0, *schedule.milestones]
        inner = [_schedule(each, max(step - t, 0)) for each, t in zip(schedule.schedules, starts, strict=True)]
        return numbers | {"schedules": inner, "milestones": list(schedule.milestones)}
    if isinstance(schedule, schedules.CyclicLR) and schedule.scale_fn is not None:
        return numbers | plain_values(vars(schedule)) | {"height": float(schedule.height(step))}
    return numbers | {
        name: list(value) if isinstance(value, (list, tuple)) else _schedule(value, step)
        for name, value in vars(schedule).items()
    }


def plain_values(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that are plain values: numbers, words, and tuples of them."""
    return {name: value for name, value in attributes.items() if not name.startswith("_") and _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def description_of(optimizer: Optimizer, parameters: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """An optimizer and its state before a step, as plain values from which `rule_before` builds it again.

    Example:
        >>> from tinynet.optimizers import SGD
        >>> rule = SGD(lr=0.1)
        >>> description_of(rule, {}, rule.state({}))["arguments"]["lr"]
        0.1
    """
    kind = type(optimizer)
    names = _names_of_arguments(kind)
    numbers = plain_values(vars(optimizer)) | {"lr": optimizer.learning_rate}
    description = {
        "class": kind.__name__,
        "built_in": getattr(optimizers, kind.__name__, None) is kind,
        "arguments": {name: value for name, value in numbers.items() if name in names},
        "n_calls": state["n_calls"],
        "n_steps": state["n_steps"],
    }
    if isinstance(optimizer, ParameterGroups):
        groups = zip(optimizer.in_groups(parameters), state["groups"], strict=True)
        inner = [(list(part), description_of(group, part, kept)) for (group, part), kept in groups]
        return description | {"groups": inner}
    slots = {path: list(kept) for path, kept in state["slots"].items()}
    return description | {"counts": state["counts"], "slots": slots}


@cache
def _names_of_arguments(kind: type[Optimizer]) -> set[str]:
    return {*signature(kind.__init__).parameters, *signature(Optimizer.__init__).parameters}


def rule_before(trace: Trace, parameters: dict[str, Any], given: Optimizer | None = None) -> Optimizer | None:
    """The optimizer of a step as it was before it, for the parameters of another net; None if there was no update.

    Args:
        trace: The step.
        parameters: From path to parameter.
        given: An object of an optimizer's class of your own; its numbers are used.
    """
    description = trace.about["rule"]
    if description is None:
        return None
    rule = _built(description, trace.objects.get("optimizer"), given)
    rule.load_state(_state(trace, description), parameters)
    return rule


def _built(description: dict[str, Any], live: Optimizer | None, given: Optimizer | None) -> Optimizer:
    if "groups" in description:
        live_groups = [group for _, group in live.groups] if isinstance(live, ParameterGroups) else []
        groups = [
            (partial(_is_among, frozenset(paths)), _built(inner, live_group, given))
            for (paths, inner), live_group in zip_longest(description["groups"], live_groups)
        ]
        arguments = {name: value for name, value in description["arguments"].items() if name != "lr"}
        return ParameterGroups(groups, **arguments)
    if given is not None:
        return given
    if live is None and not description["built_in"]:
        name = description["class"]
        checks.fail("replay", f"{name} is not one of Tinynet's optimizers.", f"give optimizer={name}(…).")
    kind = getattr(optimizers, description["class"]) if live is None else type(live)
    return kind(**description["arguments"])


def _is_among(paths: frozenset[str], path: str, parameter: Any) -> bool:
    return path in paths


def _state(trace: Trace, description: dict[str, Any]) -> dict[str, Any]:
    """The state of an optimizer before the step, as its `load_state` takes it."""
    state = {"n_calls": description["n_calls"], "n_steps": description["n_steps"]}
    if "groups" in description:
        return state | {"groups": [_state(trace, inner) for _, inner in description["groups"]]}
    slots = {
        path: {name: trace[f"{path}.{name}.before"] for name in names} for path, names in description["slots"].items()
    }
    return state | {"counts": description["counts"], "slots": slots}
