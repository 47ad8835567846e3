"""Adaptive pooling: windows chosen so that the output has the size asked for.

Of L numbers, window r of R reaches from ⌊r·L/R⌋ up to, but not including, ⌈(r + 1)·L/R⌉. Neighbours share numbers where
R does not divide L.
"""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, flag, pair
from tinynet.core.faster import explained, faster
from tinynet.layers.convolution1d import as_images, as_sequences
from tinynet.layers.layer import Layer
from tinynet.layers.resampling import IDENTITY, resample
from tinynet.layers.windows import Pair


class AdaptiveAvgPool2D(Layer):
    """Take the mean of each window of each channel, with as many windows as asked for.

    Equation:
        y = A x Bᵀ for each channel; Aᵣₚ = 1/count where pixel row p is in window r, else 0, and B likewise for columns

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

    output_size: Pair

    def __init__(self, output_size: int | tuple[int, int]) -> None:
        checks.arguments(self, locals(), output_size=pair(1))

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x)
        checks.not_empty(self, x)
        A, B = shares(x.shape[2], self.output_size[0]), shares(x.shape[3], self.output_size[1])
        self.remember(A=A, B=B)
        return resample(A, B, x)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        A, B = self.recall()
        return resample(A.T, B.T, dy)  # dx


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

    output_size: int

    def __init__(self, output_size: int) -> None:
        checks.arguments(self, locals(), output_size=at_least(1))

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x)
        checks.not_empty(self, x)
        A = shares(x.shape[1], self.output_size)
        self.remember(A=A)
        return as_sequences(resample(IDENTITY, A, as_images(x)))

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (A,) = self.recall()
        return as_sequences(resample(IDENTITY, A.T, as_images(dy)))  # dx


class AdaptiveMaxPool2D(Layer):
    """Keep the largest pixel of each window of each channel, with as many windows as asked for.

    Equation:
        y[n, c, r, s] = max x[n, c, p, q] over the rows p in window r and the columns q in window s; NaN counts as
        largest

    Shapes:
        x: (N, C, H, W)        y, indices: (N, C, OH, OW)

    Gradients (given dy = ∂L/∂y):
        dx[n, c, p, q] = Σ dy[n, c, r, s] over the windows (r, s) whose largest pixel this is, the first of equal ones

    Args:
        output_size: OH and OW; an integer means both.
        return_switches: If True, forward returns (y, indices), the index row·W + column of the largest pixel of each
            window. `MaxUnpool2D` takes them as its switches. A gradient that comes for them is ignored.

    Raises:
        ValueError: A size is below 1, or x is not (N, C, H, W) with pixels.
        TypeError: output_size is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> AdaptiveMaxPool2D((1, 2)).forward(np.array([[[[1.0, 2.0, 4.0]]]]))
        array([[[[2., 4.]]]])
    """

    output_size: Pair
    return_switches: bool

    def __init__(self, output_size: int | tuple[int, int], return_switches: bool = False) -> None:
        checks.arguments(self, locals(), output_size=pair(1), return_switches=flag)

    def forward(self, x: np.ndarray) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        checks.image_input(self, x)
        checks.not_empty(self, x)
        y, index = adaptive_max_pool(x, self.output_size)
        self.remember(index=index, size=x.shape[2:])
        return (y, index) if self.return_switches else y

    @explained
    def backward(self, dy: np.ndarray, dindices: object = None) -> np.ndarray:
        index, size = self.recall()
        return adaptive_max_pool_gradient(dy, index, size)  # dx


class AdaptiveMaxPool1D(Layer):
    """Keep the largest number of each window of each feature of a sequence, with as many windows as asked for.

    Equation:
        y[n, r, c] = max x[n, t, c] over the steps t in window r; NaN counts as largest

    Shapes:
        x: (N, T, C)        y, indices: (N, output_size, C)

    Gradients (given dy = ∂L/∂y):
        dx[n, t, c] = Σ dy[n, r, c] over the windows r whose largest number this is, the first of equal ones

    Args:
        output_size: How many windows.
        return_switches: If True, forward returns (y, indices), the number of the step that was the largest of each
            window. `MaxUnpool1D` takes them as its switches. A gradient that comes for them is ignored.

    Raises:
        ValueError: output_size is below 1, or x is not (N, T, C) with at least one step.
        TypeError: output_size is not an integer, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> AdaptiveMaxPool1D(2).forward(np.array([[[1.0], [2.0], [4.0]]])).tolist()
        [[[2.0], [4.0]]]
    """

    output_size: int
    return_switches: bool

    def __init__(self, output_size: int, return_switches: bool = False) -> None:
        checks.arguments(self, locals(), output_size=at_least(1), return_switches=flag)

    def forward(self, x: np.ndarray) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        checks.sequence_input(self, x)
        checks.not_empty(self, x)
        y, index = adaptive_max_pool(as_images(x), (1, self.output_size))
        self.remember(index=index, length=x.shape[1])
        y = as_sequences(y)
        return (y, as_sequences(index)) if self.return_switches else y

    @explained
    def backward(self, dy: np.ndarray, dindices: object = None) -> np.ndarray:
        index, length = self.recall()
        return as_sequences(adaptive_max_pool_gradient(as_images(dy), index, (1, length)))  # dx


@faster
def adaptive_max_pool(x: np.ndarray, output_size: Pair) -> tuple[np.ndarray, np.ndarray]:
    """The largest pixel of each window of x (N, C, H, W), and its index p·W + q: the first of equal ones, the last NaN.

    Example:
        >>> y, index = adaptive_max_pool(np.array([[[[1.0, 2.0, 4.0]]]]), (1, 2))
        >>> y.ravel(), index.ravel()
        (array([2., 4.]), array([1, 2]))
    """
    N, C, H, W = x.shape
    y = np.zeros_like(x, shape=(N, C, *output_size))
    index = np.zeros_like(y, dtype=np.intp)
    for r, rows in enumerate(_windows(H, output_size[0])):
        for s, columns in enumerate(_windows(W, output_size[1])):
            h, w = rows.stop - rows.start, columns.stop - columns.start
            window = x[:, :, rows, columns].reshape(N, C, h * w)
            cell = _largest(window)[:, :, np.newaxis]
            y[:, :, r, s] = np.take_along_axis(window, cell, axis=2)[:, :, 0]
            i, j = np.divmod(cell[:, :, 0], w)
            index[:, :, r, s] = (rows.start + i) * W + columns.start + j
    return y, index


@faster
def adaptive_max_pool_gradient(dy: np.ndarray, index: np.ndarray, size: Pair) -> np.ndarray:
    """∂L/∂x for images of this size: the dy of each window is added at the pixel that was its largest.

    Example:
        >>> adaptive_max_pool_gradient(np.array([[[[5.0, 3.0]]]]), np.array([[[[1, 1]]]]), (1, 3))
        array([[[[0., 8., 0.]]]])
    """
    N, C, OH, OW = dy.shape
    dx = np.zeros_like(dy, shape=(N, C, size[0] * size[1]))
    for r, s in np.ndindex(OH, OW):  # one window after the other, because they can share a pixel
        p, dy_rs = index[:, :, r, s, np.newaxis], dy[:, :, r, s, np.newaxis]  # (N, C, 1)
        np.put_along_axis(dx, p, np.take_along_axis(dx, p, axis=2) + dy_rs, axis=2)
    return dx.reshape(N, C, *size)


def _largest(window: np.ndarray) -> np.ndarray:
    """The number of the largest pixel of each window (N, C, pixels): the first of equal ones, but the last NaN."""
    is_nan = np.isnan(window)
    last_nan = window.shape[2] - 1 - is_nan[:, :, ::-1].argmax(axis=2)
    return np.where(is_nan.any(axis=2), last_nan, window.argmax(axis=2))


def _windows(size: int, count: int) -> list[slice]:
    """The numbers in each of `count` windows, as slices."""
    return [slice(r * size // count, -(-(r + 1) * size // count)) for r in range(count)]


def shares(size: int, count: int) -> np.ndarray:
    """The matrix (count, size) whose row r takes the mean of window r.

    Example:
        >>> shares(4, 2)
        array([[0.5, 0.5, 0. , 0. ],
               [0. , 0. , 0.5, 0.5]])
    """
    A = np.zeros((count, size))
    for r, window in enumerate(_windows(size, count)):
        A[r, window] = 1 / (window.stop - window.start)
    return A
