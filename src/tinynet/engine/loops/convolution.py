"""Convolution as it is defined: a sum of products, and the derivative of each product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinynet.engine.serves import is_floating
from tinynet.layers.windows import Pair, Sliding

Index = tuple[int, ...]


def convolve(x: np.ndarray, W: np.ndarray, b: np.ndarray | None, sliding: Sliding, groups: int) -> Any:
    """y = W ⋆ x + b."""
    if not is_floating(x, W):
        return NotImplemented
    y = np.zeros((len(x), len(W), *sliding.output_size(x.shape[2:])), x.dtype)
    if b is not None:
        y += b.reshape(-1, 1, 1)
    for pixel, weight, output in products(x.shape, W.shape, y.shape, sliding, groups):
        y[output] += W[weight] * x[pixel]
    return y


def convolve_back(dy: np.ndarray, W: np.ndarray, size: Pair, sliding: Sliding, groups: int) -> Any:
    """dx: each pixel gets W dy from every product that it is part of."""
    if not is_floating(dy, W):
        return NotImplemented
    dx = np.zeros((len(dy), W.shape[1] * groups, *size), dy.dtype)
    for pixel, weight, output in products(dx.shape, W.shape, dy.shape, sliding, groups):
        dx[pixel] += W[weight] * dy[output]
    return dx


def correlate(x: np.ndarray, dy: np.ndarray, sliding: Sliding, groups: int) -> Any:
    """dW: each weight gets x dy from every product that it is part of."""
    if not is_floating(x, dy):
        return NotImplemented
    dW = np.zeros((dy.shape[1], x.shape[1] // groups, *sliding.kernel_size), x.dtype)
    for pixel, weight, output in products(x.shape, dW.shape, dy.shape, sliding, groups):
        dW[weight] += x[pixel] * dy[output]
    return dW


def products(
    x_shape: Index, W_shape: Index, y_shape: Index, sliding: Sliding, groups: int
) -> Iterator[tuple[Index, Index, Index]]:
    """Every product W[o, c, i, j] · x[n, channel, row, column] that is a term of y[n, o, r, s], as three indices.

    Pixels in the padding are zero and are left out.
    """
    (N, _, height, width), (O, C, kh, kw), (_, _, OH, OW) = x_shape, W_shape, y_shape
    (sh, sw), ((top, _), (left, _)), (dh, dw) = sliding.stride, sliding.padding, sliding.dilation
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
