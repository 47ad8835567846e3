"""Activations made of straight pieces, in one pass over memory. Small samples and arrays with gaps are declined."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import Hardsigmoid, Hardswish, Hardtanh, ReLU6

# For smaller samples, compiling takes longer than it saves.
MIN_SAMPLE_SIZE = 2000


def relu6(layer: ReLU6, x: np.ndarray) -> Any:
    """y = min(max(x, 0), 6)."""
    return _clipped(layer, x, 0.0, 6.0)


def relu6_back(layer: ReLU6, dy: np.ndarray) -> Any:
    """dx = dy where 0 < y < 6, else 0."""
    return _clipped_back(layer, dy, 0.0, 6.0)


def hardtanh(layer: Hardtanh, x: np.ndarray) -> Any:
    """y = min(max(x, min_val), max_val)."""
    return _clipped(layer, x, layer.min_val, layer.max_val)


def hardtanh_back(layer: Hardtanh, dy: np.ndarray) -> Any:
    """dx = dy where min_val < y < max_val, else 0."""
    return _clipped_back(layer, dy, layer.min_val, layer.max_val)


def hard_sigmoid(layer: Hardsigmoid, x: np.ndarray) -> Any:
    """y = min(max(x + 3, 0), 6) / 6."""
    kernels = _kernels(x)
    return _keep_x(layer, x, kernels.function(kernels.hard_sigmoid, x) if kernels else NotImplemented)


def hard_sigmoid_back(layer: Hardsigmoid, dy: np.ndarray) -> Any:
    """dx = dy / 6 where −3 < x < 3, else 0."""
    (x,) = layer.recall()
    kernels = _kernels(x, dy)
    return kernels.gradient(kernels.hard_sigmoid_gradient, x, dy) if kernels else NotImplemented


def hard_swish(layer: Hardswish, x: np.ndarray) -> Any:
    """y = x h(x)."""
    kernels = _kernels(x)
    return _keep_x(layer, x, kernels.function(kernels.hard_swish, x) if kernels else NotImplemented)


def hard_swish_back(layer: Hardswish, dy: np.ndarray) -> Any:
    """dx = 0 where x ≤ −3, dy (x / 3 + ½) where −3 < x < 3, else dy."""
    (x,) = layer.recall()
    kernels = _kernels(x, dy)
    return kernels.gradient(kernels.hard_swish_gradient, x, dy) if kernels else NotImplemented


def _kernels(x: np.ndarray, *others: np.ndarray) -> ModuleType | None:
    kernels = compiled_code("hard_activations", sample_size(x), MIN_SAMPLE_SIZE) if type(x) is np.ndarray else None
    return kernels if kernels is not None and is_floating(x, *others) else None


def _clipped(layer: Any, x: np.ndarray, low: float, high: float) -> Any:
    kernels = _kernels(x)
    y = kernels.function(kernels.clip, x, low, high) if kernels else NotImplemented
    if y is not NotImplemented:
        layer.remember(y=y)
    return y


def _clipped_back(layer: Any, dy: np.ndarray, low: float, high: float) -> Any:
    (y,) = layer.recall()
    kernels = _kernels(y, dy)
    return kernels.gradient(kernels.clip_gradient, y, dy, low, high) if kernels else NotImplemented


def _keep_x(layer: Any, x: np.ndarray, y: Any) -> Any:
    if y is not NotImplemented:
        layer.remember(x=x)
    return y
