"""The transposed convolution of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import at_least, divides, pair, switch, weights_rng
from tinynet.core.faster import faster
from tinynet.core.initializers import uniform_fan_in
from tinynet.layers.convolution import channel_sums, convolve, convolve_back, correlate
from tinynet.layers.layer import Layer
from tinynet.layers.windows import Pair, Sliding


class ConvTranspose2D(Layer):
    """Stamp kernels onto a larger image: each input pixel adds its value times a kernel to the pixels under it.

    It is a convolution run backwards: its forward is the input gradient of the `Conv2D` with the same weight, and its
    backward is that convolution's forward. It undoes the change of shape, not of the values.

    Equation:
        y[n, o, p, q] = b[o] + Σ W[c, o, i, j] · x[n, c, r, s]
        the sum is over all r, i with p = r·stride + i·dilation - padding, all s, j with q = s·stride + j·dilation -
        padding, and the input channels c in the group of o

    Shapes:
        x: (N, in_channels, H, W)                             y: (N, out_channels, OH, OW)
        W: (in_channels, out_channels / groups, kh, kw)       b: (out_channels,)
        OH = (H - 1)·stride - 2·padding + (kh - 1)·dilation + output_padding + 1, and OW likewise

    Gradients (given dy = ∂L/∂y; each sum is over the terms of the equation that the pixel, weight or bias is in):
        dx[n, c, r, s] = Σ W[c, o, i, j] · dy[n, o, p, q]
        dW[c, o, i, j] = Σ x[n, c, r, s] · dy[n, o, p, q]
        db[o] = Σ dy[n, o, p, q]

    Args:
        in_channels: Channels of the input, at least 1.
        out_channels: Channels of the output, at least 1.
        kernel_size: Height and width of a kernel in pixels; an integer means both, here and below.
        stride: How many pixels the kernel moves in the output for each step in the input.
        padding: How many pixels are cut off at the top and bottom, and at the left and right of the output.
        output_padding: How many pixels are added at the bottom and at the right of the output: with a stride, images of
            several sizes are convolved to one size, and this says which to go back to.
        groups: The number of groups of channels, each convolved on its own.
        bias: If False there is no bias and b is zero.
        dilation: The distance in pixels between neighbouring cells of the kernel.
        rng: Source of the initial weights, U(-k, k), k = 1/√(out_channels/groups · kh · kw); the package's generator
            if None.

    Raises:
        ValueError: A size is below 1, groups do not divide the channels, output_padding is not smaller than the stride
            or the dilation, x is not (N, in_channels, H, W), or y would have no pixels.
        TypeError: An argument is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ConvTranspose2D(8, 3, kernel_size=4, stride=2, padding=1).forward(np.ones((4, 8, 7, 14))).shape
        (4, 3, 14, 28)
    """

    in_channels: int
    out_channels: int
    kernel_size: Pair
    stride: Pair
    padding: Pair
    output_padding: Pair
    groups: int
    dilation: Pair

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        output_padding: int | tuple[int, int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, int] = 1,
        rng: np.random.Generator | None = None,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            in_channels=at_least(1),
            out_channels=at_least(1),
            kernel_size=pair(1),
            stride=pair(1),
            dilation=pair(1),
            output_padding=_output_padding,
            groups=divides("in_channels", "out_channels"),
            padding=pair(0),
            bias=switch,
            rng=weights_rng,
        )
        h, w = self.padding
        self.sliding = Sliding(self.kernel_size, self.stride, ((h, h), (w, w)), self.dilation)
        shape = (in_channels, out_channels // groups, *self.kernel_size)
        self.weight = Parameter(uniform_fan_in(shape, rng))
        fan_in = shape[1] * shape[2] * shape[3]
        self.bias = Parameter(uniform_fan_in((out_channels,), rng, fan_in)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x, self.in_channels)
        size = self._output_size(x.shape[2:])
        checks.positive_size(self, size, x.shape[2:])
        self.remember(x=x)
        y = convolve_back(x, self.weight.tensor, size, self.sliding, self.groups)
        if self.bias is not None:
            y += self.bias.tensor.reshape(-1, 1, 1)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        self.weight.accumulate(correlate(dy, x, self.sliding, self.groups))  # dW
        if self.bias is not None:
            self.bias.accumulate(channel_sums(dy))  # db
        dx = convolve(dy, self.weight.tensor, None, self.sliding, self.groups)
        return dx[:, :, : x.shape[2], : x.shape[3]]  # a wide output_padding leaves room for kernels beyond x

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return x.size * (self.weight.size // self.in_channels)

    def _output_size(self, size: Pair) -> Pair:
        height, width = (
            (size[axis] - 1) * self.stride[axis]
            - 2 * self.padding[axis]
            + self.sliding.effective_kernel_size[axis]
            + self.output_padding[axis]
            for axis in (0, 1)
        )
        return height, width


def _output_padding(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Pair:
    """An integer or a pair, as a pair that is smaller than the stride or the dilation."""
    (h, w), stride, dilation = checks.pair(who, name, value, minimum=0), others["stride"], others["dilation"]
    if h >= max(stride[0], dilation[0]) or w >= max(stride[1], dilation[1]):
        checks.fail(who, f"output_padding must be smaller than stride={stride} or dilation={dilation}, got {(h, w)}.")
    return h, w
