"""Softplus and what is made of it, explained."""

from __future__ import annotations

from tinynet.layers import Layer, LogSigmoid, Mish, Softplus
from tinynet.probe.explain.expressions import Expression, Index
from tinynet.probe.explain.functions import absolute, exp, log, maximum, tanh, where
from tinynet.probe.explain.layers.activations import logistic, slope_gradient
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.views import LayerView


def softplus(layer: LayerView, index: Index, part: int) -> Expression:
    """y = log(1 + e^(βx)) / β, computed as (max(βx, 0) + log(1 + e^(−|βx|))) / β; y = x where βx > threshold"""
    x, beta = layer.at("x", index), layer.constant("beta", "β")
    return where(beta * x > layer.constant("threshold"), x, _softplus(beta * x) / beta)


def softplus_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy σ(βx); dx = dy where βx > threshold"""
    x, dy, beta = layer.at("x", index), layer.at("dy", index), layer.constant("beta", "β")
    return where(beta * x > layer.constant("threshold"), dy, dy * logistic(beta * x))


def log_sigmoid(layer: LayerView, index: Index, part: int) -> Expression:
    """y = −log(1 + e⁻ˣ), computed as −(max(−x, 0) + log(1 + e^(−|x|)))"""
    x = layer.at("x", index)
    return -(maximum(-x, 0) + log(1 + exp(-absolute(x))))


def log_sigmoid_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy (1 − eʸ)"""
    return layer.at("dy", index) * (1 - exp(layer.at("y", index)))


def mish(layer: LayerView, index: Index, part: int) -> Expression:
    """y = x tanh(log(1 + eˣ))"""
    x = layer.at("x", index)
    return x * tanh(_softplus(x))


def mish_slope(layer: LayerView, index: Index) -> Expression:
    """t + x (1 − t²) σ(x), where t = tanh(log(1 + eˣ))"""
    x = layer.at("x", index)
    t = tanh(_softplus(x))
    return t + x * (1 - t**2) * logistic(x)


def _softplus(x: Expression) -> Expression:
    return maximum(x, 0) + log(1 + exp(-absolute(x)))


ROWS: dict[type[Layer], LayerRow] = {
    Softplus: LayerRow(softplus, softplus_gradient, keeps_places=True),
    LogSigmoid: LayerRow(log_sigmoid, log_sigmoid_gradient, keeps_places=True),
    Mish: LayerRow(mish, slope_gradient, memory={"slope": mish_slope}, keeps_places=True),
}
