"""Schedules that let the rate fall, at once or bit by bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, number
from tinynet.optimizers.schedules.schedule import power, step_of


@dataclass
class StepLR:
    """Multiply the rate by a factor every `step_size` steps.

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
        return power(self.lr, self.gamma, step_of(self, step) // self.step_size)


@dataclass
class MultiStepLR:
    """Multiply the rate by a factor at chosen steps.

    Equation:
        ε(t) = lr · gammaᵏ, where k counts the milestones up to t

    Args:
        lr: The rate at the start, at least 0.
        milestones: The steps at which the rate changes, in any order; one that is listed twice counts twice.
        gamma: The factor.

    Raises:
        TypeError: The milestones are not a list of integers.
        ValueError: A number is out of range.

    Example:
        >>> schedule = MultiStepLR(1.0, milestones=[2, 3], gamma=0.5)
        >>> [schedule(t) for t in range(5)]
        [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    lr: float
    milestones: Sequence[int]
    gamma: float = 0.1

    def __post_init__(self) -> None:
        checks.arguments(self, vars(self), lr=number(0), gamma=number(0))
        if not isinstance(self.milestones, (list, tuple)):
            problem = f"milestones must be a list of steps, got {checks.of_kind(self.milestones)}."
            checks.fail("MultiStepLR", problem, kind=TypeError)
        for index, milestone in enumerate(self.milestones):
            checks.integer("MultiStepLR", f"milestones[{index}]", milestone, minimum=0)

    def __call__(self, step: int) -> float:
        step = step_of(self, step)
        return power(self.lr, self.gamma, sum(milestone <= step for milestone in self.milestones))


@dataclass
class ExponentialLR:
    """Multiply the rate by a factor at every step.

    Equation:
        ε(t) = lr · gammaᵗ

    Args:
        lr: The rate at the start, at least 0.
        gamma: The factor, a little below 1: a rate falls to 1 % in ln(0.01) / ln(gamma) steps. Above 1 the rate grows,
            in the end to infinity, which an optimizer refuses.

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
        return power(self.lr, self.gamma, step_of(self, step))


@dataclass
class PolynomialLR:
    """Fall to zero along a power of the share of steps that is left.

    Equation:
        ε(t) = lr · (1 − t / total_iters)^power up to t = total_iters

    Args:
        lr: The rate at the start, at least 0.
        total_iters: After how many steps zero is reached.
        power: The power, at least 0: 1 for a straight line, above 1 for a fall that is steep at first.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = PolynomialLR(1.0, total_iters=4, power=2.0)
        >>> [schedule(t) for t in range(6)]
        [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    lr: float
    total_iters: int = 5
    power: float = 1.0

    def __post_init__(self) -> None:
        checks.arguments(self, vars(self), lr=number(0), total_iters=at_least(1), power=number(0))

    def __call__(self, step: int) -> float:
        return self.lr * (1 - min(step_of(self, step) / self.total_iters, 1)) ** self.power
