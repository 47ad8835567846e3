"""The three clean programs of section D, of which a part can be exchanged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import BatchNorm2D, Conv2D, Dropout, Flatten, Layer, Linear, MaxPool2D, ReLU
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tools.doctor.material import UNITS, digit_images, halves, he_weights, pictures, table
from tools.doctor.program import Trial, accuracy_skill, r2_skill

Data = tuple[Dataset, Dataset]
Part = Callable[[], Layer]


def base_cnn(
    data: Data | None = None,
    loss: Any = cross_entropy,
    rule: Any = None,
    activation: Part = ReLU,
    last: Sequence[Layer] = (),
    weights: Callable[[Net], None] = he_weights,
    epochs: int = 10,
    channels: tuple[int, int] = (16, 32),
    hidden: int = 128,
) -> Trial:
    """b: two convolutions for the digits, SGD with rate 0.1."""
    train, valid = digit_images() if data is None else data
    net = Net(
        [
            Conv2D(1, channels[0], 5, padding=2),
            activation(),
            MaxPool2D(2),
            Conv2D(*channels, 3, padding=1),
            activation(),
            MaxPool2D(2),
            Flatten(),
            Linear(4 * channels[1], hidden),
            activation(),
            Linear(hidden, 10),
            *last,
        ]
    )
    weights(net)
    rule = SGD(lr=0.1, weight_decay=1e-5) if rule is None else rule
    return Trial(Learner(net, loss, rule, train, valid=valid), epochs, accuracy_skill)


def deep_cnn(
    data: Data | None = None,
    loss: Any = cross_entropy,
    rule: Any = None,
    activation: Part = ReLU,
    last: Sequence[Layer] = (),
    weights: Callable[[Net], None] = he_weights,
    epochs: int = 15,
    drop: Sequence[float] = (0.2, 0.3, 0.4),
    dense_drop: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Trial:
    """d: six convolutions with batch norm and dropout for pictures in colour, SGD with momentum."""
    train, valid = pictures(rng or np.random.default_rng(0), 600, n_classes=6, size=8) if data is None else data
    parts: list[Layer] = []
    for before, channels, share in zip((3, 8, 16), (8, 16, 32), drop, strict=True):
        parts += [Conv2D(before, channels, 3, padding=1, bias=False), BatchNorm2D(channels), activation()]
        parts += [Conv2D(channels, channels, 3, padding=1, bias=False), BatchNorm2D(channels), activation()]
        parts += [MaxPool2D(2), *([Dropout(share)] if share else [])]
    dense: list[Layer] = [Linear(32, 128), activation(), *([Dropout(dense_drop)] if dense_drop else [])]
    net = Net([*parts, Flatten(), *dense, Linear(128, 6), *last])
    weights(net)
    rule = SGD(lr=0.02, momentum=0.9) if rule is None else rule
    return Trial(Learner(net, loss, rule, train, valid=valid, batch_size=32), epochs, accuracy_skill)


def regr_nn(
    data: Data | None = None,
    loss: Any = mean_squared_error,
    rule: Any = None,
    activation: Part = ReLU,
    last: Sequence[Layer] = (),
    weights: Callable[[Net], None] = he_weights,
    epochs: int = 20,
    drop: float = 0.0,
    seed: int = 0,
) -> Trial:
    """r: a regression with nine columns, Adam."""
    train, valid = columns(seed) if data is None else data
    extra = [Dropout(drop)] if drop else []
    more = [Dropout(drop)] if drop else []
    net = Net([Linear(9, 64), activation(), *extra, Linear(64, 64), activation(), *more, Linear(64, 1), *last])
    weights(net)
    rule = Adam(lr=0.001, weight_decay=1e-5) if rule is None else rule
    return Trial(Learner(net, loss, rule, train, valid=valid, batch_size=32), epochs, r2_skill)


def columns(seed: int, raw: bool = False, times: float = 1.0, plus: float = 0.0) -> Data:
    """The nine columns, standardised or in their own units, and `times` · target + `plus`."""
    x, y = table(np.random.default_rng(seed), 2500)
    mean, spread = UNITS
    return halves(x * spread + mean if raw else x, (times * y + plus).astype(np.float32))
