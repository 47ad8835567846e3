"""Convolution as it is defined: one sum of products, and where each product sends its derivative."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinynet.engine.geometry import Padding, Pair, output_size
from tinynet.engine.machine.layout import empty_channels_last


def forward(
    x: np.ndarray, W: np.ndarray, b: np.ndarray | None, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """y = W ⋆ x + b."""
    places = output_size(x.shape[2:], W.shape[2:], stride, padding, dilation)
    y = empty_channels_last((len(x), len(W), *places), np.result_type(x, W))
    y[...] = 0 if b is None else b.reshape(-1, 1, 1)
    for pixel, weight, output in products(x.shape, W.shape, y.shape, stride, padding, dilation, groups):
        y[output] += W[weight] * x[pixel]
    return y


def input_gradient(
    dy: np.ndarray, W: np.ndarray, size: Pair, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """dx: each pixel gets W dy from every product that it is part of."""
    dx = empty_channels_last((len(dy), W.shape[1] * groups, *size), np.result_type(dy, W))
    dx[...] = 0
    for pixel, weight, output in products(dx.shape, W.shape, dy.shape, stride, padding, dilation, groups):
        dx[pixel] += W[weight] * dy[output]
    return dx


def weight_gradient(
    x: np.ndarray, dy: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """dW: each weight gets x dy from every product that it is part of."""
    dW = np.zeros((dy.shape[1], x.shape[1] // groups, *kernel_size), np.result_type(x, dy))
    for pixel, weight, output in products(x.shape, dW.shape, dy.shape, stride, padding, dilation, groups):
        dW[weight] += x[pixel] * dy[output]
    return dW


def products(
    x_shape: tuple[int, ...],
    W_shape: tuple[int, ...],
    y_shape: tuple[int, ...],
    stride: Pair,
    padding: Padding,
    dilation: Pair,
    groups: int,
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """Every product W[o, c, i, j] · x[n, channel, row, column] that is a term of y[n, o, r, s], as three indices.

    Pixels in the padding are zero and are left out.
    """
    height, width = x_shape[2:]
    O, C, kh, kw = W_shape
    N, _, OH, OW = y_shape
    (sh, sw), ((top, _), (left, _)), (dh, dw) = stride, padding, dilation
    for n in range(N):
        for o in range(O):
            group = o // (O // groups)
            for r in range(OH):
                for s in range(OW):
                    for c in range(C):
                        for i in range(kh):
                            for j in range(kw):
                                row = r * sh + i * dh - top
                                column = s * sw + j * dw - left
                                if 0 <= row < height and 0 <= column < width:
                                    yield (n, group * C + c, row, column), (o, c, i, j), (n, o, r, s)
