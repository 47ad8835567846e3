"""Layer and root mean square normalization row by row, alone or with the residual sum before it.

A row stays in the cache between its passes; NumPy goes over all rows about ten times. Small samples are declined.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import LayerNorm, RMSNorm
from tinynet.layers.layer import WATCHED

# For smaller samples, compiling takes longer than it saves. NumPy goes over them ten times.
MIN_SAMPLE_SIZE = 1000


def forward(layer: LayerNorm, x: np.ndarray) -> Any:
    """y = γ x̂ + β."""
    kernels = _kernels(layer, x)
    return NotImplemented if kernels is None else _forward(kernels, layer, x, None)[1]


def backward(layer: LayerNorm, dy: np.ndarray) -> Any:
    """dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(σ² + eps), g = γ dy."""
    return _backward(layer, dy, None)


def forward_of_sum(layer: LayerNorm, x: np.ndarray, r: np.ndarray) -> Any:
    """h = x + r, for x and r of one shape, and y = forward(h), while the rows of h are in the cache."""
    kernels = None if _is_changed(layer) or not _fits(r, x) else _kernels(layer, x)
    return NotImplemented if kernels is None else _forward(kernels, layer, x, r)


def backward_of_sum(layer: LayerNorm, dy: np.ndarray, dh: np.ndarray) -> Any:
    """backward(dy) + dh: ∂L/∂x and ∂L/∂r, where h went by another way too, from which dh comes."""
    return NotImplemented if _is_changed(layer) or not _fits(dh, dy) else _backward(layer, dy, dh)


def forward_of_rms(layer: RMSNorm, x: np.ndarray) -> Any:
    """y = γ x̂."""
    kernels = _kernels(layer, x)
    if kernels is None:
        return NotImplemented
    eps = np.finfo(x.dtype).eps if layer.eps is None else layer.eps
    y, x_hat, inverse_rms = kernels.forward_of_rms(_rows(layer, x), _flat(layer.weight), eps)
    layer.remember(x_hat=x_hat.reshape(x.shape), inverse_rms=inverse_rms.reshape(_shape_of_means(layer, x)))
    return y.reshape(x.shape)


def backward_of_rms(layer: RMSNorm, dy: np.ndarray) -> Any:
    """dx = (g − x̂ · mean(g · x̂)) / √(mean(x²) + eps), g = γ dy."""
    x_hat, inverse_rms = layer.recall()
    kernels = _kernels(layer, dy) if _fits(dy, x_hat) else None
    if kernels is None:
        return NotImplemented
    weight = _flat(layer.weight)
    dx, d_weight = kernels.backward_of_rms(_rows(layer, dy), _rows(layer, x_hat), inverse_rms.ravel(), weight)
    if layer.weight is not None:
        layer.weight.accumulate(d_weight.reshape(layer.normalized_shape))
    return dx.reshape(dy.shape)


def _forward(kernels: ModuleType, layer: LayerNorm, x: np.ndarray, r: np.ndarray | None) -> tuple:
    """h and y."""
    more = None if r is None else _rows(layer, r)
    weight, bias = _flat(layer.weight), _flat(layer.bias)
    h, y, x_hat, inverse_std = kernels.forward(_rows(layer, x), more, weight, bias, layer.eps)
    layer.remember(x_hat=x_hat.reshape(x.shape), inverse_std=inverse_std.reshape(_shape_of_means(layer, x)))
    return h.reshape(x.shape), y.reshape(x.shape)


def _backward(layer: LayerNorm, dy: np.ndarray, dh: np.ndarray | None) -> Any:
    x_hat, inverse_std = layer.recall()
    kernels = _kernels(layer, dy) if _fits(dy, x_hat) else None
    if kernels is None:
        return NotImplemented
    more = None if dh is None else _rows(layer, dh)
    given = _rows(layer, dy), _rows(layer, x_hat), inverse_std.ravel(), _flat(layer.weight), more
    dx, d_weight, d_bias = kernels.backward(*given)
    if layer.weight is not None:
        layer.weight.accumulate(d_weight.reshape(layer.normalized_shape))
    if layer.bias is not None:
        layer.bias.accumulate(d_bias.reshape(layer.normalized_shape))
    return dx.reshape(dy.shape)


def _kernels(layer: LayerNorm | RMSNorm, x: np.ndarray) -> ModuleType | None:
    arrays = [parameter.tensor for parameter in (layer.weight, getattr(layer, "bias", None)) if parameter is not None]
    if not is_floating(x, *arrays) or x.size == 0 or x.shape[-len(layer.normalized_shape) :] != layer.normalized_shape:
        return None
    return compiled_code("layer_norm", sample_size(x), MIN_SAMPLE_SIZE)


def _fits(other: Any, x: np.ndarray) -> bool:
    return is_floating(x, other) and other.shape == x.shape


def _is_changed(layer: LayerNorm) -> bool:
    """Whether forward or backward are other ones, as while a net is watched: then they are to be called."""
    ours = type(layer).forward is LayerNorm.forward and type(layer).backward is LayerNorm.backward
    return not ours or not vars(layer).keys().isdisjoint(WATCHED)


def _rows(layer: LayerNorm | RMSNorm, x: np.ndarray) -> np.ndarray:
    """x as a matrix in C order, with all that is normalized together in a row."""
    return np.ascontiguousarray(x.reshape(-1, math.prod(layer.normalized_shape)))


def _flat(parameter: Any) -> np.ndarray | None:
    return None if parameter is None else parameter.tensor.reshape(-1)


def _shape_of_means(layer: LayerNorm | RMSNorm, x: np.ndarray) -> tuple[int, ...]:
    n_axes = len(layer.normalized_shape)
    return (*x.shape[: x.ndim - n_axes], *(1,) * n_axes)
