"""Signs in the targets of neighbours: similar inputs should have similar targets, whatever the net says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.probe.doctor import scales
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis, graded
from tinynet.probe.doctor.labels import labels_like
from tinynet.probe.doctor.skill import ERRORS, class_skill

N_NEIGHBOURS = 5
MIN_ROWS, MAX_ROWS = 60, 500
MIN_LINK = 0.3  #: A stronger link between neighbours is no chance.


@dataclass(frozen=True)
class Rows:
    """Rows with their targets.

    Attributes:
        x: (N, D)
        y: Classes (N,), or numbers (N, K).
    """

    x: np.ndarray
    y: np.ndarray

    @property
    def are_classes(self) -> bool:
        return self.y.ndim == 1


def misaligned(case: Case) -> Diagnosis | None:
    """Neighbouring inputs have unrelated targets, unless the targets are moved by a row or so."""
    rows = _training_rows(case)
    if rows is None:
        return None
    nearest = _nearest(rows.x, rows.x)
    moved = {shift: np.roll(rows.y, shift, axis=0) for shift in (0, 1, -1, 2, -2)}
    links = {shift: _link(y, y[nearest]) for shift, y in moved.items()}
    best = max(links, key=lambda shift: links[shift])
    if best == 0 or links[best] < MIN_LINK or links[0] > max(_by_chance(rows), links[best] / 4):
        return None
    seen = (
        f"the targets of a row and of its nearest rows have the link {links[0]:.2f}, where 1 is the same and 0 is "
        f"chance; with all targets moved by {abs(best)} row{'s' * (abs(best) > 1)} it is {links[best]:.2f}"
    )
    why = "Each row has the target of another one, so there is nothing to learn but noise."
    fix = f"y = np.roll(y, {best}, axis=0)  # and find out where they were moved"
    return Diagnosis("labels", "problem", 0.92, seen, why, fix)


def contradicting(case: Case) -> Diagnosis | None:
    """Many rows have another class than their nearest rows agree on, and the net does better on validation data."""
    rows = _training_rows(case)
    if rows is None or not rows.are_classes:
        return None
    own, others = rows.y[:, None], rows.y[_nearest(rows.x, rows.x)]
    agree = (others == others[:, :1]).mean(axis=1) > 0.75
    share = float((agree & (others[:, 0] != own[:, 0])).sum() / max(1, agree.sum()))
    if agree.mean() < 0.1 or share < 0.12:
        return None
    here, there = class_skill(case.output, case.y), float("nan")
    if case.valid_sample is not None and case.fitted:
        there = class_skill(case.net.predict(case.valid_sample[0]), case.valid_sample[1])
    better = there > here + 0.1
    seen = f"of the rows whose nearest rows agree with each other, {share:.0%} have another class than these"
    if better:
        seen += (
            f"; the skill is {here:.2f} on training data, and {there:.2f} on validation data, which the net has not "
            "seen"
        )
    why = "The net is taught against what it can see: it learns slowly, and at last learns the wrong labels by heart."
    level, weight = graded(better, 0.8, 0.32)
    fix = "visualize.misclassified(net, train)  # are these labels right?"
    return Diagnosis("labels", level, weight, seen, why, fix)


def no_signal(case: Case) -> Diagnosis | None:
    """Neither the net nor the nearest rows tell anything about the targets."""
    if case.x is not None and len(case.x) > 1 and not (case.x != case.x[0]).any():
        why = "What is the same for all rows cannot tell them apart."
        fix = "x = np.array(rows)  # a new array for each row, not the same one again and again"
        return Diagnosis("no-signal", "problem", 0.95, "all rows have the same inputs", why, fix)
    if case.ended_by or not (case.goes_badly or (case.fitted and case.valid_skill < 0.1)):
        return None
    rows = _training_rows(case)
    if rows is None:
        return None
    link = _link(rows.y, rows.y[_nearest(rows.x, rows.x)])
    if link > _by_chance(rows):
        return None
    seen = f"the targets of a row and of its nearest rows have the link {link:.2f}, where 1 is the same and 0 is chance"
    why = "Where similar inputs have unrelated targets, a net can only learn the rows by heart."
    fix = "i = rng.integers(len(x)); print(x[i], y[i])  # look at some rows: are these the right targets?"
    return Diagnosis("no-signal", "remark", 0.45, seen, why, fix)


def unrelated_validation(case: Case) -> Diagnosis | None:
    """Validation targets that have nothing to do with those of the nearest training rows."""
    if case.valid_sample is None or not case.fitted or not (case.skill > 0.5 and case.valid_skill < 0.2):
        return None
    if scales.validation(case) is not None:
        return None  # rows in other units have other neighbours
    train, valid = _as_rows(case, *case.sample), _as_rows(case, *case.valid_sample)
    if train is None or valid is None or train.x.shape[1:] != valid.x.shape[1:] or len(valid.x) < MIN_ROWS:
        return None
    here = _link(train.y, train.y[_nearest(train.x, train.x)])
    there = _link(valid.y, train.y[_nearest(valid.x, train.x)])
    if here < max(MIN_LINK, 3 * _by_chance(valid)) or there > here / 4:
        return None
    seen = (
        f"training rows and their nearest training rows have targets with the link {here:.2f}, where 1 is the same and "
        f"0 is chance; validation rows and theirs {there:.2f}"
    )
    why = "The validation targets do not belong to their inputs, so validation says nothing."
    return Diagnosis(
        "labels", "problem", 0.84, seen, why, "print(x_valid[0], y_valid[0])  # are these the right targets?"
    )


def _training_rows(case: Case) -> Rows | None:
    """Rows of the training data in their own order."""
    if case.x is None:
        return None
    try:
        return _as_rows(case, *case.train[np.arange(min(MAX_ROWS, len(case.train)))])
    except ERRORS:
        return None


def _as_rows(case: Case, x: Any, y: Any) -> Rows | None:
    if not isinstance(x, np.ndarray) or not isinstance(y, np.ndarray) or x.dtype.kind != "f" or len(x) < MIN_ROWS:
        return None
    flat = x.reshape(len(x), -1).astype(np.float64)
    if case.truth.labels is not None:
        labels = labels_like(case, y)
        return None if labels is None or len(np.unique(labels)) < 2 else Rows(flat, labels)
    if case.truth.kind != "numbers" or y[0].size > 8 or not y.std():
        return None
    return Rows(flat, y.reshape(len(y), -1).astype(np.float64))


def _nearest(x: np.ndarray, among: np.ndarray) -> np.ndarray:
    """For each row of x, the N_NEIGHBOURS nearest of the others, every feature scaled to spread 1: (N, K)."""
    mean, spread = among.mean(axis=0), np.maximum(among.std(axis=0), 1e-12)
    itself = x is among
    x, among = (x - mean) / spread, (among - mean) / spread
    distance = np.square(x).sum(axis=1)[:, None] + np.square(among).sum(axis=1) - 2 * (x @ among.T)
    if itself:
        np.fill_diagonal(distance, np.inf)
    return np.argpartition(distance, N_NEIGHBOURS, axis=1)[:, :N_NEIGHBOURS]


def _link(own: np.ndarray, theirs: np.ndarray) -> float:
    """How much the targets of rows are like those of their nearest rows: 1 if they are the same, 0 by chance.

    For classes it is the agreement beyond chance, for numbers the correlation.

    Args:
        own: (N,) or (N, K)
        theirs: (N, N_NEIGHBOURS) or (N, N_NEIGHBOURS, K)
    """
    if own.ndim == 1:
        chance = _chance(own)
        return (float((theirs == own[:, None]).mean()) - chance) / max(1 - chance, 1e-9)
    own, theirs = own - own.mean(axis=0), theirs.mean(axis=1) - theirs.mean(axis=(0, 1))
    return float((own * theirs).sum() / max(np.sqrt((own**2).sum() * (theirs**2).sum()), 1e-30))


def _chance(labels: np.ndarray) -> float:
    """The share of pairs of rows with the same class."""
    return float(np.square(np.bincount(labels) / len(labels)).sum())


def _by_chance(rows: Rows) -> float:
    """The link that chance alone seldom exceeds: three standard errors."""
    if not rows.are_classes:
        return 3 / np.sqrt(len(rows.y))
    chance = _chance(rows.y)
    return 3 * np.sqrt(chance * (1 - chance) / len(rows.y)) / max(1 - chance, 1e-9)
