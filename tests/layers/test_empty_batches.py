"""A batch without samples goes through every layer, forward and back, and leaves no gradient."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.layers import (
    ELU,
    GELU,
    GLU,
    GRU,
    LSTM,
    RNN,
    SELU,
    AdaptiveAvgPool1D,
    AdaptiveAvgPool2D,
    AdaptiveMaxPool1D,
    AdaptiveMaxPool2D,
    AvgPool1D,
    AvgPool2D,
    BatchNorm1D,
    BatchNorm2D,
    Conv1D,
    Conv2D,
    ConvTranspose1D,
    ConvTranspose2D,
    Dropout,
    Dropout2D,
    Embedding,
    Flatten,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GroupNorm,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Layer,
    LayerNorm,
    LeakyReLU,
    LearnedPosition,
    Linear,
    LogSigmoid,
    LogSoftmax,
    MaxPool1D,
    MaxPool2D,
    Mish,
    MultiHeadAttention,
    Permute,
    PReLU,
    ReflectionPad1D,
    ReflectionPad2D,
    ReLU,
    ReLU6,
    ReplicationPad1D,
    ReplicationPad2D,
    Reshape,
    RMSNorm,
    RotaryPosition,
    Sigmoid,
    SiLU,
    SinusoidalPosition,
    Softmax,
    Softplus,
    SwiGLU,
    Tanh,
    TransformerBlock,
    Upsample,
    ZeroPad1D,
    ZeroPad2D,
)
from tinynet.net import Net

ROWS: list[Layer] = [
    *(Linear(16, 3), SwiGLU(16, 8), LayerNorm(16), RMSNorm(16), GroupNorm(2, 16), Flatten(), Reshape(4, 4), Dropout()),
    *(ELU(), GELU(), GELU("tanh"), LeakyReLU(), LogSoftmax(), PReLU(), PReLU(16), ReLU(), SELU(), Sigmoid(), SiLU()),
    *(Softmax(), Softplus(), Tanh(), ReLU6(), Hardtanh(), Hardsigmoid(), Hardswish(), LogSigmoid(), Mish(), GLU()),
    *(GroupNorm(2, 16, bias=False), LayerNorm(16, bias=False)),
]
SEQUENCES: list[Layer] = [
    *(Conv1D(16, 4, 3), ConvTranspose1D(16, 4, 2), MaxPool1D(2), AvgPool1D(2), GlobalAvgPool1D(), GlobalMaxPool1D()),
    *(AdaptiveAvgPool1D(2), AdaptiveMaxPool1D(2), ZeroPad1D(1), ReflectionPad1D(1), Permute(1, 0), Linear(16, 3)),
    *(RNN(16, 8), GRU(16, 8), LSTM(16, 8, bidirectional=True), LearnedPosition(20, 16), SinusoidalPosition(16)),
    *(RotaryPosition(16), MultiHeadAttention(16, 2), MultiHeadAttention(16, 2, causal=True, rotary=True)),
    *(TransformerBlock(16, 2), LayerNorm((12, 16)), Softmax(1), ReplicationPad1D(1)),
    *(MaxPool1D(5, ceil_mode=True), AvgPool1D(5, ceil_mode=True)),
]
IMAGES: list[Layer] = [
    *(
        Conv2D(4, 8, 3),
        Conv2D(4, 4, 3, groups=4),
        Conv2D(4, 16, 1),
        ConvTranspose2D(4, 8, 2),
        MaxPool2D(2),
        AvgPool2D(2),
    ),
    *(GlobalAvgPool2D(), GlobalMaxPool2D(), AdaptiveAvgPool2D(2), AdaptiveMaxPool2D(3), Upsample(2), ZeroPad2D(1)),
    *(Upsample(2, mode="bilinear"), ReflectionPad2D(1), GroupNorm(2, 4), Dropout2D(), PReLU(4), Softmax(1), Flatten()),
    *(MaxPool2D(3, ceil_mode=True), AvgPool2D(3, ceil_mode=True, divisor_override=2), ReplicationPad2D(1)),
    Net([Conv2D(4, 8, 3), ReLU(), MaxPool2D(2), GlobalMaxPool2D(), Linear(8, 2)]),
]
CASES = [(layer, (0, 16)) for layer in ROWS]
CASES += [(layer, (0, 12, 16)) for layer in SEQUENCES] + [(layer, (0, 4, 40, 40)) for layer in IMAGES]


@pytest.mark.parametrize("choice", ["plain", "loops", "compiled"])
@pytest.mark.parametrize(("layer", "shape"), CASES, ids=lambda value: repr(value).replace("\n", " "))
def test_every_layer_takes_an_empty_batch(layer: Layer, shape: tuple[int, ...], choice: str) -> None:
    layer = deepcopy(layer)
    for x in (np.zeros(shape, np.float32), np.zeros(shape[::-1], np.float32).T):
        with faster.use(choice):
            y = layer.forward(x)
            dx = layer.backward(np.zeros_like(y))
        assert len(y) == 0
        assert (dx.shape, dx.dtype) == (shape, np.float32)
    assert not any(parameter.gradient.any() for parameter in layer.parameters().values())


@pytest.mark.parametrize("choice", ["plain", "loops", "compiled"])
def test_no_tokens(choice: str) -> None:
    layer = Embedding(5, 3)
    with faster.use(choice):
        assert layer.forward(np.zeros((0, 4), np.int64)).shape == (0, 4, 3)
        assert layer.backward(np.zeros((0, 4, 3), np.float32)) is None


@pytest.mark.parametrize("layer", [BatchNorm1D(4), BatchNorm2D(4)])
def test_batch_norm_takes_one_in_evaluation_only(layer: Layer) -> None:
    x = np.zeros((0, 4) if isinstance(layer, BatchNorm1D) else (0, 4, 5, 5), np.float32)
    with pytest.raises(ValueError, match="expected more than one value per feature in training"):
        layer.forward(x)
    y = layer.eval().forward(x)
    assert y.shape == layer.backward(y).shape == x.shape


@pytest.mark.parametrize("choice", ["plain", "loops", "auto", "compiled"])
@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [(ConvTranspose2D(2, 3, 3), (2, 2, 6, 0), (2, 3, 8, 2)), (ConvTranspose1D(2, 3, 3), (2, 0, 2), (2, 2, 3))],
)
def test_a_transposed_convolution_of_no_pixels_is_its_bias(
    layer: Layer, shape: tuple[int, ...], output: tuple[int, ...], choice: str
) -> None:
    layer = deepcopy(layer)
    with faster.use(choice):
        y = layer.forward(np.zeros(shape, np.float32))
        dx = layer.backward(np.ones_like(y))
    assert (y.shape, dx.shape) == (output, shape)
    bias, weight = layer.bias, layer.weight
    channels = y if y.ndim == 3 else y.transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(channels, np.broadcast_to(bias.tensor, channels.shape))
    np.testing.assert_allclose(bias.gradient, np.full(3, y.size / 3))
    assert not weight.gradient.any()
