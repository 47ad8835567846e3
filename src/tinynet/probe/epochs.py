"""The epochs of a training as series of numbers, with sentences on what a reader may stumble over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from tinynet.probe.guessing import Guessing
from tinynet.probe.series import swing

MIN_RATIO = 1.02  # A training loss of this many times the validation loss makes a reader wonder.
SWINGS = 0.15  # Jumps of a loss from epoch to epoch that are worth a word.


@dataclass(frozen=True)
class Epochs:
    """A history as series, and what else is known of the training."""

    rows: list[dict[str, Any]]
    guess: Guessing
    has_dropout: bool
    epochs_wanted: int | None

    def column(self, name: str) -> np.ndarray:
        """A column; empty where not every epoch has it."""
        values = [row.get(name) for row in self.rows]
        return np.array(values if all(isinstance(value, Real) for value in values) else [], float)

    @cached_property
    def loss(self) -> np.ndarray:
        return self.column("loss")

    @cached_property
    def valid(self) -> np.ndarray:
        return self.column("valid_loss")

    @cached_property
    def accuracy(self) -> np.ndarray:
        return self.column("accuracy")

    @property
    def judged(self) -> np.ndarray:
        """The loss that counts: that of the validation data, if there are any."""
        return self.valid if len(self.valid) else self.loss

    @property
    def judged_name(self) -> str:
        return "validation loss" if len(self.valid) else "training loss"

    def epoch(self, place: int) -> int:
        number = self.rows[place].get("epoch")
        return number if isinstance(number, int) else place + 1

    @property
    def rate_is_spent(self) -> bool:
        """Whether a schedule has brought the learning rate near 0."""
        rates = self.column("lr")
        return len(rates) > 2 and rates[-1] < 0.1 * rates.max()

    def way(self) -> str:
        """From where to where the training loss went, and what guessing reaches."""
        words = f"The training loss went from {self.loss[0]:.4g} to {self.loss[-1]:.4g} in {len(self.loss)} epochs."
        if len(self.loss) == 1:
            words = f"The training loss was {self.loss[0]:.4g} in this epoch."
        return words if self.guess.loss is None else f"{words} A net that only guesses has {self.guess.mark}."

    def right(self) -> list[str]:
        """Which shares of the samples are right at the end, in a sentence, if there are accuracies."""
        parts = [(self.accuracy, "training"), (self.column("valid_accuracy"), "validation")]
        shares = [f"{100 * values[-1]:.1f} % of the {name} samples" for values, name in parts if len(values)]
        return [f"At the end it gets {' and '.join(shares)} right."] if shares else []

    def notes(self) -> list[str]:
        """What a reader may stumble over."""
        return [note for note in (self._above(), self._swings(), self._ended_early(), self._no_validation()) if note]

    def _above(self) -> str:
        """Why the training loss may lie above the validation loss."""
        if not len(self.valid) or self.loss[-1] < MIN_RATIO * self.valid[-1]:
            return ""
        words = f"The training loss ({self.loss[-1]:.4g}) lies above the validation loss ({self.valid[-1]:.4g})"
        if self.has_dropout:
            return (
                f"{words} because dropout switches units off while the net trains, and none while it is validated. "
                "That is as it should be."
            )
        return f"{words}: it is a mean over the epoch, while the net was still learning, and validation comes after it."

    def _swings(self) -> str:
        jumps = swing(self.judged[len(self.judged) // 2 :])
        if jumps < SWINGS:
            return ""
        return (
            f"The {self.judged_name} jumps up and down by some {percent(jumps)} from epoch to epoch: a smaller "
            "learning rate or more validation data would show more clearly where it goes."
        )

    def _ended_early(self) -> str:
        if self.epochs_wanted is None or len(self.rows) >= self.epochs_wanted:
            return ""
        return f"Training was ended after {len(self.rows)} of {self.epochs_wanted} epochs."

    def _no_validation(self) -> str:
        return "" if len(self.valid) else "There are no validation data, so nothing tells whether it overfits."


def percent(share: float) -> str:
    """A share in words, with two digits where it is small.

    Example:
        >>> percent(0.0312), percent(0.4567)
        ('3.1 %', '46 %')
    """
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.2g} %"
