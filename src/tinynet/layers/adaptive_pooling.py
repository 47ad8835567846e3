"""Adaptive pooling: windows cut so that the output has the size that one asks for.

Of L numbers, window r of R reaches from ⌊r·L/R⌋ up to, but not including, ⌈(r + 1)·L/R⌉. Neighbours share numbers where
R does not divide L.
"""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks import images, resizing
from tinynet.engine.machine import layout
from tinynet.layers.global_pooling import largest
from tinynet.layers.layer import Layer


class AdaptiveAvgPool2D(Layer):
    """Take the mean of each window of each channel, with as many windows as asked for.

    Equation:
        y = A x Bᵀ for each channel; Aᵣₚ = 1/count where pixel row p is in window r, else 0, and B alike for columns

    Shapes:
        x: (N, C, H, W)        y: (N, C, OH, OW)        A: (OH, H)        B: (OW, W)

    Gradients (given dy = ∂L/∂y):
        dx = Aᵀ dy B

    Args:
        output_size: OH and OW; an integer means both.

    Raises:
        ValueError: A size is below 1, or x is not (N, C, H, W) with pixels.
        TypeError: output_size is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> AdaptiveAvgPool2D((1, 2)).forward(np.array([[[[1.0, 2.0, 4.0]]]]))
        array([[[[1.5, 3. ]]]])
    """

    any_layout = True

    def __init__(self, output_size: int | tuple[int, int]) -> None:
        self.output_size = output_size
        self.size = checks.pair("AdaptiveAvgPool2D", "output_size", output_size, minimum=1)

    def forward(self, x: np.ndarray) -> np.ndarray:
        images.image_input(self, x)
        resizing.not_empty(self, x)
        A, B = (_shares(size, out, x.dtype) for size, out in zip(x.shape[2:], self.size, strict=True))
        self.remember(A, B)
        return along_both(A, B, x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        A, B = self.recall()
        return along_both(A.T, B.T, dy)  # dx


class AdaptiveAvgPool1D(Layer):
    """Take the mean of each window of each feature of a sequence, with as many windows as asked for.

    Equation:
        y = A x for each sequence, where Aᵣₜ = 1/count where step t is in window r, else 0

    Shapes:
        x: (N, T, C)        y: (N, output_size, C)        A: (output_size, T)

    Gradients (given dy = ∂L/∂y):
        dx = Aᵀ dy

    Args:
        output_size: How many windows.

    Raises:
        ValueError: output_size is below 1, or x is not (N, T, C) with at least one step.
        TypeError: output_size is not an integer, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> AdaptiveAvgPool1D(2).forward(np.array([[[1.0], [2.0], [4.0]]])).tolist()
        [[[1.5], [3.0]]]
    """

    def __init__(self, output_size: int) -> None:
        self.output_size = checks.integer("AdaptiveAvgPool1D", "output_size", output_size, minimum=1)

    def forward(self, x: np.ndarray) -> np.ndarray:
        resizing.sequence_input(self, x)
        resizing.not_empty(self, x)
        A = _shares(x.shape[1], self.output_size, x.dtype)
        self.remember(A)
        return A @ x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (A,) = self.recall()
        return A.T @ dy  # dx


class AdaptiveMaxPool2D(Layer):
    """Keep the largest pixel of each window of each channel, with as many windows as asked for.

    Equation:
        y[n, c, r, s] = max x[n, c, p, q] over the rows p in window r and the columns q in window s; NaN counts as
        largest

    Shapes:
        x: (N, C, H, W)        y: (N, C, OH, OW)

    Gradients (given dy = ∂L/∂y):
        dx[n, c, p, q] = Σ dy[n, c, r, s] over the windows (r, s) that this pixel won, as the first of equals

    Args:
        output_size: OH and OW; an integer means both.

    Raises:
        ValueError: A size is below 1, or x is not (N, C, H, W) with pixels.
        TypeError: output_size is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> AdaptiveMaxPool2D((1, 2)).forward(np.array([[[[1.0, 2.0, 4.0]]]]))
        array([[[[2., 4.]]]])
    """

    any_layout = True

    def __init__(self, output_size: int | tuple[int, int]) -> None:
        self.output_size = output_size
        self.size = checks.pair("AdaptiveMaxPool2D", "output_size", output_size, minimum=1)

    def forward(self, x: np.ndarray) -> np.ndarray:
        images.image_input(self, x)
        resizing.not_empty(self, x)
        rows = layout.channels_last(x).transpose(0, 2, 3, 1)  # (N, H, W, C)
        y, winners = _largest_of_windows(rows, self.size)
        self.remember(winners, x.shape[2:])
        return y.transpose(0, 3, 1, 2)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        winners, size = self.recall()
        return _back_to_winners(dy.transpose(0, 2, 3, 1), winners, size).transpose(0, 3, 1, 2)  # dx


class AdaptiveMaxPool1D(Layer):
    """Keep the largest number of each window of each feature of a sequence, with as many windows as asked for.

    Equation:
        y[n, r, c] = max x[n, t, c] over the steps t in window r; NaN counts as largest

    Shapes:
        x: (N, T, C)        y: (N, output_size, C)

    Gradients (given dy = ∂L/∂y):
        dx[n, t, c] = Σ dy[n, r, c] over the windows r that this number won, as the first of equals

    Args:
        output_size: How many windows.

    Raises:
        ValueError: output_size is below 1, or x is not (N, T, C) with at least one step.
        TypeError: output_size is not an integer, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> AdaptiveMaxPool1D(2).forward(np.array([[[1.0], [2.0], [4.0]]])).tolist()
        [[[2.0], [4.0]]]
    """

    def __init__(self, output_size: int) -> None:
        self.output_size = checks.integer("AdaptiveMaxPool1D", "output_size", output_size, minimum=1)

    def forward(self, x: np.ndarray) -> np.ndarray:
        resizing.sequence_input(self, x)
        resizing.not_empty(self, x)
        y, winners = _largest_of_windows(x[:, np.newaxis], (1, self.output_size))  # of images (N, 1, T, C)
        self.remember(winners, x.shape[1])
        return y[:, 0]

    def backward(self, dy: np.ndarray) -> np.ndarray:
        winners, length = self.recall()
        return _back_to_winners(dy[:, np.newaxis], winners, (1, length))[:, 0]  # dx


def _windows(size: int, count: int) -> list[slice]:
    """The numbers in each of so many windows."""
    return [slice(r * size // count, -(-(r + 1) * size // count)) for r in range(count)]


def _shares(size: int, count: int, dtype: np.dtype) -> np.ndarray:
    """The matrix (count, size) whose row r takes the mean of window r."""
    A = np.zeros((count, size), dtype)
    for row, window in zip(A, _windows(size, count), strict=True):
        row[window] = 1 / (window.stop - window.start)
    return A


def along_both(A: np.ndarray, B: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A x Bᵀ for each channel of x (N, C, H, W), of A (OH, H) and B (OW, W), as products of rows of channels.

    Example:
        >>> along_both(np.array([[0.5, 0.5]]), np.eye(2), np.array([[[[1.0, 2.0], [3.0, 4.0]]]]))
        array([[[[2., 3.]]]])
    """
    N, C, H, W = x.shape
    rows = layout.channels_last(x).transpose(0, 2, 3, 1)  # (N, H, W, C)
    rows = (A @ rows.reshape(N, H, W * C)).reshape(N * len(A), W, C)
    return (B @ rows).reshape(N, len(A), len(B), C).transpose(0, 3, 1, 2)


def _largest_of_windows(rows: np.ndarray, counts: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Of rows (N, H, W, C), the largest number of each window, (N, OH, OW, C), and the pixel p·W + q that it is."""
    N, H, W, C = rows.shape
    y = np.empty((N, *counts, C), rows.dtype)
    winners = np.empty(y.shape, np.intp)
    for r, above in enumerate(_windows(H, counts[0])):
        for s, beside in enumerate(_windows(W, counts[1])):
            window = rows[:, above, beside]  # (N, h, w, C)
            y[:, r, s], won = largest(window.reshape(N, -1, C))
            i, j = np.divmod(won, window.shape[2])
            winners[:, r, s] = (above.start + i) * W + beside.start + j
    return y, winners


def _back_to_winners(dy: np.ndarray, winners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """dx (N, H, W, C): every dy (N, OH, OW, C) is added at the pixel that won."""
    N, OH, OW, C = dy.shape
    dx = np.zeros((N, size[0] * size[1], C), dy.dtype)
    for r, s in np.ndindex(OH, OW):  # one window after the other, for they can share a winner
        won = winners[:, r, s][:, np.newaxis]  # (N, 1, C)
        np.put_along_axis(dx, won, np.take_along_axis(dx, won, axis=1) + dy[:, r, s][:, np.newaxis], axis=1)
    return dx.reshape(N, *size, C)
