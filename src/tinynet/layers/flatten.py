"""Flatten, the step from images to rows."""

from __future__ import annotations

import math

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import integer
from tinynet.core.faster import explained
from tinynet.layers.layer import Layer


class Flatten(Layer):
    """Merge axes into one, so that a Linear can follow a convolution.

    Equation:
        y[n, k] = x[n, c, i, j] with k = (c H + i) W + j

    Shapes:
        x: (N, d₁, …, dₘ)        y: (N, d₁ ⋯ dₘ); the axes from start_dim to end_dim become one

    Gradients (given dy = ∂L/∂y):
        dx = dy in the shape of x

    Args:
        start_dim: The first axis to merge; negative counts from the end.
        end_dim: The last axis to merge.

    Raises:
        ValueError: x has no such axis, or end_dim comes before start_dim.
        TypeError: x is not an array.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Flatten().forward(np.ones((4, 3, 2, 2))).shape
        (4, 12)
    """

    start_dim: int
    end_dim: int

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        checks.arguments(self, locals(), start_dim=integer, end_dim=integer)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.array(self, x)
        start = checks.axis_of(self, x, self.start_dim, "start_dim")
        end = checks.axis_of(self, x, self.end_dim, "end_dim")
        if start > end:
            shape = shape_text(x.shape)
            checks.fail(self, f"in x of shape {shape}, end_dim (axis {end}) comes before start_dim (axis {start}).")
        self.remember(shape=x.shape)
        return x.reshape((*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :]))

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (shape,) = self.recall()
        return dy.reshape(shape)  # dx
