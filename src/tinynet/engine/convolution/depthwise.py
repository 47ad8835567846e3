"""Depthwise convolution with NumPy: every input channel has its own kernels, so there is no matrix product.

It consists of kh·kw elementwise products over all channels at once, a few images at a time so that they stay in the
cache. W is (C·m, 1, kh, kw): channel c of x makes the outputs c·m to c·m + m - 1.
"""

from __future__ import annotations

import numpy as np

from tinynet.layers.windows import Pair, Sliding

NUMBERS_PER_BLOCK = 1 << 16  # They fit into a second-level cache.


def convolve(xp: np.ndarray, W: np.ndarray, sliding: Sliding, output_size: Pair) -> np.ndarray:
    """y (N, OH, OW, C, m), the sum over the cells of W[i, j] times the pixels under them, from xp (N, Hp, Wp, C)."""
    C = xp.shape[3]
    K = W.reshape(C, -1, *W.shape[2:]).transpose(2, 3, 0, 1)  # (kh, kw, C, m)
    y = np.zeros((len(xp), *output_size, C, K.shape[3]), xp.dtype)
    for some in _blocks(y):
        for i, j, rows, columns in sliding.cells(output_size):
            y[some] += xp[some, rows, columns, :, np.newaxis] * np.ascontiguousarray(K[i, j])
    return y


def convolve_back(dxp: np.ndarray, dy: np.ndarray, W: np.ndarray, sliding: Sliding) -> None:
    """Add to dxp (N, Hp, Wp, C): each cell adds W[i, j] dy to the pixels under it, from dy (N, OH, OW, C, m)."""
    K = W.reshape(*dy.shape[3:], *W.shape[2:]).transpose(2, 3, 0, 1)  # (kh, kw, C, m)
    for some in _blocks(dy):
        for i, j, rows, columns in sliding.cells((dy.shape[1], dy.shape[2])):
            under = dxp[some, rows, columns]
            under += (dy[some] * np.ascontiguousarray(K[i, j])).sum(axis=-1)


def correlate(xp: np.ndarray, dy: np.ndarray, sliding: Sliding) -> np.ndarray:
    """dW (C·m, 1, kh, kw): for each cell the sum over the positions of its pixels times dy (N, OH, OW, C, m)."""
    dK = np.zeros((*sliding.kernel_size, *dy.shape[3:]), xp.dtype)
    for some in _blocks(dy):
        for i, j, rows, columns in sliding.cells((dy.shape[1], dy.shape[2])):
            dK[i, j] += (xp[some, rows, columns, :, np.newaxis] * dy[some]).sum(axis=(0, 1, 2))
    return dK.transpose(2, 3, 0, 1).reshape(-1, 1, *sliding.kernel_size)


def _blocks(y: np.ndarray) -> list[slice]:
    step = max(1, NUMBERS_PER_BLOCK // max(1, y[:1].size))
    return [slice(n, n + step) for n in range(0, len(y), step)]
