"""Section B: more questions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.data import Dataset, digits
from tinynet.layers import LSTM, Conv2D, Flatten, Linear, MaxPool2D, ReLU, Sigmoid, Tanh
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, RMSProp
from tools.doctor.handwritten import binary_crossentropy, categorical_crossentropy
from tools.doctor.material import glorot_weights, halves, standardised
from tools.doctor.program import Program, Trial, accuracy_skill, r2_skill, skill_below


def _even_and_odd(rule: Any) -> Trial:
    train, valid = (Dataset(part.x, (part.y % 2).astype(np.float32)[:, None]) for part in digits())
    net = Net(
        [
            Conv2D(1, 16, 3, padding=1),
            ReLU(),
            Conv2D(16, 16, 3, padding=1),
            ReLU(),
            MaxPool2D(2),
            Conv2D(16, 32, 3, padding=1),
            ReLU(),
            MaxPool2D(2),
            Flatten(),
            Linear(128, 64),
            ReLU(),
            Linear(64, 1),
            Sigmoid(),
        ]
    )
    glorot_weights(net)
    return Trial(Learner(net, binary_crossentropy, rule, train, valid=valid, batch_size=16), 8, accuracy_skill)


def two_classes_with_large_rate(seed: int) -> Trial:
    return _even_and_odd(SGD(lr=0.1, momentum=0.9, nesterov=True))


def two_classes_with_small_rate(seed: int) -> Trial:
    return _even_and_odd(SGD(lr=0.01, momentum=0.9, nesterov=True))


def _sine(net: Net, rule: Any, x: np.ndarray, y: np.ndarray, epochs: int) -> Trial:
    glorot_weights(net)
    return Trial(Learner(net, mean_squared_error, rule, Dataset(x, y), batch_size=32), epochs, r2_skill)


def _sine_rows(seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).uniform(0, 4 * np.pi, (600, 1))
    return x.astype(np.float32), np.sin(x).astype(np.float32)


def sine_through_nine_layers(seed: int) -> Trial:
    deep = [part for _ in range(9) for part in (Linear(10, 10), ReLU())]
    net = Net([Linear(1, 10), Tanh(), Linear(10, 90), Tanh(), Linear(90, 10), ReLU(), *deep[2:], Linear(10, 1)])
    return _sine(net, SGD(lr=0.01), *_sine_rows(seed), 60)


def sine_through_two_layers(seed: int) -> Trial:
    x, y = _sine_rows(seed)
    net = Net([Linear(1, 10), ReLU(), Linear(10, 25), ReLU(), Linear(25, 1)])
    return _sine(net, Adam(lr=0.01), standardised(x), y, 100)


def _line(seed: int, lr: float) -> Trial:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(100, 1))
    y = 3 * x + 2 + rng.normal(0, 0.3, x.shape)
    data = Dataset(x.astype(np.float32), y.astype(np.float32))
    return Trial(Learner(Net([Linear(1, 1)]), mean_squared_error, SGD(lr=lr), data, batch_size=100), 60, r2_skill)


def line_not_finished(seed: int) -> Trial:
    return _line(seed, lr=0.01)


def line_with_larger_rate(seed: int) -> Trial:
    return _line(seed, lr=0.03)


def _flats(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rooms, square metres, year and distance in metres; prices in thousands."""
    rng = np.random.default_rng(seed)
    rooms, year, distance = rng.integers(1, 7, 400), rng.integers(1900, 2020, 400), rng.uniform(100, 20000, 400)
    area = 20 * rooms + rng.normal(20, 8, 400)
    price = 4 * area + 0.8 * (year - 1900) - 0.006 * distance + 100 + rng.normal(0, 8, 400)
    return np.stack([rooms, area, year, distance], axis=1).astype(np.float32), price[:, None].astype(np.float32)


def _prices(x: np.ndarray, y: np.ndarray) -> Trial:
    train, valid = halves(x, y)
    net = Net([Linear(4, 16), ReLU(), Linear(16, 16), ReLU(), Linear(16, 1)])
    return Trial(Learner(net, mean_squared_error, Adam(), train, valid=valid, batch_size=16), 60, r2_skill)


def flats_raw(seed: int) -> Trial:
    return _prices(*_flats(seed))


def flats_standardised(seed: int) -> Trial:
    x, y = _flats(seed)
    return _prices(standardised(x), standardised(y))


def _one_feature(seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).uniform(-2, 2, (300, 1)).astype(np.float32)
    return x, 2 * x + 3  # from −1 to 7


def cross_entropy_of_real_targets(seed: int) -> Trial:
    net = Net([Linear(1, 1), Sigmoid()])
    learner = Learner(net, binary_crossentropy, RMSProp(lr=0.001), Dataset(*_one_feature(seed)), batch_size=1)
    return Trial(learner, 1, r2_skill)


def squared_error_of_real_targets(seed: int) -> Trial:
    data = Dataset(*_one_feature(seed))
    learner = Learner(Net([Linear(1, 1)]), mean_squared_error, RMSProp(lr=0.01), data, batch_size=10)
    return Trial(learner, 60, r2_skill)


def _sentences(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Up to 20 steps of 5 numbers, filled up with zeros; the labels are 1 and 2, and 0 at the padding."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, 20, 5))
    y = 1 + (np.cumsum(x[:, :, 0], axis=1) > 0)
    padding = np.arange(20) >= rng.integers(5, 16, 200)[:, None]
    x[padding], y[padding] = 0, 0
    return x.astype(np.float32), y


def _real_steps_skill(learner: Learner) -> float:
    """The accuracy over the real steps, counted from a guess."""
    x, y = learner.train[np.arange(len(learner.train))]
    guessed = learner.predict(x).argmax(axis=-1)
    return 2 * float(np.mean((guessed == y)[y > 0])) - 1


def padding_as_a_class(seed: int) -> Trial:
    net = Net([LSTM(5, 20, bidirectional=True), Linear(40, 3), Sigmoid()])
    data = Dataset(*_sentences(seed))
    learner = Learner(net, categorical_crossentropy, SGD(lr=0.01), data, metrics=[_squared_distance])
    return Trial(learner, 10, _real_steps_skill)


def padding_ignored(seed: int) -> Trial:
    net = Net([LSTM(5, 20, bidirectional=True), Linear(40, 3)])
    data = Dataset(*_sentences(seed))
    return Trial(Learner(net, _cross_entropy_of_real_steps, Adam(lr=0.01), data), 25, _real_steps_skill)


def _cross_entropy_of_real_steps(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    return cross_entropy(predicted, y, ignore_index=0)


def _squared_distance(predicted: np.ndarray, y: np.ndarray) -> float:
    """The squared error of three probabilities to a label: what "mse" gives for a classifier."""
    return float(np.mean((predicted - y[..., None]) ** 2))


PROGRAMS = [
    Program(
        "B1",
        "rate 0.1 with a momentum of 0.9",
        two_classes_with_large_rate,
        "lr-high",
        ("dead-relu", "unstable"),
        skill_below(0.8),
        two_classes_with_small_rate,
    ),
    Program(
        "B3",
        "nine narrow ReLU layers for a sine",
        sine_through_nine_layers,
        "dead-relu",
        ("in-scale", "width", "vanish", "hid-act"),
        skill_below(0.5),
        sine_through_two_layers,
    ),
    Program(
        "B5",
        "a line after too few epochs",
        line_not_finished,
        "lr-low",
        ("few-steps",),
        skill_below(0.95),
        line_with_larger_rate,
    ),
    Program("B7", "x and y unscaled", flats_raw, "in-scale", ("out-scale",), skill_below(0.9), flats_standardised),
    Program(
        "B9",
        "binary cross-entropy for real targets",
        cross_entropy_of_real_targets,
        "loss",
        ("few-steps", "batch", "width"),
        skill_below(0.9),
        squared_error_of_real_targets,
    ),
    Program(
        "B14",
        "padding taken for a class",
        padding_as_a_class,
        "labels",
        ("out-act", "metric", "few-steps"),
        skill_below(0.7),
        padding_ignored,
    ),
]
