"""All there is to know about the engine: on the left what is read, on the right what runs."""

from __future__ import annotations

from functools import partial

from tinynet.core.faster import TABLES
from tinynet.engine import convolution, linear, net, parts, relu
from tinynet.engine.loops import convolution as convolution_loops
from tinynet.engine.pairs import PAIRS, WEIGHTS_ONLY, Pair
from tinynet.layers import Conv1D, Conv2D, ConvTranspose1D, ConvTranspose2D, Layer, Linear, ReLU
from tinynet.layers.convolution import channel_sums, convolve, convolve_back, correlate
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
    channel_sums: convolution.channel_sums,
    convolve: convolution.convolve,
    convolve_back: convolution.convolve_back,
    correlate: convolution.correlate,
}

TABLES["loops"] |= {
    convolve: convolution_loops.convolve,
    convolve_back: convolution_loops.convolve_back,
    correlate: convolution_loops.correlate,
}

PAIRS |= {
    (Residual, ReLU): Pair(relu.forward_of_residual),
}

WEIGHTS_ONLY |= {
    Conv1D.backward: convolution.add_up,
    Conv2D.backward: convolution.add_up,
    ConvTranspose1D.backward: convolution.add_up_transposed,
    ConvTranspose2D.backward: convolution.add_up_transposed,
    Linear.backward: linear.add_up,
    Net.backward: partial(net.backward, input_gradient=False),
}
