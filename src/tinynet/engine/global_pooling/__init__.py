"""Global pooling of images in one pass over memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import GlobalAvgPool2D

MIN_SAMPLE_SIZE = 1024  # compiled in a second


def mean(layer: GlobalAvgPool2D, x: np.ndarray) -> Any:
    """y, the mean of all pixels, summed in float64."""
    if not is_floating(x) or x.ndim != 4 or x.size == 0:
        return NotImplemented
    kernels = compiled_code("global_pooling", sample_size(x), MIN_SAMPLE_SIZE)
    if kernels is None:
        return NotImplemented
    layer.remember(shape=x.shape)
    return kernels.mean(x)


def mean_gradient(layer: GlobalAvgPool2D, dy: np.ndarray) -> Any:
    """dx: each pixel gets its share of dy."""
    ((N, C, H, W),) = layer.recall()
    kernels = compiled_code("global_pooling", C * H * W, MIN_SAMPLE_SIZE) if is_floating(dy) else None
    return NotImplemented if kernels is None else kernels.mean_gradient(dy, (N, H, W, C))
