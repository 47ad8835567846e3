"""All there is to know about the engine: on the left what is read, on the right what runs."""

from __future__ import annotations

from functools import partial

from tinynet.core.faster import TABLES
from tinynet.engine import batch_norm, dropout, group_norm, layer_norm, linear, net, parts, relu
from tinynet.engine.pairs import PAIRS, WEIGHTS_ONLY, Pair
from tinynet.layers import (
    BatchNorm1D,
    BatchNorm2D,
    Dropout,
    Dropout2D,
    GroupNorm,
    Layer,
    LayerNorm,
    Linear,
    ReLU,
    RMSNorm,
)
from tinynet.net import Net, Residual

TABLES["compiled"] |= {
    BatchNorm1D.forward: batch_norm.forward,  # which BatchNorm2D shares, and the backward
    BatchNorm1D.backward: batch_norm.backward,
    Dropout.forward: dropout.forward,
    Dropout.backward: dropout.backward,
    Dropout2D.forward: dropout.forward_of_channels,
    Dropout2D.backward: dropout.backward_of_channels,
    GroupNorm.forward: group_norm.forward,
    GroupNorm.backward: group_norm.backward,
    Layer.every_layer: parts.every_layer,
    Layer.parameters: parts.parameters,
    LayerNorm.forward: layer_norm.forward,
    LayerNorm.backward: layer_norm.backward,
    LayerNorm.forward_of_sum: layer_norm.forward_of_sum,  # TRANSITION
    LayerNorm.backward_of_sum: layer_norm.backward_of_sum,  # TRANSITION
    Linear.forward: linear.forward,
    Linear.backward: linear.backward,
    Net.forward: net.forward,
    Net.backward: net.backward,
    RMSNorm.forward: layer_norm.forward_of_rms,
    RMSNorm.backward: layer_norm.backward_of_rms,
    ReLU.forward: relu.forward,
    ReLU.backward: relu.backward,
}

TABLES["loops"] |= {}

PAIRS |= {
    (BatchNorm1D, ReLU): Pair(batch_norm.forward_with_relu, batch_norm.backward_with_relu),
    (BatchNorm2D, ReLU): Pair(batch_norm.forward_with_relu, batch_norm.backward_with_relu),
    (Residual, ReLU): Pair(relu.forward_of_residual),
}

WEIGHTS_ONLY |= {
    Linear.backward: linear.add_up,
    Net.backward: partial(net.backward, input_gradient=False),
}
