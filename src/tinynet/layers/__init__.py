"""Layer and every layer: the formula and its derivative side by side."""

from tinynet.layers.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from tinynet.layers.attention import MultiHeadAttention
from tinynet.layers.batch_norm import BatchNorm1D, BatchNorm2D
from tinynet.layers.convolution import Conv2D
from tinynet.layers.dropout import Dropout
from tinynet.layers.embedding import Embedding, LearnedPosition, RotaryPosition, SinusoidalPosition
from tinynet.layers.flatten import Flatten
from tinynet.layers.layer import Layer
from tinynet.layers.linear import Linear
from tinynet.layers.normalization import GroupNorm, LayerNorm, RMSNorm
from tinynet.layers.pooling import AvgPool2D, MaxPool2D
from tinynet.layers.recurrent_cells import GRU, LSTM, RNN
from tinynet.layers.smooth_activations import ELU, GELU, SELU, PReLU, SiLU, Softplus
from tinynet.layers.softmax import LogSoftmax, Softmax
from tinynet.layers.transformer import TransformerBlock
from tinynet.layers.transposed_convolution import ConvTranspose2D
from tinynet.layers.unpooling import MaxUnpool2D

__all__ = [
    "Layer",
    "Linear",
    "Flatten",
    "Dropout",
    "ReLU",
    "LeakyReLU",
    "Sigmoid",
    "Tanh",
    "GELU",
    "SiLU",
    "ELU",
    "SELU",
    "Softplus",
    "PReLU",
    "Softmax",
    "LogSoftmax",
    "Conv2D",
    "ConvTranspose2D",
    "MaxPool2D",
    "MaxUnpool2D",
    "AvgPool2D",
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
