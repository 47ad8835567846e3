"""The convolution of images."""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import images
from tinynet.core.initializers import uniform_fan_in
from tinynet.engine import convolution, geometry
from tinynet.engine.machine import layout
from tinynet.engine.machine.gemm import column_sums
from tinynet.layers.layer import Layer


class Conv2D(Layer):
    """Slide kernels over an image; each output pixel is the sum of products of one kernel with the pixels under it.

    Equation:
        y[n, o, r, s] = b[o] + Σ_c Σ_i Σ_j W[o, c, i, j] · x[n, c, p, q]
        p = r·stride + i·dilation - padding, q = s·stride + j·dilation - padding; x is zero in the padding,
        and c runs over the input channels in the group of o

    Shapes:
        x: (N, in_channels, H, W)                             y: (N, out_channels, OH, OW)
        W: (out_channels, in_channels / groups, kh, kw)       b: (out_channels,)
        OH = ⌊(H + padding above and below - (kh - 1)·dilation - 1) / stride⌋ + 1, and OW alike

    Gradients (given dy = ∂L/∂y; each sum is over the terms of the equation that the pixel, weight or bias is in):
        dx[n, c, p, q] = Σ W[o, c, i, j] · dy[n, o, r, s]
        dW[o, c, i, j] = Σ x[n, c, p, q] · dy[n, o, r, s]
        db[o] = Σ dy[n, o, r, s]

    Args:
        in_channels: Channels of the input, at least 1.
        out_channels: Channels of the output, which is the number of kernels, at least 1.
        kernel_size: Height and width of a kernel in pixels; an integer means both, here and below.
        stride: How many pixels the kernel moves at each step.
        padding: How many zeros are put around the image at the top and bottom, and at the left and right; or "valid"
            for none, or "same" for as many as keep the size (where that is odd, the extra one at the bottom and right).
        dilation: The distance in pixels between neighbouring cells of the kernel.
        groups: Cut the channels into so many groups, each convolved on its own; in_channels makes it depthwise.
        bias: If False there is no bias and b is zero.
        rng: Source of the initial weights, U(-k, k) with k = 1/√(in_channels/groups · kh · kw); the package's generator
            if None.

    Raises:
        ValueError: A size is below 1, groups do not divide the channels, "same" comes with a stride, or x is not
            (N, in_channels, H, W) with images that the kernel fits into.
        TypeError: An argument is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Conv2D(3, 8, kernel_size=5, stride=2, padding=2).forward(np.ones((4, 3, 28, 28))).shape
        (4, 8, 14, 14)
    """

    any_layout = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.in_channels = checks.integer("Conv2D", "in_channels", in_channels, minimum=1)
        self.out_channels = checks.integer("Conv2D", "out_channels", out_channels, minimum=1)
        self.kernel_size = checks.pair("Conv2D", "kernel_size", kernel_size, minimum=1)
        stride = checks.pair("Conv2D", "stride", stride, minimum=1)
        dilation = checks.pair("Conv2D", "dilation", dilation, minimum=1)
        groups = checks.integer("Conv2D", "groups", groups, minimum=1)
        images.group_count("Conv2D", groups, in_channels=in_channels, out_channels=out_channels)
        self.span = geometry.span(self.kernel_size, dilation)
        self.padding = images.convolution_padding("Conv2D", padding, stride, self.span)
        self.steps = (stride, self.padding, dilation, groups)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(uniform_fan_in(shape, rng))
        fan_in = shape[1] * shape[2] * shape[3]
        self.bias = Parameter(uniform_fan_in((out_channels,), rng, fan_in)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        images.image_input(self, x, self.in_channels)
        images.kernel_fits(self, x.shape[2:], self.span, self.padding)
        self.remember(x)
        b = None if self.bias is None else self.bias.tensor
        return convolution.forward(x, self.weight.tensor, b, *self.steps)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        self.backward_parameters(dy)
        return convolution.input_gradient(dy, self.weight.tensor, x.shape[2:], *self.steps)  # dx

    def backward_parameters(self, dy: np.ndarray) -> None:
        (x,) = self.recall()
        self.weight.accumulate(convolution.weight_gradient(x, dy, self.kernel_size, *self.steps))
        if self.bias is not None:
            self.bias.accumulate(column_sums(layout.rows(dy)))

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return y.size * (self.weight.size // self.out_channels)
