"""Pooling of images: the largest or the mean pixel of each window, the derivatives, and the way back up.

Shapes: x (N, C, H, W), y and dy (N, C, OH, OW). Kernel size, stride, dilation and sizes are pairs (height, width),
padding is ((top, bottom), (left, right)). `cells` says which cell of its window won, i·kw + j, as small integers;
`switches` says which pixel that is, row·W + column. Results lie channels-last in memory.
"""

from __future__ import annotations

import numpy as np

from tinynet.engine.geometry import Padding, Pair
from tinynet.engine.selection import body

__all__ = ["average", "average_gradient", "maximum", "maximum_gradient", "switches", "unpool", "unpool_gradient"]

LARGE = 1024  # compiled in a second


def maximum(
    x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair, relu: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """y, the largest pixel under each window, and its cell, the first of equals. NaN counts as largest.

    Every window must have a pixel inside the image. With `relu` y is the largest max(pixel, 0), and where it is not
    positive no cell has won: its number is kh·kw, so that the gradient, like that of the ReLU, goes nowhere.

    Example:
        >>> y, cells = maximum(np.array([[[[1.0, 3.0], [2.0, 3.0]]]]), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))
        >>> y.item(), cells.item()
        (3.0, 1)
    """
    return body("pooling", x.shape[1] * x.shape[2] * x.shape[3], LARGE).maximum(
        x, kernel_size, stride, padding, dilation, relu
    )


def maximum_gradient(
    dy: np.ndarray, cells: np.ndarray, size: Pair, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair
) -> np.ndarray:
    """∂L/∂x of shape (N, C, *size): every dy goes to the pixel that won.

    Example:
        >>> maximum_gradient(np.full((1, 1, 1, 1), 5.0), np.full((1, 1, 1, 1), 1, np.uint8), (2, 2), (2, 2), (2, 2),
        ...                  ((0, 0), (0, 0)), (1, 1))[0, 0]
        array([[0., 5.],
               [0., 0.]])
    """
    return body("pooling", dy.shape[1] * size[0] * size[1], LARGE).maximum_gradient(
        dy, cells, size, kernel_size, stride, padding, dilation
    )


def average(x: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, count_include_pad: bool) -> np.ndarray:
    """The mean of each window; pixels in the padding are zero, and counted only with `count_include_pad`.

    Example:
        >>> average(np.arange(4.0).reshape(1, 1, 2, 2), (2, 2), (2, 2), ((0, 0), (0, 0)), True).item()
        1.5
    """
    return body("pooling").average(x, kernel_size, stride, padding, count_include_pad)


def average_gradient(
    dy: np.ndarray, size: Pair, kernel_size: Pair, stride: Pair, padding: Padding, count_include_pad: bool
) -> np.ndarray:
    """∂L/∂x of shape (N, C, *size): every dy is shared out evenly among the pixels of its window.

    Example:
        >>> average_gradient(np.ones((1, 1, 1, 1)), (2, 2), (2, 2), (2, 2), ((0, 0), (0, 0)), True)[0, 0]
        array([[0.25, 0.25],
               [0.25, 0.25]])
    """
    return body("pooling").average_gradient(dy, size, kernel_size, stride, padding, count_include_pad)


def unpool(x: np.ndarray, switches: np.ndarray, size: Pair) -> np.ndarray:
    """y (N, C, *size), zero but for each x at the pixel that its switch names; of several at one pixel the last stays.

    Example:
        >>> unpool(np.full((1, 1, 1, 1), 5.0), np.full((1, 1, 1, 1), 2), (2, 2))[0, 0]
        array([[0., 0.],
               [5., 0.]])
    """
    return body("pooling").unpool(x, switches, size)


def unpool_gradient(dy: np.ndarray, switches: np.ndarray) -> np.ndarray:
    """∂L/∂x: each x gets the dy of its pixel; of several at one pixel, only the one that stayed.

    Example:
        >>> unpool_gradient(np.arange(4.0).reshape(1, 1, 2, 2), np.full((1, 1, 1, 1), 2)).item()
        2.0
    """
    return body("pooling").unpool_gradient(dy, switches)


def switches(
    cells: np.ndarray, size: Pair, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair
) -> np.ndarray:
    """The pixel row·W + column of each winning cell, as PyTorch's `return_indices` counts them.

    Example:
        >>> switches(np.full((1, 1, 1, 1), 3, np.uint8), (4, 4), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1)).item()
        5
    """
    (sh, sw), ((top, _), (left, _)), (dh, dw) = stride, padding, dilation
    i, j = np.divmod(cells.astype(np.int64), kernel_size[1])
    rows = np.arange(cells.shape[2])[:, np.newaxis] * sh + i * dh - top
    columns = np.arange(cells.shape[3]) * sw + j * dw - left
    return rows * size[1] + columns
