"""Section H, our own programs: faults in the net and its weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.data import Dataset, digits, spirals
from tinynet.layers import (
    RNN,
    BatchNorm1D,
    BatchNorm2D,
    Conv2D,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    Linear,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from tinynet.learner import Callback, Learner
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tools.doctor.handwritten import categorical_crossentropy
from tools.doctor.material import digit_rows, fill, normal_weights
from tools.doctor.program import Program, Trial, accuracy_skill, always, class_skill, skill_below


def _digits(net: Net, rule: Any = None, loss: Any = cross_entropy, epochs: int = 12, **options: Any) -> Trial:
    train, valid = digit_rows()
    learner = Learner(net, loss, Adam(lr=0.002) if rule is None else rule, train, valid=valid, **options)
    return Trial(learner, epochs, accuracy_skill)


def _two_layers(hidden: int = 64) -> Net:
    return Net([Linear(64, hidden), ReLU(), Linear(hidden, 10)])


def all_weights_equal(seed: int) -> Trial:
    net = _two_layers()
    for parameter in net.parameters().values():
        fill(parameter, 0.01)
    return _digits(net)


def all_weights_zero(seed: int) -> Trial:
    net = Net([Linear(64, 64), Tanh(), Linear(64, 64), Tanh(), Linear(64, 10)])
    normal_weights(net, 0.0)
    return _digits(net, SGD(lr=0.1))


def weights_of_size_three(seed: int) -> Trial:
    net = Net([Linear(64, 64), Tanh(), Linear(64, 64), Tanh(), Linear(64, 10)])
    normal_weights(net, 3.0)
    return _digits(net, SGD(lr=0.01))


def no_hidden_activation(seed: int) -> Trial:
    train, valid = spirals(600, rng=seed).split(0.25, rng=seed)
    net = Net([Linear(2, 64), Linear(64, 64), Linear(64, 3)])
    return Trial(Learner(net, cross_entropy, Adam(lr=0.01), train, valid=valid), 40, accuracy_skill)


def hidden_activations(seed: int) -> Trial:
    train, valid = spirals(600, rng=seed).split(0.25, rng=seed)
    net = Net([Linear(2, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, 3)])
    return Trial(Learner(net, cross_entropy, Adam(lr=0.01), train, valid=valid), 30, accuracy_skill)


def one_hidden_unit(seed: int) -> Trial:
    return _digits(_two_layers(hidden=1), epochs=30)


def ten_sigmoid_layers(seed: int) -> Trial:
    parts = [part for _ in range(9) for part in (Linear(32, 32), Sigmoid())]
    return _digits(Net([Linear(64, 32), Sigmoid(), *parts, Linear(32, 10)]), SGD(lr=0.1), epochs=10)


def biases_of_minus_ten(seed: int) -> Trial:
    net = Net([Linear(64, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, 10)])
    fill(net[2].bias, -10.0)
    return _digits(net)


def softmax_over_the_batch(seed: int) -> Trial:
    return _digits(Net([*_two_layers(), Softmax(axis=0)]), loss=categorical_crossentropy)


def sigmoid_before_softmax(seed: int) -> Trial:
    return _digits(Net([*_two_layers(), Sigmoid()]))


def sigmoid_before_logits(seed: int) -> Trial:
    train, valid = (Dataset(part.x, (part.y % 2).astype(np.float32)[:, None]) for part in digit_rows())
    net = Net([Linear(64, 32), ReLU(), Linear(32, 1), Sigmoid()])
    learner = Learner(net, binary_cross_entropy_with_logits, Adam(), train, valid=valid)
    return Trial(learner, 15, accuracy_skill)


def relu_as_last_layer(seed: int) -> Trial:
    return _digits(Net([*_two_layers(), ReLU()]), SGD(lr=0.1))


def no_softmax_for_probabilities(seed: int) -> Trial:
    return _digits(_two_layers(), loss=categorical_crossentropy)


def too_few_outputs(seed: int) -> Trial:
    net = Net([Linear(64, 32), ReLU(), Linear(32, 9)])
    return _digits(net)


class Blocked(Layer):
    """A square root by hand, whose backward was never written."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        return np.sqrt(np.abs(x))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return np.zeros_like(dy)


def backward_of_zeros(seed: int) -> Trial:
    return _digits(Net([Linear(64, 32), Blocked(), Linear(32, 10)]))


def frozen_by_mistake(seed: int) -> Trial:
    net = Net([Linear(64, 32), ReLU(), Linear(32, 16), ReLU(), Linear(16, 10)])
    for parameter in net[4].parameters().values():
        parameter.trainable = False
    for parameter in net[0].parameters().values():
        parameter.trainable = False
    return _digits(net)


class NormOff(Callback):
    """Looks at a prediction before each batch, and forgets to switch back to training."""

    def on_batch_begin(self, learner: Learner, index: int) -> None:
        learner.net.eval()


def _normed(**options: Any) -> Trial:
    net = Net([Conv2D(1, 8, 3), BatchNorm2D(8), ReLU(), Conv2D(8, 16, 3), BatchNorm2D(16), ReLU(), Flatten()])
    train, valid = (Dataset(10 + 30 * part.x, part.y) for part in digits())
    net = Net([*net, Linear(256, 10)])
    learner = Learner(net, cross_entropy, Adam(lr=0.002), train, valid=valid, **options)
    return Trial(learner, 6, accuracy_skill)


def norm_in_evaluation(seed: int) -> Trial:
    return _normed(callbacks=[NormOff()])


def statistics_too_slow(seed: int) -> Trial:
    net = Net([Linear(64, 64, bias=False), BatchNorm1D(64, momentum=0.0002), ReLU(), Linear(64, 10)])
    return _digits(net, epochs=6)


def norm_over_one_row(seed: int) -> Trial:
    net = Net([Linear(64, 64), BatchNorm1D(64), ReLU(), Linear(64, 10)])
    return _digits(net, batch_size=1, epochs=2)


class AlwaysDropped(Layer):
    """Dropout by hand that drops in evaluation too."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        m = (np.random.default_rng(len(x)).uniform(size=x.shape) < 0.3) / np.float32(0.3)
        self.remember(m=m)
        return (x * m).astype(x.dtype)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return (dy * self.recall().m).astype(dy.dtype)


def dropped_in_evaluation(seed: int) -> Trial:
    return _digits(Net([Linear(64, 64), ReLU(), AlwaysDropped(), Linear(64, 10)]))


def wide_recurrent_weights(seed: int) -> Trial:
    """Sixty steps through a recurrent matrix that doubles what it gets."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 60, 3)).astype(np.float32)
    y = (x[:, :5, 0].sum(axis=1) > 0).astype(np.int64)
    net = Net([RNN(3, 24), LastStep(), Linear(24, 2)])
    for path, parameter in net.parameters().items():
        if "weight_hh" in path:
            parameter.tensor = rng.normal(0, 2 / np.sqrt(24), parameter.shape)
    learner = Learner(net, cross_entropy, SGD(lr=0.1), Dataset(x, y))
    return Trial(learner, 15, lambda learner: class_skill(learner.predict(x), y))


class LastStep(Layer):
    """The last step of a sequence, (N, T, C) to (N, C)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.remember(x=x)
        return x[:, -1]

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx = np.zeros_like(self.recall().x)
        dx[:, -1] = dy
        return dx


def pooled_away(seed: int) -> Trial:
    """The mean over all places, right behind a convolution of one channel: hardly anything is left."""
    train, valid = digits()
    net = Net([Conv2D(1, 1, 3), ReLU(), GlobalAvgPool2D(), Linear(1, 10)])
    return Trial(Learner(net, cross_entropy, Adam(lr=0.01), train, valid=valid), 12, accuracy_skill)


PROGRAMS = [
    Program("H21", "all weights equal", all_weights_equal, "init-const", (), skill_below(0.8)),
    Program("H22", "all weights zero", all_weights_zero, "init-const", ("vanish",), skill_below(0.5)),
    Program(
        "H23", "weights from N(0, 3)", weights_of_size_three, "init-wide", ("saturated", "explode"), skill_below(0.9)
    ),
    Program("H24", "no activations", no_hidden_activation, "hid-act", ("width",), skill_below(0.8), hidden_activations),
    Program("H25", "one hidden unit", one_hidden_unit, "width", ("dead-relu", "stuck"), skill_below(0.8)),
    Program("H26", "ten sigmoid layers", ten_sigmoid_layers, "vanish", ("hid-act", "stuck"), skill_below(0.5)),
    Program("H27", "biases of −10", biases_of_minus_ten, "dead-relu", ("stuck",), skill_below(0.5)),
    Program(
        "H28", "softmax over the batch", softmax_over_the_batch, ("reduce", "out-act", "softmax2"), ("loss",), always
    ),
    Program(
        "H29", "sigmoid, then softmax cross-entropy", sigmoid_before_softmax, ("out-act", "softmax2"), ("loss",), always
    ),
    Program("H30", "sigmoid twice", sigmoid_before_logits, ("softmax2", "out-act"), ("loss",), always),
    Program("H31", "ReLU before softmax cross-entropy", relu_as_last_layer, "out-act", ("dead-relu",), always),
    Program(
        "H32", "no softmax", no_softmax_for_probabilities, "no-softmax", ("loss", "out-act", "stuck"), skill_below(0.5)
    ),
    Program("H33", "nine outputs for ten classes", too_few_outputs, ("labels", "width"), ("shape",), always),
    Program("H34", "a backward of zeros", backward_of_zeros, ("vanish", "untouched", "gradient"), (), always),
    Program("H35", "frozen by mistake", frozen_by_mistake, "untouched", (), always),
    Program("H36", "batch norm in evaluation mode", norm_in_evaluation, "bn-mode", ("in-scale",), always),
    Program("H37", "running statistics far behind", statistics_too_slow, "bn-mode", (), skill_below(0.9)),
    Program("H38", "batch norm over one row", norm_over_one_row, "bn-mode", ("batch",), always),
    Program("H39", "dropout in evaluation", dropped_in_evaluation, ("bn-mode", "reg-much"), (), always),
    Program(
        "H40",
        "recurrent weights too wide",
        wide_recurrent_weights,
        ("explode", "init-wide"),
        ("saturated", "vanish", "lr-high"),
        skill_below(0.5),
    ),
    Program("H41", "all pooled into one number", pooled_away, "width", ("stuck", "few-steps"), skill_below(0.5)),
]
