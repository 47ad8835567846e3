"""Slopes by finite differences, and how far they can be trusted.

f(θ) = Σₖ rₖ · yₖ(θ) is a number: the outputs yₖ, weighted with fixed random numbers rₖ. Its derivative with respect to
one entry of an input or parameter θ is what `backward(r)` must give there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Index = tuple[int, ...]
STEP = 1e-5  # a central difference errs by about h² f‴ / 6 + 1e-16 f / h, which is small on both sides here
DIRECTION = (0,)


@dataclass
class Function:
    """A function of arrays whose claimed gradient is to be compared with its slopes.

    Args:
        arrays: The float64 arrays it depends on, by name; they are shifted in place and restored.
        outputs: Computes the outputs again, as copies.
        weights: rₖ for each output.
    """

    arrays: dict[str, np.ndarray]
    outputs: Callable[[], list[np.ndarray]]
    weights: list[np.ndarray]

    def at(self, name: str, index: Index, shift: float) -> list[np.ndarray]:
        """The outputs with one entry of an array shifted."""
        array = self.arrays[name]
        before = array[index]
        array[index] = before + shift
        try:
            return self.outputs()
        finally:
            array[index] = before

    def difference(self, above: list[np.ndarray], below: list[np.ndarray]) -> float:
        """f(above) − f(below), subtracted before summing, so that outputs that stayed leave no rounding error."""
        return float(sum(np.sum(r * (a - b)) for r, a, b in zip(self.weights, above, below, strict=True)))

    def rounding(self, outputs: list[np.ndarray], step: float) -> float:
        """How much of a difference quotient may be rounding error."""
        return 1e-15 * float(sum(np.linalg.norm(r * y) for r, y in zip(self.weights, outputs, strict=True))) / step

    def step(self, name: str, index: Index) -> float:
        """A step that suits the size of an entry."""
        return STEP * max(1.0, abs(float(self.arrays[name][index])))


def slope(function: Function, name: str, index: Index, share: float = 1.0) -> float:
    """The central difference at one entry, with a share of the usual step."""
    h = share * function.step(name, index)
    return function.difference(function.at(name, index, h), function.at(name, index, -h)) / (2 * h)


def extrapolated_slope(function: Function, name: str, index: Index) -> float:
    """Central differences with the whole and half the step, without the error that both have in proportion to h²."""
    return (4 * slope(function, name, index, 0.5) - slope(function, name, index)) / 3


def is_smooth(function: Function, name: str, index: Index, tolerance: float) -> bool:
    """Whether the slope at one entry can be trusted, because no kink or jump is near.

    Where a function is smooth, central differences with two steps agree, and the slopes to the right and to the left
    draw together in proportion to the step. A kink within the step breaks at least one of these.
    """
    h = function.step(name, index)
    here = function.at(name, index, 0.0)
    central, gaps = [], []
    for step in (h, h / 2):
        right = function.difference(function.at(name, index, step), here) / step
        left = function.difference(here, function.at(name, index, -step)) / step
        central.append((right + left) / 2)
        gaps.append(abs(right - left))
    allowed = tolerance * max(map(abs, central)) + function.rounding(here, h / 4)
    return abs(central[0] - central[1]) <= allowed and (gaps[1] <= 0.75 * gaps[0] or gaps[1] <= allowed)


def along(function: Function, name: str, direction: np.ndarray) -> Function:
    """The same function of one number t: how far the array `name` has moved along `direction`."""
    array = function.arrays[name]
    t: np.ndarray = np.zeros(1)

    def outputs() -> list[np.ndarray]:
        before = array.copy()
        array[...] = before + t[0] * direction
        try:
            return function.outputs()
        finally:
            array[...] = before

    return Function({name: t}, outputs, function.weights)
