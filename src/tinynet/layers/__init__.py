"""Layer and every layer: the formula and its derivative side by side."""

from tinynet.layers.activations import LeakyReLU, PReLU, ReLU, Sigmoid, Tanh
from tinynet.layers.adaptive_pooling import AdaptiveAvgPool1D, AdaptiveAvgPool2D, AdaptiveMaxPool1D, AdaptiveMaxPool2D
from tinynet.layers.attention import MultiHeadAttention
from tinynet.layers.average_pooling import AvgPool2D
from tinynet.layers.batch_norm import BatchNorm1D, BatchNorm2D
from tinynet.layers.convolution import Conv2D
from tinynet.layers.convolution1d import Conv1D
from tinynet.layers.copied_padding import ReflectionPad1D, ReflectionPad2D, ReplicationPad1D, ReplicationPad2D
from tinynet.layers.dropout import Dropout, Dropout2D
from tinynet.layers.embedding import Embedding
from tinynet.layers.flatten import Flatten
from tinynet.layers.gated import GLU, SwiGLU
from tinynet.layers.global_pooling import GlobalAvgPool1D, GlobalAvgPool2D, GlobalMaxPool1D, GlobalMaxPool2D
from tinynet.layers.gru import GRU
from tinynet.layers.hard_activations import Hardsigmoid, Hardswish, Hardtanh, ReLU6
from tinynet.layers.layer import Layer
from tinynet.layers.linear import Linear
from tinynet.layers.lstm import LSTM
from tinynet.layers.normalization import GroupNorm, LayerNorm, RMSNorm
from tinynet.layers.padding import ZeroPad1D, ZeroPad2D
from tinynet.layers.pooling import MaxPool2D
from tinynet.layers.pooling1d import AvgPool1D, MaxPool1D
from tinynet.layers.positions import LearnedPosition, RotaryPosition, SinusoidalPosition
from tinynet.layers.reshape import Permute, Reshape
from tinynet.layers.rnn import RNN
from tinynet.layers.smooth_activations import ELU, GELU, SELU, SiLU
from tinynet.layers.softmax import LogSoftmax, Softmax
from tinynet.layers.softplus import LogSigmoid, Mish, Softplus
from tinynet.layers.transformer import TransformerBlock
from tinynet.layers.transposed_convolution import ConvTranspose2D
from tinynet.layers.transposed_convolution1d import ConvTranspose1D
from tinynet.layers.unpooling import MaxUnpool1D, MaxUnpool2D
from tinynet.layers.upsample import Upsample

__all__ = [
    "Layer",
    "Linear",
    "Flatten",
    "Reshape",
    "Permute",
    "Dropout",
    "Dropout2D",
    "ReLU",
    "LeakyReLU",
    "ReLU6",
    "Hardtanh",
    "Sigmoid",
    "Hardsigmoid",
    "LogSigmoid",
    "Tanh",
    "GELU",
    "SiLU",
    "Hardswish",
    "Mish",
    "ELU",
    "SELU",
    "Softplus",
    "PReLU",
    "GLU",
    "SwiGLU",
    "Softmax",
    "LogSoftmax",
    "Conv1D",
    "Conv2D",
    "ConvTranspose1D",
    "ConvTranspose2D",
    "MaxPool1D",
    "MaxPool2D",
    "MaxUnpool1D",
    "MaxUnpool2D",
    "AvgPool1D",
    "AvgPool2D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "AdaptiveAvgPool1D",
    "AdaptiveAvgPool2D",
    "AdaptiveMaxPool1D",
    "AdaptiveMaxPool2D",
    "Upsample",
    "ZeroPad1D",
    "ZeroPad2D",
    "ReflectionPad1D",
    "ReflectionPad2D",
    "ReplicationPad1D",
    "ReplicationPad2D",
    "BatchNorm1D",
    "BatchNorm2D",
    "LayerNorm",
    "GroupNorm",
    "RMSNorm",
    "Embedding",
    "LearnedPosition",
    "SinusoidalPosition",
    "RotaryPosition",
    "RNN",
    "LSTM",
    "GRU",
    "MultiHeadAttention",
    "TransformerBlock",
]
