"""What a Learner makes of a batch: its rows, its metrics, and all batches put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import is_array, is_number
from tinynet.core.checks.shapes import shape_text
from tinynet.core.joinable import Joinable
from tinynet.learner.averages import Averages
from tinynet.net.tuples import as_tuple


def n_rows(x: Any, y: Any) -> int:
    """The number of rows of a batch: those of its truth, or where there is none, of its inputs.

    Example:
        >>> n_rows(np.ones((3, 2)), np.zeros(3)), n_rows((np.ones((3, 2)), np.ones(3)), None)
        (3, 3)
    """
    return next((len(part) for part in (*as_tuple(y), *as_tuple(x)) if np.ndim(part)), 1)


def measured(metrics: Mapping[str, Callable[[Any, Any], Any]], predicted: Any, y: Any) -> dict[str, Any]:
    """What each metric says, a number or an array of numbers.

    Raises:
        TypeError: A metric returned something else.
    """
    values = {name: _absent_is_nan(metric(predicted, y)) for name, metric in metrics.items()}
    for name, value in values.items():
        if not is_number(value) and not _are_numbers(value):
            came = checks.of_kind(value)
            problem = f"the metric {name} must return a number, or an array of numbers; it returned {came}."
            hint = "a function needs `return` before its result." if value is None else "return a float."
            checks.fail("Learner", problem, hint, TypeError)
    return values


def measured_over_all(metrics: Mapping[str, Callable[[Any, Any], Any]], kept: Sequence[tuple[Any, Any]]) -> Any:
    """What each metric says of all batches (predicted, y) as one.

    Where they have different lengths, metrics whose numbers over batches can be joined need no array of all.
    """
    predictions, truths = zip(*kept, strict=True)
    if len({tuple(np.shape(part)[1:] for part in as_tuple(predicted)) for predicted in predictions}) > 1:
        numbers = [measured(metrics, predicted, y) for predicted, y in kept]
        if all(isinstance(number, Joinable) for batch in numbers for number in batch.values()):
            averages = Averages()
            for batch in numbers:
                averages.add(1, **batch)
            return averages.over_all()
    values = measured(metrics, joined("predicted", predictions), joined("ground_truth", truths))
    return {name: float(value) if is_number(value) else value for name, value in values.items()}


def joined(name: str, parts: Sequence[Any]) -> Any:
    """One of the things that batches hold, for all batches: their rows below each other; None if it is None.

    Raises:
        ValueError: The batches differ in another axis than the first.
    """
    if parts[0] is None:
        return None
    if isinstance(parts[0], tuple):
        return tuple(joined(name, each) for each in zip(*parts, strict=True))
    shapes = list(dict.fromkeys(np.shape(part)[1:] for part in parts))
    if len(shapes) > 1:
        first, other = (next(np.shape(part) for part in parts if np.shape(part)[1:] == shape) for shape in shapes[:2])
        checks.fail(
            "Learner.evaluate",
            f"{name} has the shape {shape_text(first)} in one batch and {shape_text(other)} in another, "
            "but a metric needs all rows in one array.",
            "pad all samples to one length, or take a Learner without metrics: the loss needs no such array.",
        )
    return np.concatenate(parts)


def _absent_is_nan(value: Any) -> Any:
    """A single number, NaN where it is masked, as NumPy's mean of masked values only is."""
    is_absent = isinstance(value, np.ma.MaskedArray) and value.ndim == 0 and value.mask
    return float("nan") if is_absent else value


def _are_numbers(value: Any) -> bool:
    try:
        return (value if is_array(value) else np.asarray(value)).dtype.kind in "biuf"
    except ValueError:  # rows of different lengths
        return False


def name_of(metric: Any) -> str:
    """The name under which a metric is shown, with the arguments that functools.partial has bound.

    Example:
        >>> from tinynet.metrics import accuracy, top_k_accuracy
        >>> name_of(accuracy), name_of(partial(top_k_accuracy, k=3))
        ('accuracy', 'top_k_accuracy(k=3)')
    """
    if isinstance(metric, partial):
        bound = ", ".join(f"{name}={value!r}" for name, value in metric.keywords.items())
        return f"{name_of(metric.func)}({bound})"
    return getattr(metric, "__name__", type(metric).__name__)
