"""Learning-rate schedules: functions from the number of updates done so far to a learning rate.

Any function of the step can be given as `lr=`; the usual ones are here, under PyTorch's names. A step is one
update, not one epoch, and t below counts the steps from 0. Past its end a schedule keeps its last value.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, fraction, number, rate

Schedule = Callable[[int], float]


@dataclass
class StepLR:
    """Multiply the rate by a factor every so many steps.

    Equation:
        ε(t) = lr · gammaᵏ, where k = ⌊t / step_size⌋

    Args:
        lr: The rate at the start, at least 0.
        step_size: How many steps each rate holds.
        gamma: The factor.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = StepLR(1.0, step_size=2, gamma=0.5)
        >>> [schedule(t) for t in range(5)]
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    lr: float
    step_size: int
    gamma: float = 0.1

    def __post_init__(self) -> None:
        checks.arguments(self, vars(self), lr=number(0), step_size=at_least(1), gamma=number(0))

    def __call__(self, step: int) -> float:
        return _power(self.lr, self.gamma, _checked(self, step) // self.step_size)


@dataclass
class ExponentialLR:
    """Multiply the rate by a factor at every step.

    Equation:
        ε(t) = lr · gammaᵗ

    Args:
        lr: The rate at the start, at least 0.
        gamma: The factor, a little below 1: a rate falls to 1 % in ln(0.01) / ln(gamma) steps. Above 1 the rate grows,
            at last to infinity, which an optimizer refuses.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> ExponentialLR(1.0, gamma=0.5)(3)
        0.125
    """

    lr: float
    gamma: float

    def __post_init__(self) -> None:
        checks.arguments(self, vars(self), lr=number(0), gamma=number(0))

    def __call__(self, step: int) -> float:
        return _power(self.lr, self.gamma, _checked(self, step))


@dataclass
class CosineAnnealingLR:
    """Fall from one rate to another along half a cosine wave: Loshchilov and Hutter 2017, equation 5.

    Equation:
        ε(t) = eta_min + (lr − eta_min) · (1 + cos(π t / T_max)) / 2 up to t = T_max

    Args:
        lr: The rate at the start, at least 0.
        T_max: After how many steps eta_min is reached.
        eta_min: The rate at the end.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = CosineAnnealingLR(1.0, T_max=4)
        >>> [round(schedule(t), 3) for t in range(6)]
        [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    lr: float
    T_max: int
    eta_min: float = 0.0

    def __post_init__(self) -> None:
        checks.arguments(self, vars(self), lr=number(0), T_max=at_least(1), eta_min=number(0))

    def __call__(self, step: int) -> float:
        return _cosine(self.lr, self.eta_min, _checked(self, step) / self.T_max)


@dataclass
class CosineAnnealingWarmRestarts:
    """Fall along half a cosine wave, jump back to the start, and fall again: Loshchilov and Hutter 2017, equation 5.

    Equation:
        ε(t) = eta_min + (lr − eta_min) · (1 + cos(π s / T)) / 2, where s counts the steps since the last restart and
        T, the length of this cycle, is T_0 at first and T_mult times as long after every restart

    Args:
        lr: The rate at the start of every cycle, at least 0.
        T_0: The length of the first cycle in steps.
        T_mult: How many times longer each cycle is than the one before.
        eta_min: The rate that each cycle falls to.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = CosineAnnealingWarmRestarts(1.0, T_0=2, T_mult=2)
        >>> [round(schedule(t), 3) for t in range(7)]
        [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    lr: float
    T_0: int
    T_mult: int = 1
    eta_min: float = 0.0

    def __post_init__(self) -> None:
        checks.arguments(self, vars(self), lr=number(0), T_0=at_least(1), T_mult=at_least(1), eta_min=number(0))

    def __call__(self, step: int) -> float:
        step, length = _checked(self, step), self.T_0
        if self.T_mult == 1:
            step %= length
        else:
            while step >= length:
                step, length = step - length, length * self.T_mult
        return _cosine(self.lr, self.eta_min, step / length)


@dataclass
class LinearWarmup:
    """Rise in a straight line, then follow another schedule.

    Equation:
        ε(t) = min(1, (t + 1) / n_steps) · lr(t)

    Args:
        lr: The rate to rise to, or the schedule that is followed from its step 0 on.
        n_steps: How many steps the rise takes.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = LinearWarmup(1.0, n_steps=4)
        >>> [schedule(t) for t in range(6)]
        [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """

    lr: float | Schedule
    n_steps: int

    def __post_init__(self) -> None:
        checks.arguments(self, vars(self), lr=rate, n_steps=at_least(1))

    def __call__(self, step: int) -> float:
        return min(1.0, (_checked(self, step) + 1) / self.n_steps) * _at(self.lr, step)


@dataclass
class OneCycleLR:
    """Rise to a high rate, then fall far below the start, each along half a cosine wave: Smith and Topin 2019.

    Equation:
        ε rises from max_lr / div_factor at t = 0 to max_lr at t = pct_start · total_steps − 1,
        and falls to max_lr / (div_factor · final_div_factor) at t = total_steps − 1

    Args:
        max_lr: The highest rate.
        total_steps: The length of the cycle: epochs times batches per epoch.
        pct_start: The share of the steps that the rise takes, between 0 and 1.
        div_factor: How many times lower the rate is at the start.
        final_div_factor: How many times lower than at the start it is at the end.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = OneCycleLR(1.0, total_steps=10, pct_start=0.3, div_factor=10)
        >>> [round(schedule(t), 3) for t in (0, 1, 2, 9)]
        [0.1, 0.55, 1.0, 0.0]
    """

    max_lr: float
    total_steps: int
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4

    def __post_init__(self) -> None:
        checks.arguments(
            self,
            vars(self),
            max_lr=number(0),
            total_steps=at_least(1),
            pct_start=fraction,
            div_factor=number(above=0),
            final_div_factor=number(above=0),
        )

    def __call__(self, step: int) -> float:
        step, start = _checked(self, step), self.max_lr / self.div_factor
        top, end = self.pct_start * self.total_steps - 1, self.total_steps - 1
        if step < top:
            return _cosine(start, self.max_lr, step / top)
        return _cosine(self.max_lr, start / self.final_div_factor, (step - top) / (end - top))


@dataclass
class SequentialLR:
    """One schedule after the other, each counting its steps from 0.

    Equation:
        ε(t) = lrᵢ(t − tᵢ) for tᵢ ≤ t < tᵢ₊₁, where t₀ = 0 and the other tᵢ are the milestones

    Args:
        schedules: Schedules, or numbers for rates that stay; one more than milestones.
        milestones: The steps at which the next one takes over, in rising order.

    Raises:
        ValueError: The milestones do not fit the schedules, or do not rise.

    Example:
        >>> schedule = SequentialLR([0.1, ExponentialLR(1.0, gamma=0.5)], milestones=[2])
        >>> [schedule(t) for t in range(5)]
        [0.1, 0.1, 1.0, 0.5, 0.25]
    """

    schedules: list[float | Schedule]
    milestones: list[int]

    def __post_init__(self) -> None:
        checks.non_empty_list("SequentialLR", "schedules", self.schedules)
        for index, schedule in enumerate(self.schedules):
            checks.rate("SequentialLR", f"schedules[{index}]", schedule)
        _check_milestones(self.milestones, len(self.schedules) - 1)

    def __call__(self, step: int) -> float:
        index = bisect_right(self.milestones, _checked(self, step))
        return _at(self.schedules[index], step - (self.milestones[index - 1] if index else 0))


def _checked(schedule: Schedule, step: int) -> int:
    return checks.integer(type(schedule).__name__, "step", step, minimum=0)


def _power(lr: float, gamma: float, k: int) -> float:
    try:
        return lr * gamma**k
    except OverflowError:  # gamma is above 1; an optimizer refuses a rate that is not finite
        return math.inf if lr else 0.0


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(share, 1))) / 2


def _at(schedule: float | Schedule, step: int) -> float:
    return schedule(step) if callable(schedule) else schedule


def _check_milestones(milestones: Any, count: int) -> None:
    if not isinstance(milestones, (list, tuple)):
        problem = f"milestones must be a list of steps, got {checks.of_kind(milestones)}."
        checks.fail("SequentialLR", problem, kind=TypeError)
    if len(milestones) != count:
        problem = f"milestones must hold {count} steps, one between every two schedules; got {len(milestones)}."
        checks.fail("SequentialLR", problem)
    before = 0
    for index, step in enumerate(milestones):
        before = checks.integer("SequentialLR", f"milestones[{index}]", step, minimum=before + 1)
