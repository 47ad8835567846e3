"""Three ways to tell a sequence model the position of a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.arrays import sum_of
from tinynet.core.checks.vocabulary import at_least, number, weights_rng
from tinynet.core.faster import explained, faster
from tinynet.core.initializers import normal
from tinynet.layers.layer import Layer


class LearnedPosition(Layer):
    """Add a learned vector for each position in the sequence: Gehring et al. 2017.

    Equation:
        y[n, t] = x[n, t] + W[t]

    Shapes:
        x, y: (N, T, embedding_dim) with T ≤ max_length
        W (weight): (max_length, embedding_dim)

    Gradients (given dy = ∂L/∂y):
        dx = dy        dW[t] = Σₙ dy[n, t]

    Args:
        max_length: The longest sequence.
        embedding_dim: The length of each vector.
        rng: Source of the initial weights, normal with standard deviation 0.02; the package's generator if None.

    Raises:
        ValueError: x is longer than max_length or has other features.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> LearnedPosition(8, 4).forward(np.zeros((2, 5, 4), np.float32)).shape
        (2, 5, 4)
    """

    max_length: int
    embedding_dim: int

    def __init__(self, max_length: int, embedding_dim: int, rng: np.random.Generator | None = None) -> None:
        checks.arguments(self, locals(), max_length=at_least(1), embedding_dim=at_least(1), rng=weights_rng)
        self.weight = Parameter(normal((max_length, embedding_dim), rng, std=0.02))

    def forward(self, x: np.ndarray) -> np.ndarray:
        y, T = self.step(x)
        self.remember(T=T)
        return y

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (T,) = self.recall()
        dW = np.zeros_like(self.weight.tensor)
        dW[:T] = sum_of(dy, 0)
        self.weight.accumulate(dW)
        return dy

    def step(self, x: np.ndarray, state: int | None = None) -> tuple[np.ndarray, int]:
        """Process (N, T, D) after `state` earlier tokens; returns y and the new count."""
        checks.sequence(self, x, self.embedding_dim)
        start = _start(self, state)
        end = start + x.shape[1]
        if end > self.max_length:
            problem = f"expected at most {self.max_length} places, got a sequence of {end}."
            checks.fail(self, problem, "give it a greater max_length.")
        return x + self.weight.tensor[start:end], end


class SinusoidalPosition(Layer):
    """Add sines and cosines of different wavelengths, from 2π to 2π · 10000: Vaswani et al. 2017, section 3.5.

    Equation:
        y[n, t, 2i] = x[n, t, 2i] + sin(t / 10000^(2i/D))
        y[n, t, 2i+1] = x[n, t, 2i+1] + cos(t / 10000^(2i/D))

    Shapes:
        x, y: (N, T, D) with any T

    Gradients (given dy = ∂L/∂y):
        dx = dy

    Args:
        embedding_dim: D, an even number.

    Raises:
        ValueError: D is odd, or x has another number of features.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> SinusoidalPosition(2).forward(np.zeros((1, 2, 2), np.float32)).round(2)[0]
        array([[0.  , 1.  ],
               [0.84, 0.54]], dtype=float32)
    """

    embedding_dim: int

    def __init__(self, embedding_dim: int) -> None:
        checks.arguments(self, locals(), embedding_dim=_even)

    def forward(self, x: np.ndarray) -> np.ndarray:
        y, _ = self.step(x)
        self.remember()
        return y

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.recall()
        return dy

    def step(self, x: np.ndarray, state: int | None = None) -> tuple[np.ndarray, int]:
        """Process (N, T, D) after `state` earlier tokens; returns y and the new count."""
        checks.sequence(self, x, self.embedding_dim)
        start = _start(self, state)
        end = start + x.shape[1]
        angle = angles(start, end, self.embedding_dim, 10000.0)  # (T, D/2)
        position = np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(x.shape[1:])  # sin, cos, sin, …
        return x + np.asarray(position.astype(x.dtype), like=x), end


class RotaryPosition(Layer):
    """Rotate pairs of features by an angle that grows with the position: Su et al. 2021.

    The dot product of two rows then depends on the distance between their positions.

    A rotation keeps lengths, and its derivative is the rotation back.

    Equation:
        (y[t, 2i], y[t, 2i+1]) = R(t / base^(2i/D)) (x[t, 2i], x[t, 2i+1])
        R(φ) (a, b) = (a cos φ − b sin φ, a sin φ + b cos φ), which rotates a pair by the angle φ

    Shapes:
        x, y: (..., T, D) with any T

    Gradients (given dy = ∂L/∂y):
        (dx[t, 2i], dx[t, 2i+1]) = R(−t / base^(2i/D)) (dy[t, 2i], dy[t, 2i+1])

    Args:
        dim: D, an even number.
        base: Sets the longest wavelength.

    Raises:
        ValueError: D is odd, or x has another number of features.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> RotaryPosition(2).forward(np.array([[1.0, 0.0], [1.0, 0.0]], np.float32)).round(2)
        array([[1.  , 0.  ],
               [0.54, 0.84]], dtype=float32)
    """

    dim: int
    base: float

    def __init__(self, dim: int, base: float = 10000.0) -> None:
        checks.arguments(self, locals(), dim=_even, base=number(above=0))

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("...", "T", self.dim))
        self.remember()
        return self.turn(x)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.recall()
        return self.turn(dy, direction=-1)

    def step(self, x: np.ndarray, state: int | None = None) -> tuple[np.ndarray, int]:
        """Process (..., T, D) after `state` earlier tokens; returns y and the new count."""
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("...", "T", self.dim))
        start = _start(self, state)
        return self.turn(x, start), start + x.shape[-2]

    @faster
    def turn(self, x: np.ndarray, start: int = 0, direction: int = 1) -> np.ndarray:
        """Rotate x (..., T, D), whose first row has the position `start`, forward (1) or back (−1)."""
        angle = direction * angles(start, start + x.shape[-2], self.dim, self.base)  # (T, D/2)
        cos = np.asarray(np.cos(angle).astype(x.dtype), like=x)
        sin = np.asarray(np.sin(angle).astype(x.dtype), like=x)
        a, b = x[..., 0::2], x[..., 1::2]  # (..., T, D/2)
        turned = np.stack([a * cos - b * sin, a * sin + b * cos], axis=-1)  # (..., T, D/2, 2)
        return turned.reshape(x.shape)


def angles(start: int, end: int, D: int, base: float) -> np.ndarray:
    """The angle t / base^(2i/D) for each position t in [start, end) and each pair i: (T, D/2).

    Example:
        >>> angles(2, 4, 4, 100.0).round(1)
        array([[2. , 0.2],
               [3. , 0.3]])
    """
    t, i = np.arange(start, end)[:, np.newaxis], np.arange(D // 2)
    return t / base ** (2 * i / D)


def _even(who: str, name: str, value: Any, others: Mapping[str, Any]) -> int:
    """An even number of features, since they are taken in pairs."""
    features = checks.integer(who, name, value, minimum=1)
    if features % 2:
        problem = f"{name} must be even, since features are taken in pairs; got {features}."
        checks.fail(who, problem, f"use {features + 1}.")
    return features


def _start(layer: Layer, state: int | None) -> int:
    """How many tokens came before: none at first."""
    return 0 if state is None else checks.integer(layer, "state", state, minimum=0)
