"""Three ways to tell a sequence model where a token stands."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import sequences
from tinynet.core.initializers import normal
from tinynet.engine import rotary
from tinynet.layers.layer import Layer


class LearnedPosition(Layer):
    """Add a learned vector for each place in the sequence: Gehring et al. 2017.

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

    Example:
        >>> LearnedPosition(8, 4).forward(np.zeros((2, 5, 4), np.float32)).shape
        (2, 5, 4)
    """

    def __init__(self, max_length: int, embedding_dim: int, rng: np.random.Generator | None = None) -> None:
        self.max_length = checks.integer("LearnedPosition", "max_length", max_length, minimum=1)
        self.embedding_dim = checks.integer("LearnedPosition", "embedding_dim", embedding_dim, minimum=1)
        self.weight = Parameter(normal((max_length, embedding_dim), rng, std=0.02))

    def forward(self, x: np.ndarray) -> np.ndarray:
        sequences.sequence(self, x, self.embedding_dim)
        self.remember(x.shape[1])
        return self._add(x, 0)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (length,) = self.recall()
        dW = np.zeros_like(self.weight.tensor)
        dW[:length] = dy.sum(axis=0)
        self.weight.accumulate(dW)
        return dy

    def step(self, x: np.ndarray, state: int | None = None) -> tuple[np.ndarray, int]:
        """Go on with (N, T, D) after `state` tokens; gives y and the new count."""
        start = state or 0
        return self._add(x, start), start + x.shape[1]

    def _add(self, x: np.ndarray, start: int) -> np.ndarray:
        sequences.not_longer(self, start + x.shape[1], self.max_length)
        return x + self.weight.tensor[start : start + x.shape[1]]


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
        ValueError: D is odd, or x has other features.

    Example:
        >>> SinusoidalPosition(2).forward(np.zeros((1, 2, 2), np.float32)).round(2)[0]
        array([[0.  , 1.  ],
               [0.84, 0.54]], dtype=float32)
    """

    def __init__(self, embedding_dim: int) -> None:
        self.embedding_dim = checks.integer("SinusoidalPosition", "embedding_dim", embedding_dim, minimum=1)
        sequences.even("SinusoidalPosition", "embedding_dim", embedding_dim)

    def forward(self, x: np.ndarray) -> np.ndarray:
        sequences.sequence(self, x, self.embedding_dim)
        self.remember()
        return self.step(x)[0]

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.recall()
        return dy

    def step(self, x: np.ndarray, state: int | None = None) -> tuple[np.ndarray, int]:
        """Go on with (N, T, D) after `state` tokens; gives y and the new count."""
        start = state or 0
        angle = angles(np.arange(start, start + x.shape[1]), self.embedding_dim, 10000.0)  # (T, D/2)
        positions = np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(x.shape[1:])  # sin, cos, sin, …
        return x + positions.astype(x.dtype), start + x.shape[1]


class RotaryPosition(Layer):
    """Turn pairs of features by an angle that grows with the place, so that dot products see distances: Su et al. 2021.

    A rotation keeps lengths, and its derivative is the rotation back.

    Equation:
        (y[t, 2i], y[t, 2i+1]) = R(t / base^(2i/D)) (x[t, 2i], x[t, 2i+1]), where R(φ) turns a pair by the angle φ

    Shapes:
        x, y: (..., T, D) with any T

    Gradients (given dy = ∂L/∂y):
        (dx[t, 2i], dx[t, 2i+1]) = R(−t / base^(2i/D)) (dy[t, 2i], dy[t, 2i+1])

    Args:
        dim: D, an even number.
        base: Sets the longest wavelength.

    Raises:
        ValueError: D is odd, or x has other features.

    Example:
        >>> RotaryPosition(2).forward(np.array([[1.0, 0.0], [1.0, 0.0]], np.float32)).round(2)
        array([[1.  , 0.  ],
               [0.54, 0.84]], dtype=float32)
    """

    def __init__(self, dim: int, base: float = 10000.0) -> None:
        self.dim = checks.integer("RotaryPosition", "dim", dim, minimum=1)
        sequences.even("RotaryPosition", "dim", dim)
        self.base = checks.number("RotaryPosition", "base", base, above=0)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("...", "T", self.dim))
        self.remember()
        return self.turn(x, 0, 1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.recall()
        return self.turn(dy, 0, -1)

    def step(self, x: np.ndarray, state: int | None = None) -> tuple[np.ndarray, int]:
        """Go on with (..., T, D) after `state` tokens; gives y and the new count."""
        start = state or 0
        return self.turn(x, start, 1), start + x.shape[-2]

    def turn(self, x: np.ndarray, start: int, direction: int, out: np.ndarray | None = None) -> np.ndarray:
        """Turn x (..., T, n · dim), whose first row stands at place `start`, forward (1) or back (−1).

        Args:
            x: Vectors of length dim, n of them side by side, which are turned alike.
            start: The place of the first row.
            direction: 1 or −1.
            out: Where the result is written, x itself if it may; a new array if None.
        """
        if out is None:
            out = np.array(x, order="C")
        elif out is not x:
            out[...] = x
        n = x.shape[-1] // self.dim
        rotary.turn(out, *_turns(self.dim, self.base, start, x.shape[-2], n, direction, x.dtype))
        return out


@lru_cache(maxsize=64)
def _turns(
    dim: int, base: float, start: int, length: int, n: int, direction: int, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray]:
    """cos and sin of the angle of each pair of n vectors, for each place from `start` on: (length, n · dim / 2)."""
    angle = np.tile(direction * angles(np.arange(start, start + length), dim, base), n)
    return np.cos(angle).astype(dtype), np.sin(angle).astype(dtype)


def angles(places: np.ndarray, dim: int, base: float) -> np.ndarray:
    """The angle t / base^(2i/dim) for each place t and pair i: (T,) -> (T, dim/2).

    Example:
        >>> angles(np.array([0, 3]), 4, 100.0).round(1)
        array([[0. , 0. ],
               [3. , 0.3]])
    """
    frequencies = np.exp(np.arange(0, dim, 2) * (-math.log(base) / dim))
    return places[:, np.newaxis] * frequencies
