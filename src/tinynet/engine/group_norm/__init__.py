"""Group normalization sample by sample, in the memory order of x.

A sample stays in the cache between its passes; NumPy goes over all of them about ten times. The backward computes x̂
again from x, μ and 1/σ, with the same bits, so it is never written to memory unless somebody reads it. Small samples
are declined.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tinynet.engine.deferred import Deferred, given_for, remember
from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import GroupNorm

# For smaller samples, compiling takes longer than it saves. NumPy goes over them ten times.
MIN_SAMPLE_SIZE = 1000


def forward(layer: GroupNorm, x: np.ndarray) -> Any:
    """y = γ x̂ + β."""
    kernels = _kernels(layer, x)
    if kernels is None:
        return NotImplemented
    layer.check_input(x)
    y, x, mean, inverse_std = kernels.forward(x, layer.num_groups, *_affine(layer, x.dtype), layer.eps)
    remember(layer, x_hat=Deferred(_standardize, x, mean, inverse_std), inverse_std=inverse_std)
    return y


def backward(layer: GroupNorm, dy: np.ndarray) -> Any:
    """dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(σ² + eps), g = γ dy."""
    given = given_for(layer, "x_hat")
    if given is None:
        return NotImplemented  # the lesson has computed the forward
    x, mean, inverse_std = given
    kernels = _kernels(layer, dy) if is_floating(dy, x) and dy.shape == x.shape else None
    if kernels is None:
        return NotImplemented
    weight, _ = _affine(layer, dy.dtype)
    dx, d_weight, d_bias = kernels.backward(dy, x, mean, inverse_std, weight)
    if layer.weight is not None:
        layer.weight.accumulate(d_weight)
    if layer.bias is not None:
        layer.bias.accumulate(d_bias)
    return dx


def _standardize(x: np.ndarray, mean: np.ndarray, inverse_std: np.ndarray) -> np.ndarray:
    """x̂ = (x − μ) / σ, in the memory order of x."""
    N, n_groups, _ = mean.shape
    groups = x.reshape(N, n_groups, -1, *x.shape[2:])  # a view in any order, since only the channels are split
    shape = (N, n_groups, *(1,) * (groups.ndim - 2))
    with np.errstate(all="ignore"):  # as in compiled code
        x_hat = (groups - mean.reshape(shape)) * inverse_std.reshape(shape)
    return x_hat.reshape(x.shape)


def _kernels(layer: GroupNorm, x: np.ndarray) -> ModuleType | None:
    arrays = [parameter.tensor for parameter in (layer.weight, layer.bias) if parameter is not None]
    serves = is_floating(x, *arrays) and x.size > 0
    return compiled_code("group_norm", sample_size(x), MIN_SAMPLE_SIZE) if serves else None


def _affine(layer: GroupNorm, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """γ and β."""
    weight = np.ones(layer.num_channels, dtype) if layer.weight is None else layer.weight.tensor
    return weight, np.zeros(layer.num_channels, dtype) if layer.bias is None else layer.bias.tensor
