"""Average pooling: the mean pixel of each window of an image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import wide
from tinynet.core.checks.vocabulary import flag, optional, pair
from tinynet.core.faster import explained, faster
from tinynet.layers.layer import Layer
from tinynet.layers.pooling import at_most_half_the_kernel, pixels_needed
from tinynet.layers.windows import Padding, Pair, Sliding, crop, pad


class AvgPool2D(Layer):
    """Take the mean of the pixels of each window of each channel.

    Equation:
        y[n, c, r, s] = 1/count Σ_i Σ_j x[n, c, p, q]
        p = r·stride + i - padding, q = s·stride + j - padding; x is zero outside the image, and count is the number of
        pixels of the window that are in the image or its padding, or without count_include_pad in the image, or it is
        divisor_override

    Shapes:
        x: (N, C, H, W)        y: (N, C, OH, OW)
        OH = ⌊(H + 2·padding - kh) / stride⌋ + 1, and OW likewise; ⌈…⌉ + 1 with ceil_mode, but no window starts beyond
        the image

    Gradients (given dy = ∂L/∂y):
        dx[n, c, p, q] = Σ dy[n, c, r, s] / count over the windows (r, s) that this pixel is in

    Args:
        kernel_size: Height and width of the window in pixels; an integer means both, here and below.
        stride: How many pixels the window moves at each step; kernel_size if None.
        padding: How many zeros are put around the image, at most half of kernel_size.
        ceil_mode: If True, pixels that are left over at the end of a row or column get one more window, which hangs
            over the end. Its pixels beyond the padding do not count.
        count_include_pad: If False, the mean is over the pixels inside the image only.
        divisor_override: What each sum is divided by, in place of the number of pixels.

    Raises:
        ValueError: A size is below 1, padding is more than half of kernel_size, divisor_override is zero, or x is not
            (N, C, H, W) with images that the window fits into.
        TypeError: An argument is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> AvgPool2D(2).forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
        array([[[[2.5]]]])
    """

    kernel_size: Pair
    stride: Pair
    padding: Padding
    ceil_mode: bool
    count_include_pad: bool
    divisor_override: int | None

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            kernel_size=pair(1),
            stride=optional(pair(1)),
            padding=at_most_half_the_kernel,
            ceil_mode=flag,
            count_include_pad=flag,
            divisor_override=optional(_not_zero),
        )
        if stride is None:
            self.stride = self.kernel_size
        self.sliding = Sliding(self.kernel_size, self.stride, self.padding)
        self.needed = pixels_needed(self.sliding, self.ceil_mode)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x)
        size = x.shape[2:]
        checks.kernel_fits(self, size, self.needed, self.padding)
        self.remember(size=size)
        return avg_pool(x, self.sliding_over(size), self.count_include_pad, self.divisor_override)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (size,) = self.recall()
        return avg_pool_gradient(dy, size, self.sliding_over(size), self.count_include_pad, self.divisor_override)

    def sliding_over(self, size: Pair) -> Sliding:
        """How the window slides over images of this size."""
        return self.sliding.to_the_end(size) if self.ceil_mode else self.sliding


# Shared with the layer that pools sequences.
@faster
def avg_pool(
    x: np.ndarray, sliding: Sliding, count_include_pad: bool, divisor_override: int | None = None
) -> np.ndarray:
    """The mean of the pixels under each window.

    Example:
        >>> avg_pool(np.arange(4.0).reshape(1, 1, 2, 2), Sliding((2, 2)), True).item()
        1.5
    """
    N, C, H, W = x.shape
    OH, OW = sliding.output_size((H, W))
    count = divisor_override or _count(x, (H, W), sliding, count_include_pad)
    x = pad(x, sliding.border)
    y = np.zeros_like(x, shape=(N, C, OH, OW), dtype=wide(x))
    for _, _, rows, columns in sliding.cells((OH, OW)):
        y += x[:, :, rows, columns]
    return (y / count).astype(x.dtype)


@faster
def avg_pool_gradient(
    dy: np.ndarray, size: Pair, sliding: Sliding, count_include_pad: bool, divisor_override: int | None = None
) -> np.ndarray:
    """∂L/∂x for images of this size: each pixel under a window gets its share of dy.

    Example:
        >>> avg_pool_gradient(np.ones((1, 1, 1, 1)), (2, 2), Sliding((2, 2)), True)
        array([[[[0.25, 0.25],
                 [0.25, 0.25]]]])
    """
    share = dy / (divisor_override or _count(dy, size, sliding, count_include_pad))
    dx = pad(np.zeros_like(dy, shape=(*dy.shape[:2], *size), dtype=wide(dy)), sliding.border)
    for _, _, rows, columns in sliding.cells(dy.shape[2:]):
        dx[:, :, rows, columns] += share
    return crop(dx, sliding.border).astype(dy.dtype)


def _count(x: np.ndarray, size: Pair, sliding: Sliding, count_include_pad: bool) -> np.ndarray | int:
    """How many pixels of each window count: (1, 1, OH, OW) of the type of x, or one number for all."""
    if count_include_pad and sliding.overhang == (0, 0):
        return math.prod(sliding.kernel_size)
    OH, OW = sliding.output_size(size)
    is_image = np.ones_like(x, shape=(1, 1, *size))
    counts = pad(is_image, sliding.padding, int(count_include_pad))
    counts = pad(counts, ((0, sliding.overhang[0]), (0, sliding.overhang[1])))
    count = np.zeros_like(counts, shape=(1, 1, OH, OW))
    for _, _, rows, columns in sliding.cells((OH, OW)):
        count += counts[:, :, rows, columns]
    return count


def _not_zero(who: str, name: str, value: Any, others: Mapping[str, Any]) -> int:
    """A rule for arguments: an integer that can be divided by."""
    divisor = checks.integer(who, name, value)
    if divisor == 0:
        checks.fail(who, f"{name} must not be 0.", "leave it out to divide by the number of pixels.")
    return divisor
