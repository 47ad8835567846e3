"""All there is to know about the engine: on the left what is read, on the right what runs."""

from __future__ import annotations

from functools import partial

from tinynet.core.faster import TABLES
from tinynet.engine import attention, linear, net, parts, positions, relu, transformer
from tinynet.engine.loops import attention as attention_loops
from tinynet.engine.loops import positions as positions_loops
from tinynet.engine.pairs import PAIRS, WEIGHTS_ONLY, Pair
from tinynet.layers import Layer, Linear, MultiHeadAttention, ReLU, RotaryPosition, TransformerBlock
from tinynet.layers.attention import attend, attend_backward
from tinynet.net import Net, Residual

TABLES["compiled"] |= {
    Layer.every_layer: parts.every_layer,
    Layer.parameters: parts.parameters,
    Linear.forward: linear.forward,
    Linear.backward: linear.backward,
    MultiHeadAttention.project: attention.project,
    MultiHeadAttention.backward: attention.backward,
    Net.forward: net.forward,
    Net.backward: net.backward,
    ReLU.forward: relu.forward,
    ReLU.backward: relu.backward,
    RotaryPosition.turn: positions.turn,
    TransformerBlock.forward: transformer.forward,
    TransformerBlock.backward: transformer.backward,
    attend: attention.attend,
    attend_backward: attention.attend_backward,
}

TABLES["loops"] |= {
    RotaryPosition.turn: positions_loops.turn,
    attend: attention_loops.attend,
    attend_backward: attention_loops.attend_backward,
}

PAIRS |= {
    (Residual, ReLU): Pair(relu.forward_of_residual),
}

WEIGHTS_ONLY |= {
    Linear.backward: linear.add_up,
    Net.backward: partial(net.backward, input_gradient=False),
}
