"""Convolution of images, and its two derivatives. A transposed convolution is `input_gradient` run as a forward.

Shapes: x (N, C, H, W), W (O, C/groups, kh, kw), b (O,), y and dy (N, O, OH, OW). Stride, dilation and sizes are pairs
(height, width), padding is ((top, bottom), (left, right)). Results lie channels-last in memory.
"""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np

from tinynet.engine.geometry import Padding, Pair
from tinynet.engine.selection import LARGE, body

__all__ = ["forward", "input_gradient", "weight_gradient"]

WORK = 1 << 15  # multiply-adds of one image from which on compiling pays, small as it may be


def forward(
    x: np.ndarray, W: np.ndarray, b: np.ndarray | None, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """y = W ⋆ x + b: at every place of the kernel, the sum of its products with the pixels under it.

    Example:
        >>> x, W = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
        >>> forward(x, W, None, (1, 1), ((0, 0), (0, 0)), (1, 1), 1)[0, 0]
        array([[ 8., 12.],
               [20., 24.]])
    """
    return _body(x.shape[1], len(W), W.shape[2:], x.shape[2:], groups).forward(
        x, W, b, stride, padding, dilation, groups
    )


def input_gradient(
    dy: np.ndarray, W: np.ndarray, size: Pair, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """∂L/∂x of shape (N, C, *size), given dy = ∂L/∂y: every product hands W dy back to its pixel.

    Example:
        >>> dy, W = np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2))
        >>> input_gradient(dy, W, (3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1), 1)[0, 0]
        array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]])
    """
    return _body(W.shape[1] * groups, len(W), W.shape[2:], size, groups).input_gradient(
        dy, W, size, stride, padding, dilation, groups
    )


def weight_gradient(
    x: np.ndarray, dy: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """∂L/∂W of shape (O, C/groups, *kernel_size), given dy = ∂L/∂y: every product hands x dy back to its weight.

    Example:
        >>> x, dy = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
        >>> weight_gradient(x, dy, (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 1)[0, 0]
        array([[ 8., 12.],
               [20., 24.]])
    """
    return _body(x.shape[1], dy.shape[1], kernel_size, x.shape[2:], groups).weight_gradient(
        x, dy, kernel_size, stride, padding, dilation, groups
    )


def _body(C: int, O: int, kernel_size: tuple[int, ...], size: tuple[int, ...], groups: int) -> ModuleType:
    """Compiled where an image has many numbers, or its pixels are multiplied many times."""
    n_pixels = math.prod(size)
    work = C * O // groups * math.prod(kernel_size) * n_pixels
    return body("convolution", LARGE if work >= WORK else max(C, O) * n_pixels)
