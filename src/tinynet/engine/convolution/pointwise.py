"""Convolution with kernels of one pixel and no padding. With the channels last, each pass is one matrix product."""

from __future__ import annotations

import numpy as np

from tinynet.engine.convolution import direct_weights
from tinynet.engine.machine import layout
from tinynet.engine.machine.gemm import product
from tinynet.engine.machine.gemm.panels import multiply_by_panels
from tinynet.engine.machine.vectors import LANES
from tinynet.layers.windows import Padding, Pair

# With no more channels, the sums of dW take less time in registers than in a BLAS.
MAX_CHANNELS_IN_REGISTERS = 128


def suits(kernel_size: Pair, padding: Padding, groups: int) -> bool:
    """Whether a convolution is of this kind.

    Example:
        >>> suits((1, 1), ((0, 0), (0, 0)), groups=1)
        True
    """
    return groups == 1 and tuple(kernel_size) == (1, 1) and padding == ((0, 0), (0, 0))


def forward(x: np.ndarray, W: np.ndarray, b: np.ndarray | None, stride: Pair) -> np.ndarray:
    """y = x Wᵀ + b for each pixel that the stride visits."""
    visited, (O, C) = _visited(x, stride), W.shape[:2]
    rows = layout.rows(visited)
    if x.dtype == np.float32 and O % LANES == 0:
        y = np.empty((len(rows), O), x.dtype)
        multiply_by_panels(rows, np.ascontiguousarray(W).reshape(O, C).T, y, b)
    else:
        y = product(rows, W[:, :, 0, 0].T, b)
    return y.reshape(len(x), *visited.shape[2:], len(W)).transpose(0, 3, 1, 2)


def input_gradient(dy: np.ndarray, W: np.ndarray, size: Pair, stride: Pair) -> np.ndarray:
    """dx = dy W for each pixel that the stride visited, else 0."""
    rows = product(layout.rows(dy), W[:, :, 0, 0])
    back = rows.reshape(len(dy), *dy.shape[2:], -1).transpose(0, 3, 1, 2)
    if tuple(stride) == (1, 1):
        return back
    dx = layout.empty_channels_last((len(dy), W.shape[1], *size), dy.dtype)
    dx[...] = 0
    _visited(dx, stride)[...] = back
    return dx


def weight_gradient(x: np.ndarray, dy: np.ndarray, stride: Pair) -> np.ndarray:
    """dW = dyᵀ x, summed over all pixels."""
    if x.dtype == np.float32 and max(x.shape[1], dy.shape[1]) <= MAX_CHANNELS_IN_REGISTERS:
        return direct_weights.weight_gradient(layout.pixels(x), layout.pixels(dy), (1, 1), stride, (0, 0), (1, 1))
    return product(layout.rows(dy).T, layout.rows(_visited(x, stride)))[:, :, np.newaxis, np.newaxis]


def _visited(x: np.ndarray, stride: Pair) -> np.ndarray:
    return x[:, :, :: stride[0], :: stride[1]]
