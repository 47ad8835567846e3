"""A schedule times a factor."""

from __future__ import annotations

from dataclasses import dataclass

from tinynet.optimizers.schedules import Schedule


@dataclass
class Scaled:
    """A schedule times a factor.

    Example:
        >>> from tinynet.optimizers import StepLR
        >>> Scaled(StepLR(1.0, step_size=2), 0.5)(0)
        0.5
    """

    schedule: Schedule
    factor: float

    def __call__(self, step: int) -> float:
        return self.factor * self.schedule(step)
