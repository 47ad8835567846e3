"""Nets and branches, explained: they lead to the layers inside them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tinynet.layers import Layer
from tinynet.net import Concat, Named, Net, Padded, Residual
from tinynet.net.branches import Identity
from tinynet.probe.explain.expressions import Expression, Index
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.views import LayerView
from tinynet.probe.trace import joined


def net_output(layer: LayerView, index: Index, part: int) -> Expression:
    """y is that of the last layer; a net without layers passes x on."""
    return layer.at(_numbered(layer, f"{_inside(layer, -1)}y" if layer.step.inside else "x", part), index)


def net_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx is that of the first layer."""
    return layer.at(_numbered(layer, f"{_inside(layer, 0)}dx" if layer.step.inside else "dy", part), index)


def into_net(layer: LayerView, short: str, index: Index) -> Expression:
    """The first layer gets x, the last one dy."""
    symbol = short.split(".", 1)[1]
    return layer.at(symbol, index)


def into_padded(layer: LayerView, short: str, index: Index) -> Expression:
    """The first layer gets x without the lengths, the last one dy."""
    symbol = short.split(".", 1)[1]
    return layer.at(_numbered(layer, symbol, 0), index)


def padded_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx is that of the first layer; lengths and masks have none."""
    return layer.at(f"{_inside(layer, 0)}dx", index)


def residual_output(layer: LayerView, index: Index, part: int) -> Expression:
    """y = F(x) + S(x)"""
    shortcut = "shortcut.y" if _has(layer, "shortcut") else "x"
    return layer.at("body.y", index) + layer.at(shortcut, index)


def residual_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = F′ᵀ dy + S′ᵀ dy"""
    shortcut = "shortcut.dx" if _has(layer, "shortcut") else "dy"
    return layer.at("body.dx", index) + layer.at(shortcut, index)


def concat_output(layer: LayerView, index: Index, part: int) -> Expression:
    """y is that of the branch at this place."""
    branch, place = _branch_at(layer, index)
    return layer.at(f"branches.{branch}.y", place)


def concat_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = Σᵢ Fᵢ′ᵀ dyᵢ"""
    first, *others = [layer.at(f"branches.{i}.dx", index) for i in range(len(_ends(layer)))]
    return sum(others, first)


def into_branch(layer: LayerView, short: str, index: Index) -> Expression:
    """A branch gets x, and its part of dy."""
    _, branch, symbol = short.split(".")
    if symbol == "x":
        return layer.at("x", index)
    axis = layer.setting("axis") % len(index)
    start = [0, *_ends(layer)][int(branch)]
    return layer.at("dy", (*index[:axis], index[axis] + start, *index[axis + 1 :]))


def _branch_at(layer: LayerView, index: Index) -> tuple[int, Index]:
    axis = layer.setting("axis") % len(index)
    for branch, (start, end) in enumerate(pairwise([0, *_ends(layer)])):
        if index[axis] < end:
            return branch, (*index[:axis], index[axis] - start, *index[axis + 1 :])
    raise IndexError(index)


def _ends(layer: LayerView) -> list[int]:
    """Where each branch ends along the axis."""
    axis = layer.setting("axis")
    sizes = [layer.array(f"branches.{i}.y").shape[axis] for i in range(len(layer.step.inside))]
    return [int(end) for end in np.cumsum(sizes)]


def _has(layer: LayerView, name: str) -> bool:
    return joined(layer.step.path, name) in layer.step.inside


def _inside(layer: LayerView, at: int) -> str:
    path = layer.step.path
    return layer.step.inside[at].removeprefix(f"{path}." if path else "") + "."


def _numbered(layer: LayerView, name: str, part: int) -> str:
    return name if layer.has(name) else f"{name}.{part}"


NET = LayerRow(net_output, net_input_gradient, inside=into_net)
ROWS: dict[type[Layer], LayerRow] = {
    Net: NET,
    Named: NET,
    Identity: NET,
    Padded: LayerRow(net_output, padded_input_gradient, inside=into_padded),
    Residual: LayerRow(residual_output, residual_input_gradient),
    Concat: LayerRow(concat_output, concat_input_gradient, inside=into_branch),
}
