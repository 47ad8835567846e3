"""Signs in the data: labels, classes, and rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinynet.data import batches
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis, figure, graded
from tinynet.probe.doctor.skill import ERRORS, as_labels
from tinynet.probe.doctor.truth import truth_facts

MIN_SHARE_OF_EVEN = 0.25  #: A class with less than this share of what an even split would give it is rare.


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
    labels = training_labels(case)
    if labels is None or case.truth.kind != "classes" or len(np.unique(labels)) < 2:
        return None
    n_classes = case.first_output.shape[-1]
    counts = np.bincount(labels, minlength=n_classes)
    missing = np.flatnonzero(counts == 0)
    if not len(missing) or (len(missing) > n_classes / 2 and n_classes > 20):
        return None
    other = None if case.valid_sample is None else labels_like(case, case.valid_sample[1])
    only_there = [] if other is None else [each for each in missing if (other == each).sum() > 1]
    names = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
    seen = f"the net has {n_classes} outputs, and no training row has the class {names}"
    why = (
        "Labels count from 0: labels from 1 to C need no output more, but 1 less; a class that is missing cannot be "
        "learned."
    )
    if only_there:
        seen += f"; the validation data have the class {only_there[0]}"
    level, weight = graded(bool(only_there), 0.86, 0.35)
    return Diagnosis("labels", level, weight, seen, why, "y = y - y.min()  # if labels count from 1")


def imbalance(case: Case) -> Diagnosis | None:
    """Classes that are much rarer than others, and are not recognised."""
    labels = training_labels(case)
    if labels is None or len(labels) < 20:
        return None
    counts = np.bincount(labels - labels.min())
    counts = counts[counts > 0]
    if counts.min() > MIN_SHARE_OF_EVEN * len(labels) / len(counts):
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
    level, weight = graded(spoils, 0.62, 0.5)
    return Diagnosis("imbalance", level, weight, seen, why, fix)


def _recall(case: Case) -> tuple[float, float] | None:
    """The share of rows that are recognised, of the rare classes and of the others; in validation data if there are."""
    try:
        sample = case.sample if case.valid_sample is None else case.valid_sample
        output = case.net.predict(sample[0])
    except ERRORS:
        return None
    labels = training_labels(case)
    truth = labels_like(case, sample[1])
    if labels is None or truth is None or not isinstance(output, np.ndarray) or len(output) != len(truth):
        return None
    if output.shape[-1] > 1:
        said = output.argmax(axis=-1)
    else:
        said = (output.reshape(-1) > (0.0 if case.loss_facts.takes == "logits" else 0.5)).astype(int)
    counts = np.bincount(labels, minlength=int(max(labels.max(), truth.max())) + 1)
    is_rare = counts[truth] <= MIN_SHARE_OF_EVEN * len(labels) / np.count_nonzero(counts)
    if said.shape != truth.shape or not is_rare.any() or is_rare.all():
        return None
    return float((said == truth)[is_rare].mean()), float((said == truth)[~is_rare].mean())


def labels_like(case: Case, y: Any) -> np.ndarray | None:
    if not isinstance(y, np.ndarray) or case.truth.labels is None:
        return None
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(axis=-1)
    return y.reshape(-1).astype(int)


def training_labels(case: Case) -> np.ndarray | None:
    if case.truth.labels is None:
        return None
    labels = labels_of(case, case.train)
    return case.truth.labels if labels is None or labels.ndim != 1 else labels


def labels_of(case: Case, data: Any) -> np.ndarray | None:
    """All labels of a data set as classes, read from its y where it has one; None if they are none, or too many."""
    y = getattr(data, "y", None)
    if not isinstance(y, np.ndarray):
        y = None if len(data) > 5000 else np.concatenate([part for _, part in batches(data, 512)])
    if y is None or not isinstance(case.first_output, np.ndarray):
        return None
    like = np.empty((len(y), *case.first_output.shape[1:]), np.float32) if y.ndim < 3 else None
    return None if like is None else (as_labels(like, y) if like.shape[-1] > 1 else truth_facts(like, y).labels)
