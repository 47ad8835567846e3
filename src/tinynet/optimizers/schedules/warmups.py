"""Schedules that begin with a low rate: factors on a rate, or on another schedule."""

from __future__ import annotations

from dataclasses import dataclass

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, rate, share
from tinynet.optimizers.schedules.schedule import Schedule, rate_at, step_of


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
        return min(1.0, (step_of(self, step) + 1) / self.n_steps) * rate_at(self.lr, step)


@dataclass
class LinearLR:
    """Go from one share of a rate to another in a straight line.

    Equation:
        ε(t) = (a + (b − a) · min(t / total_iters, 1)) · lr(t), from a = start_factor to b = end_factor

    Args:
        lr: The rate that is multiplied, or the schedule: PyTorch chains schedules by multiplying as well.
        start_factor: The share at the start, above 0 and at most 1.
        end_factor: The share at the end, from 0 to 1.
        total_iters: After how many steps the end is reached.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = LinearLR(1.0, start_factor=0.5, total_iters=4)
        >>> [schedule(t) for t in range(6)]
        [0.5, 0.625, 0.75, 0.875, 1.0, 1.0]
    """

    lr: float | Schedule
    start_factor: float = 1 / 3
    end_factor: float = 1.0
    total_iters: int = 5

    def __post_init__(self) -> None:
        rules = {"start_factor": share(above=0), "end_factor": share(), "total_iters": at_least(1)}
        checks.arguments(self, vars(self), lr=rate, **rules)

    def __call__(self, step: int) -> float:
        a, b, done = self.start_factor, self.end_factor, min(step_of(self, step) / self.total_iters, 1)
        return (a + (b - a) * done) * rate_at(self.lr, step)


@dataclass
class ConstantLR:
    """Hold a share of a rate for some steps, then the whole.

    Equation:
        ε(t) = factor · lr(t) for t < total_iters, then lr(t)

    Args:
        lr: The rate that is multiplied, or the schedule: PyTorch chains schedules by multiplying as well.
        factor: The share, from 0 to 1.
        total_iters: How many steps it holds.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> schedule = ConstantLR(1.0, factor=0.5, total_iters=2)
        >>> [schedule(t) for t in range(4)]
        [0.5, 0.5, 1.0, 1.0]
    """

    lr: float | Schedule
    factor: float = 1 / 3
    total_iters: int = 5

    def __post_init__(self) -> None:
        checks.arguments(self, vars(self), lr=rate, factor=share(), total_iters=at_least(1))

    def __call__(self, step: int) -> float:
        return (self.factor if step_of(self, step) < self.total_iters else 1) * rate_at(self.lr, step)
