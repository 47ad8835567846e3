"""Optimizers with other settings, for experiments; the one that trains stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any

import numpy as np

from tinynet.optimizers import Optimizer

N_PLACES = 64  #: Of a schedule that are looked at.


def unused(optimizer: Optimizer) -> Optimizer:
    """An optimizer of the same settings that has done no step."""
    other = copy(optimizer)
    for name, value in vars(optimizer).items():
        if name == "groups":
            vars(other)["groups"] = tuple((which, unused(rule)) for which, rule in value)
        elif isinstance(value, (dict, list)):
            setattr(other, name, deepcopy(value))
    other.n_calls = other.n_steps = 0
    other._slots, other._counts, other._of_its_net = {}, {}, set()
    return other


def peak_rate(optimizer: Optimizer, n_steps: int) -> float:
    """The highest rate that an optimizer, or one of its groups, had in `n_steps` steps."""
    return max(rule.learning_rate for rule in at_peak(unused(optimizer), n_steps).rules)


def at_peak(optimizer: Optimizer, n_steps: int) -> Optimizer:
    """Let an optimizer, and those of its groups, keep the highest rate that their schedules gave in `n_steps` steps."""
    for rule in optimizer.rules:
        if callable(rule.lr):
            steps = np.unique(np.linspace(0, max(n_steps, 20), N_PLACES).astype(int))
            rule.lr = max(float(rule.lr(int(step))) for step in steps)
    return optimizer


def with_rate(factor: float) -> Callable[[Optimizer], Optimizer]:
    """Let an optimizer, and those of its groups, have another learning rate."""

    def change(optimizer: Optimizer) -> Optimizer:
        for rule in optimizer.rules:
            rule.lr = (lambda step, lr=rule.lr: factor * lr(step)) if callable(rule.lr) else factor * rule.lr
        return optimizer

    return change


def with_setting(**settings: Any) -> Callable[[Optimizer], Optimizer]:
    """Let an optimizer, and those of its groups, have other settings, where they have such."""

    def change(optimizer: Optimizer) -> Optimizer:
        for rule in optimizer.rules:
            for name, value in settings.items():
                if hasattr(rule, name):
                    setattr(rule, name, value)
        return optimizer

    return change
