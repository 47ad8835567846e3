"""The table of layers: one file a family."""

from __future__ import annotations

from tinynet.layers import Layer
from tinynet.probe.explain.layers import attention, embedding, linear, recurrent, relu, transformer
from tinynet.probe.explain.rows import LayerRow

LAYERS: dict[type[Layer], LayerRow] = {
    **attention.ROWS,
    **embedding.ROWS,
    **linear.ROWS,
    **recurrent.ROWS,
    **relu.ROWS,
    **transformer.ROWS,
}
