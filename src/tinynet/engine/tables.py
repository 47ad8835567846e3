"""Every replacement of the engine: on the left what is read, on the right what runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tinynet.core.faster import TABLES
from tinynet.engine import (
    activations,
    attention,
    batch_norm,
    convolution,
    cross_entropy,
    dropout,
    embedding,
    gelu,
    global_pooling,
    group_norm,
    layer_norm,
    linear,
    net,
    number_losses,
    optimizers,
    parts,
    pooling,
    positions,
    recurrent,
    relu,
    resampling,
    softmax,
    transformer,
)
from tinynet.engine.loops import attention as attention_loops
from tinynet.engine.loops import convolution as convolution_loops
from tinynet.engine.loops import embedding as embedding_loops
from tinynet.engine.loops import pooling as pooling_loops
from tinynet.engine.loops import positions as positions_loops
from tinynet.engine.loops import recurrent as recurrent_loops
from tinynet.engine.machine.normal_distribution import normal_cdf as normal_cdf_by_fit
from tinynet.engine.pairs import PAIRS, WEIGHTS_ONLY, Pair
from tinynet.layers import (
    ELU,
    GELU,
    GRU,
    LSTM,
    RNN,
    SELU,
    BatchNorm1D,
    BatchNorm2D,
    Conv1D,
    Conv2D,
    ConvTranspose1D,
    ConvTranspose2D,
    Dropout,
    Dropout2D,
    Embedding,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GroupNorm,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    LogSoftmax,
    MaxPool2D,
    MultiHeadAttention,
    PReLU,
    ReflectionPad2D,
    ReLU,
    ReplicationPad2D,
    RMSNorm,
    RotaryPosition,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
    TransformerBlock,
)
from tinynet.layers.adaptive_pooling import adaptive_max_pool, adaptive_max_pool_gradient
from tinynet.layers.attention import attend, attend_backward
from tinynet.layers.average_pooling import avg_pool, avg_pool_gradient
from tinynet.layers.convolution import channel_sums, convolve, convolve_back, correlate
from tinynet.layers.pooling import max_pool, max_pool_gradient
from tinynet.layers.resampling import resample
from tinynet.layers.smooth_activations import normal_cdf
from tinynet.layers.unpooling import unpool, unpool_gradient
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
from tinynet.optimizers import Optimizer, WeightAverage
from tinynet.optimizers.clipping import gradient_norm, gradients_are_finite

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
    max_pool: pooling.max_pool,
    max_pool_gradient: pooling.max_pool_gradient,
    unpool: pooling.unpool,
    unpool_gradient: pooling.unpool_gradient,
    avg_pool: resampling.avg_pool,
    avg_pool_gradient: resampling.avg_pool_gradient,
    resample: resampling.resample,
    ReflectionPad2D.forward: resampling.reflect,
    ReflectionPad2D.backward: resampling.reflect_gradient,
    ReplicationPad2D.forward: resampling.replicate,
    ReplicationPad2D.backward: resampling.replicate_gradient,
    adaptive_max_pool: pooling.adaptive_max_pool,
    adaptive_max_pool_gradient: pooling.adaptive_max_pool_gradient,
    GlobalAvgPool1D.forward: global_pooling.mean_of_sequences,
    GlobalAvgPool2D.forward: global_pooling.mean_of_images,
    GlobalAvgPool2D.backward: global_pooling.mean_gradient_of_images,
    GlobalMaxPool1D.forward: global_pooling.largest_of_sequences,
    GlobalMaxPool2D.forward: global_pooling.largest_of_images,
    GlobalMaxPool2D.backward: global_pooling.largest_gradient_of_images,
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
    Optimizer.update_all: optimizers.update_all,
    WeightAverage.update: optimizers.average,
    gradient_norm: optimizers.gradient_norm,
    gradients_are_finite: optimizers.gradients_are_finite,
    BatchNorm1D.forward: batch_norm.forward,
    BatchNorm1D.backward: batch_norm.backward,
    Dropout.forward: dropout.forward,
    Dropout.backward: dropout.backward,
    Dropout2D.forward: dropout.forward_of_channels,
    Dropout2D.backward: dropout.backward_of_channels,
    GroupNorm.forward: group_norm.forward,
    GroupNorm.backward: group_norm.backward,
    LayerNorm.forward: layer_norm.forward,
    LayerNorm.backward: layer_norm.backward,
    RMSNorm.forward: layer_norm.forward_of_rms,
    RMSNorm.backward: layer_norm.backward_of_rms,
    Embedding.backward: embedding.backward,
    GRU.through_time: recurrent.gru,
    GRU.back_through_time: recurrent.gru_back,
    LSTM.through_time: recurrent.lstm,
    LSTM.back_through_time: recurrent.lstm_back,
    RNN.through_time: recurrent.rnn,
    RNN.back_through_time: recurrent.rnn_back,
    MultiHeadAttention.project: attention.project,
    MultiHeadAttention.backward: attention.backward,
    RotaryPosition.turn: positions.turn,
    TransformerBlock.forward: transformer.forward,
    TransformerBlock.backward: transformer.backward,
    attend: attention.attend,
    attend_backward: attention.attend_backward,
}

TABLES["loops"] |= {
    convolve: convolution_loops.convolve,
    convolve_back: convolution_loops.convolve_back,
    correlate: convolution_loops.correlate,
    max_pool: pooling_loops.max_pool,
    max_pool_gradient: pooling_loops.max_pool_gradient,
    avg_pool: pooling_loops.avg_pool,
    avg_pool_gradient: pooling_loops.avg_pool_gradient,
    unpool: pooling_loops.unpool,
    unpool_gradient: pooling_loops.unpool_gradient,
    Embedding.backward: embedding_loops.backward,
    GRU.through_time: recurrent_loops.gru,
    GRU.back_through_time: recurrent_loops.gru_back,
    LSTM.through_time: recurrent_loops.lstm,
    LSTM.back_through_time: recurrent_loops.lstm_back,
    RNN.through_time: recurrent_loops.rnn,
    RNN.back_through_time: recurrent_loops.rnn_back,
    RotaryPosition.turn: positions_loops.turn,
    attend: attention_loops.attend,
    attend_backward: attention_loops.attend_backward,
}

PAIRS |= {
    (Residual, ReLU): Pair(relu.forward_of_residual),
    (ReLU, MaxPool2D): Pair(pooling.relu_max_pool, pooling.relu_max_pool_gradient),
    (BatchNorm1D, ReLU): Pair(batch_norm.forward_with_relu, batch_norm.backward_with_relu),
    (BatchNorm2D, ReLU): Pair(batch_norm.forward_with_relu, batch_norm.backward_with_relu),
    (Embedding, GRU): Pair(recurrent.of_tokens),
    (Embedding, LSTM): Pair(recurrent.of_tokens),
    (Embedding, RNN): Pair(recurrent.of_tokens),
}

WEIGHTS_ONLY |= {
    Conv1D.backward: convolution.add_up,
    Conv2D.backward: convolution.add_up,
    ConvTranspose1D.backward: convolution.add_up_transposed,
    ConvTranspose2D.backward: convolution.add_up_transposed,
    Linear.backward: linear.add_up,
    Net.backward: partial(net.backward, input_gradient=False),
}

# For entries with several routes, a function that names the route for its arguments.
ROUTES: dict[Callable[..., Any], Callable[..., str]] = {
    convolve: convolution.route_of_convolve,
    convolve_back: convolution.route_of_convolve_back,
    correlate: convolution.route_of_correlate,
}
