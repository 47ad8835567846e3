"""Padding with numbers of the inside: its mirror image, or its outermost numbers again and again."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import sum_of
from tinynet.core.faster import explained, faster
from tinynet.layers.layer import Layer
from tinynet.layers.padding import around_images, around_sequences
from tinynet.layers.windows import Padding, Pair


class ReflectionPad2D(Layer):
    """Put a border around images that mirrors their inside; the outermost pixels are the mirror axis and not repeated.

    Equation:
        y[n, c, p, q] = x[n, c, i, j], i = p − top and j = q − left, reflected into the image: −i for i < 0,
        2(H − 1) − i for i ≥ H, and j likewise

    Shapes:
        x: (N, C, H, W)        y: (N, C, top + H + bottom, left + W + right)

    Gradients (given dy = ∂L/∂y):
        dx[n, c, i, j] = Σ dy[n, c, p, q] over all (p, q) that are read from (i, j)

    Args:
        padding: How many pixels at (left, right, top, bottom), each fewer than the image has; an integer means all
            four.

    Raises:
        ValueError: padding is negative or too large for x, or x is not (N, C, H, W).
        TypeError: padding is not an integer or four of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ReflectionPad2D((2, 1, 0, 0)).forward(np.array([[[[1.0, 2.0, 3.0]]]]))
        array([[[[3., 2., 1., 2., 3., 2.]]]])
    """

    padding: Padding

    def __init__(self, padding: int | tuple[int, int, int, int]) -> None:
        checks.arguments(self, locals(), padding=around_images)

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x)
        (top, bottom), (left, right) = self.padding
        _check_reflection(self, x.shape[2], top, bottom)
        _check_reflection(self, x.shape[3], left, right)
        self.remember(size=x.shape[2:])
        return _mirrored(_mirrored(x, 2, top, bottom), 3, left, right)

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        ((H, W),) = self.recall()
        (top, bottom), (left, right) = self.padding
        return _folded(_folded(dy, 3, W, left, right), 2, H, top, bottom)  # dx


class ReflectionPad1D(Layer):
    """Extend sequences at both ends by their mirror image; the outermost steps are not repeated.

    Equation:
        y[n, t, c] = x[n, i, c], i = t − before, reflected: −i for i < 0, 2(T − 1) − i for i ≥ T

    Shapes:
        x: (N, T, C)        y: (N, before + T + after, C)

    Gradients (given dy = ∂L/∂y):
        dx[n, i, c] = Σ dy[n, t, c] over all t that are read from i

    Args:
        padding: How many steps at (before, after), each fewer than the sequence has; an integer means both.

    Raises:
        ValueError: padding is negative or too large for x, or x is not (N, T, C).
        TypeError: padding is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ReflectionPad1D((2, 1)).forward(np.array([[[1.0], [2.0], [3.0]]])).ravel()
        array([3., 2., 1., 2., 3., 2.])
    """

    padding: Pair

    def __init__(self, padding: int | tuple[int, int]) -> None:
        checks.arguments(self, locals(), padding=around_sequences)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x)
        before, after = self.padding
        _check_reflection(self, x.shape[1], before, after)
        self.remember(length=x.shape[1])
        return _mirrored(x, 1, before, after)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (length,) = self.recall()
        before, after = self.padding
        return _folded(dy, 1, length, before, after)  # dx


class ReplicationPad2D(Layer):
    """Put a border around images that repeats their outermost pixels.

    Equation:
        y[n, c, p, q] = x[n, c, i, j], i = min(max(p − top, 0), H − 1) and j = min(max(q − left, 0), W − 1)

    Shapes:
        x: (N, C, H, W)        y: (N, C, top + H + bottom, left + W + right)

    Gradients (given dy = ∂L/∂y):
        dx[n, c, i, j] = Σ dy[n, c, p, q] over all (p, q) that are read from (i, j)

    Args:
        padding: How many pixels at (left, right, top, bottom); an integer means all four.

    Raises:
        ValueError: padding is negative, or x is not (N, C, H, W) with pixels.
        TypeError: padding is not an integer or four of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ReplicationPad2D((2, 1, 0, 0)).forward(np.array([[[[1.0, 2.0, 3.0]]]]))
        array([[[[1., 1., 1., 2., 3., 3.]]]])
    """

    padding: Padding

    def __init__(self, padding: int | tuple[int, int, int, int]) -> None:
        checks.arguments(self, locals(), padding=around_images)

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x)
        checks.not_empty(self, x)
        (top, bottom), (left, right) = self.padding
        self.remember(size=x.shape[2:])
        return _repeated(_repeated(x, 2, top, bottom), 3, left, right)

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        ((H, W),) = self.recall()
        (top, _), (left, _) = self.padding
        return _gathered(_gathered(dy, 3, W, left), 2, H, top)  # dx


class ReplicationPad1D(Layer):
    """Extend sequences at both ends by repeating their first and their last step.

    Equation:
        y[n, t, c] = x[n, i, c], i = min(max(t − before, 0), T − 1)

    Shapes:
        x: (N, T, C)        y: (N, before + T + after, C)

    Gradients (given dy = ∂L/∂y):
        dx[n, i, c] = Σ dy[n, t, c] over all t that are read from i

    Args:
        padding: How many steps at (before, after); an integer means both.

    Raises:
        ValueError: padding is negative, or x is not (N, T, C) with at least one step.
        TypeError: padding is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ReplicationPad1D((2, 1)).forward(np.array([[[1.0], [2.0], [3.0]]])).ravel()
        array([1., 1., 1., 2., 3., 3.])
    """

    padding: Pair

    def __init__(self, padding: int | tuple[int, int]) -> None:
        checks.arguments(self, locals(), padding=around_sequences)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x)
        checks.not_empty(self, x)
        self.remember(length=x.shape[1])
        return _repeated(x, 1, *self.padding)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (length,) = self.recall()
        return _gathered(dy, 1, length, self.padding[0])  # dx


def _mirrored(x: np.ndarray, axis: int, before: int, after: int) -> np.ndarray:
    """x with `before` and `after` numbers more at the ends of an axis, which mirror it."""
    x = np.moveaxis(x, axis, 0)
    n = len(x)
    y = np.concatenate([x[1 : before + 1][::-1], x, x[n - 1 - after : n - 1][::-1]])
    return np.moveaxis(y, 0, axis)


def _folded(dy: np.ndarray, axis: int, n: int, before: int, after: int) -> np.ndarray:
    """The derivative of `_mirrored` for n numbers: the dy of the border is added where the border was read."""
    dy = np.moveaxis(dy, axis, 0)
    dx = dy[before : before + n].copy()
    dx[1 : before + 1] += dy[:before][::-1]
    dx[n - 1 - after : n - 1] += dy[before + n :][::-1]
    return np.moveaxis(dx, 0, axis)


def _repeated(x: np.ndarray, axis: int, before: int, after: int) -> np.ndarray:
    """x with its first number `before` times more and its last `after` times more along an axis."""
    x = np.moveaxis(x, axis, 0)
    y = np.concatenate([x[:1].repeat(before, axis=0), x, x[-1:].repeat(after, axis=0)])
    return np.moveaxis(y, 0, axis)


def _gathered(dy: np.ndarray, axis: int, n: int, before: int) -> np.ndarray:
    """The derivative of `_repeated` for n numbers: the dy of all copies are added at the number that was copied."""
    dy = np.moveaxis(dy, axis, 0)
    dx = dy[before : before + n].copy()
    dx[0] += sum_of(dy[:before], axes=0)
    dx[-1] += sum_of(dy[before + n :], axes=0)
    return np.moveaxis(dx, 0, axis)


def _check_reflection(layer: Layer, size: int, before: int, after: int) -> None:
    """A border must be smaller than the axis that it reflects."""
    if max(before, after) >= size:
        problem = f"a border of {max(before, after)} needs more than as many numbers to reflect, got {size}."
        checks.fail(layer, problem, f"use a padding of at most {size - 1}, or zeros." if size > 1 else "use zeros.")
