"""The transposed convolution of sequences."""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import images, resizing
from tinynet.core.initializers import uniform_fan_in
from tinynet.engine import convolution
from tinynet.engine.machine.gemm import column_sums
from tinynet.layers.convolution1d import as_images, as_sequences
from tinynet.layers.layer import Layer


class ConvTranspose1D(Layer):
    """Stamp kernels onto a longer sequence: each input number adds its value times a kernel to the steps under it.

    It turns a convolution round: its forward is the input gradient of the `Conv1D` with the same weight, and so its
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
        groups: Cut the channels into so many groups, each on its own.
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
        who = "ConvTranspose1D"
        self.in_channels = checks.integer(who, "in_channels", in_channels, minimum=1)
        self.out_channels = checks.integer(who, "out_channels", out_channels, minimum=1)
        self.kernel_size = checks.integer(who, "kernel_size", kernel_size, minimum=1)
        stride = checks.integer(who, "stride", stride, minimum=1)
        padding = checks.integer(who, "padding", padding, minimum=0)
        dilation = checks.integer(who, "dilation", dilation, minimum=1)
        self.output_padding = resizing.output_padding(who, output_padding, stride, dilation)
        groups = checks.integer(who, "groups", groups, minimum=1)
        images.group_count(who, groups, in_channels=in_channels, out_channels=out_channels)
        self.steps = ((1, stride), ((0, 0), (padding, padding)), (1, dilation), groups)
        self.weight = Parameter(uniform_fan_in((in_channels, out_channels // groups, kernel_size), rng))
        fan_in = out_channels // groups * kernel_size
        self.bias = Parameter(uniform_fan_in((out_channels,), rng, fan_in)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        resizing.sequence_input(self, x, self.in_channels)
        length = self._output_length(x.shape[1])
        resizing.positive_length(self, length, x.shape[1])
        self.remember(x)
        y = as_sequences(convolution.input_gradient(as_images(x), self._kernel(), (1, length), *self.steps))
        if self.bias is not None:
            y += self.bias.tensor
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        self.backward_parameters(dy)
        dx = as_sequences(convolution.forward(as_images(dy), self._kernel(), None, *self.steps))
        return dx[:, : x.shape[1]]  # a wide output_padding leaves room for kernels beyond x

    def backward_parameters(self, dy: np.ndarray) -> None:
        (x,) = self.recall()
        dW = convolution.weight_gradient(as_images(dy), as_images(x), (1, self.kernel_size), *self.steps)
        self.weight.accumulate(dW[:, :, 0])
        if self.bias is not None:
            self.bias.accumulate(column_sums(dy.reshape(-1, dy.shape[-1])))

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return x.size * (self.weight.size // self.in_channels)

    def _kernel(self) -> np.ndarray:
        return self.weight.tensor[:, :, np.newaxis]  # (C, O/groups, 1, k)

    def _output_length(self, length: int) -> int:
        (_, stride), (_, (padding, _)), (_, dilation), _ = self.steps
        return (length - 1) * stride - 2 * padding + (self.kernel_size - 1) * dilation + self.output_padding + 1
