"""How often each class was right, predicted and true, and shares made of these counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

import numpy as np

from tinynet.core import checks
from tinynet.core.joinable import Joinable
from tinynet.metrics.labels import answers

MAX_CLASSES = 1 << 24  # An array with a number for each is longer than any real list of classes.


class Counts(NamedTuple):
    """Counts of the classes that occur, and perhaps of others."""

    classes: np.ndarray
    right: np.ndarray  #: tp: predicted and true.
    guessed: np.ndarray  #: tp + fp
    true: np.ndarray  #: tp + fn
    n_classes: int
    has_nan: bool
    ignored: int | None

    def joined(self, others: Sequence[Counts]) -> Counts:
        """The counts of all."""
        every = [self, *others]
        classes, place = np.unique(np.concatenate([counts.classes for counts in every]), return_inverse=True)
        right, guessed, true = (
            np.bincount(place, np.concatenate(parts), len(classes)).astype(np.int64)
            for parts in zip(*((counts.right, counts.guessed, counts.true) for counts in every), strict=True)
        )
        n_classes, has_nan = max(counts.n_classes for counts in every), any(counts.has_nan for counts in every)
        return Counts(classes, right, guessed, true, n_classes, has_nan, self.ignored)


Shares = Callable[[Counts], tuple[np.ndarray, np.ndarray]]  # a part of the counts, and the whole that it is a share of


def count(who: str, predicted: np.ndarray, ground_truth: np.ndarray, axis: int, ignore_index: int | None) -> Counts:
    """Count the answers by class.

    Example:
        >>> count("recall", np.array([0, 1, 1]), np.array([0, 0, 1]), axis=-1, ignore_index=None).right
        array([1, 1])
    """
    guesses, labels, n_classes, has_nan = answers(who, predicted, ground_truth, axis, ignore_index)
    if n_classes <= labels.size:
        classes = np.arange(n_classes)
    else:  # fewer occur, and memory for those is enough
        classes, places = np.unique(np.concatenate([guesses, labels]), return_inverse=True)
        guesses, labels = np.split(places, 2)
    right, guessed, true = (
        np.bincount(which.astype(np.intp), minlength=len(classes))
        for which in (labels[labels == guesses], guesses, labels)
    )
    return Counts(classes, right, guessed, true, n_classes, has_nan, ignore_index)


def averaged(who: str, shares: Shares, counts: Counts, average: str | None) -> float | np.ndarray:
    """The share of each class, or their average.

    Example:
        >>> counts = count("recall", np.array([0, 1, 1]), np.array([0, 0, 1]), axis=-1, ignore_index=None)
        >>> averaged("recall", lambda c: (c.right, c.true), counts, average="macro")
        0.75
    """
    if average is not None:
        checks.one_of(who, "average", average, ("macro", "micro", "binary"))
        if average == "binary" and counts.n_classes > 2:
            hint = "use average='macro', 'micro' or None."
            checks.fail(who, f"average='binary' is for two classes, got {counts.n_classes}.", hint)
        return Share(counts, shares, average)
    if counts.n_classes > MAX_CLASSES:
        problem = f"average=None gives a number for each class, but the largest label is {counts.n_classes - 1}."
        checks.fail(
            who, problem, "number the classes that occur from 0 on, as np.unique does with return_inverse=True."
        )
    by_class = np.full(counts.n_classes, np.nan if counts.has_nan else 0.0)
    if not counts.has_nan:
        by_class[counts.classes] = _ratio(*shares(counts))
    return by_class


class Share(Joinable):
    """An average of shares that can be joined with those of other counts."""

    counts: Counts
    shares: Shares
    average: str

    def __new__(cls, counts: Counts, shares: Shares, average: str) -> Self:
        share = super().__new__(cls, _average(counts, *shares(counts), average))
        share.counts, share.shares, share.average = counts, shares, average
        return share

    def __getnewargs__(self) -> tuple[Counts, Shares, str]:
        return self.counts, self.shares, self.average  # for copies

    def joined(self, others: Sequence[Self]) -> Share:
        return Share(self.counts.joined([other.counts for other in others]), self.shares, self.average)


def _average(counts: Counts, part: np.ndarray, whole: np.ndarray, average: str) -> float:
    if counts.has_nan or not counts.true.any():
        return np.nan
    if average == "micro":
        return float(part.sum() / whole.sum())
    if average == "binary":
        return float(_ratio(part, whole)[counts.classes == 1].sum())  # one number, or none
    in_mean = (counts.guessed + counts.true > 0) & (counts.classes != counts.ignored)
    return float(_ratio(part, whole)[in_mean].mean())


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.maximum(whole, 1)  # 0 where there is nothing to share
