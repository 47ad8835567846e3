"""Section F: faults that can be seen before the first step."""

from __future__ import annotations

import numpy as np

from tinynet.data import Dataset, digits
from tinynet.layers import (
    BatchNorm2D,
    Conv1D,
    Conv2D,
    Dropout,
    Flatten,
    GlobalAvgPool1D,
    Layer,
    Linear,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Softmax,
)
from tinynet.learner import Learner
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy
from tinynet.net import Net
from tinynet.optimizers import Adam
from tools.doctor.handwritten import (
    binary_crossentropy,
    categorical_crossentropy,
)
from tools.doctor.material import (
    digit_rows,
    pictures,
)
from tools.doctor.program import Program, Trial, accuracy_skill, always, logit_skill


def not_flattened(seed: int) -> Trial:
    net = Net(
        [
            Conv2D(1, 8, 3, padding=1),
            ReLU(),
            MaxPool2D(2),
            Conv2D(8, 16, 3, padding=1),
            ReLU(),
            Linear(4, 50),
            ReLU(),
            Linear(50, 10),
        ]
    )
    train, valid = digits()
    return Trial(Learner(net, cross_entropy, Adam(), train, valid=valid), 5, accuracy_skill)


def flattened(seed: int) -> Trial:
    net = Net(
        [
            Conv2D(1, 8, 3, padding=1),
            ReLU(),
            MaxPool2D(2),
            Conv2D(8, 16, 3, padding=1),
            ReLU(),
            Flatten(),
            Linear(256, 50),
            ReLU(),
            Linear(50, 10),
            Softmax(),
        ]
    )
    train, valid = digits()
    return Trial(Learner(net, categorical_crossentropy, Adam(), train, valid=valid), 8, accuracy_skill)


def _waves(seed: int) -> Dataset:
    """Two kinds of waves, (N, 30, 1), with labels (N, 1)."""
    rng = np.random.default_rng(seed)
    y = np.arange(300) % 2
    phase = rng.uniform(0, 2 * np.pi, (300, 1))
    x = np.sin(np.arange(30) * np.where(y == 0, 0.5, 1.2)[:, None] + phase) + rng.normal(0, 0.2, (300, 30))
    return Dataset(x[..., None].astype(np.float32), y[:, None].astype(np.float32))


def _wave_net(last: list[Layer]) -> Net:
    return Net([Conv1D(1, 16, 5), ReLU(), Conv1D(16, 16, 5), ReLU(), GlobalAvgPool1D(), Linear(16, 1), *last])


def one_softmax_for_waves(seed: int) -> Trial:
    return Trial(Learner(_wave_net([Softmax()]), binary_crossentropy, Adam(), _waves(seed)), 10, accuracy_skill)


def one_softmax_into_logits(seed: int) -> Trial:
    learner = Learner(_wave_net([Softmax()]), binary_cross_entropy_with_logits, Adam(), _waves(seed))
    return Trial(learner, 10, logit_skill)


def one_sigmoid_for_waves(seed: int) -> Trial:
    return Trial(Learner(_wave_net([Sigmoid()]), binary_crossentropy, Adam(lr=0.01), _waves(seed)), 15, accuracy_skill)


def one_softmax_for_pictures(seed: int) -> Trial:
    train, valid = pictures(np.random.default_rng(seed), 300, n_classes=2, size=8)
    train, valid = (Dataset(part.x, part.y[:, None].astype(np.float32)) for part in (train, valid))
    net = Net([Conv2D(3, 8, 3), ReLU(), Flatten(), Linear(288, 32), ReLU(), Linear(32, 1), Softmax()])
    return Trial(Learner(net, binary_crossentropy, Adam(), train, valid=valid), 10, accuracy_skill)


def _dropout_before_output(p: float) -> Trial:
    net = Net([Linear(64, 64), ReLU(), Linear(64, 32), ReLU(), Linear(32, 10), *([Dropout(p)] if p else [])])
    train, valid = digit_rows()
    return Trial(Learner(net, cross_entropy, Adam(), train, valid=valid), 12, accuracy_skill)


def dropout_of_the_scores(seed: int) -> Trial:
    return _dropout_before_output(0.7)


def no_dropout(seed: int) -> Trial:
    return _dropout_before_output(0)


def dropout_before_the_last_layer(seed: int) -> Trial:
    net = Net([Linear(64, 32), ReLU(), Dropout(0.8), Linear(32, 10)])
    train, valid = digit_rows()
    return Trial(Learner(net, cross_entropy, Adam(), train, valid=valid), 12, accuracy_skill)


def _normed(bias: bool) -> Trial:
    net = Net(
        [
            Conv2D(1, 8, 3, padding=1, bias=bias),
            BatchNorm2D(8),
            ReLU(),
            MaxPool2D(2),
            Conv2D(8, 16, 3, padding=1, bias=bias),
            BatchNorm2D(16),
            ReLU(),
            Flatten(),
            Linear(256, 10),
        ]
    )
    train, valid = digits()
    return Trial(Learner(net, cross_entropy, Adam(), train, valid=valid), 6, accuracy_skill)


def bias_before_a_norm(seed: int) -> Trial:
    return _normed(bias=True)


def no_bias_before_a_norm(seed: int) -> Trial:
    return _normed(bias=False)


PROGRAMS = [
    Program("F1", "convolutions without Flatten", not_flattened, "shape", (), always, flattened),
    Program("F2", "softmax over one unit", one_softmax_for_waves, "softmax1", (), always, one_sigmoid_for_waves),
    Program("F2l", "softmax over one unit, then a loss for logits", one_softmax_into_logits, "softmax1", (), always),
    Program("F2p", "softmax over one unit for pictures", one_softmax_for_pictures, "softmax1", (), always),
    Program("F5", "dropout of the scores", dropout_of_the_scores, "reg-much", (), always, no_dropout),
    Program("F5b", "dropout of 0.8 before the output", dropout_before_the_last_layer, "reg-much", (), always),
    Program(
        "F6",
        "bias before a batch norm",
        bias_before_a_norm,
        ("useless-bias", "bias"),
        (),
        always,
        no_bias_before_a_norm,
    ),
]
