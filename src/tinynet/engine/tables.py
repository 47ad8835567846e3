"""All there is to know about the engine: on the left what is read, on the right what runs."""

from __future__ import annotations

from functools import partial

from tinynet.core.faster import TABLES
from tinynet.engine import linear, net, optimizers, parts, relu
from tinynet.engine.pairs import PAIRS, WEIGHTS_ONLY, Pair
from tinynet.layers import Layer, Linear, ReLU
from tinynet.net import Net, Residual
from tinynet.optimizers import Optimizer, WeightAverage
from tinynet.optimizers.clipping import gradient_norm, gradients_are_finite

TABLES["compiled"] |= {
    Layer.every_layer: parts.every_layer,
    Layer.parameters: parts.parameters,
    Linear.forward: linear.forward,
    Linear.backward: linear.backward,
    Net.forward: net.forward,
    Net.backward: net.backward,
    Optimizer.update_all: optimizers.update_all,
    ReLU.forward: relu.forward,
    ReLU.backward: relu.backward,
    WeightAverage.update: optimizers.average,
    gradient_norm: optimizers.gradient_norm,
    gradients_are_finite: optimizers.gradients_are_finite,
}

TABLES["loops"] |= {}

PAIRS |= {
    (Residual, ReLU): Pair(relu.forward_of_residual),
}

WEIGHTS_ONLY |= {
    Linear.backward: linear.add_up,
    Net.backward: partial(net.backward, input_gradient=False),
}
