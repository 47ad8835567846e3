"""Section A, numbers 15 to 21."""

from __future__ import annotations

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import (
    ELU,
    Conv2D,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, RMSProp
from tools.doctor.handwritten import binary_crossentropy, categorical_crossentropy
from tools.doctor.material import (
    digit_images,
    pictures,
    standardised,
)
from tools.doctor.program import Outcome, Program, Trial, accuracy_skill, r2_skill, skill_below


def _digit_convolutions(last: Layer) -> Net:
    return Net(
        [
            Conv2D(1, 16, 3, padding=1),
            MaxPool2D(2),
            Conv2D(16, 16, 3, padding=1),
            MaxPool2D(2),
            Flatten(),
            Linear(64, 64),
            ReLU(),
            Linear(64, 10),
            last,
        ]
    )


def labels_divided_too(seed: int) -> Trial:
    (train, _), (_, raw) = digit_images(), digit_images(255)
    train = Dataset(train.x, (train.y / 255).astype(np.int64))
    learner = Learner(_digit_convolutions(Softmax()), categorical_crossentropy, Adam(), train, valid=raw)
    return Trial(learner, 2, accuracy_skill)


def labels_whole(seed: int) -> Trial:
    train, valid = digit_images()
    learner = Learner(_digit_convolutions(Softmax()), categorical_crossentropy, Adam(), train, valid=valid)
    return Trial(learner, 8, accuracy_skill)


def _fourth_power() -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(-100, 100, 400)[:, None]
    return x.astype(np.float32), (x**4).astype(np.float32)


def target_to_a_hundred_million(seed: int) -> Trial:
    net = Net([Linear(1, 50), Sigmoid(), Linear(50, 50), ELU(), Linear(50, 1)])
    learner = Learner(net, mean_squared_error, Adam(), Dataset(*_fourth_power()), batch_size=400)
    return Trial(learner, 1000, r2_skill)


def fourth_power_standardised(seed: int) -> Trial:
    net = Net([Linear(1, 50), Sigmoid(), Linear(50, 50), ELU(), Linear(50, 1)])
    x, y = _fourth_power()
    data = Dataset(standardised(x), standardised(y))
    return Trial(Learner(net, mean_squared_error, Adam(lr=0.01), data, batch_size=400), 1000, r2_skill)


def _ten_people(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(10) % 2
    scale = np.array([1, 1, 10, 80, 100, 100, 1e3, 1e3, 5e3, 2e4, 5e4, 1e5, 2e5, 3e5, 4e5, 5e5])
    x = scale * np.clip(rng.uniform(0.2, 1, (10, 16)) + 0.1 * y[:, None], 0, 1.2)  # to 6·10⁵
    return x.astype(np.float32), np.eye(2, dtype=np.float32)[y]


def _demographic_net(last: Layer | None) -> Net:
    hidden = [Linear(16, 64), Tanh(), Dropout(0.5), Linear(64, 64), Tanh(), Dropout(0.5), Linear(64, 2)]
    return Net(hidden if last is None else [*hidden, last])


def demographic_columns_raw(seed: int) -> Trial:
    data, rule = Dataset(*_ten_people(seed)), SGD(lr=0.1, momentum=0.9)
    return Trial(
        Learner(_demographic_net(Softmax()), mean_squared_error, rule, data, batch_size=16), 20, accuracy_skill
    )


def tanh_is_saturated(outcome: Outcome) -> bool:
    """Whether nine tenths of the first tanh are beyond ±0.99, where hardly any gradient gets through."""
    assert outcome.learner is not None
    linear, tanh = outcome.learner.net[0], outcome.learner.net[1]
    x, _ = outcome.learner.train[np.arange(10)]
    return float(np.mean(np.abs(tanh.forward(linear.forward(x))) > 0.99)) > 0.9


def demographic_columns_standardised(seed: int) -> Trial:
    x, y = _ten_people(seed)
    data = Dataset(standardised(x), y)
    learner = Learner(_demographic_net(None), cross_entropy, SGD(lr=0.02, momentum=0.9), data, batch_size=16)
    return Trial(learner, 80, accuracy_skill)


def _photo_net(n_outputs: int, last: Layer) -> Net:
    return Net(
        [
            Conv2D(3, 8, 3, padding=1),
            ReLU(),
            MaxPool2D(2),
            Conv2D(8, 8, 3, padding=1),
            ReLU(),
            MaxPool2D(2),
            Conv2D(8, 16, 3, padding=1),
            ReLU(),
            Flatten(),
            Linear(144, 32),
            ReLU(),
            Dropout(0.5),
            Linear(32, n_outputs),
            last,
        ]
    )


def one_sigmoid_for_three_classes(seed: int) -> Trial:
    train, valid = pictures(np.random.default_rng(seed), 450, n_classes=3)
    rule = RMSProp(lr=0.001)
    learner = Learner(_photo_net(1, Sigmoid()), binary_crossentropy, rule, train, valid=valid, batch_size=16)
    return Trial(learner, 10, accuracy_skill)


def softmax_for_three_classes(seed: int) -> Trial:
    train, valid = pictures(np.random.default_rng(seed), 450, n_classes=3)
    rule = RMSProp(lr=0.001)
    learner = Learner(_photo_net(3, Softmax()), categorical_crossentropy, rule, train, valid=valid, batch_size=16)
    return Trial(learner, 10, accuracy_skill)


PROGRAMS = [
    Program(
        "A15",
        "the labels divided by 255 like the pictures, all 0; the test pictures not divided",
        labels_divided_too,
        "labels",
        ("one-class", "eval-prep", "hid-act"),
        skill_below(0.3),
        labels_whole,
    ),
    Program(
        "A17",
        "targets to 10⁸",
        target_to_a_hundred_million,
        "out-scale",
        ("in-scale", "few-steps", "lr-low"),
        skill_below(0.5),
        fourth_power_standardised,
    ),
    Program(
        "A19",
        "columns to 6·10⁵ saturate the tanh",
        demographic_columns_raw,
        "in-scale",
        ("loss", "lr-high", "saturated", "few-rows"),
        tanh_is_saturated,
        demographic_columns_standardised,
    ),
    Program(
        "A21",
        "one sigmoid and binary cross-entropy for three classes",
        one_sigmoid_for_three_classes,
        "loss",
        ("out-act", "labels", "width"),
        skill_below(0.8),
        softmax_for_three_classes,
    ),
]
