"""Pooling: the largest or the mean number of each window of a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, flag, optional
from tinynet.layers.convolution1d import as_images, as_sequences
from tinynet.layers.layer import Layer
from tinynet.layers.pooling import avg_pool, avg_pool_gradient, max_pool, max_pool_gradient
from tinynet.layers.windows import Sliding


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

    kernel_size: int
    stride: int
    padding: int
    dilation: int

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0, dilation: int = 1) -> None:
        checks.arguments(
            self,
            locals(),
            kernel_size=at_least(1),
            stride=optional(at_least(1)),
            padding=_at_most_half_the_kernel,
            dilation=at_least(1),
        )
        if stride is None:
            self.stride = self.kernel_size
        ends = (self.padding, self.padding)
        self.sliding = Sliding((1, self.kernel_size), (1, self.stride), ((0, 0), ends), (1, self.dilation))

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x)
        span, length = self.sliding.effective_kernel_size[1], x.shape[1]
        least = min(self.dilation, span)  # otherwise a dilated window could have all its cells outside the sequence
        checks.window_fits(self, length, span, self.sliding.padding[1], least)
        y, cell = max_pool(as_images(x), self.sliding)
        self.remember(cell=cell, length=length)
        return as_sequences(y)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        cell, length = self.recall()
        return as_sequences(max_pool_gradient(as_images(dy), cell, (1, length), self.sliding))  # dx


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

    kernel_size: int
    stride: int
    padding: int
    count_include_pad: bool

    def __init__(
        self, kernel_size: int, stride: int | None = None, padding: int = 0, count_include_pad: bool = True
    ) -> None:
        checks.arguments(
            self,
            locals(),
            kernel_size=at_least(1),
            stride=optional(at_least(1)),
            padding=_at_most_half_the_kernel,
            count_include_pad=flag,
        )
        if stride is None:
            self.stride = self.kernel_size
        ends = (self.padding, self.padding)
        self.sliding = Sliding((1, self.kernel_size), (1, self.stride), ((0, 0), ends))

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x)
        checks.window_fits(self, x.shape[1], self.kernel_size, self.sliding.padding[1])
        self.remember(length=x.shape[1])
        return as_sequences(avg_pool(as_images(x), self.sliding, self.count_include_pad))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (length,) = self.recall()
        return as_sequences(avg_pool_gradient(as_images(dy), (1, length), self.sliding, self.count_include_pad))  # dx


def _at_most_half_the_kernel(who: str, name: str, value: Any, others: Mapping[str, Any]) -> int:
    """A rule for arguments: an integer so small that no window is entirely in the padding."""
    padding, kernel_size = checks.integer(who, name, value, minimum=0), others["kernel_size"]
    if 2 * padding > kernel_size:
        hint = f"use padding={kernel_size // 2}."
        checks.fail(who, f"padding must be at most half of kernel_size={kernel_size}, got {padding}.", hint)
    return padding
