"""Global pooling compiled by Numba: image by image, channels innermost."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.jit import compiled_in_order
from tinynet.engine.machine.layout import pixels
from tinynet.engine.machine.pool import share


def mean(x: np.ndarray) -> np.ndarray:
    """The mean of all pixels of each channel, (N, C)."""
    N, C, H, W = x.shape
    y = np.empty((N, C), x.dtype)
    share(_mean, N, pixels(x).reshape(N, H * W, C), y)
    return y


def mean_gradient(dy: np.ndarray, shape: tuple[int, int, int, int]) -> np.ndarray:
    """dx of a shape (N, H, W, C): each pixel gets its share of dy (N, C)."""
    N, H, W, C = shape
    dx = np.empty((N, H * W, C), dy.dtype)
    share(_repeat, N, dy / (H * W), dx)
    return dx.reshape(shape).transpose(0, 3, 1, 2)


@compiled_in_order
def _mean(start, end, x, y):
    sums = np.empty(x.shape[2])
    for n in range(start, end):
        sums[:] = 0
        for p in range(x.shape[1]):
            pixel = x[n, p]
            for c in range(len(sums)):
                sums[c] += pixel[c]
        for c in range(len(sums)):
            y[n, c] = sums[c] / x.shape[1]


@compiled_in_order
def _repeat(start, end, share_of_dy, dx):
    for n in range(start, end):
        values = share_of_dy[n]
        for p in range(dx.shape[1]):
            pixel = dx[n, p]
            for c in range(len(values)):
                pixel[c] = values[c]
