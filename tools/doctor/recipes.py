"""Healthy programs drawn at random, of any kind; `planting.py` plants faults in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinynet.data import Dataset, blobs, circles, moons, spirals
from tinynet.layers import (
    GELU,
    BatchNorm1D,
    Conv2D,
    Dropout,
    Flatten,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from tinynet.learner import Learner
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, huber, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, AdamW, RMSProp
from tools.doctor.handwritten import (
    binary_crossentropy,
    categorical_crossentropy,
)
from tools.doctor.material import (
    digit_images,
    digit_rows,
    glorot_weights,
    he_weights,
    pictures,
    standardised,
    table,
)
from tools.doctor.program import Skill, Trial, accuracy_skill, logit_skill, r2_skill

Data = tuple[Dataset, Dataset]


@dataclass
class Recipe:
    """All that makes a trial; a fault changes some of it.

    Attributes:
        task: "classes", "yes" for two classes with one output, or "numbers".
        data: To train and to validate with.
        body: The hidden layers.
        features: What the body gives for one sample.
        last: What comes after the last linear layer.
    """

    task: str
    data: Data
    body: list[Layer]
    features: int
    n_outputs: int
    loss: Any
    rule: Any
    epochs: int
    skill: Skill
    batch_size: int = 32
    last: list[Layer] = field(default_factory=list)
    weights: Callable[[Layer], None] | None = None

    def trial(self) -> Trial:
        """The trial; the weights are drawn here."""
        net = Net([*self.body, Linear(self.features, self.n_outputs), *self.last])
        if self.weights is not None:
            self.weights(net)
        train, valid = self.data
        learner = Learner(net, self.loss, self.rule, train, valid=valid, batch_size=self.batch_size)
        return Trial(learner, self.epochs, self.skill)


def healthy(seed: int) -> Recipe:
    """A healthy recipe."""
    rng = np.random.default_rng(seed)
    return pick(rng, [_rows_of_digits, _images_of_digits, _photos, _points, _points, _yes_or_no, _numbers, _numbers])(
        rng
    )


def pick(rng: np.random.Generator, choices: list[Any]) -> Any:
    """One of them."""
    return choices[rng.integers(len(choices))]


def _hidden(rng: np.random.Generator, n_in: int, widths: list[int]) -> tuple[list[Layer], int]:
    """One to three hidden layers, with one activation, and perhaps a norm or a little dropout."""
    activation = pick(rng, [ReLU, ReLU, ReLU, Tanh, GELU, LeakyReLU])
    norm = pick(rng, [None, None, None, BatchNorm1D, LayerNorm])
    drop = pick(rng, [0, 0, 0, 0.2])
    width, parts = pick(rng, widths), []
    for _ in range(rng.integers(1, 4)):
        parts.append(Linear(n_in, width, bias=norm is not BatchNorm1D))
        parts += [*([norm(width)] if norm else []), activation(), *([Dropout(drop)] if drop else [])]
        n_in = width
    return parts, n_in


def _rule(rng: np.random.Generator) -> Any:
    return pick(
        rng,
        [
            Adam(lr=0.001),
            Adam(lr=0.003),
            AdamW(lr=0.002),
            RMSProp(lr=0.001),
            SGD(lr=0.1),
            SGD(lr=0.02, momentum=0.9),
            SGD(lr=0.01, momentum=0.9, nesterov=True),
        ],
    )


def _weights(rng: np.random.Generator) -> Any:
    return pick(rng, [None, None, he_weights, glorot_weights])


def _ending(rng: np.random.Generator) -> tuple[Any, list[Layer]]:
    """Logits with our loss, or a softmax with one by hand."""
    return pick(rng, [(cross_entropy, []), (cross_entropy, []), (categorical_crossentropy, [Softmax()])])


def _rows_of_digits(rng: np.random.Generator) -> Recipe:
    body, features = _hidden(rng, 64, [32, 64, 100])
    loss, last = _ending(rng)
    batch_size = pick(rng, [16, 32, 64])
    return Recipe(
        "classes",
        digit_rows(),
        body,
        features,
        10,
        loss,
        _rule(rng),
        20 if batch_size < 64 else 30,
        accuracy_skill,
        batch_size,
        last,
        _weights(rng),
    )


def _convolutions(n_channels: int, rng: np.random.Generator) -> list[Layer]:
    width = pick(rng, [8, 12])
    return [
        Conv2D(n_channels, width, 3, padding=1),
        ReLU(),
        MaxPool2D(2),
        Conv2D(width, 16, 3, padding=1),
        ReLU(),
        MaxPool2D(2),
        Flatten(),
        *([Dropout(0.25)] if rng.uniform() < 0.3 else []),
    ]


def _images_of_digits(rng: np.random.Generator) -> Recipe:
    loss, last = _ending(rng)
    rule = pick(rng, [Adam(lr=0.003), SGD(lr=0.1), SGD(lr=0.02, momentum=0.9), RMSProp(lr=0.001)])
    body = _convolutions(1, rng)
    return Recipe("classes", digit_images(), body, 64, 10, loss, rule, 15, accuracy_skill, 32, last, _weights(rng))


def _photos(rng: np.random.Generator) -> Recipe:
    loss, last = _ending(rng)
    rule = pick(rng, [Adam(lr=0.003), SGD(lr=0.03, momentum=0.9), AdamW(lr=0.003)])
    body, n_classes = _convolutions(3, rng), int(rng.integers(3, 7))
    data = pictures(rng, 600, n_classes, size=8)
    return Recipe("classes", data, body, 64, n_classes, loss, rule, 20, accuracy_skill, 32, last, _weights(rng))


def _points(rng: np.random.Generator) -> Recipe:
    make, n_classes = pick(rng, [(moons, 2), (circles, 2), (spirals, 3), (blobs, 3)])
    train, valid = make(800, rng=int(rng.integers(1000))).split(0.25, rng=0)
    body, features = _hidden(rng, 2, [32, 64])
    loss, last = _ending(rng)
    rule = pick(rng, [Adam(lr=0.01), Adam(lr=0.005), RMSProp(lr=0.003), SGD(lr=0.05, momentum=0.9)])
    return Recipe(
        "classes", (train, valid), body, features, n_classes, loss, rule, 50, accuracy_skill, 32, last, _weights(rng)
    )


def _yes_or_no(rng: np.random.Generator) -> Recipe:
    n_columns = int(rng.integers(3, 12))
    x = standardised(rng.normal(size=(1200, n_columns)))
    score = x @ rng.normal(size=n_columns) + 0.5 * x[:, 0] * x[:, 1]
    y = (score > np.median(score)).astype(np.float32)[:, None]
    data = Dataset(x[:900], y[:900]), Dataset(x[900:], y[900:])
    body, features = _hidden(rng, n_columns, [16, 32])
    loss, last, skill = pick(
        rng, [(binary_cross_entropy_with_logits, [], logit_skill), (binary_crossentropy, [Sigmoid()], accuracy_skill)]
    )
    return Recipe("yes", data, body, features, 1, loss, _rule(rng), 25, skill, 32, last, _weights(rng))


def _numbers(rng: np.random.Generator) -> Recipe:
    x, y = table(rng, 2000)
    data = Dataset(x[:1600], y[:1600]), Dataset(x[1600:], y[1600:])
    body, features = _hidden(rng, 9, [32, 64])
    rule = pick(rng, [Adam(lr=0.001), Adam(lr=0.003), SGD(lr=0.02), SGD(lr=0.005, momentum=0.9), AdamW(lr=0.002)])
    loss = pick(rng, [mean_squared_error, mean_squared_error, huber])
    return Recipe("numbers", data, body, features, 1, loss, rule, 25, r2_skill, 32, [], _weights(rng))
