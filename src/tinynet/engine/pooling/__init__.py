"""Pooling of images in one pass over memory, alone or with the ReLU before it.

The lesson reads the image once for each cell of the kernel. Here each window is read once, all channels at a time, and
the index of the winner is one byte. Results are channels-last. Kernels of more than 256 cells and small samples are
declined.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from tinynet.engine.pairs import is_marked, mark
from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import MaxPool2D, ReLU
from tinynet.layers.windows import Pair, Sliding

MIN_SAMPLE_SIZE = 1024  # Compiling takes only a second.
_MAX_CELLS = 256  # A byte holds the number of a cell.
_MAX_PIXELS = 1 << 31  # An int32 holds the number of a pixel.


def max_pool(x: np.ndarray, sliding: Sliding) -> Any:
    """y and the cell that won."""
    if not is_floating(x) or math.prod(sliding.kernel_size) > _MAX_CELLS:
        return NotImplemented
    kernels = compiled_code("pooling", sample_size(x), MIN_SAMPLE_SIZE)
    return NotImplemented if kernels is None else kernels.maximum(x, sliding, relu=False)


def max_pool_gradient(dy: np.ndarray, cell: np.ndarray, size: Pair, sliding: Sliding) -> Any:
    """dx: the winner of each window gets its dy."""
    kernels = _gradient_kernels(dy, cell, size)
    return NotImplemented if kernels is None else kernels.maximum_gradient(dy, cell, size, sliding)


def relu_max_pool(relu: ReLU, pool: MaxPool2D, x: np.ndarray) -> Any:
    """The largest max(x, 0) of each window. The largest x is found first, so only one number is compared with 0.

    The ReLU remembers x, which is positive where its y is. Where y is not positive, kh·kw is added to the number of the
    cell, so the gradient goes nowhere if the pooling does its own backward.
    """
    if pool.return_switches or not is_floating(x) or not _fits(x, pool.sliding):
        return NotImplemented
    kernels = compiled_code("pooling", sample_size(x), MIN_SAMPLE_SIZE)
    if kernels is None:
        return NotImplemented
    y, cell = kernels.maximum(x, pool.sliding_over(x.shape[2:]), relu=True)
    relu.remember(y=x)
    pool.remember(cell=cell, size=x.shape[2:])
    mark(pool)
    return y


def relu_max_pool_gradient(relu: ReLU, pool: MaxPool2D, dy: np.ndarray) -> Any:
    """dx: the winner of each window gets its dy, unless it was not positive."""
    if not is_marked(pool):
        return NotImplemented  # Then the numbers of the cells do not say where y was positive.
    cell, size = pool.recall()
    kernels = _gradient_kernels(dy, cell, size)
    return NotImplemented if kernels is None else kernels.maximum_gradient(dy, cell, size, pool.sliding_over(size))


def adaptive_max_pool(x: np.ndarray, output_size: Pair) -> Any:
    """y and the index of the pixel that won."""
    kernels = compiled_code("pooling", sample_size(x), MIN_SAMPLE_SIZE) if is_floating(x) else None
    if kernels is None or x.shape[2] * x.shape[3] > _MAX_PIXELS:
        return NotImplemented
    rows, columns = [_windows(x.shape[2 + axis], output_size[axis]) for axis in (0, 1)]
    return kernels.adaptive_maximum(x, (rows, columns))


def adaptive_max_pool_gradient(dy: np.ndarray, index: np.ndarray, size: Pair) -> Any:
    """dx: the winner of each window gets its dy."""
    kernels = compiled_code("pooling", dy.shape[1] * math.prod(size), MIN_SAMPLE_SIZE) if is_floating(dy) else None
    if kernels is None or dy.shape != index.shape:
        return NotImplemented
    return kernels.adaptive_maximum_gradient(dy, index, size)


def unpool(x: np.ndarray, switches: np.ndarray, size: Pair) -> Any:
    """y: each x at the pixel of its switch."""
    kernels = compiled_code("pooling", x.shape[1] * math.prod(size), MIN_SAMPLE_SIZE) if is_floating(x) else None
    return NotImplemented if kernels is None or not _are_int64(switches) else kernels.unpool(x, switches, size)


def unpool_gradient(dy: np.ndarray, switches: np.ndarray) -> Any:
    """dx: the dy at the pixel of each switch, for the last one that was written there."""
    kernels = compiled_code("pooling", sample_size(dy), MIN_SAMPLE_SIZE) if is_floating(dy) else None
    return NotImplemented if kernels is None or not _are_int64(switches) else kernels.unpool_gradient(dy, switches)


def _gradient_kernels(dy: np.ndarray, cell: np.ndarray, size: Pair) -> Any:
    if not is_floating(dy) or dy.shape != cell.shape or type(cell) is not np.ndarray or cell.dtype != np.uint8:
        return None
    return compiled_code("pooling", dy.shape[1] * math.prod(size), MIN_SAMPLE_SIZE)


def _fits(x: np.ndarray, sliding: Sliding) -> bool:
    """Whether the windows fit into the images without padding, and a byte holds twice the number of cells."""
    (height, width), (dh, dw) = sliding.effective_kernel_size, sliding.dilation
    few = 2 * math.prod(sliding.kernel_size) <= _MAX_CELLS
    return few and x.ndim == 4 and x.shape[2] >= max(height, dh) and x.shape[3] >= max(width, dw)


def _are_int64(switches: np.ndarray) -> bool:
    return type(switches) is np.ndarray and switches.dtype == np.int64


@lru_cache(512)
def _windows(size: int, count: int) -> np.ndarray:
    """The start and end of each of `count` windows, (count, 2)."""
    r = np.arange(count)
    return np.stack([r * size // count, -(-(r + 1) * size // count)], axis=1)
