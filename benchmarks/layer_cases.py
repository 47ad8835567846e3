"""Each layer, loss and optimizer alone, in Tinynet and in PyTorch, at two sizes that occur in practice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Shape = tuple[int, ...]
ROWS = ((64, 256), (512, 1024))
IMAGES = ((32, 16, 32, 32), (64, 64, 16, 16))
SEQUENCES = ((32, 64, 128), (16, 128, 256))  # (N, T, D)
LOGITS = ((128, 10), (4096, 65))


class Case(NamedTuple):
    """One thing on both sides; each side builds only its own."""

    name: str
    ours: Callable[[Any, Shape], Any]  #: (tinynet, shape of x) -> a layer, a loss or an optimizer
    theirs: Callable[[Any, Shape], Any]  #: (torch, shape of x) -> the same there
    shapes: tuple[Shape, Shape]
    kind: str = "layer"  #: or "tokens", "C order", "channels first", "loss", "optimizer"
    truth: str = ""  #: of a loss: "labels", "numbers" or "fractions"


def _layer(name: str, shapes: tuple[Shape, Shape], ours: Any, theirs: Any, kind: str = "layer") -> Case:
    return Case(
        name, lambda tn, shape: ours(tn.layers, shape), lambda torch, shape: theirs(torch.nn, shape), shapes, kind
    )


def _alike(name: str, shapes: tuple[Shape, Shape], torch_name: str = "", *arguments: Any) -> Case:
    """A layer that takes the same arguments on both sides, whatever the shape."""
    return _layer(
        name,
        shapes,
        lambda L, s: getattr(L, name)(*arguments),
        lambda nn, s: getattr(nn, torch_name or name)(*arguments),
    )


LAYERS = [
    _layer("Linear", ROWS, lambda L, s: L.Linear(s[1], s[1]), lambda nn, s: nn.Linear(s[1], s[1])),
    *[
        _alike(name, IMAGES)
        for name in ("ReLU", "LeakyReLU", "Sigmoid", "Tanh", "SiLU", "ELU", "SELU", "Softplus", "PReLU")
    ],
    *[_alike(name, IMAGES) for name in ("ReLU6", "Hardtanh", "Hardsigmoid", "Hardswish", "LogSigmoid", "Mish")],
    _alike("GELU", SEQUENCES),
    _alike("GLU", SEQUENCES),
    _layer("GELU tanh", SEQUENCES, lambda L, s: L.GELU("tanh"), lambda nn, s: nn.GELU("tanh")),
    _layer("Softmax", LOGITS, lambda L, s: L.Softmax(), lambda nn, s: nn.Softmax(-1)),
    _layer("LogSoftmax", LOGITS, lambda L, s: L.LogSoftmax(), lambda nn, s: nn.LogSoftmax(-1)),
    _alike("Dropout", IMAGES, "", 0.25),
    _alike("Dropout2D", IMAGES, "Dropout2d", 0.25),
    _layer("BatchNorm1D", ROWS, lambda L, s: L.BatchNorm1D(s[1]), lambda nn, s: nn.BatchNorm1d(s[1])),
    _layer("BatchNorm2D", IMAGES, lambda L, s: L.BatchNorm2D(s[1]), lambda nn, s: nn.BatchNorm2d(s[1])),
    _layer("LayerNorm", SEQUENCES, lambda L, s: L.LayerNorm(s[2]), lambda nn, s: nn.LayerNorm(s[2])),
    _layer("GroupNorm", IMAGES, lambda L, s: L.GroupNorm(4, s[1]), lambda nn, s: nn.GroupNorm(4, s[1])),
    _layer("RMSNorm", SEQUENCES, lambda L, s: L.RMSNorm(s[2]), lambda nn, s: nn.RMSNorm(s[2])),
    _layer(
        "Conv2D 3×3",
        IMAGES,
        lambda L, s: L.Conv2D(s[1], s[1], 3, padding=1),
        lambda nn, s: nn.Conv2d(s[1], s[1], 3, padding=1),
    ),
    _layer("Conv2D 1×1", IMAGES, lambda L, s: L.Conv2D(s[1], s[1], 1), lambda nn, s: nn.Conv2d(s[1], s[1], 1)),
    _layer(
        "Conv2D depthwise",
        IMAGES,
        lambda L, s: L.Conv2D(s[1], s[1], 3, padding=1, groups=s[1]),
        lambda nn, s: nn.Conv2d(s[1], s[1], 3, padding=1, groups=s[1]),
    ),
    _layer(
        "Conv2D 5×5, stride 2",
        IMAGES,
        lambda L, s: L.Conv2D(s[1], s[1], 5, stride=2, padding=2),
        lambda nn, s: nn.Conv2d(s[1], s[1], 5, stride=2, padding=2),
    ),
    _layer(
        "ConvTranspose2D",
        IMAGES,
        lambda L, s: L.ConvTranspose2D(s[1], s[1], 4, stride=2, padding=1),
        lambda nn, s: nn.ConvTranspose2d(s[1], s[1], 4, stride=2, padding=1),
    ),
    _layer(
        "Conv1D",
        SEQUENCES,
        lambda L, s: L.Conv1D(s[2], s[2], 3, padding=1),
        lambda nn, s: nn.Conv1d(s[2], s[2], 3, padding=1),
        "channels first",
    ),
    _layer(
        "ConvTranspose1D",
        SEQUENCES,
        lambda L, s: L.ConvTranspose1D(s[2], s[2], 4, stride=2, padding=1),
        lambda nn, s: nn.ConvTranspose1d(s[2], s[2], 4, stride=2, padding=1),
        "channels first",
    ),
    _alike("MaxPool2D", IMAGES, "MaxPool2d", 2),
    _alike("AvgPool2D", IMAGES, "AvgPool2d", 2),
    _layer("MaxPool1D", SEQUENCES, lambda L, s: L.MaxPool1D(2), lambda nn, s: nn.MaxPool1d(2), "channels first"),
    _layer("AvgPool1D", SEQUENCES, lambda L, s: L.AvgPool1D(2), lambda nn, s: nn.AvgPool1d(2), "channels first"),
    _layer(
        "GlobalAvgPool2D",
        IMAGES,
        lambda L, s: L.GlobalAvgPool2D(),
        lambda nn, s: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    ),
    _layer(
        "GlobalMaxPool2D",
        IMAGES,
        lambda L, s: L.GlobalMaxPool2D(),
        lambda nn, s: nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten()),
    ),
    _alike("AdaptiveAvgPool2D", IMAGES, "AdaptiveAvgPool2d", 4),
    _alike("AdaptiveMaxPool2D", IMAGES, "AdaptiveMaxPool2d", 4),
    _layer(
        "Upsample nearest", IMAGES, lambda L, s: L.Upsample(scale_factor=2), lambda nn, s: nn.Upsample(scale_factor=2)
    ),
    _layer(
        "Upsample bilinear",
        IMAGES,
        lambda L, s: L.Upsample(scale_factor=2, mode="bilinear"),
        lambda nn, s: nn.Upsample(scale_factor=2, mode="bilinear"),
    ),
    _alike("ZeroPad2D", IMAGES, "ZeroPad2d", 2),
    _alike("ReflectionPad2D", IMAGES, "ReflectionPad2d", 2),
    _alike("ReplicationPad2D", IMAGES, "ReplicationPad2d", 2),
    _layer("Flatten", IMAGES, lambda L, s: L.Flatten(), lambda nn, s: nn.Flatten(), "C order"),
    _layer(
        "Embedding",
        ((32, 64), (16, 256)),
        lambda L, s: L.Embedding(1000, 128),
        lambda nn, s: nn.Embedding(1000, 128),
        "tokens",
    ),
    _layer("RNN", SEQUENCES, lambda L, s: L.RNN(s[2], s[2]), lambda nn, s: nn.RNN(s[2], s[2], batch_first=True)),
    _layer("LSTM", SEQUENCES, lambda L, s: L.LSTM(s[2], s[2]), lambda nn, s: nn.LSTM(s[2], s[2], batch_first=True)),
    _layer("GRU", SEQUENCES, lambda L, s: L.GRU(s[2], s[2]), lambda nn, s: nn.GRU(s[2], s[2], batch_first=True)),
    _layer(
        "MultiHeadAttention",
        SEQUENCES,
        lambda L, s: L.MultiHeadAttention(s[2], 4),
        lambda nn, s: nn.MultiheadAttention(s[2], 4, batch_first=True),
    ),
    _layer(
        "MultiHeadAttention, 8 positions",
        ((32, 8, 64), (64, 16, 64)),
        lambda L, s: L.MultiHeadAttention(s[2], 4),
        lambda nn, s: nn.MultiheadAttention(s[2], 4, batch_first=True),
    ),
    _layer(
        "TransformerBlock",
        SEQUENCES,
        lambda L, s: L.TransformerBlock(s[2], 4),
        lambda nn, s: nn.TransformerEncoderLayer(s[2], 4, 4 * s[2], 0.0, "gelu", batch_first=True, norm_first=True),
    ),
]

LOSSES = [
    Case(
        "cross_entropy",
        lambda tn, s: tn.losses.cross_entropy,
        lambda t, s: t.nn.functional.cross_entropy,
        LOGITS,
        "loss",
        "labels",
    ),
    Case(
        "binary_cross_entropy_with_logits",
        lambda tn, s: tn.losses.binary_cross_entropy_with_logits,
        lambda t, s: t.nn.functional.binary_cross_entropy_with_logits,
        ((64, 100), (500, 1000)),
        "loss",
        "fractions",
    ),
    Case(
        "mean_squared_error",
        lambda tn, s: tn.losses.mean_squared_error,
        lambda t, s: t.nn.functional.mse_loss,
        ((64, 100), (500, 1000)),
        "loss",
        "numbers",
    ),
    Case(
        "mean_absolute_error",
        lambda tn, s: tn.losses.mean_absolute_error,
        lambda t, s: t.nn.functional.l1_loss,
        ((64, 100), (500, 1000)),
        "loss",
        "numbers",
    ),
    Case(
        "huber",
        lambda tn, s: tn.losses.huber,
        lambda t, s: t.nn.functional.huber_loss,
        ((64, 100), (500, 1000)),
        "loss",
        "numbers",
    ),
]

# The shape of an optimizer's case: how many parameters, and how many numbers each has.
PARAMETERS = ((60, 2000), (10, 100_000))
OPTIMIZERS = [
    Case(
        "SGD",
        lambda tn, s: tn.optimizers.SGD(lr=0.01),
        lambda t, s: (t.optim.SGD, {"lr": 0.01}),
        PARAMETERS,
        "optimizer",
    ),
    Case(
        "SGD, momentum",
        lambda tn, s: tn.optimizers.SGD(lr=0.01, momentum=0.9),
        lambda t, s: (t.optim.SGD, {"lr": 0.01, "momentum": 0.9}),
        PARAMETERS,
        "optimizer",
    ),
    *[
        Case(
            ours,
            lambda tn, s, ours=ours: getattr(tn.optimizers, ours)(lr=0.001),
            lambda t, s, theirs=theirs: (getattr(t.optim, theirs), {"lr": 0.001}),
            PARAMETERS,
            "optimizer",
        )
        for ours, theirs in (
            ("Adam", "Adam"),
            ("AdamW", "AdamW"),
            ("NAdam", "NAdam"),
            ("RAdam", "RAdam"),
            ("Adamax", "Adamax"),
            ("Adagrad", "Adagrad"),
            ("Adadelta", "Adadelta"),
            ("RMSProp", "RMSprop"),
        )
    ],
]

CASES = {case.name: case for case in (*LAYERS, *LOSSES, *OPTIMIZERS)}
