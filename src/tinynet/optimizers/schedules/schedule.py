"""What the schedules share: a step that is checked, and the rate of a schedule, or of a number, at a step."""

from __future__ import annotations

import math
from collections.abc import Callable

from tinynet.core import checks

Schedule = Callable[[int], float]


def step_of(schedule: Schedule, step: int) -> int:
    """The number of updates done so far, checked: an integer of at least 0.

    Example:
        >>> step_of(lambda step: 0.1, 7)
        7
    """
    return checks.integer(type(schedule).__name__, "step", step, minimum=0)


def rate_at(schedule: float | Schedule, step: int) -> float:
    """The rate at a step; a number stays as it is.

    Example:
        >>> rate_at(0.1, step=7), rate_at(lambda step: 1 / step, step=4)
        (0.1, 0.25)
    """
    return schedule(step) if callable(schedule) else schedule


def power(lr: float, gamma: float, k: int) -> float:
    """lr · gammaᵏ, infinite where that is too large for a float; an optimizer refuses such a rate.

    Example:
        >>> power(8.0, 0.5, 2), power(1.0, 10.0, 1000)
        (2.0, inf)
    """
    try:
        return lr * gamma**k
    except OverflowError:
        return math.inf if lr else 0.0
