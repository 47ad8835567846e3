"""Explains many numbers of a trace, and checks what is printed, what the step has, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import numpy as np
import pytest

from tests.probe.recompute import recompute
from tinynet.probe import Trace
from tinynet.probe.derived import derived_names
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.explanation import Explanation
from tinynet.probe.explain.expressions import Source
from tinynet.probe.explain.numbers import unraveled
from tinynet.probe.explain.totals import all_totals
from tinynet.probe.trace import joined

#: An explanation computes in float64 what the step computed in float32. It may differ by this share of the largest
#: number of the array, or of the largest term of its sums, where those cancel: float32 has 24 bits, which is 6e-8, and
#: a layer rounds many times.
TOLERANCE = 1e-5


def check_trace(trace: Trace, per_array: int = 6, most: int = 1000) -> int:
    """Explain so many numbers of each array, of drawn arrays if there are more; return how many it were."""
    explainer, count, found = Explainer(trace), 0, names(trace)
    if len(found) > most:
        found = list(np.random.default_rng(len(found)).choice(found, most, replace=False))
    for name in map(str, found):
        for index in places(name, trace[name].shape, per_array):
            check_number(explainer, name, index)
            count += 1
    return count


def names(trace: Trace) -> list[str]:
    """The first and the last name of each array of floating numbers, those on the way included."""
    first = {id(array): name for name, array in reversed(trace.values.items())}
    last = {id(array): name for name, array in trace.values.items()}
    chosen = {*first.values(), *last.values()}
    found = [name for name in trace if name in chosen]
    for path, step in trace.layers.items():
        found += [joined(path, name) for name in derived_names(step)]
    return [name for name in found if np.asarray(trace[name]).dtype.kind == "f"]


def places(name: str, shape: tuple[int, ...], count: int) -> list[tuple[int, ...]]:
    """So many indices of an array, drawn by its name, or all if it has fewer."""
    size = int(np.prod(shape))
    chosen = np.random.default_rng(crc32(name.encode())).choice(size, min(count, size), replace=False)
    return [unraveled(int(place), shape) for place in chosen]


def check_number(explainer: Explainer, name: str, index: tuple[int, ...]) -> Explanation:
    """Explain a number. Its text must give its results again, and its value must be the one of the step."""
    explanation = explainer.explain(name, index)
    recompute(str(explanation))
    if name in explainer.trace and name not in explainer.trace.parameters:
        check_value(explanation, np.asarray(explainer.trace[name]), index)
    for leaf in leaves(explanation):
        if leaf.source is not None and leaf.made_from is None and leaf.source[0] in explainer.trace.values:
            at, where = leaf.source
            array = np.asarray(explainer.trace[at])
            if len(where) == array.ndim and array.dtype.kind == "f" and array.size:
                recorded = float(array[where])
                assert np.isclose(float(leaf.value), recorded, rtol=1e-5, equal_nan=True), (leaf.symbol, leaf.source)
    return explanation


def check_value(explanation: Explanation, array: np.ndarray, index: tuple[int, ...]) -> None:
    """An explanation agrees with the number of the step."""
    if len(index) != array.ndim:
        return
    recorded = float(array[index])
    if explanation.value == recorded or (np.isnan(recorded) and np.isnan(explanation.value)):
        return
    terms = [np.abs(each.values).max(initial=0) for each in all_totals(explanation.result)]
    largest = float(max(np.abs(array[np.isfinite(array)]).max(initial=0), *terms, 0))
    error = abs(explanation.value - recorded)
    assert error <= TOLERANCE * largest, f"{explanation.value!r}, but the step has {recorded!r}:\n{explanation}"


def leaves(explanation: Explanation) -> Iterator:
    """The numbers that stand in an explanation."""
    for _, expression in explanation.equations:
        yield from expression.leaves()


def check_back_to_the_data(explainer: Explainer, name: str, index: tuple[int, ...], most: int = 60) -> int:
    """Explain a number, then the numbers it is computed from, and so on; return how many there were.

    The explanation of an operand must give the number that stood in the explanation before.
    """
    ahead: list[tuple[Source, float | None]] = [((name, index), None)]
    seen: set[Source] = set()
    while ahead and len(seen) < most:
        source, expected = ahead.pop(0)
        if source in seen:
            continue
        seen.add(source)
        explanation = check_number(explainer, *source)
        if expected is not None and source[0] not in explainer.trace:
            assert explanation.value == pytest.approx(expected, rel=1e-6, abs=1e-12), f"{source}\n{explanation}"
        operands = {leaf.source: float(leaf.value) for leaf in leaves(explanation) if leaf.source is not None}
        ahead += [(each, operands.get(each)) for each in explanation.sources[:4]]
    return len(seen)
