"""Convolution as matrix products of NumPy arrays, for small images: im2col.

The pixels under the kernel at one output position make one row of a matrix, kh·kw·C numbers long with the channels
innermost, and y = rows @ W is one product. On rows of channels the products run near the machine's peak, and a row is
copied in runs of kw·C neighbours. Rows are gathered for a few images at a time, so the matrix, kh·kw times as large as
x, never exists as a whole, and they are gathered again for dW rather than kept. The products run on one thread: NumPy's
own threads spin between products, which is expensive on a busy machine, and change the last bits.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinynet.engine.convolution import depthwise
from tinynet.engine.machine.gemm import one_thread
from tinynet.engine.machine.layout import channels_last
from tinynet.engine.machine.padded import padded_rows
from tinynet.layers.windows import Pair, Sliding

NUMBERS_PER_BLOCK = 1 << 19  # Gathered at a time. They stay in the cache, and the products are still large.


@one_thread
def convolve(x: np.ndarray, W: np.ndarray, b: np.ndarray | None, sliding: Sliding, groups: int) -> np.ndarray:
    """y = W ⋆ x + b."""
    N, O, (OH, OW) = len(x), len(W), sliding.output_size(x.shape[2:])
    xp = padded_rows(x, sliding.padding)  # (N, Hp, Wp, C)
    if is_depthwise(W, groups):
        y = depthwise.convolve(xp, W, sliding, (OH, OW))
    else:
        K = W.reshape(groups, O // groups, *W.shape[1:]).transpose(0, 3, 4, 2, 1)  # (G, kh, kw, C/G, O/G)
        K = K.reshape(groups, -1, O // groups)  # (G, kh·kw·C/G, O/G)
        y = np.empty((N * OH * OW, groups, O // groups), x.dtype)
        for images, positions in blocks(N, OH * OW, OH * OW * K[..., 0].size):
            rows = gather(xp[images], sliding, (OH, OW), groups)
            np.matmul(rows, K, out=y[positions].transpose(1, 0, 2))
    y = y.reshape(N, OH, OW, O)
    if b is not None:
        y += b
    return y.transpose(0, 3, 1, 2)


@one_thread
def convolve_back(dy: np.ndarray, W: np.ndarray, size: Pair, sliding: Sliding, groups: int) -> np.ndarray:
    """dx: each cell (i, j) of the kernel adds dy W[i, j] to the pixels that were under it (col2im)."""
    (N, O, OH, OW), (_, C, kh, kw) = dy.shape, W.shape
    (h, w), ((top, bottom), (left, right)) = size, sliding.padding
    dxp = np.zeros((N, top + h + bottom, left + w + right, groups * C), dy.dtype)
    rows = output_rows(dy, groups)  # (N·OH·OW, G, O/G)
    if is_depthwise(W, groups):
        depthwise.convolve_back(dxp, rows.reshape(N, OH, OW, *rows.shape[1:]), W, sliding)
    else:
        K = W.reshape(groups, O // groups, C, kh, kw)
        for images, positions in blocks(N, OH * OW, OH * OW * groups * C):
            back = np.empty((positions.stop - positions.start, groups, C), dxp.dtype)
            for i, j, lines, columns in sliding.cells((OH, OW)):
                np.matmul(rows[positions].transpose(1, 0, 2), K[..., i, j], out=back.transpose(1, 0, 2))
                under = dxp[images, lines, columns]
                under += back.reshape(under.shape)
    return channels_last(dxp[:, top : top + h, left : left + w].transpose(0, 3, 1, 2))


@one_thread
def correlate(x: np.ndarray, dy: np.ndarray, sliding: Sliding, groups: int) -> np.ndarray:
    """dW = rowsᵀ @ dy, summed over blocks of images."""
    (N, O, OH, OW), C = dy.shape, x.shape[1] // groups
    xp = padded_rows(x, sliding.padding)  # (N, Hp, Wp, C·G)
    dy = output_rows(dy, groups)  # (N·OH·OW, G, O/G)
    if C == 1 < groups:
        return depthwise.correlate(xp, dy.reshape(N, OH, OW, *dy.shape[1:]), sliding)
    dK = np.zeros((groups, *sliding.kernel_size, C, O // groups), x.dtype)
    for images, positions in blocks(N, OH * OW, OH * OW * dK[..., 0].size):
        rows = gather(xp[images], sliding, (OH, OW), groups)
        dK += np.matmul(rows.transpose(0, 2, 1), dy[positions].transpose(1, 0, 2)).reshape(dK.shape)
    return dK.transpose(0, 4, 3, 1, 2).reshape(O, C, *sliding.kernel_size)


def is_depthwise(W: np.ndarray, groups: int) -> bool:
    """Whether every input channel is a group of its own."""
    return W.shape[1] == 1 < groups


def gather(xp: np.ndarray, sliding: Sliding, output_size: Pair, groups: int) -> np.ndarray:
    """The matrix (G, N·OH·OW, kh·kw·C/G) whose rows are the pixels under the kernel, from xp (N, Hp, Wp, C)."""
    (sh, sw), (dh, dw), (kh, kw), (OH, OW) = sliding.stride, sliding.dilation, sliding.kernel_size, output_size
    view = sliding_window_view(xp, sliding.effective_kernel_size, axis=(1, 2))  # (N, rows, columns, C, height, width)
    view = view[:, ::sh, ::sw, :, ::dh, ::dw][:, :OH, :OW]  # (N, OH, OW, C, kh, kw)
    view = view.reshape(*view.shape[:3], groups, -1, kh, kw).transpose(3, 0, 1, 2, 5, 6, 4)
    return view.reshape(groups, len(xp) * OH * OW, kh * kw * xp.shape[3] // groups)


def output_rows(dy: np.ndarray, groups: int) -> np.ndarray:
    """dy (N, O, OH, OW) as rows (N·OH·OW, G, O/G)."""
    N, O, OH, OW = dy.shape
    return channels_last(dy).transpose(0, 2, 3, 1).reshape(N * OH * OW, groups, O // groups)


def blocks(N: int, positions: int, numbers: int) -> Iterator[tuple[slice, slice]]:
    """Cut N images into blocks, as slices of images and of positions. `numbers` are gathered for each image."""
    step = max(1, NUMBERS_PER_BLOCK // max(1, numbers))
    for first in range(0, N, step):
        last = min(N, first + step)
        yield slice(first, last), slice(first * positions, last * positions)
