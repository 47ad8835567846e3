"""Section E: real programs with losses made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import (
    Conv2D,
    Dropout,
    Flatten,
    Linear,
    MaxPool2D,
    ReLU,
    Sigmoid,
)
from tinynet.learner import Learner
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tools.doctor.handwritten import (
    binary_of_scores,
    summed_cross_entropy,
    unguarded_sum,
)
from tools.doctor.material import (
    digit_images,
    digit_rows,
    normal_weights,
    standardised,
)
from tools.doctor.program import Program, Trial, accuracy_skill, always, r2_skill, skill_below


def _digit_net() -> Net:
    return Net(
        [
            Conv2D(1, 16, 5, padding=2),
            ReLU(),
            MaxPool2D(2),
            Conv2D(16, 32, 5, padding=2),
            ReLU(),
            MaxPool2D(2),
            Flatten(),
            Linear(128, 256),
            ReLU(),
            Dropout(0.5),
            Linear(256, 10),
        ]
    )


def unguarded_sum_over_the_batch(seed: int) -> Trial:
    train, valid = digit_images()
    learner = Learner(_digit_net(), unguarded_sum, Adam(lr=1e-4), train, valid=valid, batch_size=50)
    return Trial(learner, 10, accuracy_skill)


def mean_of_scores(seed: int) -> Trial:
    train, valid = digit_images()
    learner = Learner(_digit_net(), cross_entropy, Adam(lr=1e-3), train, valid=valid, batch_size=50)
    return Trial(learner, 10, accuracy_skill)


def binary_loss_of_raw_scores(seed: int) -> Trial:
    net = Net([Linear(64, 512, bias=False), Sigmoid(), Linear(512, 10, bias=False)])
    normal_weights(net, 1.0)
    train, valid = digit_rows()
    return Trial(Learner(net, binary_of_scores, SGD(lr=0.01), train, valid=valid), 10, accuracy_skill)


def binary_loss_of_logits(seed: int) -> Trial:
    net = Net([Linear(64, 512, bias=False), Sigmoid(), Linear(512, 10, bias=False)])
    train, valid = digit_rows(one_hot=True)
    learner = Learner(net, binary_cross_entropy_with_logits, Adam(lr=0.003), train, valid=valid)
    return Trial(learner, 12, accuracy_skill)


def _line_over_time(seed: int) -> tuple[np.ndarray, np.ndarray]:
    t = np.arange(100.0)[:, None]
    y = 2 * t + 4 + np.random.default_rng(seed).normal(0, 2, t.shape)
    return t.astype(np.float32), y.astype(np.float32)


def line_over_raw_time(seed: int) -> Trial:
    data = Dataset(*_line_over_time(seed))
    return Trial(Learner(Net([Linear(1, 1)]), mean_squared_error, SGD(lr=0.5), data, batch_size=100), 50, r2_skill)


def line_over_scaled_time(seed: int) -> Trial:
    t, y = _line_over_time(seed)
    data = Dataset(standardised(t), standardised(y))
    return Trial(Learner(Net([Linear(1, 1)]), mean_squared_error, SGD(lr=0.1), data, batch_size=100), 50, r2_skill)


def _softmax_regression(loss: Any, rule: Any) -> Trial:
    net = Net([Linear(64, 10)])
    normal_weights(net, 0.0)
    train, valid = digit_rows()
    return Trial(Learner(net, loss, rule, train, valid=valid, batch_size=100), 20, accuracy_skill)


def summed_softmax_regression(seed: int) -> Trial:
    return _softmax_regression(summed_cross_entropy, SGD(lr=0.01))


def mean_softmax_regression(seed: int) -> Trial:
    return _softmax_regression(cross_entropy, SGD(lr=0.5))


PROGRAMS = [
    Program(
        "E1",
        "cross-entropy summed over the batch, log of 0",
        unguarded_sum_over_the_batch,
        "reduce",
        ("nan",),
        always,
        mean_of_scores,
    ),
    Program(
        "E4",
        "binary cross-entropy by hand on raw scores",
        binary_loss_of_raw_scores,
        "no-softmax",
        ("init-wide", "nan"),
        skill_below(0.8),
        binary_loss_of_logits,
    ),
    Program(
        "E9",
        "SGD with rate 0.5 over t from 0 to 99",
        line_over_raw_time,
        "in-scale",
        ("lr-high", "explode"),
        skill_below(0.9),
        line_over_scaled_time,
    ),
    Program(
        "E13",
        "softmax regression with the sum of the losses; zero weights are no fault",
        summed_softmax_regression,
        "reduce",
        (),
        always,
        mean_softmax_regression,
    ),
]
