"""The models that the command line knows by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

from tinynet.core import checks
from tinynet.models.autoencoder import conv_autoencoder
from tinynet.models.dcgan import adversaries
from tinynet.models.language import char_gpt, char_lstm
from tinynet.models.mlp import HIDDEN, linear_layers, mlp, widths
from tinynet.models.mobilenet import mobilenet
from tinynet.models.resnet import resnet20
from tinynet.models.seq2seq import seq2seq
from tinynet.models.small import digits_cnn, lenet5, mnist_cnn
from tinynet.models.unet import DEPTH, halvings, unet
from tinynet.models.vae import vae
from tinynet.models.vgg import vgg11, vgg16
from tinynet.net import Net

Shape = tuple[int, ...]


class Entry(NamedTuple):
    """One row of the table.

    Attributes:
        function: The model; its arguments have defaults.
        input_shape: The shape of one sample that it takes by default; of a pair of sequences, both lengths.
        description: A line about it.
        for_data: A function (input_shape, n_classes, **sizes) that builds it for certain data.
        learns: What it learns from: "labels", or "text", the character after each; "pairs", the text that
            another one becomes; "itself" or "evidence", the pictures that it draws again; "pixels", a class for each
            pixel; "judge", what a second net in it says, which tells the pictures that the first one draws from real
            ones.
        by_data: The arguments of the function that follow from the data; the others are sizes that one may choose.
    """

    function: Callable[..., Net]
    input_shape: Shape
    description: str
    for_data: Callable[..., Net]
    learns: str = "labels"
    by_data: tuple[str, ...] = ("input_shape", "n_classes")

    @property
    def reconstructs(self) -> bool:
        """Whether it draws its input again, and so learns without labels."""
        return self.learns in ("itself", "evidence")

    @property
    def is_judged(self) -> bool:
        """Whether it is a generator with its discriminator: what goes in is noise, and the data are only looked at."""
        return self.learns == "judge"

    @property
    def reads_text(self) -> bool:
        """Whether it reads characters; its classes are the vocabulary."""
        return self.learns == "text"


def _mlp(input_shape: Shape, n_classes: int, hidden: Sequence[int] = HIDDEN) -> Net:
    in_features = prod(checks.sizes("models.build", "input_shape", input_shape))
    if n_classes == 1:
        checks.arguments("mlp", {"hidden": hidden}, hidden=widths)
        return linear_layers(in_features, hidden, 1)
    return mlp(in_features, hidden, n_classes)


def _char_gpt(input_shape: Shape, n_classes: int, **sizes: Any) -> Net:
    return char_gpt(n_classes, **sizes)


def _char_lstm(input_shape: Shape, n_classes: int, **sizes: Any) -> Net:
    return char_lstm(n_classes, **sizes)


def _seq2seq(input_shape: Shape, n_classes: int, **sizes: Any) -> Net:
    lengths = checks.sizes("models.build", "input_shape", input_shape)
    if len(lengths) != 2:
        problem = f"input_shape must be the two lengths of a pair of texts, got {checks.shape_text(lengths)}."
        checks.fail("models.build", problem, "as in (20, 12).")
    longest = max(lengths)
    max_length = checks.integer("seq2seq", "max_length", sizes.get("max_length", longest), minimum=1)
    if max_length < longest:
        problem = f"there are texts of {longest} tokens, but max_length is {max_length}."
        checks.fail("seq2seq", problem, f"take max_length={longest}, or leave it out.")
    from tinynet.data.own.pair_file import PADDING  # no other model needs the data

    return seq2seq(n_classes, **{"padding": PADDING} | sizes | {"max_length": max_length})


def _autoencoder(input_shape: tuple[int, int, int], n_classes: int, **sizes: Any) -> Net:
    return conv_autoencoder(input_shape, **sizes)


def _vae(input_shape: tuple[int, int, int], n_classes: int, **sizes: Any) -> Net:
    return vae(input_shape, **sizes)


def _dcgan(input_shape: tuple[int, int, int], n_classes: int, **sizes: Any) -> Net:
    _check_sides("dcgan", input_shape, 4)
    return adversaries(input_shape, **sizes)


def _unet(input_shape: tuple[int, int, int], n_classes: int, **sizes: Any) -> Net:
    step = 2 ** halvings("unet", "depth", sizes.get("depth", DEPTH), sizes)
    channels = _check_sides("unet", input_shape, step, "a smaller depth asks for less; ")
    return unet(channels, n_classes, **sizes)


def _check_sides(who: str, input_shape: Shape, step: int, hint: str = "") -> int:
    """Check that pictures can be halved as often as a model does, and give their channels."""
    channels, height, breadth = checks.model_input(who, input_shape, smallest=1)
    if height % step or breadth % step:
        problem = f"pictures must have sides that are multiples of {step}, got {height} × {breadth}."
        checks.fail(who, problem, f"{hint}--size brings your own pictures to a size.")
    return channels


MODELS = {
    "mlp": Entry(
        mlp,
        (784,),
        "linear layers of 256 and 128 units with ReLUs; takes any data",
        _mlp,
        by_data=("in_features", "n_classes"),
    ),
    "digits_cnn": Entry(digits_cnn, (1, 8, 8), "two convolutions and two linear layers, for 8×8 digits", digits_cnn),
    "lenet5": Entry(lenet5, (1, 28, 28), "LeNet-5 of 1998: tanh and average pooling", lenet5),
    "mnist_cnn": Entry(mnist_cnn, (1, 28, 28), "convolutions of 32 and 64 channels, dropout, 128 units", mnist_cnn),
    "vgg11": Entry(vgg11, (3, 32, 32), "eight 3×3 convolutions, a quarter of the paper's width", vgg11),
    "vgg16": Entry(vgg16, (3, 32, 32), "thirteen 3×3 convolutions, a quarter of the paper's width", vgg16),
    "resnet20": Entry(resnet20, (3, 32, 32), "twenty layers in nine residual blocks, for small pictures", resnet20),
    "mobilenet": Entry(mobilenet, (3, 32, 32), "depthwise and 1×1 convolutions, for small pictures", mobilenet),
    "conv_autoencoder": Entry(
        conv_autoencoder,
        (1, 28, 28),
        "squeezes pictures and draws them again; learns without labels",
        _autoencoder,
        learns="itself",
    ),
    "vae": Entry(
        vae,
        (1, 28, 28),
        "a variational autoencoder: two numbers for each picture, and pictures for two numbers",
        _vae,
        learns="evidence",
    ),
    "dcgan": Entry(
        adversaries,
        (1, 28, 28),
        "a generator that draws pictures from noise, and a discriminator that it has to deceive",
        _dcgan,
        learns="judge",
    ),
    "unet": Entry(
        unet,
        (1, 28, 28),
        "U-Net: a class for each pixel, the class of the picture where there is ink",
        _unet,
        learns="pixels",
        by_data=("in_channels", "n_classes"),
    ),
    "char_gpt": Entry(
        char_gpt,
        (64,),
        "a GPT of four blocks, for texts: writes character by character",
        _char_gpt,
        learns="text",
        by_data=("vocabulary",),
    ),
    "char_lstm": Entry(
        char_lstm,
        (64,),
        "an LSTM, for texts: writes character by character",
        _char_lstm,
        learns="text",
        by_data=("vocabulary",),
    ),
    "seq2seq": Entry(
        seq2seq,
        (16, 16),
        "a transformer for pairs of texts: reads one and writes the other",
        _seq2seq,
        learns="pairs",
        by_data=("vocabulary", "padding"),
    ),
}


def build(name: str, input_shape: Shape | None = None, n_classes: int = 10, **sizes: Any) -> Net:
    """A model named in `MODELS`, fitted to data.

    Args:
        name: The name.
        input_shape: The shape of one sample, without the batch axis, or the two lengths of a pair; that of the model's
            own default data if None.
        n_classes: Classes to tell apart, or characters of a text; an autoencoder needs none, and an mlp of one predicts
            a number.
        sizes: Other arguments of the model, as in `build("vgg11", width=32)`.

    Raises:
        ValueError: There is no model of that name, or it cannot take such data.

    Example:
        >>> build("mlp", (1, 8, 8), n_classes=10)[1]
        Linear(in_features=64, out_features=256)
    """
    entry = MODELS[checks.one_of("models.build", "name", name, tuple(MODELS))]
    checks.integer("models.build", "n_classes", n_classes, minimum=1)
    return entry.for_data(entry.input_shape if input_shape is None else input_shape, n_classes, **sizes)
