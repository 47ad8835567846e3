"""The table of layers: one file a family."""

from __future__ import annotations

from tinynet.layers import Layer
from tinynet.probe.explain.layers import linear, relu
from tinynet.probe.explain.rows import LayerRow

LAYERS: dict[type[Layer], LayerRow] = {
    **linear.ROWS,
    **relu.ROWS,
}
