"""Pooling: the largest or the mean number of each window of a sequence."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks import resizing
from tinynet.engine import pooling
from tinynet.layers.convolution1d import as_images, as_sequences
from tinynet.layers.layer import Layer


class MaxPool1D(Layer):
    """Keep the largest number of each window of each feature.

    Equation:
        y[n, r, c] = max_i x[n, p, c]
        p = r·stride + i·dilation - padding; x is -∞ in the padding, and NaN counts as largest

    Shapes:
        x: (N, T, C)        y: (N, OT, C)
        OT = ⌊(T + 2·padding - (k - 1)·dilation - 1) / stride⌋ + 1

    Gradients (given dy = ∂L/∂y):
        dx[n, p, c] = Σ dy[n, r, c] over the windows r that this number won, as the first of equals

    Args:
        kernel_size: Length of the window in steps.
        stride: How many steps the window moves at a time; kernel_size if None.
        padding: How many steps of -∞ are put at each end, at most half of kernel_size.
        dilation: The distance in steps between neighbouring cells of the window.

    Raises:
        ValueError: A size is below 1, padding is more than half of kernel_size, or x is not (N, T, C) with sequences
            that the window fits into.
        TypeError: An argument is not an integer, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> MaxPool1D(2).forward(np.array([[[1.0], [2.0], [4.0], [3.0]]])).tolist()
        [[[2.0], [4.0]]]
    """

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0, dilation: int = 1) -> None:
        kernel_size = checks.integer("MaxPool1D", "kernel_size", kernel_size, minimum=1)
        stride = kernel_size if stride is None else checks.integer("MaxPool1D", "stride", stride, minimum=1)
        padding = resizing.pooling_padding("MaxPool1D", padding, kernel_size)
        dilation = checks.integer("MaxPool1D", "dilation", dilation, minimum=1)
        self.span = (kernel_size - 1) * dilation + 1
        self.least = min(dilation, self.span)  # so that no window steps over the sequence
        self.ends = (padding, padding)
        self.steps = ((1, kernel_size), (1, stride), ((0, 0), self.ends), (1, dilation))

    def forward(self, x: np.ndarray) -> np.ndarray:
        resizing.sequence_input(self, x)
        resizing.window_fits(self, x.shape[1], self.span, self.ends, self.least)
        y, cells = pooling.maximum(as_images(x), *self.steps)
        self.remember(cells, x.shape[1])
        return as_sequences(y)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        cells, length = self.recall()
        return as_sequences(pooling.maximum_gradient(as_images(dy), cells, (1, length), *self.steps))  # dx


class AvgPool1D(Layer):
    """Take the mean of the numbers of each window of each feature.

    Equation:
        y[n, r, c] = 1/count Σ_i x[n, p, c]
        p = r·stride + i - padding; x is zero in the padding, and count is k, or without count_include_pad the number of
        steps of the window inside the sequence

    Shapes:
        x: (N, T, C)        y: (N, OT, C)
        OT = ⌊(T + 2·padding - k) / stride⌋ + 1

    Gradients (given dy = ∂L/∂y):
        dx[n, p, c] = Σ dy[n, r, c] / count over the windows r that this number is in

    Args:
        kernel_size: Length of the window in steps.
        stride: How many steps the window moves at a time; kernel_size if None.
        padding: How many zeros are put at each end, at most half of kernel_size.
        count_include_pad: If False, the mean is over the steps inside the sequence only.

    Raises:
        ValueError: A size is below 1, padding is more than half of kernel_size, or x is not (N, T, C) with sequences
            that the window fits into.
        TypeError: An argument is not an integer, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> AvgPool1D(2).forward(np.array([[[1.0], [2.0], [4.0], [3.0]]])).tolist()
        [[[1.5], [3.5]]]
    """

    def __init__(
        self, kernel_size: int, stride: int | None = None, padding: int = 0, count_include_pad: bool = True
    ) -> None:
        self.kernel_size = checks.integer("AvgPool1D", "kernel_size", kernel_size, minimum=1)
        stride = kernel_size if stride is None else checks.integer("AvgPool1D", "stride", stride, minimum=1)
        padding = resizing.pooling_padding("AvgPool1D", padding, kernel_size)
        self.ends = (padding, padding)
        self.steps = ((1, kernel_size), (1, stride), ((0, 0), self.ends), count_include_pad)

    def forward(self, x: np.ndarray) -> np.ndarray:
        resizing.sequence_input(self, x)
        resizing.window_fits(self, x.shape[1], self.kernel_size, self.ends)
        self.remember(x.shape[1])
        return as_sequences(pooling.average(as_images(x), *self.steps))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (length,) = self.recall()
        return as_sequences(pooling.average_gradient(as_images(dy), (1, length), *self.steps))  # dx
