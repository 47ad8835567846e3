"""Pooling: the largest or the mean pixel of each window of an image."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks import images
from tinynet.engine import geometry, pooling
from tinynet.layers.fused import Fused
from tinynet.layers.layer import Layer


class MaxPool2D(Layer):
    """Keep the largest pixel of each window of each channel.

    Equation:
        y[n, c, r, s] = max_{i, j} x[n, c, p, q]
        p = r·stride + i·dilation - padding, q = s·stride + j·dilation - padding; x is -∞ in the padding, and NaN counts
        as largest

    Shapes:
        x: (N, C, H, W)        y, switches: (N, C, OH, OW)
        OH = ⌊(H + 2·padding - (kh - 1)·dilation - 1) / stride⌋ + 1, and OW alike

    Gradients (given dy = ∂L/∂y):
        dx[n, c, p, q] = Σ dy[n, c, r, s] over the windows (r, s) that this pixel won, as the first of equals

    Args:
        kernel_size: Height and width of the window in pixels; an integer means both, here and below.
        stride: How many pixels the window moves at each step; kernel_size if None.
        padding: How many pixels -∞ are put around the image, at most half of kernel_size.
        dilation: The distance in pixels between neighbouring cells of the window.
        return_switches: If True, forward returns (y, switches), where switches says which pixel won each window, as
            row·W + column. `MaxUnpool2D` takes them. A gradient that comes for them is ignored.

    Raises:
        ValueError: A size is below 1, padding is more than half of kernel_size, or x is not (N, C, H, W) with images
            that the window fits into.
        TypeError: An argument is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> MaxPool2D(2).forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
        array([[[[4.]]]])
    """

    any_layout = True

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        return_switches: bool = False,
    ) -> None:
        kernel_size = checks.pair("MaxPool2D", "kernel_size", kernel_size, minimum=1)
        stride = kernel_size if stride is None else checks.pair("MaxPool2D", "stride", stride, minimum=1)
        self.padding = images.pooling_padding("MaxPool2D", padding, kernel_size)
        dilation = checks.pair("MaxPool2D", "dilation", dilation, minimum=1)
        self.span = geometry.span(kernel_size, dilation)
        self.least = (min(dilation[0], self.span[0]), min(dilation[1], self.span[1]))  # no window steps over the image
        self.steps = (kernel_size, stride, self.padding, dilation)
        self.return_switches = return_switches

    def forward(self, x: np.ndarray) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        y, cells = self.largest(x, relu=False)
        return (y, pooling.switches(cells, x.shape[2:], *self.steps)) if self.return_switches else y

    def largest(self, x: np.ndarray, relu: bool) -> tuple[np.ndarray, np.ndarray]:
        """The largest pixel of each window and the cell where it lies, of x or of max(x, 0)."""
        images.image_input(self, x)
        images.kernel_fits(self, x.shape[2:], self.span, self.padding, self.least)
        y, cells = pooling.maximum(x, *self.steps, relu)
        self.remember(cells, x.shape[2:])
        return y, cells

    def backward(self, dy: np.ndarray, dswitches: object = None) -> np.ndarray:
        cells, size = self.recall()
        return pooling.maximum_gradient(dy, cells, size, *self.steps)  # dx


class AvgPool2D(Layer):
    """Take the mean of the pixels of each window of each channel.

    Equation:
        y[n, c, r, s] = 1/count Σ_i Σ_j x[n, c, p, q]
        p = r·stride + i - padding, q = s·stride + j - padding; x is zero in the padding, and count is kh·kw, or without
        count_include_pad the number of pixels of the window inside the image

    Shapes:
        x: (N, C, H, W)        y: (N, C, OH, OW)
        OH = ⌊(H + 2·padding - kh) / stride⌋ + 1, and OW alike

    Gradients (given dy = ∂L/∂y):
        dx[n, c, p, q] = Σ dy[n, c, r, s] / count over the windows (r, s) that this pixel is in

    Args:
        kernel_size: Height and width of the window in pixels; an integer means both, here and below.
        stride: How many pixels the window moves at each step; kernel_size if None.
        padding: How many zeros are put around the image, at most half of kernel_size.
        count_include_pad: If False, the mean is over the pixels inside the image only.

    Raises:
        ValueError: A size is below 1, padding is more than half of kernel_size, or x is not (N, C, H, W) with images
            that the window fits into.
        TypeError: An argument is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> AvgPool2D(2).forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
        array([[[[2.5]]]])
    """

    any_layout = True

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size = checks.pair("AvgPool2D", "kernel_size", kernel_size, minimum=1)
        stride = self.kernel_size if stride is None else checks.pair("AvgPool2D", "stride", stride, minimum=1)
        self.padding = images.pooling_padding("AvgPool2D", padding, self.kernel_size)
        self.steps = (self.kernel_size, stride, self.padding, count_include_pad)

    def forward(self, x: np.ndarray) -> np.ndarray:
        images.image_input(self, x)
        images.kernel_fits(self, x.shape[2:], self.kernel_size, self.padding)
        self.remember(x.shape[2:])
        return pooling.average(x, *self.steps)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (size,) = self.recall()
        return pooling.average_gradient(dy, size, *self.steps)  # dx


class ReLUMaxPool(Fused):
    """A ReLU and the max pooling after it, the other way round: the largest is found first, and fewer are left.

    Equation:
        y = max(max_{i, j} x[n, c, p, q], 0), which is the largest max(x, 0)

    Gradients (given dy = ∂L/∂y):
        those of the pooling; in a window without a positive number nobody wins, so that its dy goes nowhere

    Example:
        >>> from tinynet.layers import ReLU
        >>> ReLU().fuse_with(MaxPool2D(2)).forward(np.array([[[[1.0, -2.0], [4.0, 3.0]]]]))
        array([[[[4.]]]])
    """

    second: MaxPool2D

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self.first, x)
        self.first.remember(x)  # it is positive where the output of the ReLU is
        with self.second_at_fault():
            return self.second.largest(x, relu=True)[0]

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return self.second.backward(dy)
