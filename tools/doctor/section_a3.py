"""Section A, numbers 23 to 29."""

from __future__ import annotations

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import (
    Conv2D,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Softmax,
)
from tinynet.learner import Learner
from tinynet.net import Net
from tinynet.optimizers import Adam
from tools.doctor.handwritten import binary_crossentropy, categorical_crossentropy, unguarded_crossentropy
from tools.doctor.material import (
    digit_images,
    fill,
    he_weights,
    normal_weights,
    pictures,
    standardised,
)
from tools.doctor.program import Program, Trial, accuracy_skill, always, skill_below


def _packets(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (np.arange(21) % 2)[:, None]
    scale = np.array([1, 6, 17, 64, 1500, 65535, 65535, 1e6, 1e9, 3.2e9, 3.2e9])
    x = scale * (rng.uniform(0, 0.5, (21, 11)) + 0.5 * y)
    return x.astype(np.float32), y.astype(np.float32)


def packets_raw(seed: int) -> Trial:
    net = Net([Linear(11, 12), ReLU(), Linear(12, 12), ReLU(), Linear(12, 1), ReLU()])
    data = Dataset(*_packets(seed))
    return Trial(Learner(net, binary_crossentropy, Adam(), data, batch_size=5), 100, accuracy_skill)


def packets_standardised(seed: int) -> Trial:
    net = Net([Linear(11, 12), ReLU(), Linear(12, 12), ReLU(), Linear(12, 1), Sigmoid()])
    x, y = _packets(seed)
    data = Dataset(standardised(x), y)
    return Trial(Learner(net, binary_crossentropy, Adam(lr=0.003), data, batch_size=5), 100, accuracy_skill)


def _large_convolutions(last: Layer) -> Net:
    net = Net(
        [
            Conv2D(1, 8, 5, padding=2),
            ReLU(),
            MaxPool2D(2),
            Conv2D(8, 16, 5, padding=2),
            ReLU(),
            MaxPool2D(2),
            Flatten(),
            Linear(64, 128),
            ReLU(),
            Dropout(0.5),
            Linear(128, 10),
            last,
        ]
    )
    normal_weights(net, 0.1)
    for path, parameter in net.parameters().items():
        if path.endswith("bias"):
            fill(parameter, 0.1)
    return net


def relu_as_probability(seed: int) -> Trial:
    train, valid = digit_images(255)
    learner = Learner(_large_convolutions(ReLU()), unguarded_crossentropy, Adam(), train, valid=valid, batch_size=50)
    return Trial(learner, 5, accuracy_skill)


def softmax_as_probability(seed: int) -> Trial:
    train, valid = digit_images()
    learner = Learner(
        _large_convolutions(Softmax()), categorical_crossentropy, Adam(), train, valid=valid, batch_size=50
    )
    return Trial(learner, 8, accuracy_skill)


def _picture_net() -> Net:
    net = Net(
        [
            Conv2D(3, 8, 3, padding=1),
            ReLU(),
            MaxPool2D(2),
            Conv2D(8, 16, 3, padding=1),
            ReLU(),
            MaxPool2D(2),
            Flatten(),
            Linear(144, 64),
            ReLU(),
            Dropout(0.3),
            Linear(64, 10),
            Softmax(),
        ]
    )
    he_weights(net)
    return net


def pixels_to_255_in_large_batches(seed: int) -> Trial:
    train, valid = pictures(np.random.default_rng(seed), 600, scale=255)
    learner = Learner(_picture_net(), categorical_crossentropy, Adam(), train, valid=valid, batch_size=120)
    return Trial(learner, 25, accuracy_skill)


def pixels_to_1_in_small_batches(seed: int) -> Trial:
    train, valid = pictures(np.random.default_rng(seed), 600)
    learner = Learner(_picture_net(), categorical_crossentropy, Adam(lr=0.002), train, valid=valid, batch_size=32)
    return Trial(learner, 25, accuracy_skill)


def _ids(seed: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Ids from 1 to 10⁹, whose range tells the class."""
    x = np.random.default_rng(seed).uniform(1, 1e9, 2209)
    return x[:, None].astype(np.float32), (x / 1e9 * n_classes).astype(np.int64)


def raw_ids(seed: int) -> Trial:
    net = Net([Linear(1, 69), Linear(69, 69), Linear(69, 69), Sigmoid()])
    normal_weights(net, 0.05)
    data = Dataset(*_ids(seed, 69))
    return Trial(Learner(net, categorical_crossentropy, Adam(), data, batch_size=50), 1, accuracy_skill)


def scaled_ids(seed: int) -> Trial:
    net = Net([Linear(1, 69), ReLU(), Linear(69, 69), ReLU(), Linear(69, 69), Softmax()])
    x, y = _ids(seed, 69)
    data = Dataset(standardised(x), y)
    return Trial(Learner(net, categorical_crossentropy, Adam(lr=0.003), data, batch_size=50), 50, accuracy_skill)


PROGRAMS = [
    Program(
        "A23",
        "columns to 3·10⁹, binary cross-entropy of a ReLU",
        packets_raw,
        "in-scale",
        ("out-act", "loss", "dead-relu", "explode"),
        skill_below(0.9),
        packets_standardised,
    ),
    Program(
        "A25",
        "cross-entropy of ten ReLUs as if they were probabilities, pixels to 255",
        relu_as_probability,
        "out-act",
        ("in-scale", "explode", "nan"),
        skill_below(0.8),
        softmax_as_probability,
    ),
    Program(
        "A27",
        "pixels to 255, few steps of large batches",
        pixels_to_255_in_large_batches,
        "in-scale",
        ("few-steps", "batch"),
        skill_below(0.8),
        pixels_to_1_in_small_batches,
    ),
    Program(
        "A29",
        "ids to 10⁹, sigmoids with a categorical loss, one epoch",
        raw_ids,
        "in-scale",
        ("out-act", "loss", "few-steps", "vanish", "no-signal"),
        always,
        scaled_ids,
    ),
]
