"""The convolution of sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import at_least, divides, switch, weights_rng
from tinynet.core.faster import faster
from tinynet.core.initializers import uniform_fan_in
from tinynet.layers.convolution import channel_sums, convolve, convolve_back, correlate
from tinynet.layers.layer import Layer
from tinynet.layers.windows import Pair, Sliding


class Conv1D(Layer):
    """Slide kernels along a sequence; each output is the sum of products of one kernel with the numbers under it.

    Equation:
        y[n, r, o] = b[o] + Σ_c Σ_i W[o, c, i] · x[n, p, c]
        p = r·stride + i·dilation - padding; x is zero in the padding, and c runs over the input channels in the group
        of o

    Shapes:
        x: (N, T, in_channels)                            y: (N, OT, out_channels)
        W: (out_channels, in_channels / groups, k)        b: (out_channels,)
        OT = ⌊(T + padding at both ends - (k - 1)·dilation - 1) / stride⌋ + 1

    Gradients (given dy = ∂L/∂y; each sum is over the terms of the equation that the number, weight or bias is in):
        dx[n, p, c] = Σ W[o, c, i] · dy[n, r, o]
        dW[o, c, i] = Σ x[n, p, c] · dy[n, r, o]
        db[o] = Σ dy[n, r, o]

    Args:
        in_channels: Features of each step of the input, at least 1.
        out_channels: Features of each step of the output, which is the number of kernels, at least 1.
        kernel_size: Length of a kernel in steps.
        stride: How many steps the kernel moves at a time.
        padding: How many zeros are put at each end; or "valid" for none, or "same" for as many as keep the length
            (where that is odd, the extra one at the end).
        dilation: The distance in steps between neighbouring cells of the kernel.
        groups: The number of groups of channels, each convolved on its own; in_channels makes it depthwise.
        bias: If False there is no bias and b is zero.
        rng: Source of the initial weights, U(-k, k) with k = 1/√(in_channels/groups · kernel_size); the package's
            generator if None.

    Raises:
        ValueError: A size is below 1, groups do not divide the channels, "same" comes with a stride, or x is not
            (N, T, in_channels) with sequences that the kernel fits into.
        TypeError: An argument is not an integer, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Conv1D(3, 8, kernel_size=5, stride=2, padding=2).forward(np.ones((4, 28, 3))).shape
        (4, 14, 8)
    """

    in_channels: int
    out_channels: int
    kernel_size: int
    stride: int
    padding: Pair
    dilation: int
    groups: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int | str = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            in_channels=at_least(1),
            out_channels=at_least(1),
            kernel_size=at_least(1),
            stride=at_least(1),
            dilation=at_least(1),
            groups=divides("in_channels", "out_channels"),
            padding=_padding,
            bias=switch,
            rng=weights_rng,
        )
        self.sliding = Sliding((1, self.kernel_size), (1, self.stride), ((0, 0), self.padding), (1, self.dilation))
        self.weight = Parameter(uniform_fan_in((out_channels, in_channels // groups, kernel_size), rng))
        fan_in = in_channels // groups * kernel_size
        self.bias = Parameter(uniform_fan_in((out_channels,), rng, fan_in)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x, self.in_channels)
        checks.window_fits(self, x.shape[1], self.sliding.effective_kernel_size[1], self.padding)
        self.remember(x=x)
        W = self.weight.tensor[:, :, np.newaxis]  # (O, C/groups, 1, k)
        b = None if self.bias is None else self.bias.tensor
        return as_sequences(convolve(as_images(x), W, b, self.sliding, self.groups))

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        W, dy = self.weight.tensor[:, :, np.newaxis], as_images(dy)
        dW = correlate(as_images(x), dy, self.sliding, self.groups)
        self.weight.accumulate(dW[:, :, 0])
        if self.bias is not None:
            self.bias.accumulate(channel_sums(dy))  # db
        return as_sequences(convolve_back(dy, W, (1, x.shape[1]), self.sliding, self.groups))  # dx

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return y.size * (self.weight.size // self.out_channels)


def as_images(x: np.ndarray) -> np.ndarray:
    """Sequences (N, T, C) as images (N, C, 1, T) of one row; the result is a view.

    Example:
        >>> as_images(np.ones((4, 28, 3))).shape
        (4, 3, 1, 28)
    """
    return x[:, np.newaxis].transpose(0, 3, 1, 2)


def as_sequences(y: np.ndarray) -> np.ndarray:
    """Images (N, C, 1, T) of one row as sequences (N, T, C).

    Example:
        >>> as_sequences(np.ones((4, 3, 1, 28))).shape
        (4, 28, 3)
    """
    return y[:, :, 0].transpose(0, 2, 1)


def _padding(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Pair:
    """An integer, "valid" or "same", as (before, after)."""
    if not isinstance(value, str):
        return (checks.integer(who, name, value, minimum=0),) * 2
    if value not in ("valid", "same"):
        checks.fail(who, f"padding must be an integer, 'valid' or 'same', got {value!r}.")
    if value == "same" and others["stride"] != 1:
        hint = "give the padding as a number."
        checks.fail(who, f"padding='same' needs stride=1, got stride={others['stride']}.", hint)
    n_zeros = 0 if value == "valid" else (others["kernel_size"] - 1) * others["dilation"]
    return n_zeros // 2, n_zeros - n_zeros // 2
