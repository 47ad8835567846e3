"""Pooling: the largest or the mean number of each window of a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, flag, optional
from tinynet.core.faster import explained
from tinynet.layers.average_pooling import avg_pool, avg_pool_gradient
from tinynet.layers.convolution1d import as_images, as_sequences
from tinynet.layers.layer import Layer
from tinynet.layers.pooling import max_pool, max_pool_gradient, pixels_needed, switches
from tinynet.layers.windows import Sliding


class MaxPool1D(Layer):
    """Keep the largest number of each window of each feature.

    Equation:
        y[n, r, c] = max_i x[n, p, c]
        p = r·stride + i·dilation - padding; x is -∞ outside the sequence, and NaN counts as largest

    Shapes:
        x: (N, T, C)        y, indices: (N, OT, C)
        OT = ⌊(T + 2·padding - (k - 1)·dilation - 1) / stride⌋ + 1; ⌈…⌉ + 1 with ceil_mode, but no window starts
        beyond the sequence

    Gradients (given dy = ∂L/∂y):
        dx[n, p, c] = Σ dy[n, r, c] over the windows r whose largest number this is, the first of equal ones

    Args:
        kernel_size: Length of the window in steps.
        stride: How many steps the window moves at a time; kernel_size if None.
        padding: How many steps of -∞ are put at each end, at most half of kernel_size.
        dilation: The distance in steps between neighbouring cells of the window.
        return_switches: If True, forward returns (y, indices), the number of the step that was the largest of each
            window. `MaxUnpool1D` takes them as its switches. A gradient that comes for them is ignored.
        ceil_mode: If True, steps that are left over at the end get one more window, which hangs over it.

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
    return_switches: bool
    ceil_mode: bool

    def __init__(
        self,
        kernel_size: int,
        stride: int | None = None,
        padding: int = 0,
        dilation: int = 1,
        return_switches: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            kernel_size=at_least(1),
            stride=optional(at_least(1)),
            padding=at_most_half_the_window,
            dilation=at_least(1),
            return_switches=flag,
            ceil_mode=flag,
        )
        if stride is None:
            self.stride = self.kernel_size
        ends = (self.padding, self.padding)
        self.sliding = Sliding((1, self.kernel_size), (1, self.stride), ((0, 0), ends), (1, self.dilation))
        (_, self.needed), (_, self.least_size) = pixels_needed(self.sliding, self.ceil_mode), self.sliding.least_size

    def forward(self, x: np.ndarray) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        checks.sequence_input(self, x)
        length = x.shape[1]
        checks.window_fits(self, length, self.needed, self.sliding.padding[1], self.least_size)
        sliding = self.sliding_over(length)
        y, cell = max_pool(as_images(x), sliding)
        self.remember(cell=cell, length=length)
        y = as_sequences(y)
        return (y, as_sequences(switches(cell, (1, length), sliding))) if self.return_switches else y

    @explained
    def backward(self, dy: np.ndarray, dindices: object = None) -> np.ndarray:
        cell, length = self.recall()
        return as_sequences(max_pool_gradient(as_images(dy), cell, (1, length), self.sliding_over(length)))  # dx

    def sliding_over(self, length: int) -> Sliding:
        """How the window slides over sequences of this length."""
        return self.sliding.to_the_end((1, length)) if self.ceil_mode else self.sliding


class AvgPool1D(Layer):
    """Take the mean of the numbers of each window of each feature.

    Equation:
        y[n, r, c] = 1/count Σ_i x[n, p, c]
        p = r·stride + i - padding; x is zero outside the sequence, and count is the number of steps of the window that
        are in the sequence or its padding, or without count_include_pad in the sequence

    Shapes:
        x: (N, T, C)        y: (N, OT, C)
        OT = ⌊(T + 2·padding - k) / stride⌋ + 1; ⌈…⌉ + 1 with ceil_mode, but no window starts beyond the sequence

    Gradients (given dy = ∂L/∂y):
        dx[n, p, c] = Σ dy[n, r, c] / count over the windows r that this number is in

    Args:
        kernel_size: Length of the window in steps.
        stride: How many steps the window moves at a time; kernel_size if None.
        padding: How many zeros are put at each end, at most half of kernel_size.
        ceil_mode: If True, steps that are left over at the end get one more window, which hangs over it. Its steps
            beyond the padding do not count.
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
    ceil_mode: bool
    count_include_pad: bool

    def __init__(
        self,
        kernel_size: int,
        stride: int | None = None,
        padding: int = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            kernel_size=at_least(1),
            stride=optional(at_least(1)),
            padding=at_most_half_the_window,
            ceil_mode=flag,
            count_include_pad=flag,
        )
        if stride is None:
            self.stride = self.kernel_size
        ends = (self.padding, self.padding)
        self.sliding = Sliding((1, self.kernel_size), (1, self.stride), ((0, 0), ends))
        _, self.needed = pixels_needed(self.sliding, self.ceil_mode)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x)
        length = x.shape[1]
        checks.window_fits(self, length, self.needed, self.sliding.padding[1])
        self.remember(length=length)
        return as_sequences(avg_pool(as_images(x), self.sliding_over(length), self.count_include_pad))

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (length,) = self.recall()
        sliding = self.sliding_over(length)
        return as_sequences(avg_pool_gradient(as_images(dy), (1, length), sliding, self.count_include_pad))  # dx

    def sliding_over(self, length: int) -> Sliding:
        """How the window slides over sequences of this length."""
        return self.sliding.to_the_end((1, length)) if self.ceil_mode else self.sliding


def at_most_half_the_window(who: str, name: str, value: Any, others: Mapping[str, Any]) -> int:
    """A rule for arguments: an integer so small that no window is entirely in the padding.

    Example:
        >>> at_most_half_the_window("MaxPool1D", "padding", 1, {"kernel_size": 3})
        1
    """
    padding, kernel_size = checks.integer(who, name, value, minimum=0), others["kernel_size"]
    if 2 * padding > kernel_size:
        hint = f"use padding={kernel_size // 2}."
        checks.fail(who, f"padding must be at most half of kernel_size={kernel_size}, got {padding}.", hint)
    return padding
