"""Batch normalization in two passes over the activations forward and two back, alone or with the ReLU after it.

NumPy goes over them about ten times. Small samples are declined.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import BatchNorm1D, BatchNorm2D, ReLU

# For smaller samples, compiling takes longer than it saves. NumPy goes over them ten times.
MIN_SAMPLE_SIZE = 1000
# The same in training, for numbers of a batch: there a sample depends on the others of its batch anyway.
MIN_BATCH_SIZE = 16384
BatchNorm = BatchNorm1D | BatchNorm2D


def forward(layer: BatchNorm, x: np.ndarray) -> Any:
    """y = γ x̂ + β."""
    return _forward(layer, x, relu=False)


def backward(layer: BatchNorm, dy: np.ndarray) -> Any:
    """dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(σ² + eps), g = γ dy."""
    return _backward(layer, dy, relu=False)


def forward_with_relu(layer: BatchNorm, relu: ReLU, x: np.ndarray) -> Any:
    """y = max(γ x̂ + β, 0), without an array for the sum."""
    y = _forward(layer, x, relu=True)
    if y is not NotImplemented:
        relu.remember(y=y)
    return y


def backward_with_relu(layer: BatchNorm, relu: ReLU, dy: np.ndarray) -> Any:
    """dx, of dy where γ x̂ + β > 0. That is computed again, because reading y from memory takes longer."""
    return _backward(layer, dy, relu=True)


def _forward(layer: BatchNorm, x: np.ndarray, relu: bool) -> Any:
    from_batch = layer.uses_batch()
    kernels = _kernels(layer, x, from_batch)
    if kernels is None:
        return NotImplemented
    layer.check_input(x)
    axis = layer.feature_axis % x.ndim
    if from_batch:
        mean, var = kernels.statistics(x, axis)
        layer.track(mean, var, x.size // layer.num_features)
    else:
        mean, var = layer.running_mean, layer.running_var
    inverse_std = (1 / np.sqrt(var + layer.eps)).astype(x.dtype)
    layer.remember(x=x, mean=mean, inverse_std=inverse_std, from_batch=from_batch)
    weight, bias = _affine(layer, x.dtype)
    return kernels.normalize(x, mean, weight * inverse_std, bias, axis, relu)


def _backward(layer: BatchNorm, dy: np.ndarray, relu: bool) -> Any:
    x, mean, inverse_std, from_batch = layer.recall()
    serves = is_floating(x, dy, mean, inverse_std) and dy.shape == x.shape
    kernels = _kernels(layer, x, from_batch) if serves else None
    if kernels is None:
        return NotImplemented
    axis, (weight, bias) = layer.feature_axis % x.ndim, _affine(layer, x.dtype)
    scale = weight * inverse_std
    through = (scale, bias) if relu else None
    d_bias, d_weight = kernels.sums(dy, x, mean, inverse_std, axis, through)
    if layer.weight is not None:
        layer.weight.accumulate(d_weight)
    if layer.bias is not None:
        layer.bias.accumulate(d_bias)
    # γ is one number for all that the means are taken over: dx = (dy − mean(dy) − x̂ · mean(dy · x̂)) · γ / √(σ² + eps).
    means = None
    if from_batch:
        n = x.size // layer.num_features
        means = (d_bias / n).astype(x.dtype), (d_weight / n * inverse_std).astype(x.dtype)
    return kernels.input_gradient(dy, x, mean, scale, means, axis, through)


def _kernels(layer: BatchNorm, x: np.ndarray, from_batch: bool) -> ModuleType | None:
    arrays = [parameter.tensor for parameter in (layer.weight, layer.bias) if parameter is not None]
    if layer.track_running_stats:
        arrays += [layer.running_mean, layer.running_var]
    if not is_floating(x, *arrays) or x.size == 0:
        return None
    size = x.size if from_batch and x.size >= MIN_BATCH_SIZE else sample_size(x)
    return compiled_code("batch_norm", size, MIN_SAMPLE_SIZE)


def _affine(layer: BatchNorm, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """γ and β."""
    weight = np.ones(layer.num_features, dtype) if layer.weight is None else layer.weight.tensor
    return weight, np.zeros(layer.num_features, dtype) if layer.bias is None else layer.bias.tensor
