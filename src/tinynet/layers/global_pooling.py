"""Global pooling: the mean or the largest of all numbers of each channel, whatever the size of the input."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import mean_of
from tinynet.core.faster import faster
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

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x)
        checks.not_empty(self, x)
        self.remember(shape=x.shape)
        return mean_of(x, (2, 3))

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        ((N, C, H, W),) = self.recall()
        share = dy / (H * W)  # (N, C)
        return np.broadcast_to(share[:, :, np.newaxis, np.newaxis], (N, C, H, W)).copy()  # dx


class GlobalMaxPool2D(Layer):
    """Keep the largest pixel of each channel; NaN counts as largest.

    Equation:
        y[n, c] = max_{p, q} x[n, c, p, q]

    Shapes:
        x: (N, C, H, W)        y: (N, C)

    Gradients (given dy = ∂L/∂y):
        dx[n, c, p, q] = dy[n, c] for the largest pixel, the first of equal ones, else 0

    Raises:
        ValueError: x is not (N, C, H, W), or has no pixels.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> GlobalMaxPool2D().forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
        array([[4.]])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x)
        checks.not_empty(self, x)
        N, C, H, W = x.shape
        pixels = x.reshape(N, C, H * W)
        index = pixels.argmax(axis=2)  # (N, C)
        self.remember(index=index, shape=x.shape)
        return np.take_along_axis(pixels, index[:, :, np.newaxis], axis=2)[:, :, 0]

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        index, (N, C, H, W) = self.recall()
        dx = np.zeros_like(dy, shape=(N, C, H * W))
        np.put_along_axis(dx, index[:, :, np.newaxis], dy[:, :, np.newaxis], axis=2)
        return dx.reshape(N, C, H, W)


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

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x)
        checks.not_empty(self, x)
        self.remember(length=x.shape[1])
        return mean_of(x, 1)

    @faster
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
        dx[n, t, c] = dy[n, c] for the largest number, the first of equal ones, else 0

    Raises:
        ValueError: x is not (N, T, C), or has no steps.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> GlobalMaxPool1D().forward(np.array([[[1.0, 9.0], [2.0, 8.0]]]))
        array([[2., 9.]])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x)
        checks.not_empty(self, x)
        index = x.argmax(axis=1)  # (N, C)
        self.remember(index=index, length=x.shape[1])
        return np.take_along_axis(x, index[:, np.newaxis], axis=1)[:, 0]

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        index, length = self.recall()
        dx = np.zeros_like(dy, shape=(len(dy), length, dy.shape[1]))
        np.put_along_axis(dx, index[:, np.newaxis], dy[:, np.newaxis], axis=1)
        return dx
