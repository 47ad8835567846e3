"""Reshape and Permute: the same numbers in another shape, or with the axes in another order."""

from __future__ import annotations

import math

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.faster import explained
from tinynet.layers.layer import Layer


class Reshape(Layer):
    """Bring each sample of a batch to another shape, its numbers in the same order.

    Equation:
        y[n] = the numbers of x[n], read along the last axis first, in another shape

    Shapes:
        x: (N, …)        y: (N, *shape); the batch axis stays

    Gradients (given dy = ∂L/∂y):
        dx = dy in the shape of x

    Args:
        *shape: The shape of one sample; one size may be -1 and follows from the others.

    Raises:
        ValueError: More than one size is -1, a size is below that, or the numbers of a sample do not fit.
        TypeError: A size is not an integer.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Reshape(3, -1).forward(np.ones((4, 12))).shape
        (4, 3, 4)
    """

    def __init__(self, *shape: int) -> None:
        self.shape = _target_shape(shape)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.array(self, x)
        self.remember(shape=x.shape)
        return x.reshape(x.shape[:1] + _fitted(self, x))

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (shape,) = self.recall()
        return dy.reshape(shape)  # dx

    def __repr__(self) -> str:
        return f"Reshape({', '.join(map(str, self.shape))})"


class Permute(Layer):
    """Put the axes of each sample into another order, as in a transpose.

    Equation:
        y[n, i₀, i₁, …] = x[n, j₀, j₁, …], where j[axes[k]] = i[k]

    Shapes:
        x: (N, d₀, d₁, …)        y: (N, d[axes[0]], d[axes[1]], …)

    Gradients (given dy = ∂L/∂y):
        dx = dy with the axes put back

    Args:
        *axes: For each axis of y, which axis of x it is. The batch axis stays first and is not counted: the axes of one
            sample are numbered from 0, so Permute(1, 0) swaps the two axes of (N, T, D).

    Raises:
        ValueError: An axis is missing or named twice, or x has another number of axes.
        TypeError: An axis is not an integer.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Permute(2, 0, 1).forward(np.ones((4, 28, 32, 3))).shape
        (4, 3, 28, 32)
    """

    def __init__(self, *axes: int) -> None:
        self.axes = _permutation(axes)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.array(self, x)
        if x.ndim != len(self.axes) + 1:
            problem = f"expected x with {len(self.axes)} axes after the batch axis, got shape {shape_text(x.shape)}."
            checks.fail(self, problem)
        self.remember()
        return x.transpose(0, *(axis + 1 for axis in self.axes))

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.recall()  # raises if there was no forward; its values are not needed
        return dy.transpose(0, *(self.axes.index(axis) + 1 for axis in range(len(self.axes))))  # dx

    def __repr__(self) -> str:
        return f"Permute({', '.join(map(str, self.axes))})"


def _target_shape(shape: tuple) -> tuple[int, ...]:
    """Check the shape that each sample is brought to: sizes, at most one of them −1."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        checks.fail("Reshape", f"expected sizes, got {shape[0]!r}.", f"write Reshape(*{shape[0]!r}).", TypeError)
    sizes = tuple(checks.integer("Reshape", f"shape[{i}]", size, minimum=-1) for i, size in enumerate(shape))
    if sizes.count(-1) > 1:
        checks.fail("Reshape", f"at most one size may be -1, got {shape_text(sizes)}.")
    return sizes


def _fitted(layer: Reshape, x: np.ndarray) -> tuple[int, ...]:
    """The shape of a sample, with the size that fits instead of −1."""
    given, known = math.prod(x.shape[1:]), math.prod(size for size in layer.shape if size != -1)
    fits = (known and given % known == 0) if -1 in layer.shape else given == known
    if x.ndim < 1 or not fits:
        samples = f"samples of {given} numbers" if x.ndim else "a single number"
        shape = shape_text(layer.shape)
        checks.fail(layer, f"{samples}, x of shape {shape_text(x.shape)}, cannot become {shape} each.")
    return tuple(given // known if size == -1 else size for size in layer.shape)


def _permutation(axes: tuple) -> tuple[int, ...]:
    """Check that every axis from 0 on is named once."""
    if len(axes) == 1 and isinstance(axes[0], (tuple, list)):
        checks.fail("Permute", f"expected axes, got {axes[0]!r}.", f"write Permute(*{axes[0]!r}).", TypeError)
    for i, axis in enumerate(axes):
        checks.integer("Permute", f"axes[{i}]", axis)
    if sorted(axes) != list(range(len(axes))):
        hint = "the axes of one sample count from 0; the batch axis stays first and is not named."
        checks.fail("Permute", f"expected each axis from 0 to {len(axes) - 1} once, got {shape_text(axes)}.", hint)
    return tuple(axes)
