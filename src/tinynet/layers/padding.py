"""Padding: a border of zeros, or of what lies inside, mirrored."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks import images, resizing
from tinynet.engine.machine import layout
from tinynet.layers.layer import Layer

Border = tuple[tuple[int, int], ...]  # (before, after) for each axis


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

    any_layout = True

    def __init__(self, padding: int | tuple[int, int, int, int]) -> None:
        self.border = _around_images("ZeroPad2D", padding)

    def forward(self, x: np.ndarray) -> np.ndarray:
        images.image_input(self, x)
        self.remember(x.shape[2:])
        return _with_zeros(x.transpose(0, 2, 3, 1), self.border).transpose(0, 3, 1, 2)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (size,) = self.recall()
        return layout.channels_last(_inside(dy.transpose(0, 2, 3, 1), self.border, size).transpose(0, 3, 1, 2))  # dx


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

    def __init__(self, padding: int | tuple[int, int]) -> None:
        self.border = _around_sequences("ZeroPad1D", padding)

    def forward(self, x: np.ndarray) -> np.ndarray:
        resizing.sequence_input(self, x)
        self.remember(x.shape[1:2])
        return _with_zeros(x, self.border)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (size,) = self.recall()
        return np.ascontiguousarray(_inside(dy, self.border, size))  # dx


class ReflectionPad2D(Layer):
    """Put a border around images in which they are mirrored; the outermost pixels are the mirror and not repeated.

    Equation:
        y[n, c, p, q] = x[n, c, i, j], i = p − top and j = q − left, moved inside: −i for i < 0, 2(H − 1) − i for i ≥ H,
        and j alike

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

    any_layout = True

    def __init__(self, padding: int | tuple[int, int, int, int]) -> None:
        self.border = _around_images("ReflectionPad2D", padding)

    def forward(self, x: np.ndarray) -> np.ndarray:
        images.image_input(self, x)
        resizing.reflection_fits(self, x.shape[2:], self.border)
        self.remember(x.shape[2:])
        return _mirrored(x.transpose(0, 2, 3, 1), self.border).transpose(0, 3, 1, 2)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (size,) = self.recall()
        return _folded(dy.transpose(0, 2, 3, 1), self.border, size).transpose(0, 3, 1, 2)  # dx


class ReflectionPad1D(Layer):
    """Put steps at the ends of sequences in which they are mirrored; the outermost steps are not repeated.

    Equation:
        y[n, t, c] = x[n, i, c], i = t − before, moved inside: −i for i < 0, 2(T − 1) − i for i ≥ T

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

    def __init__(self, padding: int | tuple[int, int]) -> None:
        self.border = _around_sequences("ReflectionPad1D", padding)

    def forward(self, x: np.ndarray) -> np.ndarray:
        resizing.sequence_input(self, x)
        resizing.reflection_fits(self, x.shape[1:2], self.border)
        self.remember(x.shape[1:2])
        return _mirrored(x, self.border)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (size,) = self.recall()
        return _folded(dy, self.border, size)  # dx


def _around_images(who: str, padding: object) -> Border:
    left, right, top, bottom = resizing.border(who, padding, ("left", "right", "top", "bottom"))
    return (top, bottom), (left, right)


def _around_sequences(who: str, padding: object) -> Border:
    before, after = resizing.border(who, padding, ("before", "after"))
    return ((before, after),)


# Below, rows are (N, H, W, C) or (N, T, C): the border goes around the axes from 1 on.


def _with_zeros(rows: np.ndarray, border: Border) -> np.ndarray:
    sizes = [before + n + after for n, (before, after) in zip(rows.shape[1:], border, strict=False)]
    y = np.zeros((len(rows), *sizes, rows.shape[-1]), rows.dtype)
    _inside(y, border, rows.shape[1:-1])[...] = rows
    return y


def _inside(rows: np.ndarray, border: Border, size: tuple[int, ...]) -> np.ndarray:
    slices = [slice(before, before + n) for n, (before, _) in zip(size, border, strict=True)]
    return rows[(slice(None), *slices)]


def _mirrored(rows: np.ndarray, border: Border) -> np.ndarray:
    for axis, (before, after) in enumerate(border, start=1):
        rows = rows.take(np.pad(np.arange(rows.shape[axis]), (before, after), mode="reflect"), axis)
    return rows


def _folded(dy: np.ndarray, border: Border, size: tuple[int, ...]) -> np.ndarray:
    """Add the gradient of the border to that of the pixels that were mirrored there, one axis after the other."""
    for axis, (n, (before, after)) in enumerate(zip(size, border, strict=True), start=1):
        dy = np.moveaxis(dy, axis, 0)
        dx = dy[before : before + n].copy()
        dx[1 : before + 1] += dy[:before][::-1]
        dx[n - 1 - after : n - 1] += dy[before + n :][::-1]
        dy = np.moveaxis(dx, 0, axis)
    return dy
