"""Activations, explained."""

from __future__ import annotations

import math

import numpy as np

from tinynet.layers import ELU, GELU, SELU, Layer, LeakyReLU, PReLU, ReLU, Sigmoid, SiLU, Tanh
from tinynet.layers.activations import channel_axis
from tinynet.probe.explain.expressions import Expression, Index, constant
from tinynet.probe.explain.functions import erf, exp, maximum, tanh, where
from tinynet.probe.explain.numbers import unraveled, wide
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import total_of
from tinynet.probe.explain.views import LayerView


def relu(layer: LayerView, index: Index, part: int) -> Expression:
    """y = max(x, 0)"""
    return maximum(layer.at("x", index), 0)


def relu_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy where x > 0, else 0"""
    return where(layer.at("x", index) > 0, layer.at("dy", index), 0)


def closed(layer: LayerView) -> tuple[str, np.ndarray]:
    """Where x ≤ 0: neither the number nor its gradient passes."""
    return "the ReLU was closed", layer.array("y") <= 0


def leaky_relu(layer: LayerView, index: Index, part: int) -> Expression:
    """y = x where x > 0, else α x"""
    x, slope = layer.at("x", index), layer.constant("negative_slope", "α")
    return where(x > 0, x, slope * x)


def leaky_relu_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy where y > 0, else α dy"""
    dy, slope = layer.at("dy", index), layer.constant("negative_slope", "α")
    return where(layer.at("y", index) > 0, dy, slope * dy)


def prelu(layer: LayerView, index: Index, part: int) -> Expression:
    """y = x where x > 0, else a x"""
    x = layer.at("x", index)
    return where(x > 0, x, _slope(layer, index) * x)


def prelu_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy where x > 0, else a dy"""
    dy = layer.at("dy", index)
    return where(layer.at("x", index) > 0, dy, _slope(layer, index) * dy)


def prelu_slope_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """da = Σ x dy over the numbers of the channel where x ≤ 0"""
    x = layer.array("x")
    values = wide(np.where(x > 0, 0, x)) * wide(layer.array("dy"))
    if layer.setting("num_parameters") > 1:
        channels = np.moveaxis(np.indices(x.shape)[channel_axis(x)], 0, 0)
        values = np.where(channels == index[0], values, 0)

    def term(place: int) -> Expression:
        at = unraveled(place, x.shape)
        return layer.at("x", at) * layer.at("dy", at)

    return total_of(values, term, "Σ x·dy where x ≤ 0")


def _slope(layer: LayerView, index: Index) -> Expression:
    channel = index[channel_axis(layer.array("x"))] if layer.setting("num_parameters") > 1 else 0
    return layer.at("weight", (channel,), "a")


def sigmoid(layer: LayerView, index: Index, part: int) -> Expression:
    """y = 1 / (1 + e⁻ˣ)"""
    return logistic(layer.at("x", index))


def sigmoid_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy y (1 − y)"""
    y = layer.at("y", index)
    return layer.at("dy", index) * y * (1 - y)


def tanh_(layer: LayerView, index: Index, part: int) -> Expression:
    """y = tanh(x)"""
    return tanh(layer.at("x", index))


def tanh_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy (1 − y²)"""
    return layer.at("dy", index) * (1 - layer.at("y", index) ** 2)


def gelu(layer: LayerView, index: Index, part: int) -> Expression:
    """y = x Φ(x); approximate="tanh": y = x σ(2u)"""
    x = layer.at("x", index)
    return x * (_normal_share(x) if layer.setting("approximate") == "none" else logistic(2 * _u(x)))


def gelu_slope(layer: LayerView, index: Index) -> Expression:
    """Φ(x) + x φ(x); approximate="tanh": s + 2 x s (1 − s) u′"""
    x = layer.at("x", index)
    if layer.setting("approximate") == "none":
        return _normal_share(x) + x * exp(-(x**2) / 2) / constant(math.sqrt(2 * math.pi), "√(2π)")
    s = logistic(2 * _u(x))
    return s + 2 * x * s * (1 - s) * _K * (1 + 0.134145 * x**2)


def silu(layer: LayerView, index: Index, part: int) -> Expression:
    """y = x σ(x)"""
    x = layer.at("x", index)
    return x * logistic(x)


def silu_slope(layer: LayerView, index: Index) -> Expression:
    """σ(x) + x σ(x) (1 − σ(x))"""
    x = layer.at("x", index)
    return logistic(x) + x * logistic(x) * (1 - logistic(x))


def slope_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy · slope, where forward has kept the slope"""
    return layer.at("dy", index) * layer.at("slope", index)


def elu(layer: LayerView, index: Index, part: int) -> Expression:
    """y = x where x > 0, else α (eˣ − 1)"""
    x = layer.at("x", index)
    return where(x > 0, x, layer.constant("alpha", "α") * (exp(x) - 1))


def elu_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy where y > 0, else dy (y + α)"""
    y, dy = layer.at("y", index), layer.at("dy", index)
    return where(y > 0, dy, dy * (y + layer.constant("alpha", "α")))


def selu(layer: LayerView, index: Index, part: int) -> Expression:
    """y = λ x where x > 0, else λ α (eˣ − 1)"""
    x, scale, alpha = layer.at("x", index), constant(SELU.scale, "λ"), constant(SELU.alpha, "α")
    return where(x > 0, scale * x, scale * alpha * (exp(x) - 1))


def selu_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = λ dy where y > 0, else dy (y + λ α)"""
    y, dy, scale, alpha = (
        layer.at("y", index),
        layer.at("dy", index),
        constant(SELU.scale, "λ"),
        constant(SELU.alpha, "α"),
    )
    return where(y > 0, scale * dy, dy * (y + scale * alpha))


_K = constant(math.sqrt(2 / math.pi), "√(2/π)")


def _u(x: Expression) -> Expression:
    return _K * x * (1 + 0.044715 * x**2)


def logistic(x: Expression) -> Expression:
    """σ(x) = 1 / (1 + e⁻ˣ)"""
    return 1 / (1 + exp(-x))


def _normal_share(x: Expression) -> Expression:
    """Φ(x)"""
    return (1 + erf(x / constant(math.sqrt(2), "√2"))) / 2


ROWS: dict[type[Layer], LayerRow] = {
    ReLU: LayerRow(relu, relu_gradient, cut={"y": closed, "dx": closed}, keeps_places=True),
    LeakyReLU: LayerRow(leaky_relu, leaky_relu_gradient, keeps_places=True),
    PReLU: LayerRow(prelu, prelu_gradient, prelu_slope_gradient, keeps_places=True),
    Sigmoid: LayerRow(sigmoid, sigmoid_gradient, keeps_places=True),
    Tanh: LayerRow(tanh_, tanh_gradient, keeps_places=True),
    GELU: LayerRow(gelu, slope_gradient, memory={"slope": gelu_slope}, keeps_places=True),
    SiLU: LayerRow(silu, slope_gradient, memory={"slope": silu_slope}, keeps_places=True),
    ELU: LayerRow(elu, elu_gradient, keeps_places=True),
    SELU: LayerRow(selu, selu_gradient, keeps_places=True),
}
