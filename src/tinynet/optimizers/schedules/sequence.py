"""One schedule after the other."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from tinynet.core import checks
from tinynet.optimizers.schedules.schedule import Schedule, rate_at, step_of


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
        >>> from tinynet.optimizers import ExponentialLR
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
        index = bisect_right(self.milestones, step_of(self, step))
        return rate_at(self.schedules[index], step - (self.milestones[index - 1] if index else 0))


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
