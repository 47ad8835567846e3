"""Softmax and its logarithm, explained."""

from __future__ import annotations

import numpy as np

from tinynet.layers import Layer, LogSoftmax, Softmax
from tinynet.probe.explain.expressions import Expression, Index, Leaf, named
from tinynet.probe.explain.functions import exp, log
from tinynet.probe.explain.numbers import wide
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import largest_of, total_of
from tinynet.probe.explain.views import LayerView


def softmax(layer: LayerView, index: Index, part: int) -> Expression:
    """yₖ = exp(xₖ − m) / Σⱼ exp(xⱼ − m), where m = maxⱼ xⱼ keeps exp in range"""
    m, e_sum = _shifted(layer, index)
    return exp(layer.at("x", index) - m) / e_sum


def softmax_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dxₖ = yₖ (dyₖ − Σⱼ dyⱼ yⱼ)"""
    values = wide(_along(layer, "dy", index)) * wide(_along(layer, "y", index))
    parts = total_of(values, lambda k: _at(layer, "dy", index, k) * _at(layer, "y", index, k), "Σₖ dyₖ·yₖ")
    return layer.at("y", index) * (layer.at("dy", index) - named("S", parts))


def log_softmax(layer: LayerView, index: Index, part: int) -> Expression:
    """yₖ = xₖ − m − log Σⱼ exp(xⱼ − m)"""
    m, e_sum = _shifted(layer, index)
    return layer.at("x", index) - m - log(e_sum)


def log_softmax_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dxₖ = dyₖ − exp(yₖ) Σⱼ dyⱼ"""
    dy_sum = named("S", total_of(_along(layer, "dy", index), lambda k: _at(layer, "dy", index, k), "Σₖ dyₖ"))
    return layer.at("dy", index) - exp(layer.at("y", index)) * dy_sum


def _shifted(layer: LayerView, index: Index) -> tuple[Leaf, Leaf]:
    """m, the largest x, and Σₖ exp(xₖ − m)."""
    x = wide(_along(layer, "x", index))
    m = named("m", largest_of(x, lambda k: _at(layer, "x", index, k)))
    values = np.exp(x - m.value)
    return m, named("S", total_of(values, lambda k: exp(_at(layer, "x", index, k) - m), "Σₖ exp(xₖ − m)"))


def _along(layer: LayerView, name: str, index: Index) -> np.ndarray:
    """The numbers along the axis of the softmax."""
    axis = layer.setting("axis") % len(index)
    return np.moveaxis(layer.array(name), axis, -1)[(*index[:axis], *index[axis + 1 :])]


def _at(layer: LayerView, name: str, index: Index, k: int) -> Leaf:
    axis = layer.setting("axis") % len(index)
    return layer.at(name, (*index[:axis], k, *index[axis + 1 :]))


ROWS: dict[type[Layer], LayerRow] = {
    Softmax: LayerRow(softmax, softmax_gradient),
    LogSoftmax: LayerRow(log_softmax, log_softmax_gradient),
}
