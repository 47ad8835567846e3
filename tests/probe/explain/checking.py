"""Explains many numbers of a trace, and checks what is printed, what the step has, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from tests.probe.recompute import recompute
from tinynet.probe import Trace
from tinynet.probe.derived import derived_names
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.explanation import Explanation
from tinynet.probe.explain.totals import all_totals
from tinynet.probe.trace import joined

#: An explanation computes in float64 what the step computed in float32. It may differ by this share of the largest
#: number of the array, or of the largest term of its sums, where those cancel: float32 has 24 bits, which is 6e-8, and
#: a layer rounds many times.
TOLERANCE = 1e-5


def check_trace(trace: Trace, per_array: int = 6, tolerance: float = TOLERANCE) -> int:
    """Explain so many numbers of each array, spread evenly over it; return how many numbers were explained."""
    explainer, count = Explainer(trace), 0
    for name in names(trace):
        for index in places(trace[name].shape, per_array):
            check_number(explainer, name, index, tolerance)
            count += 1
    return count


def names(trace: Trace) -> list[str]:
    """A name for each array of floating numbers, those on the way included."""
    found = list({id(array): name for name, array in reversed(trace.values.items())}.values())[::-1]
    for path, step in trace.layers.items():
        found += [joined(path, name) for name in derived_names(step)]
    return [name for name in found if np.asarray(trace[name]).dtype.kind == "f"]


def places(shape: tuple[int, ...], count: int) -> Iterator[tuple[int, ...]]:
    """So many indices of an array, or all if it has fewer."""
    size = int(np.prod(shape))
    step = max(1, -(-size // count))
    offset = size // 3 % step
    return (tuple(int(at) for at in np.unravel_index(place, shape)) for place in range(offset, size, step))


def check_number(explainer: Explainer, name: str, index: tuple[int, ...], tolerance: float = TOLERANCE) -> Explanation:
    """Explain a number. Its text must give its results again, and its value must be the one of the step."""
    explanation = explainer.explain(name, index)
    recompute(str(explanation))
    if name in explainer.trace and name not in explainer.trace.parameters:
        check_value(explanation, np.asarray(explainer.trace[name]), index, tolerance)
    for leaf in leaves(explanation):
        if leaf.source is not None and leaf.made_from is None and leaf.source[0] in explainer.trace.values:
            at, where = leaf.source
            array = np.asarray(explainer.trace[at])
            if len(where) == array.ndim and array.dtype.kind == "f" and array.size:
                recorded = float(array[where])
                assert np.isclose(float(leaf.value), recorded, rtol=1e-5, equal_nan=True), (leaf.symbol, leaf.source)
    return explanation


def check_value(explanation: Explanation, array: np.ndarray, index: tuple[int, ...], tolerance: float) -> None:
    """An explanation agrees with the number of the step."""
    if len(index) != array.ndim:
        return
    recorded = float(array[index])
    if explanation.value == recorded or (np.isnan(recorded) and np.isnan(explanation.value)):
        return
    terms = [np.abs(each.values).max(initial=0) for each in all_totals(explanation.result)]
    largest = float(max(np.abs(array[np.isfinite(array)]).max(initial=0), *terms, 0))
    error = abs(explanation.value - recorded)
    assert error <= tolerance * largest, f"{explanation.value!r}, but the step has {recorded!r}:\n{explanation}"


def leaves(explanation: Explanation) -> Iterator:
    """The numbers that stand in an explanation."""
    for _, expression in explanation.equations:
        yield from expression.leaves()


def check_back_to_the_data(explainer: Explainer, name: str, index: tuple[int, ...], most: int = 60) -> int:
    """Explain a number, then the numbers it is computed from, and so on; return how many there were."""
    ahead, seen = [(name, index)], set()
    while ahead and len(seen) < most:
        source = ahead.pop(0)
        if source not in seen:
            seen.add(source)
            ahead += islice(check_number(explainer, *source).sources, 4)
    return len(seen)
