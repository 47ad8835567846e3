"""What a program of the test set is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinynet as tn
from tinynet.learner import Learner

#: How well a trained net does its task: 0 for a guess without looking, 1 for no mistake.
Skill = Callable[[Learner], float]


@dataclass
class Trial:
    """A training as a user would have written it.

    Attributes:
        learner: The learner, before its first step.
        epochs: For how many epochs it trains.
        skill: How well the net does its task afterwards.
    """

    learner: Learner
    epochs: int
    skill: Skill


@dataclass
class Outcome:
    """What became of a trial: its learner, the error that ended it, and its skill, which is NaN if it has none."""

    seed: int
    learner: Learner | None = None
    error: Exception | None = None
    skill: float = float("nan")
    diagnoses: list[Any] = field(default_factory=list)
    seconds: float = 0.0

    def losses(self) -> list[float]:
        """The training loss of each epoch."""
        if self.learner is None or not len(self.learner.history):
            return []
        return [float(loss) for loss in self.learner.history["loss"]]


Build = Callable[[int], Trial]
Effect = Callable[[Outcome], bool]


@dataclass(frozen=True)
class Program:
    """A program with a fault.

    Attributes:
        id: Its row in the list, with the letter of the base behind it where there are several.
        fault: What is wrong, in a few words.
        build: A function (seed) -> Trial.
        primary: The diagnosis that must be among the first three; where there are several faults at once, one of them.
        accepted: Diagnoses that are right as well.
        effect: Whether the fault had an effect in a run; a run without does not count.
        twin: The healthy version; None where there is none.
    """

    id: str
    fault: str
    build: Build
    primary: str | tuple[str, ...]
    accepted: Sequence[str] = ()
    effect: Effect = lambda outcome: True
    twin: Build | None = None

    @property
    def primaries(self) -> tuple[str, ...]:
        """The diagnoses of which one must be among the first three."""
        return (self.primary,) if isinstance(self.primary, str) else self.primary


def skill_below(bound: float) -> Effect:
    """The training failed, or its net does worse than `bound`."""
    return lambda outcome: outcome.error is not None or not outcome.skill >= bound


def loss_ends_above(bound: float) -> Effect:
    """The training failed, or the loss of its last epoch is above `bound`."""
    return lambda outcome: outcome.error is not None or not outcome.losses()[-1] <= bound


def worse_than(usual: Build, by: float = 0.05) -> Effect:
    """The training failed, or its net does worse, `by` so much, than that of another program with the same seed."""

    def effect(outcome: Outcome) -> bool:
        tn.seed(outcome.seed)
        trial = usual(outcome.seed)
        trial.learner.fit(trial.epochs, progress=False)
        return outcome.error is not None or outcome.skill < trial.skill(trial.learner) - by

    return effect


def always(outcome: Outcome) -> bool:
    """The fault is there before the first step, whatever comes of it."""
    return True


def accuracy_skill(learner: Learner) -> float:
    """The accuracy over the validation data, counted from that of the most frequent class."""
    x, y = _rows(learner)
    return class_skill(learner.predict(x), y)


def class_skill(scores: np.ndarray, truth: np.ndarray) -> float:
    """The accuracy of the highest score, or of p > 1/2 for a single column, counted from the most frequent class."""
    truth = truth.argmax(axis=1) if truth.ndim > 1 and truth.shape[1] > 1 else truth.reshape(-1)
    guessed = scores.argmax(axis=-1) if scores.shape[-1] > 1 else (scores[..., 0] > 0.5)
    accuracy = float(np.mean(guessed.reshape(-1) == truth.astype(int)))
    chance = np.unique(truth, return_counts=True)[1].max() / len(truth)
    return (accuracy - chance) / (1 - chance)


def logit_skill(learner: Learner) -> float:
    """As `accuracy_skill`, for one column of logits, which says yes above 0."""
    x, y = _rows(learner)
    return class_skill(learner.predict(x) + 0.5, y)


def r2_skill(learner: Learner) -> float:
    """The share of the variance of the truth that is explained, over the validation data; at least −1."""
    x, y = _rows(learner)
    y = np.asarray(y, np.float64).reshape(len(y), -1)
    error = np.mean(np.square(learner.predict(x).reshape(y.shape).astype(np.float64) - y))
    return max(-1.0, 1 - float(error / y.var())) if y.var() else float("nan")


def _rows(learner: Learner) -> tuple[Any, np.ndarray]:
    data = learner.train if learner.valid is None else learner.valid
    x, y = data[np.arange(len(data))]
    return x, y
