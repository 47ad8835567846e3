"""Dropout, of single numbers and of whole channels."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks, stream
from tinynet.core.checks.vocabulary import fraction, generator, optional
from tinynet.core.faster import faster
from tinynet.layers.layer import Layer


class Dropout(Layer):
    """In training, set a random share of the numbers to zero, so that no unit can rely on another.

    The others are scaled up, so that the mean stays the same and evaluation needs no scaling: Srivastava et al. 2014.

    Equation:
        y = x ⊙ m / (1 − p), where each mᵢ is 0 with probability p and else 1; in evaluation y = x

    Shapes:
        x, y, m: any shape, the same for all

    Gradients (given dy = ∂L/∂y):
        dx = dy ⊙ m / (1 − p); in evaluation dx = dy

    Args:
        p: The share that is dropped, at least 0 and below 1.
        rng: Source of the random numbers; the package's "dropout" stream if None.

    Raises:
        ValueError: p is out of range.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> y = Dropout(p=0.25).forward(np.ones((100, 100), np.float32))
        >>> bool(abs((y == 0).mean() - 0.25) < 0.05)
        True
    """

    p: float
    rng: np.random.Generator | None

    def __init__(self, p: float = 0.5, rng: np.random.Generator | None = None) -> None:
        checks.arguments(self, locals(), p=fraction, rng=optional(generator))

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        if not self.training or self.p == 0:
            self.remember(m=None)
            return x
        m = _kept(x, x.shape, self.p, self.rng)
        self.remember(m=m)
        return np.where(m, x * (1 / (1 - self.p)), 0)

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (m,) = self.recall()
        return dy if m is None else np.where(m, dy * (1 / (1 - self.p)), 0)  # dx


class Dropout2D(Layer):
    """In training, set a random share of the channels of each image to zero: Tompson et al. 2015.

    Neighbouring pixels are so similar that dropping single ones would hide little.

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

    p: float
    rng: np.random.Generator | None

    def __init__(self, p: float = 0.5, rng: np.random.Generator | None = None) -> None:
        checks.arguments(self, locals(), p=fraction, rng=optional(generator))

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x)
        if not self.training or self.p == 0:
            self.remember(m=None)
            return x
        m = _kept(x, (*x.shape[:2], 1, 1), self.p, self.rng)
        self.remember(m=m)
        return np.where(m, x * (1 / (1 - self.p)), 0)

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (m,) = self.recall()
        return dy if m is None else np.where(m, dy * (1 / (1 - self.p)), 0)  # dx


def _kept(x: np.ndarray, shape: tuple[int, ...], p: float, rng: np.random.Generator | None) -> np.ndarray:
    """Which numbers of a shape are kept, each with probability 1 − p: an array of bools of the kind of x."""
    rng = stream("dropout") if rng is None else rng
    return np.asarray(rng.random(shape, np.float32) >= p, like=x)
