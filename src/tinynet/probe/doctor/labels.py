"""Signs in the data: labels, classes, and rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinynet.probe.doctor.case import Case, labels_of
from tinynet.probe.doctor.diagnosis import Diagnosis, figure
from tinynet.probe.doctor.skill import ERRORS, class_skill, loss_value

RARE = 0.25  #: A class with less than this share of what an even split would give it.
N_NEIGHBOURS = 5


def one_class(case: Case) -> Iterator[Diagnosis]:
    """All training rows have the same truth."""
    y = case.y
    if not isinstance(y, np.ndarray) or len(y) < 4 or not (y == y[0]).all() or case.truth.kind == "":
        return
    if not _all_the_same(case, y[0]):
        return
    value = figure(float(np.ravel(y[0])[0])) if np.size(y[0]) == 1 else "the same"
    seen = f"all {len(case.train)} training rows have the target {value}"
    other = None if case.valid_sample is None else case.valid_sample[1]
    if isinstance(other, np.ndarray) and not (other == other[0]).all():
        seen += f", while the validation data have {len(np.unique(other, axis=0))} different ones"
    why = "The loss falls to nothing by saying always the same, and the net learns to ignore its input."
    yield Diagnosis(
        "labels", "problem", 0.9, seen, why, "np.unique(y_train, return_counts=True)  # before and after each step"
    )
    yield Diagnosis(
        "one-class", "problem", 0.88, seen, why, "train, valid = data.split(0.1)  # it keeps the share of every class"
    )


def _all_the_same(case: Case, first: Any) -> bool:
    y = getattr(case.train, "y", None)
    return not isinstance(y, np.ndarray) or bool((y == first).all())


def missing_classes(case: Case) -> Diagnosis | None:
    """Outputs for classes that do not occur: labels counted from 1, or a part of the data."""
    labels = _training_labels(case)
    if labels is None or case.truth.kind != "classes" or len(np.unique(labels)) < 2:
        return None
    n_classes = case.first_output.shape[-1]
    counts = np.bincount(labels, minlength=n_classes)
    missing = np.flatnonzero(counts == 0)
    if not len(missing) or (len(missing) > n_classes / 2 and n_classes > 20):
        return None
    other = None if case.valid_sample is None else _labels_like(case, case.valid_sample[1])
    only_there = [] if other is None else [each for each in missing if (other == each).sum() > 1]
    names = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
    seen = f"the net has {n_classes} outputs, and no training row has the class {names}"
    why = "Labels count from 0: labels from 1 to C need no output more, but 1 less; a class that is missing cannot be learned."
    if only_there:
        seen += f"; the validation data have the class {only_there[0]}"
    level, weight = ("problem", 0.86) if only_there else ("remark", 0.35)
    return Diagnosis("labels", level, weight, seen, why, "y = y - y.min()  # if labels count from 1")  # type: ignore[arg-type]


def imbalance(case: Case) -> Diagnosis | None:
    """Classes that are much rarer than others, and are not recognised."""
    labels = _training_labels(case)
    if labels is None or len(labels) < 20:
        return None
    counts = np.bincount(labels - labels.min())
    counts = counts[counts > 0]
    if len(counts) < 2 or counts.min() > RARE * len(labels) / len(counts):
        return None
    ratio = counts.max() / counts.min()
    found = _recall(case)
    seen = f"the rarest class has {counts.min()} rows, the most frequent {counts.max()}, {figure(ratio)} times as many"
    spoils = False
    if found is not None and case.fitted:
        rare, frequent = found
        seen += f"; of the rare ones {rare:.0%} are recognised, of the frequent ones {frequent:.0%}"
        spoils = rare < frequent - 0.3 and rare < 0.7
    why = "A net that never names the rare class has a small loss and a high accuracy all the same."
    fix = "Learner(net, partial(cross_entropy, weight=len(y) / (n_classes * np.bincount(y))), ...)"
    level, weight = ("problem", 0.62) if spoils else ("remark", 0.5)
    return Diagnosis("imbalance", level, weight, seen, why, fix)  # type: ignore[arg-type]


def _recall(case: Case) -> tuple[float, float] | None:
    """The share of rows that are recognised, of the rare classes and of the others, in validation where there is one."""
    try:
        sample = case.sample if case.valid_sample is None else case.valid_sample
        output = case.net.predict(sample[0])
    except ERRORS:
        return None
    labels = _training_labels(case)
    truth = _labels_like(case, sample[1])
    if labels is None or truth is None or not isinstance(output, np.ndarray) or len(output) != len(truth):
        return None
    if output.shape[-1] > 1:
        said = output.argmax(axis=-1)
    else:
        said = (output.reshape(-1) > (0.0 if case.loss_facts.takes == "logits" else 0.5)).astype(int)
    counts = np.bincount(labels, minlength=int(max(labels.max(), truth.max())) + 1)
    is_rare = counts[truth] <= RARE * len(labels) / np.count_nonzero(counts)
    if said.shape != truth.shape or not is_rare.any() or is_rare.all():
        return None
    return float((said == truth)[is_rare].mean()), float((said == truth)[~is_rare].mean())


def _labels_like(case: Case, y: Any) -> np.ndarray | None:
    if not isinstance(y, np.ndarray) or case.truth.labels is None:
        return None
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(axis=-1)
    return y.reshape(-1).astype(int)


def _training_labels(case: Case) -> np.ndarray | None:
    if case.truth.labels is None:
        return None
    labels = labels_of(case, case.train)
    return case.truth.labels if labels is None or labels.ndim != 1 else labels


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


def misaligned(case: Case) -> Diagnosis | None:
    """Neighbouring inputs have other labels, unless the labels are moved by a row or so."""
    x, y = _in_order(case)
    if x is None or y is None or len(x) < 60 or len(np.unique(y)) < 2:
        return None
    neighbours = _nearest(x)
    chance = np.bincount(y).max() / len(y)
    agreement = {shift: _agreement(np.roll(y, shift), neighbours) for shift in (0, 1, -1, 2, -2)}
    best = max(agreement, key=lambda shift: agreement[shift])
    margin = 0.35 * (1 - chance)
    if best == 0 or agreement[best] < chance + margin or agreement[0] > chance + 0.25 * margin:
        return None
    seen = (
        f"only {agreement[0]:.0%} of rows have the label of their nearest rows; with all labels moved by {abs(best)} "
        f"row{'s' if abs(best) > 1 else ''} it is {agreement[best]:.0%}"
    )
    why = "Each row has the label of another one, so there is nothing to learn but noise."
    return Diagnosis(
        "labels", "problem", 0.92, seen, why, f"y = np.roll(y, {best})  # and find out where they were moved"
    )


def contradicting(case: Case) -> Diagnosis | None:
    """Many rows have another label than nearly all of their nearest rows, and the net does better on validation data."""
    x, y = _in_order(case)
    if x is None or y is None or len(x) < 100 or len(np.unique(y)) < 2:
        return None
    own, others = y[:, None], y[_nearest(x)]
    agree = (others == others[:, :1]).mean(axis=1) > 0.75
    against = agree & (others[:, 0] != own[:, 0])
    share = float(against.sum() / max(1, agree.sum()))
    if agree.mean() < 0.1 or share < 0.12:
        return None
    here, there = class_skill(case.output, case.y), float("nan")
    if case.valid_sample is not None and case.fitted:
        there = class_skill(case.net.predict(case.valid_sample[0]), case.valid_sample[1])
    better = there > here + 0.1
    seen = f"of the rows whose nearest rows agree with each other, {share:.0%} have another label than these"
    if better:
        seen += f"; the skill is {here:.2f} on training data and {there:.2f} on validation data, whose labels it has not seen"
    why = "The net is taught against what it can see: it learns slowly, and at last learns the wrong labels by heart."
    level, weight = ("problem", 0.8) if better else ("remark", 0.45)
    return Diagnosis(
        "labels", level, weight, seen, why, "visualize.misclassified(net, train)  # are these labels right?"
    )  # type: ignore[arg-type]


def no_signal(case: Case) -> Diagnosis | None:
    """Neither the net nor the nearest rows tell anything about the targets."""
    if not case.goes_badly or case.ended_by:
        return None
    x, y = _in_order(case)
    if x is None or y is None or len(x) < 60 or len(np.unique(y)) < 2:
        return None
    chance = float(np.square(np.bincount(y) / len(y)).sum())
    agreement = _agreement(y, _nearest(x))
    error = np.sqrt(chance * (1 - chance) / len(y))
    if agreement > chance + 3 * error:
        return None
    seen = f"{agreement:.0%} of rows have the label of their nearest rows, by chance it would be {chance:.0%}"
    why = "Where similar inputs have unrelated targets, a net can only learn the rows by heart."
    fix = "i = rng.integers(len(x)); print(x[i], y[i])  # look at some rows: are these the right labels?"
    return Diagnosis("no-signal", "remark", 0.35, seen, why, fix)


def _in_order(case: Case, most: int = 500) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Rows of the training data in their own order, with their labels."""
    if case.labels is None or case.x is None:
        return None, None
    rows = np.arange(min(most, len(case.train)))
    try:
        x, y = case.train[rows]
    except ERRORS:
        return None, None
    labels = _labels_like(case, y)
    return np.asarray(x, np.float64).reshape(len(x), -1), labels


def _nearest(x: np.ndarray) -> np.ndarray:
    """For each row, the N_NEIGHBOURS nearest others, after each feature was scaled to spread 1: (N, K)."""
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-12)
    squares = np.square(x).sum(axis=1)
    distance = squares[:, None] + squares - 2 * (x @ x.T)
    np.fill_diagonal(distance, np.inf)
    return np.argpartition(distance, N_NEIGHBOURS, axis=1)[:, :N_NEIGHBOURS]


def _agreement(y: np.ndarray, neighbours: np.ndarray) -> float:
    return float((y[neighbours] == y[:, None]).mean())


def leak(case: Case) -> Diagnosis | None:
    """Validation rows that are training rows too."""
    if case.valid is None or case.valid is case.train:
        return None if case.valid is None or len(case.valid) < 50 else _leaked(case, 1.0, len(case.valid))
    seen = _hashes(case.train)
    rows = _hashes(case.valid)
    if seen is None or rows is None or not rows:
        return None
    share = sum(row in seen for row in rows) / len(rows)
    few_different = len(set(rows)) < 0.5 * len(rows)  # a small set of possible inputs repeats by itself
    return None if share < 0.02 or few_different else _leaked(case, share, len(rows))


def _leaked(case: Case, share: float, n: int) -> Diagnosis:
    seen = f"{share:.0%} of {n} validation rows are training rows too"
    why = "The net has learned these rows, so validation does not say what it does with new ones."
    level, weight = ("problem", 0.7) if share >= 0.1 else ("remark", 0.4)
    return Diagnosis("leak", level, weight, seen, why, "train, valid = data.split(0.1)  # after duplicates are gone")  # type: ignore[arg-type]


def _hashes(data: Any, most: int = 20000) -> set | list | None:
    """The inputs of a data set as hashes of their bytes; None where reading them all would take long, or draws numbers."""
    x = getattr(data, "x", None) if getattr(data, "transform", None) is None else None
    if not isinstance(x, np.ndarray) or x.size > 4e7 or len(x) > most * 4:
        return None
    flat = np.ascontiguousarray(x.reshape(len(x), -1))
    return [row.tobytes() for row in flat]


def sorted_data(case: Case) -> Diagnosis | None:
    """Batches that hold far fewer classes than a shuffled batch would."""
    labels = _training_labels(case)
    if labels is None or len(np.unique(labels)) < 2:
        return None
    share = np.bincount(labels - labels.min()) / len(labels)
    found, expected = [], []
    for _, y in case.first_batches:
        own = _labels_like(case, y)
        if own is None or len(own) < 4:
            return None
        found.append(np.square(np.bincount(own) / len(own)).sum())
        expected.append(np.square(share).sum() + (1 - np.square(share).sum()) / len(own))
    if len(found) < 3 or np.mean(found) < (1 + np.mean(expected)) / 2:
        return None
    seen = f"two rows of a batch have the same class in {np.mean(found):.0%} of cases; shuffled, it would be {np.mean(expected):.0%}"
    why = "Each batch pulls the net towards the one class that it holds, and the next one pulls it away again."
    fix = "batches(data, batch_size, shuffle=True)  # or shuffle the rows once"
    level, weight = ("remark", 0.45) if case.goes_well else ("problem", 0.82)
    return Diagnosis("sorted", level, weight, seen, why, fix)  # type: ignore[arg-type]
