"""How often something is done in training: counted in steps, epochs or minutes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from time import monotonic
from typing import Any

from tinynet.core import checks

TEXT = r"(?P<number>\d+(?:\.\d+)?)?\s*(?P<unit>step|epoch|minute)s?"
HINT = 'write "epoch", "100 steps" or "5 minutes".'


@dataclass(frozen=True)
class Every:
    """After how many steps, epochs and minutes something is due again; None for a unit that does not count."""

    steps: int | None = None
    epochs: int | None = None
    minutes: float | None = None

    def is_due(self, step: int, since: float) -> bool:
        """Whether it is due after a number of steps, the last time being at `since` on the clock `monotonic`."""
        if self.steps is not None and step % self.steps == 0:
            return True
        return self.minutes is not None and monotonic() - since >= 60 * self.minutes

    def is_due_after_epoch(self, epoch: int) -> bool:
        """Whether it is due after a number of epochs."""
        return self.epochs is not None and epoch % self.epochs == 0


def every_of(who: str, every: Any) -> Every:
    """What a user gives as `every`: a number of steps, a text, or a list of them.

    Raises:
        ValueError: A text names no time, a number is not positive, or two have the same unit.
        TypeError: It is something else.

    Example:
        >>> every_of("Checkpoint", ["epoch", "5 minutes"])
        Every(steps=None, epochs=1, minutes=5.0)
        >>> every_of("Checkpoint", "2 weeks")
        Traceback (most recent call last):
        ValueError: Checkpoint: every must be a number of steps, epochs or minutes, got '2 weeks'.
        Hint: write "epoch", "100 steps" or "5 minutes".
    """
    found: dict[str, Any] = {}
    for each in every if isinstance(every, (list, tuple)) and every else [every]:
        unit, number = _read(who, each)
        if unit in found:
            checks.fail(who, f"every names {unit} twice, in {every!r}.", "name each unit once.")
        found[unit] = number
    return Every(**found)


def _read(who: str, each: Any) -> tuple[str, Any]:
    if not isinstance(each, str):
        return "steps", checks.integer(who, "every", each, minimum=1)
    match = re.fullmatch(TEXT, each.strip())
    if match is None:
        checks.fail(who, f"every must be a number of steps, epochs or minutes, got {each!r}.", HINT)
    unit, number = f"{match['unit']}s", float(match["number"] or 1)
    if number == 0 or (unit != "minutes" and number % 1):
        checks.fail(who, f"every must be a whole number of {unit}, at least 1, got {each!r}.", HINT)
    return unit, number if unit == "minutes" else int(number)
