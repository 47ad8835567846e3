"""Which column of the history decides, and which of two values in it is better."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner

LOWER = ("loss", "error", "perplexity")
HIGHER = ("accuracy", "score", "precision", "recall", "f1", "r2", "auc", "iou")


def direction(who: str, name: str, mode: str | None) -> str:
    """Whether "min" or "max" of a column is best: `mode` if given, otherwise what its name says.

    Example:
        >>> direction("EarlyStopping", "valid_loss", None), direction("EarlyStopping", "valid_accuracy", None)
        ('min', 'max')
    """
    if mode is not None:
        return checks.one_of(who, "mode", mode, ("min", "max"))
    function = name.partition("(")[0]  # what functools.partial has bound says nothing: "accuracy(k='error')"
    if any(word in function for word in LOWER):
        return "min"
    if any(word in function for word in HIGHER):
        return "max"
    checks.fail(
        who, f"the name {name!r} does not tell whether low or high is better.", 'write mode="min" or mode="max".'
    )


class Monitor:
    """A column of the history, and the best value in it so far.

    Args:
        who: The callback that monitors, for its errors.
        name: The column, as in "valid_loss".
        mode: "min" or "max"; None reads it from the name.
        min_delta: By how much a value must be better to count.

    Example:
        >>> monitor = Monitor("EarlyStopping", "loss")
        >>> [monitor.improves({"epoch": n, "loss": loss}) for n, loss in [(1, 0.5), (2, 0.6), (3, 0.4)]]
        [True, False, True]
        >>> monitor.best, monitor.best_epoch
        (0.4, 3)
    """

    def __init__(self, who: str, name: str, mode: str | None = None, min_delta: float = 0.0) -> None:
        self.who, self.name = who, checks.text(who, "monitor", name)
        self.sign = 1 if direction(who, name, mode) == "max" else -1
        self.min_delta = checks.number(who, "min_delta", min_delta, minimum=0)
        self.reset()

    def reset(self) -> None:
        """Forget the best value."""
        self.best: float | None = None
        self.best_epoch = 0

    def state(self) -> dict[str, Any]:
        """The best value, and its epoch."""
        return {"best": self.best, "best_epoch": self.best_epoch}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        checks.kept_state(self.who, state, "best", "best_epoch")
        best = state["best"]
        if best is not None and not isinstance(best, (int, float)):  # infinity is one
            checks.fail(self.who, f"best must be a number, got {checks.of_kind(best)}.", kind=TypeError)
        self.best = best
        self.best_epoch = checks.integer(self.who, "best_epoch", state["best_epoch"], minimum=0)

    def check(self, learner: Learner) -> None:
        """Check, before any time is spent, that the learner will write this column."""
        known_column(self.who, self.name, learner.columns)

    def improves(self, row: dict[str, Any]) -> bool:
        """Whether a row of the history is better than the best before, which it then replaces; NaN never is."""
        if self.name not in row:
            problem = (
                f"column {self.name!r} has no numbers: a metric that gives arrays is left out of training columns."
            )
            checks.fail(self.who, problem, "give the Learner valid=..., or monitor another column.", TypeError)
        value = row[self.name]
        if np.ndim(value) != 0:
            problem = f"column {self.name!r} holds arrays of shape {shape_text(np.shape(value))}, no numbers."
            checks.fail(self.who, problem, kind=TypeError)
        value = float(value)
        if value != value or value == self.best:  # NaN, or equal: the difference of two infinities would be NaN
            return False
        if self.best is not None and self.sign * (value - self.best) <= self.min_delta:
            return False
        self.best, self.best_epoch = value, row["epoch"]
        return True


def known_column(who: str, name: str, columns: Sequence[str]) -> None:
    """Check that a history has a column."""
    checks.text(who, "the name of a column", name)
    if name in columns:
        return
    if name.startswith("valid_") and name.removeprefix("valid_") in columns:
        hint = "give the Learner valid=..., or monitor a column of the training data."
    else:
        close = difflib.get_close_matches(name, columns, n=1)
        hint = f"did you mean {close[0]!r}?" if close else ""
    checks.fail(who, f"there is no column {name!r}; the columns are {', '.join(columns)}.", hint)
