"""Max pooling: the largest pixel of each window of an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import wide
from tinynet.core.checks.vocabulary import flag, optional, pair
from tinynet.core.faster import explained, faster
from tinynet.layers.layer import Layer
from tinynet.layers.windows import Padding, Pair, Sliding, crop, pad


class MaxPool2D(Layer):
    """Keep the largest pixel of each window of each channel.

    Equation:
        y[n, c, r, s] = max_{i, j} x[n, c, p, q]
        p = r·stride + i·dilation - padding, q = s·stride + j·dilation - padding; x is -∞ outside the image, and NaN
        counts as largest

    Shapes:
        x: (N, C, H, W)        y, indices: (N, C, OH, OW)
        OH = ⌊(H + 2·padding - (kh - 1)·dilation - 1) / stride⌋ + 1, and OW likewise; ⌈…⌉ + 1 with ceil_mode, but no
        window starts beyond the image

    Gradients (given dy = ∂L/∂y):
        dx[n, c, p, q] = Σ dy[n, c, r, s] over the windows (r, s) whose largest pixel this is, the first of equal ones

    Args:
        kernel_size: Height and width of the window in pixels; an integer means both, here and below.
        stride: How many pixels the window moves at each step; kernel_size if None.
        padding: How many pixels -∞ are put around the image, at most half of kernel_size.
        dilation: The distance in pixels between neighbouring cells of the window.
        return_switches: If True, forward returns (y, indices), the index row·W + column of the largest pixel of each
            window. `MaxUnpool2D` takes them as its switches. A gradient that comes for them is ignored.
        ceil_mode: If True, pixels that are left over at the end of a row or column get one more window, which hangs
            over the end.

    Raises:
        ValueError: A size is below 1, padding is more than half of kernel_size, or x is not (N, C, H, W) with images
            that the window fits into.
        TypeError: An argument is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> MaxPool2D(2).forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
        array([[[[4.]]]])
    """

    kernel_size: Pair
    stride: Pair
    padding: Padding
    dilation: Pair
    return_switches: bool
    ceil_mode: bool

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        return_switches: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            kernel_size=pair(1),
            stride=optional(pair(1)),
            padding=at_most_half_the_kernel,
            dilation=pair(1),
            return_switches=flag,
            ceil_mode=flag,
        )
        if stride is None:
            self.stride = self.kernel_size
        self.sliding = Sliding(self.kernel_size, self.stride, self.padding, self.dilation)
        self.needed, self.least_size = pixels_needed(self.sliding, self.ceil_mode), self.sliding.least_size

    def forward(self, x: np.ndarray) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        checks.image_input(self, x)
        size = x.shape[2:]
        checks.kernel_fits(self, size, self.needed, self.padding, self.least_size)
        sliding = self.sliding_over(size)
        y, cell = max_pool(x, sliding)
        self.remember(cell=cell, size=size)
        return (y, switches(cell, size, sliding)) if self.return_switches else y

    @explained
    def backward(self, dy: np.ndarray, dindices: object = None) -> np.ndarray:
        cell, size = self.recall()
        return max_pool_gradient(dy, cell, size, self.sliding_over(size))

    def sliding_over(self, size: Pair) -> Sliding:
        """How the window slides over images of this size."""
        return self.sliding.to_the_end(size) if self.ceil_mode else self.sliding


# Shared with the layer that pools sequences.


@faster
def max_pool(x: np.ndarray, sliding: Sliding) -> tuple[np.ndarray, np.ndarray]:
    """The largest pixel under each window, and the number i·kw + j of its cell, the first of equal ones.

    Every window must have a pixel inside the image.

    Example:
        >>> y, cell = max_pool(np.array([[[[1.0, 3.0], [2.0, 3.0]]]]), Sliding((2, 2)))
        >>> y.item(), cell.item()
        (3.0, 1)
    """
    N, C, H, W = x.shape
    OH, OW = sliding.output_size((H, W))
    kh, kw = sliding.kernel_size
    x = pad(x, sliding.border, -np.inf)
    inside = pad(np.ones_like(x, dtype=bool, shape=(1, 1, H, W)), sliding.border, False)

    y = np.full_like(x, -np.inf, shape=(N, C, OH, OW))
    cell = np.zeros_like(y, dtype=np.min_scalar_type(kh * kw - 1))  # the smallest type that holds the number of a cell
    nothing_yet = np.ones_like(inside, shape=(1, 1, OH, OW))
    for i, j, rows, columns in sliding.cells((OH, OW)):
        under = x[:, :, rows, columns]  # (N, C, OH, OW): the pixel under this cell of each window
        is_inside = inside[:, :, rows, columns]
        wins = (under > y) | np.isnan(under) | (nothing_yet & is_inside)  # the last, so that -∞ can win a window of -∞
        y = np.where(wins, under, y)
        cell = np.where(wins, i * kw + j, cell)
        nothing_yet = nothing_yet & ~is_inside
    return y, cell


@faster
def max_pool_gradient(dy: np.ndarray, cell: np.ndarray, size: Pair, sliding: Sliding) -> np.ndarray:
    """∂L/∂x for images of this size: the dy of each window goes to the pixel under the cell that won.

    Example:
        >>> dy, cell = np.full((1, 1, 1, 1), 5.0), np.full((1, 1, 1, 1), 1, np.uint8)
        >>> max_pool_gradient(dy, cell, (2, 2), Sliding((2, 2)))
        array([[[[0., 5.],
                 [0., 0.]]]])
    """
    kw = sliding.kernel_size[1]
    dx = pad(np.zeros_like(dy, shape=(*dy.shape[:2], *size), dtype=wide(dy)), sliding.border)
    for i, j, rows, columns in sliding.cells(dy.shape[2:]):
        dx[:, :, rows, columns] += np.where(cell == i * kw + j, dy, 0)
    return crop(dx, sliding.border).astype(dy.dtype)


def switches(cell: np.ndarray, size: Pair, sliding: Sliding) -> np.ndarray:
    """The index row·W + column of the pixel under the cell that won each window.

    Example:
        >>> switches(np.full((1, 1, 1, 1), 2, np.uint8), (2, 2), Sliding((2, 2))).item()
        2
    """
    (_, kw), (sh, sw), ((top, _), (left, _)), (dh, dw), _ = sliding
    i, j = np.divmod(cell.astype(np.int64), kw)
    r, s = np.arange(cell.shape[2], like=cell)[:, np.newaxis], np.arange(cell.shape[3], like=cell)
    return (r * sh + i * dh - top) * size[1] + s * sw + j * dw - left


def pixels_needed(sliding: Sliding, ceil_mode: bool) -> Pair:
    """The smallest padded image: the window fits into it or, with ceil_mode, hangs over by less than a stride.

    Example:
        >>> sliding = Sliding((3, 3), stride=(2, 1))
        >>> pixels_needed(sliding, ceil_mode=False), pixels_needed(sliding, ceil_mode=True)
        ((3, 3), (2, 3))
    """
    (height, width), (sh, sw) = sliding.effective_kernel_size, sliding.stride
    return (height - sh + 1, width - sw + 1) if ceil_mode else (height, width)


def at_most_half_the_kernel(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Padding:
    """A rule for arguments: an integer or a pair, so small that no window is entirely in the padding.

    Example:
        >>> at_most_half_the_kernel("MaxPool2D", "padding", 1, {"kernel_size": (3, 2)})
        ((1, 1), (1, 1))
    """
    (h, w), kernel_size = checks.pair(who, name, value, minimum=0), others["kernel_size"]
    if 2 * h > kernel_size[0] or 2 * w > kernel_size[1]:
        most = (kernel_size[0] // 2, kernel_size[1] // 2)
        hint = f"use padding={most}."
        checks.fail(who, f"padding must be at most half of kernel_size={kernel_size}, got {(h, w)}.", hint)
    return (h, h), (w, w)
