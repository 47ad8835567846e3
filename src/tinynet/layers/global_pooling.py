"""Global pooling: the mean or the largest of all numbers of each channel, whatever the size of the input."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks import images, resizing
from tinynet.engine.machine import layout
from tinynet.engine.machine.gemm import one_thread
from tinynet.layers.layer import Layer


class GlobalAvgPool2D(Layer):
    """Take the mean of all pixels of each channel, so that a Linear can follow images of any size: Lin et al. 2013.

    Equation:
        y[n, c] = 1/(H·W) Σ_p Σ_q x[n, c, p, q]

    Shapes:
        x: (N, C, H, W)        y: (N, C)

    Gradients (given dy = ∂L/∂y):
        dx[n, c, p, q] = dy[n, c] / (H·W)

    Raises:
        ValueError: x is not (N, C, H, W), or has no pixels.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> GlobalAvgPool2D().forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
        array([[2.5]])
    """

    any_layout = True

    def forward(self, x: np.ndarray) -> np.ndarray:
        images.image_input(self, x)
        resizing.not_empty(self, x)
        self.remember(x.shape)
        if x.dtype in (np.float32, np.float64) and layout.is_channels_last(x):
            N, C, H, W = x.shape
            with one_thread():  # a product adds rows of channels, which NumPy's mean does pixel by pixel
                sums = np.ones(H * W, x.dtype) @ layout.pixels(x).reshape(N, H * W, C)
            return sums / (H * W)
        return x.mean(axis=(2, 3))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        ((N, C, H, W),) = self.recall()
        dx = np.repeat((dy / (H * W))[:, np.newaxis], H * W, axis=1)  # (N, H · W, C)
        return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2)


class GlobalMaxPool2D(Layer):
    """Keep the largest pixel of each channel; NaN counts as largest.

    Equation:
        y[n, c] = max_{p, q} x[n, c, p, q]

    Shapes:
        x: (N, C, H, W)        y: (N, C)

    Gradients (given dy = ∂L/∂y):
        dx[n, c, p, q] = dy[n, c] for the largest pixel, the first of equals, else 0

    Raises:
        ValueError: x is not (N, C, H, W), or has no pixels.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> GlobalMaxPool2D().forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
        array([[4.]])
    """

    any_layout = True

    def forward(self, x: np.ndarray) -> np.ndarray:
        images.image_input(self, x)
        resizing.not_empty(self, x)
        y, winners = largest(x.transpose(0, 2, 3, 1).reshape(len(x), -1, x.shape[1]))  # of (N, H·W, C)
        self.remember(winners, x.shape)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        winners, (n, c, h, w) = self.recall()
        return _to_winners(dy, winners, h * w).reshape(n, h, w, c).transpose(0, 3, 1, 2)  # dx


class GlobalAvgPool1D(Layer):
    """Take the mean of each feature over all steps of a sequence.

    Equation:
        y[n, c] = 1/T Σ_t x[n, t, c]

    Shapes:
        x: (N, T, C)        y: (N, C)

    Gradients (given dy = ∂L/∂y):
        dx[n, t, c] = dy[n, c] / T

    Raises:
        ValueError: x is not (N, T, C), or has no steps.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> GlobalAvgPool1D().forward(np.array([[[1.0, 4.0], [2.0, 8.0]]]))
        array([[1.5, 6. ]])
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        resizing.sequence_input(self, x)
        resizing.not_empty(self, x)
        self.remember(x.shape[1])
        return x.mean(axis=1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (length,) = self.recall()
        return np.repeat((dy / length)[:, np.newaxis], length, axis=1)  # dx


class GlobalMaxPool1D(Layer):
    """Keep the largest number of each feature over all steps of a sequence; NaN counts as largest.

    Equation:
        y[n, c] = max_t x[n, t, c]

    Shapes:
        x: (N, T, C)        y: (N, C)

    Gradients (given dy = ∂L/∂y):
        dx[n, t, c] = dy[n, c] for the largest number, the first of equals, else 0

    Raises:
        ValueError: x is not (N, T, C), or has no steps.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> GlobalMaxPool1D().forward(np.array([[[1.0, 9.0], [2.0, 8.0]]]))
        array([[2., 9.]])
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        resizing.sequence_input(self, x)
        resizing.not_empty(self, x)
        y, winners = largest(x)
        self.remember(winners, x.shape[1])
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        winners, length = self.recall()
        return _to_winners(dy, winners, length)  # dx


def largest(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of rows (N, P, C), the largest number over P, and where it stands: both (N, C).

    Example:
        >>> largest(np.array([[[1.0, 9.0], [2.0, 8.0]]]))
        (array([[2., 9.]]), array([[1, 0]]))
    """
    winners = rows.argmax(axis=1)
    return np.take_along_axis(rows, winners[:, np.newaxis], axis=1)[:, 0], winners


def _to_winners(dy: np.ndarray, winners: np.ndarray, size: int) -> np.ndarray:
    """Zeros (N, size, C) but for dy (N, C) where the winners stand."""
    dx = np.zeros((len(dy), size, dy.shape[1]), dy.dtype)
    np.put_along_axis(dx, winners[:, np.newaxis], dy[:, np.newaxis], axis=1)
    return dx
