"""What kind of targets a training has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.probe.doctor.skill import as_labels, is_one_hot


@dataclass(frozen=True)
class TruthFacts:
    """The targets of some rows.

    Attributes:
        kind: "classes" for integer labels or one-hot rows with an output for each class, "binary" for zeros and ones,
            "codes" for classes that are written as numbers 0, 1, 2, …, "numbers" for any others, "" for none of these.
        labels: The class of each row, (N,); None if there are no classes.
        values: The targets as floating-point numbers in the shape of the output; one-hot for classes; or None.
    """

    kind: str
    labels: np.ndarray | None
    values: np.ndarray | None


def truth_facts(predicted: Any, y: Any) -> TruthFacts:
    """Tell what kind of targets there are.

    Args:
        predicted: (N, …), what a net gave for them.
        y: The truth.

    Example:
        >>> classes, numbers = np.array([0, 1, 1]), np.array([0.5, 3.0])
        >>> truth_facts(np.zeros((3, 2)), classes).kind, truth_facts(np.zeros((2, 1)), numbers).kind
        ('classes', 'numbers')
    """
    if not isinstance(predicted, np.ndarray) or not isinstance(y, np.ndarray) or y.dtype.kind not in "biuf":
        return TruthFacts("", None, None)
    labels = as_labels(predicted, y)
    if labels is not None:
        one_hot = (labels[..., np.newaxis] == np.arange(predicted.shape[-1])).astype(np.float64)
        return TruthFacts("classes", labels if labels.ndim == 1 else None, one_hot)
    if y.size != predicted.size:
        if is_one_hot(y):
            return TruthFacts("codes", y.argmax(axis=-1), None)
        whole = y.dtype.kind in "iu" and y.ndim == 1
        return TruthFacts("codes" if whole else "", y if whole else None, None)
    values = y.reshape(predicted.shape).astype(np.float64)
    if np.isin(values, (0, 1)).all():
        return TruthFacts("binary", values.reshape(-1).astype(int) if values[0].size == 1 else None, values)
    whole = bool((values == np.round(values)).all()) and values.min() >= 0 and values[0].size == 1
    if whole and len(np.unique(values)) <= min(20, max(3, len(values) // 4)) and values.max() < 20:
        return TruthFacts("codes", values.reshape(-1).astype(int), values)
    return TruthFacts("numbers", None, values)
