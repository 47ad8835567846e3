"""Signs in the rows of the data: padding, rows that occur twice, rows in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis, graded
from tinynet.probe.doctor.labels import labels_like, training_labels
from tinynet.probe.doctor.skill import loss_value

MAX_HASHED = 6e7  #: Numbers in a data set whose rows are compared.


def padding(case: Case) -> Diagnosis | None:
    """Places of a sequence that hold nothing have a label of their own, and the loss counts them."""
    x, y = case.x, case.y
    if x is None or x.ndim != 3 or not isinstance(y, np.ndarray) or y.shape[:2] != x.shape[:2]:
        return None
    labels = y if y.ndim == 2 else y.argmax(axis=-1) if y.shape[-1] > 1 else y[..., 0]
    empty = np.logical_and.accumulate((x == x[:, -1:, :1]).all(axis=-1)[:, ::-1], axis=1)[:, ::-1]
    empty &= (x == 0).all(axis=-1) | (x == x.min()).all(axis=-1) | (x == x.max()).all(axis=-1)
    if not 0.02 < empty.mean() < 0.98:
        return None
    at_empty = np.unique(labels[empty])
    if len(at_empty) != 1 or (labels[~empty] == at_empty[0]).mean() > 0.01 or not _counts(case, empty):
        return None
    seen = (
        f"{empty.mean():.0%} of the places hold nothing and have the label {at_empty[0]:g}, which no other place has; "
        "the loss counts them"
    )
    why = "The net learns to recognise the padding, which is easy, and its accuracy hides what it does elsewhere."
    fix = f"Learner(net, partial(cross_entropy, ignore_index={at_empty[0]:g}), ...)"
    return Diagnosis("labels", "problem", 0.9, seen, why, fix)


def _counts(case: Case, empty: np.ndarray) -> bool:
    """Whether predictions at empty places change the loss."""
    output = np.full(case.first_output.shape, 0.4, case.first_output.dtype)
    if output.shape[:2] != empty.shape:
        return False
    other = output.copy()
    other[empty] *= np.linspace(0.5, 1.5, output.shape[-1]) if output.shape[-1] > 1 else 1.2
    return loss_value(case.loss, output, case.y) != loss_value(case.loss, other, case.y)


def leak(case: Case) -> Diagnosis | None:
    """Validation rows that are training rows too."""
    if case.valid is None or case.valid is case.train:
        return None if case.valid is None or len(case.valid) < 50 else _leaked(case, 1.0, len(case.valid))
    train, rows = _hashes(case, case.train), _hashes(case, case.valid)
    if train is None or rows is None:
        return None
    known = set(train)
    share = sum(row in known for row in rows) / len(rows)
    few_different = len(set(rows)) < 0.5 * len(rows)  # a small set of possible inputs repeats by itself
    return None if share < 0.02 or few_different else _leaked(case, share, len(rows))


def _leaked(case: Case, share: float, n: int) -> Diagnosis:
    seen = f"{share:.0%} of {n} validation rows are training rows too"
    why = "The net has learned these rows, so validation does not say what it does with new ones."
    level, weight = graded(share >= 0.1, 0.7, 0.4)
    return Diagnosis("leak", level, weight, seen, why, "train, valid = data.split(0.1)  # after duplicates are gone")


def _hashes(case: Case, data: Any) -> list[int] | None:
    """A hash of each input of a data set, before any transform; None where that would take long."""
    x = getattr(data, "x", None)
    if not isinstance(x, np.ndarray) or x.size > (MAX_HASHED if case.may_try else MAX_HASHED / 10):
        return None
    return [hash(row.tobytes()) for row in np.ascontiguousarray(x.reshape(len(x), -1))]


def sorted_data(case: Case) -> Diagnosis | None:
    """Batches that hold far fewer classes than a shuffled batch would."""
    labels = training_labels(case)
    if labels is None or len(np.unique(labels)) < 2:
        return None
    share = np.bincount(labels - labels.min()) / len(labels)
    found, expected = [], []
    for _, y in case.first_batches:
        own = labels_like(case, y)
        if own is None or len(own) < 4:
            return None
        found.append(np.square(np.bincount(own) / len(own)).sum())
        expected.append(np.square(share).sum() + (1 - np.square(share).sum()) / len(own))
    if len(found) < 3 or np.mean(found) < (1 + np.mean(expected)) / 2:
        return None
    seen = (
        f"two rows of a batch have the same class in {np.mean(found):.0%} of cases; shuffled, it would be "
        f"{np.mean(expected):.0%}"
    )
    why = "Each batch pulls the net towards the one class that it holds, and the next one pulls it away again."
    fix = "batches(data, batch_size, shuffle=True)  # or shuffle the rows once"
    level, weight = graded(not (case.goes_well), 0.82, 0.45)
    return Diagnosis("sorted", level, weight, seen, why, fix)
