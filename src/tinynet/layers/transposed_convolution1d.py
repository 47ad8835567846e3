"""The transposed convolution of sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import at_least, divides, switch, weights_rng
from tinynet.core.faster import faster
from tinynet.core.initializers import uniform_fan_in
from tinynet.layers.convolution import channel_sums, convolve, convolve_back, correlate
from tinynet.layers.convolution1d import as_images, as_sequences
from tinynet.layers.layer import Layer
from tinynet.layers.windows import Sliding


class ConvTranspose1D(Layer):
    """Stamp kernels onto a longer sequence: each input number adds its value times a kernel to the steps under it.

    It is a convolution run backwards: its forward is the input gradient of the `Conv1D` with the same weight, and its
    backward is that convolution's forward. It undoes the change of shape, not of the values.

    Equation:
        y[n, p, o] = b[o] + Σ W[c, o, i] · x[n, r, c]
        the sum is over all r, i with p = r·stride + i·dilation - padding, and the input channels c in the group of o

    Shapes:
        x: (N, T, in_channels)                            y: (N, OT, out_channels)
        W: (in_channels, out_channels / groups, k)        b: (out_channels,)
        OT = (T - 1)·stride - 2·padding + (k - 1)·dilation + output_padding + 1

    Gradients (given dy = ∂L/∂y; each sum is over the terms of the equation that the number, weight or bias is in):
        dx[n, r, c] = Σ W[c, o, i] · dy[n, p, o]
        dW[c, o, i] = Σ x[n, r, c] · dy[n, p, o]
        db[o] = Σ dy[n, p, o]

    Args:
        in_channels: Features of each step of the input, at least 1.
        out_channels: Features of each step of the output, at least 1.
        kernel_size: Length of a kernel in steps.
        stride: How many steps the kernel moves in the output for each step in the input.
        padding: How many steps are cut off at each end of the output.
        output_padding: How many steps are added at the end of the output.
        groups: The number of groups of channels, each convolved on its own.
        bias: If False there is no bias and b is zero.
        dilation: The distance in steps between neighbouring cells of the kernel.
        rng: Source of the initial weights, U(-k, k) with k = 1/√(out_channels/groups · kernel_size); the package's
            generator if None.

    Raises:
        ValueError: A size is below 1, groups do not divide the channels, output_padding is not smaller than the stride
            or the dilation, x is not (N, T, in_channels), or y would have no steps.
        TypeError: An argument is not an integer, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ConvTranspose1D(8, 3, kernel_size=4, stride=2, padding=1).forward(np.ones((4, 14, 8))).shape
        (4, 28, 3)
    """

    in_channels: int
    out_channels: int
    kernel_size: int
    stride: int
    padding: int
    output_padding: int
    groups: int
    dilation: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        output_padding: int = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int = 1,
        rng: np.random.Generator | None = None,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            in_channels=at_least(1),
            out_channels=at_least(1),
            kernel_size=at_least(1),
            stride=at_least(1),
            padding=at_least(0),
            dilation=at_least(1),
            output_padding=_output_padding,
            groups=divides("in_channels", "out_channels"),
            bias=switch,
            rng=weights_rng,
        )
        ends = (self.padding, self.padding)
        self.sliding = Sliding((1, self.kernel_size), (1, self.stride), ((0, 0), ends), (1, self.dilation))
        self.weight = Parameter(uniform_fan_in((in_channels, out_channels // groups, kernel_size), rng))
        fan_in = out_channels // groups * kernel_size
        self.bias = Parameter(uniform_fan_in((out_channels,), rng, fan_in)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.sequence_input(self, x, self.in_channels)
        length = self._output_length(x.shape[1])
        if length < 1:
            problem = f"sequences of {x.shape[1]} steps would become {length} long."
            checks.fail(self, problem, "use less padding, a larger kernel_size or longer sequences.")
        self.remember(x=x)
        W = self.weight.tensor[:, :, np.newaxis]  # (C, O/groups, 1, k)
        y = as_sequences(convolve_back(as_images(x), W, (1, length), self.sliding, self.groups))
        if self.bias is not None:
            y += self.bias.tensor
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        W, dy = self.weight.tensor[:, :, np.newaxis], as_images(dy)
        dW = correlate(dy, as_images(x), self.sliding, self.groups)
        self.weight.accumulate(dW[:, :, 0])
        if self.bias is not None:
            self.bias.accumulate(channel_sums(dy))  # db
        dx = as_sequences(convolve(dy, W, None, self.sliding, self.groups))
        return dx[:, : x.shape[1]]  # a wide output_padding leaves room for kernels beyond x

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return x.size * (self.weight.size // self.in_channels)

    def _output_length(self, length: int) -> int:
        covered = (length - 1) * self.stride + self.sliding.effective_kernel_size[1]
        return covered - 2 * self.padding + self.output_padding


def _output_padding(who: str, name: str, value: Any, others: Mapping[str, Any]) -> int:
    """An integer that is smaller than the stride or the dilation."""
    padding, stride, dilation = checks.integer(who, name, value, minimum=0), others["stride"], others["dilation"]
    if padding >= max(stride, dilation):
        checks.fail(who, f"output_padding must be smaller than stride={stride} or dilation={dilation}, got {padding}.")
    return padding
