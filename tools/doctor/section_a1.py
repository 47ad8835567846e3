"""Section A: programs that people asked about in public, numbers 1 to 15."""

from __future__ import annotations

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import Dropout, Linear, ReLU, Sigmoid, Softmax, Tanh
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_absolute_error, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tools.doctor.handwritten import binary_crossentropy
from tools.doctor.material import XOR, digit_rows, normal_weights, standardised
from tools.doctor.program import Program, Trial, accuracy_skill, r2_skill, skill_below


def digits_without_activation(seed: int) -> Trial:
    net = Net([Linear(64, 30), Linear(30, 10)])
    normal_weights(net, 1.0, biases=True)
    train, valid = digit_rows(one_hot=True)
    return Trial(Learner(net, mean_squared_error, SGD(lr=3.0), train, valid=valid, batch_size=10), 30, accuracy_skill)


def digits_with_sigmoid(seed: int) -> Trial:
    net = Net([Linear(64, 30), Sigmoid(), Linear(30, 10)])
    train, valid = digit_rows()
    return Trial(Learner(net, cross_entropy, SGD(lr=0.1), train, valid=valid, batch_size=10), 15, accuracy_skill)


def xor_with_absolute_error(seed: int) -> Trial:
    net = Net([Linear(2, 4), Sigmoid(), Linear(4, 1), Sigmoid()])
    rule = SGD(lr=0.05, momentum=0.11)
    return Trial(Learner(net, mean_absolute_error, rule, Dataset(*XOR), batch_size=4), 1000, accuracy_skill)


def xor_with_cross_entropy(seed: int) -> Trial:
    net = Net([Linear(2, 4), Sigmoid(), Linear(4, 1), Sigmoid()])
    return Trial(Learner(net, binary_crossentropy, Adam(lr=0.1), Dataset(*XOR), batch_size=4), 2000, accuracy_skill)


def _eighteen_rows(seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 2, (18, 2))
    y = 0.9 * x[:, :1] + 0.45 * x[:, 1:]  # from −1.35 to 2.7
    return Dataset(x.astype(np.float32), y.astype(np.float32))


def relu_for_negative_targets(seed: int) -> Trial:
    net = Net([Linear(2, 4), ReLU(), Linear(4, 1), ReLU()])
    return Trial(Learner(net, mean_squared_error, SGD(lr=0.01), _eighteen_rows(seed), batch_size=10), 50, r2_skill)


def linear_for_negative_targets(seed: int) -> Trial:
    net = Net([Linear(2, 4), ReLU(), Linear(4, 1)])
    return Trial(Learner(net, mean_squared_error, SGD(lr=0.05), _eighteen_rows(seed), batch_size=10), 300, r2_skill)


def _three_numbers(seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).uniform(0, 1e4, (400, 3))
    return x.astype(np.float32), (x @ [2, 1, 0.5] + 2.2)[:, None].astype(np.float32)


def softmax_over_one_for_sums(seed: int) -> Trial:
    net = Net([Linear(3, 3), Tanh(), Dropout(0.5), Linear(3, 2), Tanh(), Dropout(0.5), Linear(2, 1), Softmax()])
    data, rule = Dataset(*_three_numbers(seed)), SGD(lr=0.1, momentum=0.9)
    return Trial(Learner(net, mean_squared_error, rule, data), 20, r2_skill)


def scaled_sums(seed: int) -> Trial:
    net = Net([Linear(3, 3), Tanh(), Linear(3, 2), Tanh(), Linear(2, 1)])
    x, y = _three_numbers(seed)
    data, rule = Dataset(standardised(x), standardised(y)), SGD(lr=0.02, momentum=0.9)
    return Trial(Learner(net, mean_squared_error, rule, data), 30, r2_skill)


def softmax_over_one_for_xor(seed: int) -> Trial:
    rng = np.random.default_rng(seed)
    net = Net([Linear(2, 2), Sigmoid(), Linear(2, 3), Sigmoid(), Linear(3, 1), Softmax()])
    for parameter in net.parameters().values():
        parameter.tensor = rng.uniform(-0.05, 0.05, parameter.shape)
    data, rule = _six_rows(), SGD(lr=0.001, momentum=0.9)
    return Trial(Learner(net, mean_squared_error, rule, data), 20, accuracy_skill)


def sigmoid_for_xor(seed: int) -> Trial:
    net = Net([Linear(2, 4), Tanh(), Linear(4, 3), Tanh(), Linear(3, 1), Sigmoid()])
    rule = SGD(lr=0.1, momentum=0.9)
    return Trial(Learner(net, binary_crossentropy, rule, _six_rows()), 1500, accuracy_skill)


def _six_rows() -> Dataset:
    x, y = XOR
    return Dataset(np.concatenate([x, x[1:3]]), np.concatenate([y, y[1:3]]))


def _two_kinds_of_rows(seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.array([[65, 66, 67], [68, 69, 70]], np.float32).repeat(10, axis=0)
    return x, np.array([[0], [1]], np.float32).repeat(10, axis=0)


def inputs_from_65_to_70(seed: int) -> Trial:
    net = Net([Linear(3, 12), ReLU(), Linear(12, 3), ReLU(), Linear(3, 1), Sigmoid()])
    data = Dataset(*_two_kinds_of_rows(seed))
    return Trial(Learner(net, binary_crossentropy, Adam(), data, batch_size=1), 150, accuracy_skill)


def inputs_standardised(seed: int) -> Trial:
    net = Net([Linear(3, 12), ReLU(), Linear(12, 3), ReLU(), Linear(3, 1), Sigmoid()])
    x, y = _two_kinds_of_rows(seed)
    data = Dataset(standardised(x), y)
    return Trial(Learner(net, binary_crossentropy, Adam(), data, batch_size=1), 150, accuracy_skill)


def _noisy_parabola(seed: int) -> Dataset:
    x = np.linspace(0, 5, 50)[:, None]
    y = 5 * x**2 + np.random.default_rng(seed).normal(size=x.shape) ** 3
    return Dataset(x.astype(np.float32), y.astype(np.float32))


def _parabola(seed: int, lr: float) -> Trial:
    net = Net([Linear(1, 50), ReLU(), Linear(50, 30), ReLU(), Linear(30, 1)])
    return Trial(Learner(net, mean_squared_error, SGD(lr=lr), _noisy_parabola(seed)), 1000, r2_skill)


def parabola_with_rate_of_a_tenth(seed: int) -> Trial:
    return _parabola(seed, lr=0.1)


def parabola_with_small_rate(seed: int) -> Trial:
    return _parabola(seed, lr=1e-4)


PROGRAMS = [
    Program(
        "A1",
        "SGD with rate 3 on linear outputs",
        digits_without_activation,
        "lr-high",
        ("hid-act", "out-act", "loss", "explode", "init-wide"),
        skill_below(0.5),
        digits_with_sigmoid,
    ),
    Program(
        "A3",
        "mean absolute error for XOR: sits at 0.5",
        xor_with_absolute_error,
        "loss",
        ("lr-low", "few-steps"),
        skill_below(0.6),
        xor_with_cross_entropy,
    ),
    Program(
        "A5",
        "ReLU as the last layer, targets below 0",
        relu_for_negative_targets,
        "out-act",
        ("dead-relu",),
        skill_below(0.9),
        linear_for_negative_targets,
    ),
    Program(
        "A7",
        "softmax over one unit, targets to 35,000",
        softmax_over_one_for_sums,
        "softmax1",
        ("out-act", "in-scale", "out-scale", "lr-high", "reg-much"),
        skill_below(0.5),
        scaled_sums,
    ),
    Program(
        "A9",
        "softmax over one unit for XOR",
        softmax_over_one_for_xor,
        "softmax1",
        ("lr-low", "few-steps", "init-const", "init-wide", "vanish"),
        skill_below(0.5),
        sigmoid_for_xor,
    ),
    Program(
        "A11",
        "inputs from 65 to 70",
        inputs_from_65_to_70,
        "in-scale",
        ("lr-low", "dead-relu", "few-steps"),
        skill_below(0.9),
        inputs_standardised,
    ),
    Program(
        "A13",
        "SGD with rate 0.1 on raw targets: explodes, then a constant",
        parabola_with_rate_of_a_tenth,
        "lr-high",
        ("explode", "dead-relu", "out-scale"),
        skill_below(0.5),
        parabola_with_small_rate,
    ),
]
