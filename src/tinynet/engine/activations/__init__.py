"""Activations in one pass over memory.

NumPy makes an array for every operation of a formula, and each goes out to memory and comes back. Here a number is read
once, everything is computed in registers, and the result is written once. The result has the memory order of the input.

Small samples and arrays with gaps are declined.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating, sample_size
from tinynet.layers import ELU, SELU, LeakyReLU, LogSigmoid, Mish, PReLU, Sigmoid, SiLU, Softplus, Tanh
from tinynet.layers.activations import channel_axis

# For smaller samples, compiling takes longer than it saves.
MIN_SAMPLE_SIZE = 500


def leaky_relu(layer: LeakyReLU, x: np.ndarray) -> Any:
    """y = x where x > 0, else α x."""
    kernels = _kernels(x)
    return _keep_y(layer, kernels.function(kernels.leaky_relu, x, layer.negative_slope) if kernels else NotImplemented)


def leaky_relu_back(layer: LeakyReLU, dy: np.ndarray) -> Any:
    """dx = dy where y > 0, else α dy."""
    (y,) = layer.recall()
    kernels = _kernels(y, dy)
    return kernels.gradient(kernels.leaky_relu_gradient, y, dy, layer.negative_slope) if kernels else NotImplemented


def sigmoid(layer: Sigmoid, x: np.ndarray) -> Any:
    """y = 1 / (1 + e⁻ˣ)."""
    kernels = _kernels(x)
    return _keep_y(layer, kernels.function(kernels.sigmoid, x) if kernels else NotImplemented)


def sigmoid_back(layer: Sigmoid, dy: np.ndarray) -> Any:
    """dx = dy y (1 − y)."""
    (y,) = layer.recall()
    kernels = _kernels(y, dy)
    return kernels.gradient(kernels.sigmoid_gradient, y, dy) if kernels else NotImplemented


def tanh(layer: Tanh, x: np.ndarray) -> Any:
    """y = tanh(x)."""
    kernels = _kernels(x)
    return _keep_y(layer, kernels.function(kernels.tanh, x) if kernels else NotImplemented)


def tanh_back(layer: Tanh, dy: np.ndarray) -> Any:
    """dx = dy (1 − y²)."""
    (y,) = layer.recall()
    kernels = _kernels(y, dy)
    return kernels.gradient(kernels.tanh_gradient, y, dy) if kernels else NotImplemented


def elu(layer: ELU, x: np.ndarray) -> Any:
    """y = x where x > 0, else α (eˣ − 1)."""
    return _elu(layer, x, layer.alpha, 1.0)


def elu_back(layer: ELU, dy: np.ndarray) -> Any:
    """dx = dy where y > 0, else dy (y + α)."""
    return _elu_back(layer, dy, 1.0, layer.alpha)


def selu(layer: SELU, x: np.ndarray) -> Any:
    """y = λ x where x > 0, else λ α (eˣ − 1)."""
    return _elu(layer, x, layer.alpha, layer.scale)


def selu_back(layer: SELU, dy: np.ndarray) -> Any:
    """dx = λ dy where y > 0, else dy (y + λ α)."""
    return _elu_back(layer, dy, layer.scale, layer.scale * layer.alpha)


def silu(layer: SiLU, x: np.ndarray) -> Any:
    """y = x σ(x), and its slope σ(x) + y (1 − σ(x))."""
    kernels = _kernels(x)
    return _keep_slope(layer, kernels.function_and_slope(kernels.silu, x) if kernels else NotImplemented)


def mish(layer: Mish, x: np.ndarray) -> Any:
    """y = x t, and its slope t + x (1 − t²) σ(x), where t = tanh(log(1 + eˣ))."""
    kernels = _kernels(x)
    return _keep_slope(layer, kernels.function_and_slope(kernels.mish, x) if kernels else NotImplemented)


def log_sigmoid(layer: LogSigmoid, x: np.ndarray) -> Any:
    """y = −log(1 + e⁻ˣ)."""
    kernels = _kernels(x)
    return _keep_y(layer, kernels.function(kernels.log_sigmoid, x) if kernels else NotImplemented)


def log_sigmoid_back(layer: LogSigmoid, dy: np.ndarray) -> Any:
    """dx = dy (1 − eʸ)."""
    (y,) = layer.recall()
    kernels = _kernels(y, dy)
    return kernels.gradient(kernels.log_sigmoid_gradient, y, dy) if kernels else NotImplemented


def softplus(layer: Softplus, x: np.ndarray) -> Any:
    """y = log(1 + e^(βx)) / β, or x beyond the threshold."""
    kernels = _kernels(x)
    y = kernels.function(kernels.softplus, x, layer.beta, layer.threshold) if kernels else NotImplemented
    if y is not NotImplemented:
        layer.remember(x=x)
    return y


def softplus_back(layer: Softplus, dy: np.ndarray) -> Any:
    """dx = dy σ(βx), or dy beyond the threshold."""
    (x,) = layer.recall()
    kernels = _kernels(x, dy)
    numbers = layer.beta, layer.threshold
    return kernels.gradient(kernels.softplus_gradient, x, dy, *numbers) if kernels else NotImplemented


def prelu(layer: PReLU, x: np.ndarray) -> Any:
    """y = x where x > 0, else a x."""
    kernels = _kernels(x, layer.weight.tensor)
    if not kernels or (layer.num_parameters > 1 and not _has_channels(layer, x)):
        return NotImplemented
    y = kernels.prelu(x, layer.weight.tensor, channel_axis(x))
    if y is not NotImplemented:
        layer.remember(x=x)
    return y


def prelu_back(layer: PReLU, dy: np.ndarray) -> Any:
    """dx = dy where x > 0, else a dy, and da = Σ x dy where x ≤ 0."""
    (x,) = layer.recall()
    kernels = _kernels(x, dy, layer.weight.tensor)
    found = kernels.prelu_gradient(x, dy, layer.weight.tensor, channel_axis(x)) if kernels else NotImplemented
    if found is NotImplemented:
        return NotImplemented
    dx, da = found
    layer.weight.accumulate(da)
    return dx


def _kernels(x: np.ndarray, *others: np.ndarray) -> ModuleType | None:
    kernels = compiled_code("activations", sample_size(x), MIN_SAMPLE_SIZE) if type(x) is np.ndarray else None
    return kernels if kernels is not None and is_floating(x, *others) else None


def _keep_y(layer: Any, y: Any) -> Any:
    if y is not NotImplemented:
        layer.remember(y=y)
    return y


def _keep_slope(layer: Any, found: Any) -> Any:
    if found is NotImplemented:
        return NotImplemented
    y, slope = found
    layer.remember(slope=slope)
    return y


def _elu(layer: Any, x: np.ndarray, alpha: float, scale: float) -> Any:
    kernels = _kernels(x)
    return _keep_y(layer, kernels.function(kernels.elu, x, alpha, scale) if kernels else NotImplemented)


def _elu_back(layer: Any, dy: np.ndarray, scale: float, scaled_alpha: float) -> Any:
    (y,) = layer.recall()
    kernels = _kernels(y, dy)
    return kernels.gradient(kernels.elu_gradient, y, dy, scale, scaled_alpha) if kernels else NotImplemented


def _has_channels(layer: PReLU, x: np.ndarray) -> bool:
    return x.ndim > 1 and x.shape[channel_axis(x)] == layer.num_parameters
