"""Activations made of straight pieces, explained."""

from __future__ import annotations

import numpy as np

from tinynet.layers import Hardsigmoid, Hardswish, Hardtanh, Layer, ReLU6
from tinynet.probe.explain.expressions import Expression, Index, constant
from tinynet.probe.explain.functions import absolute, maximum, minimum, where
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.views import LayerView


def relu6(layer: LayerView, index: Index, part: int) -> Expression:
    """y = min(max(x, 0), 6)"""
    return minimum(maximum(layer.at("x", index), 0), 6)


def relu6_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy where 0 < y < 6, else 0"""
    return _between(layer, index, constant(0), constant(6))


def closed(layer: LayerView) -> tuple[str, np.ndarray]:
    """Where x ≤ 0: neither the number nor its gradient passes."""
    return "the ReLU6 was closed", layer.array("y") <= 0


def flat(layer: LayerView) -> tuple[str, np.ndarray]:
    """Where no gradient passes: below 0, and where the number is held at 6."""
    return "the ReLU6 was closed or at 6", (layer.array("y") <= 0) | (layer.array("y") >= 6)


def hardtanh(layer: LayerView, index: Index, part: int) -> Expression:
    """y = min(max(x, min_val), max_val)"""
    return minimum(maximum(layer.at("x", index), layer.constant("min_val")), layer.constant("max_val"))


def hardtanh_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy where min_val < y < max_val, else 0"""
    return _between(layer, index, layer.constant("min_val"), layer.constant("max_val"))


def at_a_bound(layer: LayerView) -> tuple[str, np.ndarray]:
    """Where the number is held at one of the bounds, and no gradient passes."""
    y = layer.array("y")
    return "it was at a bound of Hardtanh", (y <= layer.setting("min_val")) | (y >= layer.setting("max_val"))


def hard_sigmoid(layer: LayerView, index: Index, part: int) -> Expression:
    """y = min(max(x + 3, 0), 6) / 6"""
    return _gate(layer.at("x", index))


def hard_sigmoid_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy / 6 where −3 < x < 3, else 0"""
    return where(absolute(layer.at("x", index)) < 3, layer.at("dy", index) / 6, 0)


def outside(layer: LayerView) -> tuple[str, np.ndarray]:
    """Where the hard sigmoid is 0 or 1, and no gradient passes."""
    return "the Hardsigmoid was flat", np.abs(layer.array("x")) >= 3


def hard_swish(layer: LayerView, index: Index, part: int) -> Expression:
    """y = x h(x), where h(x) = min(max(x + 3, 0), 6) / 6"""
    x = layer.at("x", index)
    return x * _gate(x)


def hard_swish_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = 0 where x ≤ −3, dy (x / 3 + ½) where −3 < x < 3, else dy"""
    x, dy = layer.at("x", index), layer.at("dy", index)
    return where(x > -3, where(x < 3, dy * (x / 3 + 0.5), dy), 0)


def below(layer: LayerView) -> tuple[str, np.ndarray]:
    """Where x ≤ −3: neither the number nor its gradient passes."""
    return "the Hardswish was closed", layer.array("x") <= -3


def _between(layer: LayerView, index: Index, low: Expression, high: Expression) -> Expression:
    y = layer.at("y", index)
    return where(y > low, where(y < high, layer.at("dy", index), 0), 0)


def _gate(x: Expression) -> Expression:
    return minimum(maximum(x + 3, 0), 6) / 6


ROWS: dict[type[Layer], LayerRow] = {
    ReLU6: LayerRow(relu6, relu6_gradient, cut={"y": closed, "dx": flat}, keeps_places=True),
    Hardtanh: LayerRow(hardtanh, hardtanh_gradient, cut={"dx": at_a_bound}, keeps_places=True),
    Hardsigmoid: LayerRow(hard_sigmoid, hard_sigmoid_gradient, cut={"dx": outside}, keeps_places=True),
    Hardswish: LayerRow(hard_swish, hard_swish_gradient, cut={"y": below, "dx": below}, keeps_places=True),
}
