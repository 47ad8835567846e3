"""The table of layers: one file a family."""

from __future__ import annotations

from tinynet.layers import Layer
from tinynet.probe.explain.layers import (
    activations,
    attention,
    averaging,
    batch_norm,
    branches,
    convolution,
    dropout,
    embedding,
    gated,
    hard_activations,
    linear,
    moves,
    normalization,
    pooling,
    recurrent,
    softmax,
    softplus,
    transformer,
)
from tinynet.probe.explain.rows import LayerRow

LAYERS: dict[type[Layer], LayerRow] = {
    **linear.ROWS,
    **activations.ROWS,
    **hard_activations.ROWS,
    **softplus.ROWS,
    **gated.ROWS,
    **softmax.ROWS,
    **dropout.ROWS,
    **batch_norm.ROWS,
    **normalization.ROWS,
    **convolution.ROWS,
    **pooling.ROWS,
    **averaging.ROWS,
    **moves.ROWS,
    **branches.ROWS,
    **embedding.ROWS,
    **attention.ROWS,
    **recurrent.ROWS,
    **transformer.ROWS,
}
