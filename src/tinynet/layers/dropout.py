"""Dropout, of single numbers and of whole channels."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks, stream
from tinynet.core.checks import images
from tinynet.engine.machine import layout
from tinynet.layers.layer import Layer


class Dropout(Layer):
    """In training, set a random share of the numbers to zero, so that no unit relies on another.

    The others are scaled up, so that the mean stays the same and evaluation needs no change: Srivastava et al. 2014.

    Equation:
        y = x ⊙ m / (1 − p), where each mᵢ is 0 with probability p and else 1; in evaluation y = x

    Shapes:
        x, y, m: any, all alike

    Gradients (given dy = ∂L/∂y):
        dx = dy ⊙ m / (1 − p); in evaluation dx = dy

    Args:
        p: The share that is dropped, at least 0 and below 1.
        rng: Source of the random numbers; the package's "dropout" stream if None.

    Raises:
        ValueError: p is out of range.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> y = Dropout(p=0.25).forward(np.ones((100, 100), np.float32))
        >>> bool(abs((y == 0).mean() - 0.25) < 0.05)
        True
    """

    any_layout = True

    def __init__(self, p: float = 0.5, rng: np.random.Generator | None = None) -> None:
        self.p = checks.fraction("Dropout", "p", p)
        self.rng = None if rng is None else checks.generator("Dropout", rng)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        if not self.training or self.p == 0:
            self.remember(None)
            return x
        rng = stream("dropout") if self.rng is None else self.rng
        # Drawn in C order whatever the layout of x, so that a seed means the same mask everywhere.
        m = layout.like(x, rng.random(x.shape, np.float32) >= self.p)
        self.remember(m)
        return x * (m * self._scale(x))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (m,) = self.recall()
        if m is None:
            return dy
        return layout.like(m, dy) * (m * self._scale(dy))  # dx

    def _scale(self, x: np.ndarray) -> np.floating:
        return x.dtype.type(1 / (1 - self.p))  # of the type of x, lest a bool mask becomes float64


class Dropout2D(Layer):
    """In training, set a random share of the channels of each image to zero: Tompson et al. 2015.

    Neighbouring pixels are so alike that dropping single ones hides nothing.

    Equation:
        y[n, c, p, q] = x[n, c, p, q] · m[n, c] / (1 − p), where each m[n, c] is 0 with probability p and else 1; in
        evaluation y = x

    Shapes:
        x, y: (N, C, H, W)        m: (N, C, 1, 1)

    Gradients (given dy = ∂L/∂y):
        dx = dy ⊙ m / (1 − p); in evaluation dx = dy

    Args:
        p: The share that is dropped, at least 0 and below 1.
        rng: Source of the random numbers; the package's "dropout" stream if None.

    Raises:
        ValueError: p is out of range, or x is not (N, C, H, W).
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> y = Dropout2D(p=0.25).forward(np.ones((100, 100, 2, 2), np.float32))
        >>> bool(abs((y == 0).all(axis=(2, 3)).mean() - 0.25) < 0.05)
        True
    """

    any_layout = True

    def __init__(self, p: float = 0.5, rng: np.random.Generator | None = None) -> None:
        self.p = checks.fraction("Dropout2D", "p", p)
        self.rng = None if rng is None else checks.generator("Dropout2D", rng)

    def forward(self, x: np.ndarray) -> np.ndarray:
        images.image_input(self, x)
        if not self.training or self.p == 0:
            self.remember(None)
            return x
        rng = stream("dropout") if self.rng is None else self.rng
        m = rng.random((*x.shape[:2], 1, 1), np.float32) >= self.p
        scaled = m * x.dtype.type(1 / (1 - self.p))
        self.remember(scaled)
        return x * scaled

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (scaled,) = self.recall()
        return dy if scaled is None else dy * scaled  # dx
