"""The convolution of sequences."""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import images, resizing
from tinynet.core.initializers import uniform_fan_in
from tinynet.engine import convolution
from tinynet.engine.machine.gemm import column_sums
from tinynet.layers.layer import Layer


class Conv1D(Layer):
    """Slide kernels along a sequence; each output number is the sum of products of one kernel with what lies under it.

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
        groups: Cut the channels into so many groups, each convolved on its own; in_channels makes it depthwise.
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
        self.in_channels = checks.integer("Conv1D", "in_channels", in_channels, minimum=1)
        self.out_channels = checks.integer("Conv1D", "out_channels", out_channels, minimum=1)
        self.kernel_size = checks.integer("Conv1D", "kernel_size", kernel_size, minimum=1)
        stride = checks.integer("Conv1D", "stride", stride, minimum=1)
        dilation = checks.integer("Conv1D", "dilation", dilation, minimum=1)
        groups = checks.integer("Conv1D", "groups", groups, minimum=1)
        images.group_count("Conv1D", groups, in_channels=in_channels, out_channels=out_channels)
        self.span = (kernel_size - 1) * dilation + 1
        self.ends = resizing.convolution_padding("Conv1D", padding, stride, self.span)
        self.steps = ((1, stride), ((0, 0), self.ends), (1, dilation), groups)
        self.weight = Parameter(uniform_fan_in((out_channels, in_channels // groups, kernel_size), rng))
        fan_in = in_channels // groups * kernel_size
        self.bias = Parameter(uniform_fan_in((out_channels,), rng, fan_in)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        resizing.sequence_input(self, x, self.in_channels)
        resizing.window_fits(self, x.shape[1], self.span, self.ends)
        self.remember(x)
        b = None if self.bias is None else self.bias.tensor
        return as_sequences(convolution.forward(as_images(x), self._kernel(), b, *self.steps))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        self.backward_parameters(dy)
        size = (1, x.shape[1])
        return as_sequences(convolution.input_gradient(as_images(dy), self._kernel(), size, *self.steps))  # dx

    def backward_parameters(self, dy: np.ndarray) -> None:
        (x,) = self.recall()
        dW = convolution.weight_gradient(as_images(x), as_images(dy), (1, self.kernel_size), *self.steps)
        self.weight.accumulate(dW[:, :, 0])
        if self.bias is not None:
            self.bias.accumulate(column_sums(dy.reshape(-1, dy.shape[-1])))

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return y.size * (self.weight.size // self.out_channels)

    def _kernel(self) -> np.ndarray:
        return self.weight.tensor[:, :, np.newaxis]  # (O, C/groups, 1, k)


def as_images(x: np.ndarray) -> np.ndarray:
    """Sequences (N, T, C) as images (N, C, 1, T) of one row, their channels last in memory, so nothing is copied.

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
