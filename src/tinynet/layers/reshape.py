"""Reshape and Permute: the same numbers in another shape, or with the axes in another order."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks import resizing
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
        self.shape = resizing.target_shape("Reshape", shape)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.array(self, x)
        shape = resizing.reshapes_to(self, x, self.shape)
        self.remember(x.shape)
        return x.reshape(len(x), *shape)

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

    any_layout = True

    def __init__(self, *axes: int) -> None:
        self.axes = resizing.permutation("Permute", axes)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.array(self, x)
        resizing.axes_to_permute(self, x, len(self.axes))
        self.remember()
        return x.transpose(0, *(axis + 1 for axis in self.axes))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.recall()
        return dy.transpose(0, *(self.axes.index(axis) + 1 for axis in range(len(self.axes))))  # dx

    def __repr__(self) -> str:
        return f"Permute({', '.join(map(str, self.axes))})"
