"""The claimed gradient against the slopes, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn, Protocol

import numpy as np

from tinynet.gradcheck import sentences
from tinynet.gradcheck.differences import DIRECTION, Function, Index, along, extrapolated_slope, is_smooth, slope
from tinynet.gradcheck.sentences import broken_rule

N_DRAWS = 30  # An entry may be at a kink this many times before that is reported.


class Checked(Protocol):
    """What can be compared: see `Subject`."""

    rng: np.random.Generator

    @property
    def who(self) -> str: ...
    def redraw(self) -> None: ...
    def function(self) -> Function: ...
    def gradients(self, weights: list[np.ndarray]) -> dict[str, np.ndarray]: ...


@dataclass
class Comparison:
    """How well gradient and slopes agree so far."""

    errors: dict[str, float] = field(default_factory=dict)
    n_compared: dict[str, int] = field(default_factory=dict)
    n_redrawn: int = 0


@dataclass
class Mismatch:
    """A gradient that is wrong, at a point where the function is smooth.

    Args:
        name: Of the input or parameter.
        function: The function at the point.
        found: What `backward` claims, for every array.
        expected: The slope at each compared entry of `name` that is not at a kink.
        wrong: Those of them where the two differ.
        error: The largest relative error.
    """

    name: str
    function: Function
    found: dict[str, np.ndarray]
    expected: dict[Index, float]
    wrong: list[Index]
    error: float

    @property
    def worst(self) -> Index:
        """The entry with the largest difference."""
        gradient = self.found[self.name]
        return max(self.wrong, key=lambda index: abs(float(gradient[index]) - self.expected[index]))


def compare(subject: Checked, tolerance: float, max_entries: int) -> Comparison | Mismatch:
    """Compare up to `max_entries` entries of each array, and one random direction through larger ones.

    Returns:
        The errors, or the first array whose gradient is wrong.
    """
    function = subject.function()
    found = _claimed(subject, function)
    pending = {name: _choose(array, max_entries, subject.rng) for name, array in function.arrays.items()}
    for name, array in function.arrays.items():
        if array.size > max_entries:
            pending[name] += _stray_entry(function, name, found[name], tolerance, subject.rng)
    result = Comparison(dict.fromkeys(pending, 0.0), {name: len(indices) for name, indices in pending.items()})
    while True:
        for name, indices in pending.items():
            outcome = _compare_entries(function, name, found, indices, tolerance)
            if isinstance(outcome, Mismatch):
                return outcome
            error, pending[name] = outcome
            result.errors[name] = max(result.errors[name], error)
        at_kink = [name for name, indices in pending.items() if indices]
        if not at_kink:
            return result
        result.n_redrawn += 1
        if result.n_redrawn == N_DRAWS:
            _not_differentiable(subject.who, at_kink[0], pending[at_kink[0]][0], N_DRAWS)
        subject.redraw()
        function = subject.function()
        found = _claimed(subject, function)


def _compare_entries(
    function: Function, name: str, found: dict[str, np.ndarray], indices: list[Index], tolerance: float
) -> tuple[float, list[Index]] | Mismatch:
    """The largest error and the entries at a kink, or a Mismatch."""
    expected = {index: slope(function, name, index) for index in indices}
    scale = max([float(np.max(np.abs(found[name]), initial=0.0)), *map(abs, expected.values())])
    noise = function.rounding(function.outputs(), 1e-5) / tolerance
    errors = {index: _error(value, found[name][index], scale, noise) for index, value in expected.items()}
    off = [index for index, error in errors.items() if not error <= tolerance]
    for index in off:  # it may be the difference that errs, where the slope changes within a step
        exact = extrapolated_slope(function, name, index)
        errors[index] = min(errors[index], _error(exact, found[name][index], scale, noise))
    off = [index for index in off if not errors[index] <= tolerance]
    kinks = [index for index in off if not is_smooth(function, name, index, tolerance)]
    wrong = [index for index in off if index not in kinks]
    if wrong:
        smooth = {index: value for index, value in expected.items() if index not in kinks}
        return Mismatch(name, function, found, smooth, wrong, max(errors[index] for index in wrong))
    return max([error for index, error in errors.items() if index not in kinks], default=0.0), kinks


def _error(expected: float, found: float, scale: float, noise: float) -> float:
    """The relative error; entries far smaller than the others are measured against those."""
    size = max(abs(expected), abs(float(found)), 1e-3 * scale, noise, 1e-300)
    return abs(expected - float(found)) / size


def _stray_entry(
    function: Function, name: str, gradient: np.ndarray, tolerance: float, rng: np.random.Generator
) -> list[Index]:
    """One entry of a large array where the gradient is wrong, found by halving; none if all are right."""
    places = np.arange(gradient.size)
    if not _off_along(function, name, gradient, places, tolerance, rng):
        return []
    while len(places) > 1:
        half = places[: len(places) // 2]
        places = half if _off_along(function, name, gradient, half, tolerance, rng) else places[len(places) // 2 :]
    return [_index(int(places[0]), gradient.shape)]


def _off_along(
    function: Function, name: str, gradient: np.ndarray, places: np.ndarray, tolerance: float, rng: np.random.Generator
) -> bool:
    direction: np.ndarray = np.zeros(gradient.size)
    direction[places] = rng.choice((-1.0, 1.0), len(places)) / np.sqrt(len(places))
    direction = direction.reshape(gradient.shape)
    tolerance = tolerance / np.sqrt(len(places))  # one entry is a small part of the whole
    line = along(function, name, direction)
    expected, found = slope(line, name, DIRECTION), float(np.sum(gradient * direction))
    scale = float(np.linalg.norm(gradient.reshape(-1)[places])) / np.sqrt(len(places))
    noise = function.rounding(function.outputs(), 1e-5) / tolerance
    if _error(expected, found, 1e3 * scale, noise) <= tolerance or not is_smooth(line, name, DIRECTION, tolerance):
        return False
    return not _error(extrapolated_slope(line, name, DIRECTION), found, 1e3 * scale, noise) <= tolerance


def _choose(array: np.ndarray, max_entries: int, rng: np.random.Generator) -> list[Index]:
    chosen = np.arange(array.size)
    if array.size > max_entries:
        chosen = np.sort(rng.choice(array.size, max_entries, replace=False))
    return [_index(int(place), array.shape) for place in chosen]


def _index(place: int, shape: tuple[int, ...]) -> Index:
    return tuple(int(i) for i in np.unravel_index(place, shape))


def _claimed(subject: Checked, function: Function) -> dict[str, np.ndarray]:
    """What `backward` gives, once its shapes and types are known to be right."""
    found = subject.gradients(function.weights)
    for name, array in function.arrays.items():
        gradient = found[name]
        label = f"the gradient with respect to {name}"
        if not isinstance(gradient, np.ndarray) or gradient.shape != array.shape:
            sentences.wrong_shape(subject.who, name, gradient, array.shape)
        if gradient.dtype != np.float64:
            sentences.wrong_dtype(subject.who, label, gradient.dtype, np.float64)
        if not np.isfinite(gradient).all():
            sentences.not_finite(subject.who, label)
    return found


def _not_differentiable(who: object, name: str, index: tuple[int, ...], n_draws: int) -> NoReturn:
    """At every point that was drawn, the slope to the left differs from the slope to the right."""
    broken_rule(
        who,
        name,
        f"forward has a kink or a jump along {name} at [{', '.join(map(str, index))}] at each of {n_draws} points "
        "drawn, so it has no derivative to compare with.",
        "pass an input array on which forward is smooth; a straight-through estimator can't be checked.",
        "kink",
    )
