"""ReLU, explained."""

from __future__ import annotations

import numpy as np

from tinynet.layers import ReLU
from tinynet.probe.explain.expressions import Expression, Index, where
from tinynet.probe.explain.functions import maximum
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.views import LayerView


def output(layer: LayerView, index: Index, part: int) -> Expression:
    """y = max(x, 0)"""
    return maximum(layer.at("x", index), 0)


def input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dy where x > 0, else 0"""
    return where(layer.at("x", index) > 0, layer.at("dy", index), 0)


def closed(layer: LayerView) -> tuple[str, np.ndarray]:
    """Where x ≤ 0: neither the number nor its gradient passes."""
    return "the ReLU was closed", layer.array("y") <= 0


ROWS = {ReLU: LayerRow(output, input_gradient, cut={"y": closed, "dx": closed}, keeps_places=True)}
