"""Dropout, explained."""

from __future__ import annotations

import numpy as np

from tinynet.layers import Dropout, Dropout2D, Layer
from tinynet.probe.explain.expressions import Expression, Index
from tinynet.probe.explain.functions import where
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.views import LayerView


def output(layer: LayerView, index: Index, part: int) -> Expression:
    """y = x m / (1 − p); y = x in evaluation"""
    return _kept(layer, "x", index)


def input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy m / (1 − p); dx = dy in evaluation"""
    return _kept(layer, "dy", index)


def dropped(layer: LayerView) -> tuple[str, np.ndarray]:
    """What dropout has set to zero."""
    shape = layer.array("x").shape
    kept = np.broadcast_to(layer.array("m"), shape) if layer.has("m") else np.ones(shape, bool)
    return "dropout had dropped it", kept == 0


def _kept(layer: LayerView, name: str, index: Index) -> Expression:
    if not layer.has("m"):
        return layer.at(name, index)
    m = index[:2] + (0,) * (len(index) - 2) if layer.step.kind == "Dropout2D" else index
    return where(layer.at("m", m).equals(1), layer.at(name, index) / (1 - layer.constant("p")), 0)


ROWS: dict[type[Layer], LayerRow] = {
    kind: LayerRow(output, input_gradient, cut={"y": dropped, "dx": dropped}, keeps_places=True)
    for kind in (Dropout, Dropout2D)
}
