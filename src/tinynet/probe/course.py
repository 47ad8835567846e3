"""What the history of a training says, in words: whether it is done, stuck, overfitted, unfinished or diverged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.probe.epochs import Epochs, percent
from tinynet.probe.guessing import Guessing
from tinynet.probe.series import fall_per_epoch, falls_steadily, level_since, positive, rise_since_lowest

MIN_GROWTH = 1.5  # A loss that ends at this many times its lowest, and above its first, has lost what it had learned.
MAX_FIRST_LOSS = 1.06  # Times that of guessing. New weights are hardly further off; large steps throw a net further.
MIN_SHARE_OF_GUESSING = 0.97  # A loss above this share of what guessing reaches has learned next to nothing.
MAX_LUCK = 0.03  # An accuracy may exceed that of guessing by this much, out of luck and of a few samples.
MIN_RISE = 0.05  # A validation loss that ends this far above its lowest has risen, if it also exceeds its own swing.
MIN_FALL = 0.01  # A loss that falls by this much in each epoch is a tenth lower after ten more.
MIN_SHARE_LEFT = 0.01  # Of the loss of guessing. Below it there is little to gain.
MIN_GAP = 0.05  # A net that is right in this much more of its own samples than of others knows them by heart.


@dataclass(frozen=True)
class Course:
    """How a training went.

    Attributes:
        kind: "done", "stuck", "overfitted", "unfinished", "diverged", or "unknown" where there is nothing to tell from.
        headline: That in a sentence.
        sentences: What was seen, with its numbers.
        advice: What to do about it; empty if nothing.
        epoch: The epoch from which on it holds, or None.

    Example:
        >>> print(Course("stuck", "It is stuck.", ("The loss is 2.3.",), "Take another learning rate."))
        It is stuck.
        The loss is 2.3.
        Take another learning rate.
    """

    kind: str
    headline: str
    sentences: tuple[str, ...] = ()
    advice: str = ""
    epoch: int | None = None

    def __str__(self) -> str:
        return "\n".join(text for text in (self.headline, *self.sentences, self.advice) if text)


def read_course(
    history: Any, *, guess: Guessing | None = None, has_dropout: bool = False, epochs_wanted: int | None = None
) -> Course:
    """Say in words what the history of a training shows.

    Args:
        history: Has `rows`, one dict of numbers per epoch, as `Learner.fit` returns it.
        guess: What a net reaches that never looks at its input; tells a net that is stuck there. See `guessing`.
        has_dropout: Whether the net has dropout, which explains a training loss above the validation loss.
        epochs_wanted: How many epochs were planned, if that is known.

    Raises:
        TypeError: `history` has no rows.

    Example:
        >>> from types import SimpleNamespace
        >>> losses = [2.0, 1.0, 0.5, 0.30, 0.28, 0.27, 0.268, 0.267, 0.267, 0.267]
        >>> history = SimpleNamespace(rows=[{"epoch": n, "loss": loss} for n, loss in enumerate(losses, 1)])
        >>> print(read_course(history))
        Done: the training loss has levelled off since epoch 5.
        The training loss went from 2 to 0.267 in 10 epochs.
        There are no validation data, so nothing tells whether it overfits.
    """
    rows = getattr(history, "rows", None)
    if not isinstance(rows, list):
        problem = f"history must be a History, got {checks.of_kind(history)}."
        checks.fail("read_course", problem, "pass what learner.fit(...) returns.", TypeError)
    seen = Epochs(rows, guess or Guessing(), has_dropout, epochs_wanted)
    if not len(seen.loss):
        return Course("unknown", "There is no epoch to tell anything from.")
    for rule in (_diverged, _stuck, _overfitted, _unfinished):
        course = rule(seen)
        if course is not None:
            return course
    return _done(seen)


def _diverged(seen: Epochs) -> Course | None:
    advice = "Start again with a tenth of the learning rate, or clip the gradients with clip_norm=1.0."
    for values, name in ((seen.loss, "training"), (seen.valid, "validation")):
        broken = np.flatnonzero(~np.isfinite(values))
        if broken.size:
            epoch = seen.epoch(broken[0])
            words = f"The {name} loss is {values[broken[0]]:g} in epoch {epoch}"
            before = f", {values[broken[0] - 1]:.4g} in the epoch before." if broken[0] else "."
            return Course("diverged", f"It diverged in epoch {epoch}.", (words + before,), advice, epoch)
    loss, share = seen.loss, positive(seen.loss)
    lowest = int(np.argmin(loss))
    left = share[-1] > share[0] and share[-1] > MIN_GROWTH * share[lowest]
    worse = seen.guess.loss is not None and loss.min() > 2 * seen.guess.loss
    if not left and not worse:
        return None
    if left:
        epoch = seen.epoch(lowest + 1)
        words = f"The training loss rose from {loss[lowest]:.4g} in epoch {seen.epoch(lowest)} to {loss[-1]:.4g}."
    else:
        epoch = seen.epoch(0)
        words = f"The training loss ends at {loss[-1]:.4g}; a net that only guesses has {seen.guess.mark}."
    since = f"from epoch {epoch} on" if epoch > 1 else "from the start"
    return Course("diverged", f"It diverged {since}.", (words, *seen.right()), advice, epoch)


def _stuck(seen: Epochs) -> Course | None:
    tail, mark, accuracy = max(1, len(seen.loss) // 3), seen.guess, seen.accuracy
    if mark.loss is None:
        return _stuck_without_mark(seen)
    learned = float(np.median(seen.loss[-tail:])) < MIN_SHARE_OF_GUESSING * mark.loss
    lucky = len(accuracy) and mark.accuracy is not None and np.median(accuracy[-tail:]) > 0.5 * (1 + mark.accuracy)
    if learned or lucky or len(seen.loss) == 1:
        return None
    words = f"The training loss is {seen.loss[-1]:.4g}; a net that only guesses has {mark.mark}."
    goes_on = len(seen.loss) > 2 and 2 * (seen.loss[-2] - seen.loss[-1]) > -float(np.diff(seen.loss).mean())
    if falls_steadily(seen.loss) and (seen.loss[0] < MAX_FIRST_LOSS * mark.loss or goes_on):
        headline = f"It has hardly begun: the training loss falls by {percent(fall_per_epoch(seen.loss)[0])} an epoch."
        advice = "Take a larger learning rate: tinynet find-rate or learner.find_rate() suggests one."
        return Course("unfinished", headline, _some(words, *seen.right()), advice)
    right = _beside_guessing(seen)
    first = f"In the first epoch it was {seen.loss[0]:.4g}: steps that were too large threw the weights far off."
    headline = "It is stuck at chance: it does no better than guessing."
    if seen.loss[0] > MIN_GROWTH * mark.loss:
        advice = "Start again with a much smaller learning rate: tinynet find-rate or learner.find_rate() suggests one."
        return Course("stuck", headline, _some(words, first, *right), advice)
    return Course("stuck", headline, _some(words, *right), _advice_for_stuck(mark))


def _stuck_without_mark(seen: Epochs) -> Course | None:
    """A net is stuck although nothing tells which loss guessing would reach: what tells is that nothing moves."""
    loss, accuracy, chance = seen.loss, seen.accuracy, seen.guess.accuracy
    if len(loss) < 3 or falls_steadily(loss) or (len(accuracy) and accuracy[-1] > 0.9):
        return None
    words = f"The training loss was {loss[0]:.4g} in the first epoch and is {loss[-1]:.4g} in the last."
    headline = ""
    if np.ptp(loss) < MIN_FALL * np.abs(loss).max():
        headline = "It is stuck: the training loss has not moved."
    elif len(accuracy) and np.ptp(accuracy[-max(3, len(loss) // 3) :]) == 0:
        headline = f"It is stuck: exactly {100 * accuracy[-1]:.2f} % are right, epoch after epoch."
    elif len(accuracy) and chance is not None and np.median(accuracy[-max(1, len(loss) // 3) :]) < chance + MAX_LUCK:
        headline = "It is stuck at chance: it does no better than guessing."
    if not headline:
        return None
    return Course("stuck", headline, _some(words, *_beside_guessing(seen)), _advice_for_stuck(seen.guess))


def _beside_guessing(seen: Epochs) -> list[str]:
    """Which shares of the samples are right, and which share guessing gets right."""
    chance = seen.guess.accuracy
    share = "." if chance is None else f"; guessing gets {100 * chance:.1f} % right."
    return [text.removesuffix(".") + share for text in seen.right()]


def _advice_for_stuck(mark: Guessing) -> str:
    end = " (cross_entropy takes the numbers before a softmax)" if mark.accuracy is not None else ""
    return (
        "More epochs will not help. See whether it can learn a single batch (tinynet check or "
        "learner.overfit_one_batch()), try another learning rate (tinynet find-rate or learner.find_rate()), and look "
        f"whether the last layer fits the loss{end}."
    )


def _overfitted(seen: Epochs) -> Course | None:
    if len(seen.valid) < 3:
        return None
    lowest, rise = rise_since_lowest(positive(seen.valid))
    if rise < MIN_RISE or seen.loss[-1] >= seen.loss[lowest]:
        return None
    first, last = seen.epoch(lowest), seen.epoch(len(seen.valid) - 1)
    words = (
        f"The validation loss was lowest in epoch {first}, at {seen.valid[lowest]:.4g}, and is around "
        f"{np.median(seen.valid[-3:]):.4g} at the end, while the training loss fell from {seen.loss[lowest]:.4g} to "
        f"{seen.loss[-1]:.4g}: what it learns now holds for the training data alone."
    )
    never = seen.guess.loss is not None and seen.valid[lowest] > MIN_SHARE_OF_GUESSING * seen.guess.loss
    if never:
        words += (
            f" Even then it was no better than guessing ({seen.guess.mark}): nothing that it learns carries over "
            "to other samples. Do the labels belong to the samples?"
        )
    accuracy = seen.column("valid_accuracy")
    surer = not never and len(accuracy) and accuracy[-1] >= accuracy[lowest] - 0.005
    note = "It gets as many validation samples right as then, but is surer of those it gets wrong." if surer else ""
    advice = (
        f'Keep the weights of epoch {first} (callbacks=[KeepBest("valid_loss")]), or train on more data, with '
        "augmentation, dropout or weight decay."
    )
    epoch = min(first + 1, last)
    return Course(
        "overfitted",
        f"It overfits from epoch {epoch} on.",
        _some(words, *seen.right(), note, *seen.notes()),
        advice,
        epoch,
    )


def _unfinished(seen: Epochs) -> Course | None:
    values, n = seen.judged, len(seen.judged)
    if n == 1:
        headline = "One epoch is too little to tell how it goes on."
        return Course("unfinished", headline, _some(seen.way(), *seen.right(), *seen.notes()), "Train for more epochs.")
    last = positive(values)[-min(n, max(4, n // 4)) :]
    fall, error = fall_per_epoch(last)
    mark = seen.guess.loss if seen.guess.loss is not None else values[0]
    wavers = fall < 2 * error and not falls_steadily(last)
    if fall < MIN_FALL or wavers or 0 <= values[-1] < MIN_SHARE_LEFT * mark or _all_right(seen):
        return None
    much = percent(fall)
    if values.min() <= 0:  # shares of a loss that may be 0 mean nothing
        much = f"{percent((last[0] - last[-1]) / (len(last) - 1))} of its whole way"
    headline = f"Unfinished: the {seen.judged_name} is still falling by {much} an epoch."
    more = f"Train for more epochs than {n}."
    if seen.rate_is_spent:
        more = f"The learning rate has come down to its end, so start a new run with more epochs than {n}."
    return Course("unfinished", headline, _some(seen.way(), *seen.right(), *seen.notes()), more)


def _done(seen: Epochs) -> Course:
    values = seen.judged
    level = level_since(values)
    epoch = seen.epoch(level)
    headline = f"Done: the {seen.judged_name} has levelled off since epoch {epoch}."
    if level > len(values) - 3:
        headline = f"Done: the {seen.judged_name} no longer falls by {percent(MIN_FALL)} an epoch."
    if _all_right(seen) or 0 <= values[-1] < MIN_SHARE_LEFT * (seen.guess.loss or 0.0):
        headline = f"Done: there is next to nothing left to learn since epoch {epoch}."
    return Course("done", headline, _some(seen.way(), *seen.right(), _fit(seen), *seen.notes()), "", epoch)


def _fit(seen: Epochs) -> str:
    """Whether it knows its own data much better than others, or not even those well."""
    valid = seen.column("valid_accuracy")
    if not len(seen.accuracy):
        return ""
    if len(valid) and seen.accuracy[-1] - valid[-1] > MIN_GAP:
        return (
            "It knows its own samples better than others: more data, augmentation, dropout or weight decay may bring "
            "the two closer."
        )
    far = seen.guess.loss is not None and seen.loss[-1] > 0.5 * seen.guess.loss
    if far and seen.accuracy[-1] < 0.9:
        return "It does not fit its own samples well: a larger net, or another learning rate, may fit them better."
    return ""


def _all_right(seen: Epochs) -> bool:
    """Whether the net makes no mistake, on either data."""
    valid = seen.column("valid_accuracy")
    return bool(len(seen.accuracy) and seen.accuracy[-1] == 1 and (not len(valid) or valid[-1] == 1))


def _some(*sentences: str) -> tuple[str, ...]:
    return tuple(sentence for sentence in sentences if sentence)
