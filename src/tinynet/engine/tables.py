"""All there is to know about the engine: on the left what is read, on the right what runs."""

from __future__ import annotations

from functools import partial

from tinynet.core.faster import TABLES
from tinynet.engine import activations, cross_entropy, gelu, linear, net, number_losses, parts, relu, softmax
from tinynet.engine.machine.normal_distribution import normal_cdf as normal_cdf_by_fit
from tinynet.engine.pairs import PAIRS, WEIGHTS_ONLY, Pair
from tinynet.layers import (
    ELU,
    GELU,
    SELU,
    Layer,
    LeakyReLU,
    Linear,
    LogSoftmax,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from tinynet.layers.smooth_activations import normal_cdf
from tinynet.losses import (
    binary_cross_entropy_with_logits,
    focal,
    huber,
    mean_absolute_error,
    mean_squared_error,
    negative_log_likelihood,
)
from tinynet.losses import cross_entropy as cross_entropy_lesson
from tinynet.net import Net, Residual

TABLES["compiled"] |= {
    Layer.every_layer: parts.every_layer,
    Layer.parameters: parts.parameters,
    Linear.forward: linear.forward,
    Linear.backward: linear.backward,
    Net.forward: net.forward,
    Net.backward: net.backward,
    ReLU.forward: relu.forward,
    ReLU.backward: relu.backward,
    ELU.forward: activations.elu,
    ELU.backward: activations.elu_back,
    GELU.forward: gelu.forward,
    GELU.backward: gelu.backward,
    LeakyReLU.forward: activations.leaky_relu,
    LeakyReLU.backward: activations.leaky_relu_back,
    LogSoftmax.forward: softmax.log_softmax,
    LogSoftmax.backward: softmax.log_softmax_back,
    PReLU.forward: activations.prelu,
    PReLU.backward: activations.prelu_back,
    SELU.forward: activations.selu,
    SELU.backward: activations.selu_back,
    SiLU.forward: activations.silu,
    SiLU.backward: gelu.backward,
    Sigmoid.forward: activations.sigmoid,
    Sigmoid.backward: activations.sigmoid_back,
    Softmax.forward: softmax.softmax,
    Softmax.backward: softmax.softmax_back,
    Softplus.forward: activations.softplus,
    Softplus.backward: activations.softplus_back,
    Tanh.forward: activations.tanh,
    Tanh.backward: activations.tanh_back,
    normal_cdf: normal_cdf_by_fit,
    binary_cross_entropy_with_logits: number_losses.binary_cross_entropy_with_logits,
    cross_entropy_lesson: cross_entropy.cross_entropy,
    focal: cross_entropy.focal,
    huber: number_losses.huber,
    mean_absolute_error: number_losses.mean_absolute_error,
    mean_squared_error: number_losses.mean_squared_error,
    negative_log_likelihood: cross_entropy.negative_log_likelihood,
}

TABLES["loops"] |= {}

PAIRS |= {
    (Residual, ReLU): Pair(relu.forward_of_residual),
}

WEIGHTS_ONLY |= {
    Linear.backward: linear.add_up,
    Net.backward: partial(net.backward, input_gradient=False),
}
