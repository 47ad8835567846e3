"""Global pooling of images and sequences in one pass over memory.

All channels of a pixel are read at once, so the loop over them is vectorized. Gradients are channels-last in memory.
Small samples are declined.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.engine.machine import layout
from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import GlobalAvgPool1D, GlobalAvgPool2D, GlobalMaxPool1D, GlobalMaxPool2D

MIN_SAMPLE_SIZE = 1024  # Compiling takes only a second.


def mean_of_images(layer: GlobalAvgPool2D, x: np.ndarray) -> Any:
    """y, summed in float64."""
    kernels = _kernels(x, 4)
    if kernels is None:
        return NotImplemented
    layer.remember(shape=x.shape)
    return kernels.mean(_rows(x))


def mean_of_sequences(layer: GlobalAvgPool1D, x: np.ndarray) -> Any:
    """y, summed in float64."""
    kernels = _kernels(x, 3)
    if kernels is None:
        return NotImplemented
    layer.remember(length=x.shape[1])
    return kernels.mean(x)


def largest_of_images(layer: GlobalMaxPool2D, x: np.ndarray) -> Any:
    """y, and the index of the pixel that won."""
    kernels = _kernels(x, 4)
    if kernels is None:
        return NotImplemented
    y, index = kernels.largest(_rows(x))
    layer.remember(index=index, shape=x.shape)
    return y


def largest_of_sequences(layer: GlobalMaxPool1D, x: np.ndarray) -> Any:
    """y, and the index of the step that won."""
    kernels = _kernels(x, 3)
    if kernels is None:
        return NotImplemented
    y, index = kernels.largest(x)
    layer.remember(index=index, length=x.shape[1])
    return y


def mean_gradient_of_images(layer: GlobalAvgPool2D, dy: np.ndarray) -> Any:
    """dx: each pixel gets its share of dy."""
    ((N, C, H, W),) = layer.recall()
    kernels = _kernels_back(dy, (N, C), H * W)
    if kernels is None:
        return NotImplemented
    return kernels.mean_gradient(dy, H * W).reshape(N, H, W, C).transpose(0, 3, 1, 2)


def largest_gradient_of_images(layer: GlobalMaxPool2D, dy: np.ndarray) -> Any:
    """dx: the pixel that won gets dy."""
    index, (N, C, H, W) = layer.recall()
    kernels = _kernels_back(dy, (N, C), H * W)
    if kernels is None:
        return NotImplemented
    return kernels.largest_gradient(dy, index, H * W).reshape(N, H, W, C).transpose(0, 3, 1, 2)


def _rows(x: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W) as rows of channels (N, H·W, C)."""
    N, C, H, W = x.shape
    return layout.pixels(x).reshape(N, H * W, C)


def _kernels(x: np.ndarray, ndim: int) -> Any:
    if not is_floating(x) or x.ndim != ndim or x.size == 0:
        return None
    return compiled_code("global_pooling", sample_size(x), MIN_SAMPLE_SIZE)


def _kernels_back(dy: np.ndarray, shape: tuple[int, int], count: int) -> Any:
    if not is_floating(dy) or dy.shape != shape:
        return None
    return compiled_code("global_pooling", math.prod(shape[1:]) * count, MIN_SAMPLE_SIZE)
