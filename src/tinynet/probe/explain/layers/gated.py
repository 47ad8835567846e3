"""The gated linear unit, explained."""

from __future__ import annotations

import numpy as np

from tinynet.layers import GLU, Layer
from tinynet.probe.explain.expressions import Expression, Index
from tinynet.probe.explain.layers.activations import logistic
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.views import LayerView


def output(layer: LayerView, index: Index, part: int) -> Expression:
    """y = a σ(b), where a is in the first half of x, and b at the same place of the second"""
    return layer.at("x", index) * logistic(layer.at("x", _moved(layer, index, 1)))


def input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """da = dy σ(b) in the first half, db = dy a σ(b) (1 − σ(b)) in the second"""
    axis = _axis(layer)
    if index[axis] < _width(layer):
        return layer.at("dy", index) * layer.at("s", index)
    at = _moved(layer, index, -1)
    s = layer.at("s", at)
    return layer.at("dy", at) * layer.at("a", at) * s * (1 - s)


def a(layer: LayerView, index: Index) -> Expression:
    """The first half of x"""
    return layer.at("x", index)


def s(layer: LayerView, index: Index) -> Expression:
    """s = σ(b)"""
    return logistic(layer.at("x", _moved(layer, index, 1)))


def first_half(layer: LayerView, mask: np.ndarray) -> np.ndarray:
    """What was cut in a is cut in y; a gate that was cut is still ½."""
    return np.split(mask, 2, axis=_axis(layer))[0]


def both_halves(layer: LayerView, mask: np.ndarray) -> np.ndarray:
    """What was cut in dy is cut in da and in db."""
    return np.concatenate([mask, mask], axis=_axis(layer))


def _axis(layer: LayerView) -> int:
    return int(layer.setting("axis")) % layer.array("x").ndim


def _width(layer: LayerView) -> int:
    """How many numbers each half has along the axis."""
    return layer.array("x").shape[_axis(layer)] // 2


def _moved(layer: LayerView, index: Index, halves: int) -> Index:
    """The same place in the other half."""
    axis = _axis(layer)
    return (*index[:axis], index[axis] + halves * _width(layer), *index[axis + 1 :])


ROWS: dict[type[Layer], LayerRow] = {
    GLU: LayerRow(output, input_gradient, memory={"a": a, "s": s}, carry={"y": first_half, "dx": both_halves}),
}
