"""The models that the command line knows by name."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from tinynet.core import checks
from tinynet.models.autoencoder import conv_autoencoder
from tinynet.models.language import char_gpt, char_lstm
from tinynet.models.mlp import HIDDEN, linear_layers, mlp
from tinynet.models.small import digits_cnn, lenet5, mnist_cnn
from tinynet.models.vgg import vgg11, vgg16
from tinynet.net import Net

Shape = tuple[int, ...]


class Entry(NamedTuple):
    """One row of the table.

    Attributes:
        function: The model; its arguments have defaults.
        input_shape: The shape of one sample that it takes by default.
        description: A line about it.
        for_data: A function (input_shape, n_classes) that builds it for certain data.
        reconstructs: Whether it draws its input again, and so learns without labels.
        reads_text: Whether it reads characters, and predicts the one after each; its classes are the vocabulary.
    """

    function: Callable[..., Net]
    input_shape: Shape
    description: str
    for_data: Callable[[Any, int], Net]
    reconstructs: bool = False
    reads_text: bool = False


def _mlp(input_shape: Shape, n_classes: int) -> Net:
    in_features = prod(checks.sizes("models.build", "input_shape", input_shape))
    return linear_layers(in_features, HIDDEN, 1) if n_classes == 1 else mlp(in_features, n_classes=n_classes)


def _char_gpt(input_shape: Shape, n_classes: int) -> Net:
    return char_gpt(n_classes)


def _char_lstm(input_shape: Shape, n_classes: int) -> Net:
    return char_lstm(n_classes)


def _autoencoder(input_shape: tuple[int, int, int], n_classes: int) -> Net:
    return conv_autoencoder(input_shape)


MODELS = {
    "mlp": Entry(mlp, (784,), "linear layers of 256 and 128 units with ReLUs; takes any data", _mlp),
    "digits_cnn": Entry(digits_cnn, (1, 8, 8), "two convolutions and two linear layers, for 8×8 digits", digits_cnn),
    "lenet5": Entry(lenet5, (1, 28, 28), "LeNet-5 of 1998: tanh and average pooling", lenet5),
    "mnist_cnn": Entry(mnist_cnn, (1, 28, 28), "convolutions of 32 and 64 channels, dropout, 128 units", mnist_cnn),
    "vgg11": Entry(vgg11, (3, 32, 32), "eight 3×3 convolutions, a quarter of the paper's width", vgg11),
    "vgg16": Entry(vgg16, (3, 32, 32), "thirteen 3×3 convolutions, a quarter of the paper's width", vgg16),
    "conv_autoencoder": Entry(
        conv_autoencoder,
        (1, 28, 28),
        "squeezes pictures and draws them again; learns without labels",
        _autoencoder,
        True,
    ),
    "char_gpt": Entry(
        char_gpt, (64,), "a GPT of four blocks, for texts: writes character by character", _char_gpt, reads_text=True
    ),
    "char_lstm": Entry(
        char_lstm, (64,), "an LSTM, for texts: writes character by character", _char_lstm, reads_text=True
    ),
}


def build(name: str, input_shape: Shape | None = None, n_classes: int = 10) -> Net:
    """A model named in `MODELS`, fitted to data.

    Args:
        name: The name.
        input_shape: The shape of one sample, without the batch axis; that of the model's own default data if None.
        n_classes: Classes to tell apart, or characters of a text; an autoencoder needs none, and an mlp of one predicts
            a number.

    Raises:
        ValueError: There is no model of that name, or it cannot take such data.

    Example:
        >>> build("mlp", (1, 8, 8), n_classes=10)[1]
        Linear(in_features=64, out_features=256)
    """
    entry = MODELS[checks.one_of("models.build", "name", name, tuple(MODELS))]
    return entry.for_data(entry.input_shape if input_shape is None else input_shape, n_classes)
