"""Depthwise convolution with NumPy: every input channel has its own kernels, so no matrix product is in it.

What is left are kh·kw elementwise products over all channels at once, a few images at a time so that they stay in the
cache. W is (C·m, 1, kh, kw): channel c of x makes the outputs c·m to c·m + m - 1.
"""

from __future__ import annotations

import numpy as np

from tinynet.engine.geometry import Pair, cells

BLOCK = 1 << 16  # numbers handled at a time: small enough for the second-level cache


def forward(xp: np.ndarray, W: np.ndarray, places: Pair, stride: Pair, dilation: Pair) -> np.ndarray:
    """y (N, OH, OW, C, m), the sum over the cells of W[i, j] times the pixels under them, from xp (N, Hp, Wp, C)."""
    C = xp.shape[3]
    K = W.reshape(C, -1, *W.shape[2:]).transpose(2, 3, 0, 1)  # (kh, kw, C, m)
    y = np.zeros((len(xp), *places, C, K.shape[3]), np.result_type(xp, W))
    for some in _blocks(y):
        for i, j in np.ndindex(K.shape[:2]):
            y[some] += _under(xp[some], i, j, places, stride, dilation) * np.ascontiguousarray(K[i, j])
    return y


def input_gradient(dxp: np.ndarray, dy: np.ndarray, W: np.ndarray, stride: Pair, dilation: Pair) -> None:
    """Add to dxp (N, Hp, Wp, C): each cell hands W[i, j] dy back to the pixels under it, from dy (N, OH, OW, C, m)."""
    K = W.reshape(*dy.shape[3:], *W.shape[2:]).transpose(2, 3, 0, 1)  # (kh, kw, C, m)
    for some in _blocks(dy):
        for i, j in np.ndindex(K.shape[:2]):
            under = _under(dxp[some], i, j, dy.shape[1:3], stride, dilation)
            under += (dy[some] * np.ascontiguousarray(K[i, j])).sum(axis=-1, keepdims=True)


def weight_gradient(xp: np.ndarray, dy: np.ndarray, kernel_size: Pair, stride: Pair, dilation: Pair) -> np.ndarray:
    """dW (C·m, 1, kh, kw): for each cell the sum over the places of its pixels times dy (N, OH, OW, C, m)."""
    dK = np.zeros((*kernel_size, *dy.shape[3:]), np.result_type(xp, dy))
    for some in _blocks(dy):
        for i, j in np.ndindex(kernel_size):
            dK[i, j] += (_under(xp[some], i, j, dy.shape[1:3], stride, dilation) * dy[some]).sum(axis=(0, 1, 2))
    return dK.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel_size)


def _under(xp: np.ndarray, i: int, j: int, places: Pair, stride: Pair, dilation: Pair) -> np.ndarray:
    """The pixels (N, OH, OW, C, 1) that lie under cell (i, j) of the kernel."""
    rows = cells(i, places[0], stride[0], dilation[0])
    return xp[:, rows, cells(j, places[1], stride[1], dilation[1]), :, np.newaxis]


def _blocks(y: np.ndarray) -> list[slice]:
    step = max(1, BLOCK // max(1, y[:1].size))
    return [slice(n, n + step) for n in range(0, len(y), step)]
