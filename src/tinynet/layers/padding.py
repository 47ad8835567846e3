"""Padding with a border of zeros."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.faster import explained
from tinynet.layers.layer import Layer
from tinynet.layers.windows import Padding, Pair, pad


class ZeroPad2D(Layer):
    """Put a border of zeros around images.

    Equation:
        y[n, c, p, q] = x[n, c, p − top, q − left], where x is zero outside

    Shapes:
        x: (N, C, H, W)        y: (N, C, top + H + bottom, left + W + right)

    Gradients (given dy = ∂L/∂y):
        dx[n, c, p, q] = dy[n, c, p + top, q + left]

    Args:
        padding: How many pixels at (left, right, top, bottom); an integer means all four.

    Raises:
        ValueError: padding is negative, or x is not (N, C, H, W).
        TypeError: padding is not an integer or four of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ZeroPad2D((1, 0, 0, 1)).forward(np.array([[[[2.0]]]]))
        array([[[[0., 2.],
                 [0., 0.]]]])
    """

    padding: Padding

    def __init__(self, padding: int | tuple[int, int, int, int]) -> None:
        checks.arguments(self, locals(), padding=around_images)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x)
        self.remember(size=x.shape[2:])
        return pad(x, self.padding)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        ((H, W),) = self.recall()
        (top, _), (left, _) = self.padding
        return dy[:, :, top : top + H, left : left + W]  # dx


class ZeroPad1D(Layer):
    """Put zeros at the ends of sequences.

    Equation:
        y[n, t, c] = x[n, t − before, c], where x is zero outside

    Shapes:
        x: (N, T, C)        y: (N, before + T + after, C)

    Gradients (given dy = ∂L/∂y):
        dx[n, t, c] = dy[n, t + before, c]

    Args:
        padding: How many steps at (before, after); an integer means both.

    Raises:
        ValueError: padding is negative, or x is not (N, T, C).
        TypeError: padding is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ZeroPad1D((2, 0)).forward(np.array([[[1.0], [2.0]]])).tolist()
        [[[0.0], [0.0], [1.0], [2.0]]]
    """

    padding: Pair

    def __init__(self, padding: int | tuple[int, int]) -> None:
        checks.arguments(self, locals(), padding=around_sequences)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x)
        self.remember(length=x.shape[1])
        before, after = self.padding
        zeros = np.zeros_like(x, shape=(len(x), before + after, x.shape[2]))
        return np.concatenate([zeros[:, :before], x, zeros[:, before:]], axis=1)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (length,) = self.recall()
        before, _ = self.padding
        return dy[:, before : before + length]  # dx


def around_images(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Padding:
    """A rule for arguments: (left, right, top, bottom), or an integer for all four.

    Example:
        >>> around_images("ZeroPad2D", "padding", (1, 2, 0, 3), {})
        ((0, 3), (1, 2))
    """
    left, right, top, bottom = _sides(who, value, ("left", "right", "top", "bottom"))
    return (top, bottom), (left, right)


def around_sequences(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Pair:
    """A rule for arguments: (before, after), or an integer for both.

    Example:
        >>> around_sequences("ZeroPad1D", "padding", 2, {})
        (2, 2)
    """
    before, after = _sides(who, value, ("before", "after"))
    return before, after


def _sides(who: str, padding: object, names: tuple[str, ...]) -> tuple[int, ...]:
    """An integer for each side, or one for all."""
    if isinstance(padding, (tuple, list)) and len(padding) == len(names):
        return tuple([checks.integer(who, f"padding[{i}]", size, minimum=0) for i, size in enumerate(padding)])
    if isinstance(padding, (tuple, list)) or not isinstance(padding, numbers.Integral):
        problem = f"padding must be an integer or ({', '.join(names)}), got {padding!r}."
        checks.fail(who, problem, kind=TypeError)
    return (checks.integer(who, "padding", padding, minimum=0),) * len(names)
