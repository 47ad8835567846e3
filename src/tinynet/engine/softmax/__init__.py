"""Softmax and its logarithm along any axis, in few passes over memory.

The largest, the exponentials, their sum and the quotient are computed for one block of rows while it is in the cache.
Results have the memory order of the first array. Small batches are declined.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating
from tinynet.layers import LogSoftmax, Softmax

# For smaller batches, compiling takes longer than it saves. It is the batch that counts: rows are short, but many.
MIN_SIZE = 20_000


def softmax(layer: Softmax, x: np.ndarray) -> Any:
    """yₖ = exp(xₖ) / Σⱼ exp(xⱼ)."""
    kernels = _kernels(layer, x)
    return NotImplemented if kernels is None else _keep_y(layer, kernels.softmax(x, layer.axis))


def softmax_back(layer: Softmax, dy: np.ndarray) -> Any:
    """dxₖ = yₖ (dyₖ − Σⱼ dyⱼ yⱼ)."""
    (y,) = layer.recall()
    kernels = _kernels(layer, y, dy)
    return NotImplemented if kernels is None else kernels.softmax_gradient(y, dy, layer.axis)


def log_softmax(layer: LogSoftmax, x: np.ndarray) -> Any:
    """yₖ = xₖ − log Σⱼ exp(xⱼ)."""
    kernels = _kernels(layer, x)
    return NotImplemented if kernels is None else _keep_y(layer, kernels.log_softmax(x, layer.axis))


def log_softmax_back(layer: LogSoftmax, dy: np.ndarray) -> Any:
    """dxₖ = dyₖ − exp(yₖ) Σⱼ dyⱼ."""
    (y,) = layer.recall()
    kernels = _kernels(layer, y, dy)
    return NotImplemented if kernels is None else kernels.log_softmax_gradient(y, dy, layer.axis)


def _kernels(layer: Softmax | LogSoftmax, x: np.ndarray, *others: np.ndarray) -> ModuleType | None:
    kernels = compiled_code("softmax", x.size, MIN_SIZE) if type(x) is np.ndarray else None
    if kernels is None or not is_floating(x, *others) or not -x.ndim <= layer.axis < x.ndim:
        return None
    return kernels if all(other.shape == x.shape for other in others) else None


def _keep_y(layer: Softmax | LogSoftmax, y: Any) -> Any:
    if y is not NotImplemented:
        layer.remember(y=y)
    return y
