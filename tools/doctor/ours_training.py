"""Section H, our own programs: faults in the rate, the rule, the loop and the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter
from tinynet.data import Dataset
from tinynet.layers import Dropout, Linear, ReLU, Sigmoid, Softmax, Tanh
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error, negative_log_likelihood
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, AdamW, StepLR
from tools.doctor.bases import columns, regr_nn
from tools.doctor.handwritten import binary_crossentropy, one_hot
from tools.doctor.material import digit_rows
from tools.doctor.program import Program, Trial, accuracy_skill, always, skill_below


def _digits(
    rule: Any,
    loss: Any = cross_entropy,
    epochs: int = 12,
    net: Net | None = None,
    learner: type[Learner] = Learner,
    **options: Any,
) -> Trial:
    train, valid = digit_rows()
    net = Net([Linear(64, 64), ReLU(), Linear(64, 10)]) if net is None else net
    return Trial(learner(net, loss, rule, train, valid=valid, **options), epochs, accuracy_skill)


def adam_with_rate_one(seed: int) -> Trial:
    return _digits(Adam(lr=1.0))


def sgd_with_rate_five(seed: int) -> Trial:
    return _digits(SGD(lr=5.0))


def momentum_of_99_hundredths(seed: int) -> Trial:
    return _digits(SGD(lr=0.5, momentum=0.99))


def sgd_with_tiny_rate(seed: int) -> Trial:
    return _digits(SGD(lr=1e-5))


def adam_with_tiny_rate(seed: int) -> Trial:
    return _digits(Adam(lr=1e-6))


def rate_that_dies(seed: int) -> Trial:
    """The rate falls to a tenth every ten steps instead of every ten epochs."""
    return _digits(SGD(StepLR(0.1, step_size=10, gamma=0.1)))


def gradients_clipped_away(seed: int) -> Trial:
    return _digits(SGD(lr=0.1, clip_norm=1e-4))


def one_epoch(seed: int) -> Trial:
    return _digits(SGD(lr=0.1), epochs=1)


def all_rows_in_one_batch(seed: int) -> Trial:
    return _digits(SGD(lr=0.1), epochs=12, batch_size=1437)


class NeverCleared(Learner):
    """A loop by hand without the line that clears the gradients."""

    def train_step(self, x: Any, y: Any) -> tuple[float, Any]:
        predicted = self.net.forward(x)
        loss, gradient = self.loss(predicted, y)
        self.net.backward(gradient)
        for parameter in self.net.parameters().values():
            parameter.tensor -= self.optimizer.learning_rate * parameter.gradient
        return loss, predicted


def never_cleared(seed: int) -> Trial:
    return _digits(SGD(lr=0.1), learner=NeverCleared)


class Cleared(Learner):
    """The same loop with that line."""

    def train_step(self, x: Any, y: Any) -> tuple[float, Any]:
        self.net.zero_gradient()
        predicted = self.net.forward(x)
        loss, gradient = self.loss(predicted, y)
        self.net.backward(gradient)
        for parameter in self.net.parameters().values():
            parameter.tensor -= self.optimizer.learning_rate * parameter.gradient
        return loss, predicted


def cleared(seed: int) -> Trial:
    return _digits(SGD(lr=0.1), learner=Cleared, epochs=15)


class ClearedTooEarly(Learner):
    """A loop by hand that clears the gradients between backward and update."""

    def train_step(self, x: Any, y: Any) -> tuple[float, Any]:
        predicted = self.net.forward(x)
        loss, gradient = self.loss(predicted, y)
        self.net.backward(gradient)
        self.net.zero_gradient()
        self.net.update(self.optimizer)
        return loss, predicted


def cleared_too_early(seed: int) -> Trial:
    return _digits(SGD(lr=0.1), learner=ClearedTooEarly, epochs=5)


class OnlyTheLast(SGD):
    """A rule that was told of the last layer only."""

    def update(self, parameter: Parameter) -> None:
        if parameter.shape[0] == 10:
            super().update(parameter)


def first_layer_forgotten(seed: int) -> Trial:
    return _digits(OnlyTheLast(lr=0.1))


def flipped_loss(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Cross-entropy whose gradient has the wrong sign: q − p."""
    loss, gradient = cross_entropy(predicted, y)
    return loss, -gradient


def flipped_gradient(seed: int) -> Trial:
    return _digits(SGD(lr=0.1), flipped_loss)


def wrong_derivative(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Cross-entropy with the gradient of another loss: that of the absolute value."""
    return cross_entropy(predicted, y)[0], np.sign(predicted) / len(predicted)


def derivative_of_another_loss(seed: int) -> Trial:
    return _digits(SGD(lr=0.1), wrong_derivative)


def likelihood_of_probabilities(seed: int) -> Trial:
    net = Net([Linear(64, 64), ReLU(), Linear(64, 10), Softmax()])
    return _digits(Adam(lr=0.002), negative_log_likelihood, net=net)


def squared_error_through_a_sigmoid(seed: int) -> Trial:
    """Numbers from 0 to 9 as the target of a sigmoid."""
    train, valid = (Dataset(part.x, part.y[:, None].astype(np.float32)) for part in digit_rows())
    net = Net([Linear(64, 64), ReLU(), Linear(64, 1), Sigmoid()])
    learner = Learner(net, mean_squared_error, Adam(lr=0.002), train, valid=valid)
    return Trial(learner, 12, lambda learner: float("nan"))


def accuracy_of_one_probability(seed: int) -> Trial:
    """`accuracy` takes logits, which are a yes above 0; every probability is."""
    train, valid = (Dataset(part.x, (part.y % 2).astype(np.float32)[:, None]) for part in digit_rows())
    net = Net([Linear(64, 32), ReLU(), Linear(32, 1), Sigmoid()])
    learner = Learner(net, binary_crossentropy, Adam(lr=0.002), train, valid=valid, metrics=[accuracy])
    return Trial(learner, 15, accuracy_skill)


def summed_over_pixels_and_batch(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Squared error of one-hot truth, summed over classes and batch."""
    difference = predicted - one_hot(y, predicted)
    return float(np.sum(difference**2)), 2 * difference


def summed_squares(seed: int) -> Trial:
    return _digits(SGD(lr=0.05), summed_over_pixels_and_batch)


def mean_over_the_wrong_axis(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The prediction is averaged over the batch before it is compared: all rows get the same gradient."""
    difference = (predicted - y).mean(axis=0, keepdims=True)
    return float(np.mean(difference**2)), np.repeat(2 * difference / predicted.size, len(predicted), axis=0)


def wrong_axis(seed: int) -> Trial:
    return regr_nn(columns(seed), loss=mean_over_the_wrong_axis, epochs=20)


def decay_of_a_tenth_each_step(seed: int) -> Trial:
    return _digits(AdamW(lr=0.01, weight_decay=10.0))


def dropout_of_nine_tenths(seed: int) -> Trial:
    net = Net([Dropout(0.9), Linear(64, 64), ReLU(), Dropout(0.9), Linear(64, 10)])
    return _digits(Adam(lr=0.002), net=net)


def memorised(seed: int) -> Trial:
    """Thirty noisy rows and a hundred thousand weights."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(230, 20)).astype(np.float32)
    y = (x[:, 0] + rng.normal(0, 0.7, 230) > 0).astype(np.int64)
    net = Net([Linear(20, 256), ReLU(), Linear(256, 256), ReLU(), Linear(256, 2)])
    learner = Learner(net, cross_entropy, Adam(), Dataset(x[:30], y[:30]), valid=Dataset(x[30:], y[30:]))
    return Trial(learner, 150, accuracy_skill)


def tanh_for_counts(seed: int) -> Trial:
    """Counts from 0 to 60 as the target of a tanh."""
    train, valid = columns(seed, times=10, plus=30)
    return regr_nn((train, valid), last=[Tanh()])


PROGRAMS = [
    Program("H51", "Adam with rate 1", adam_with_rate_one, "lr-high", ("dead-relu", "explode"), skill_below(0.9)),
    Program("H52", "SGD with rate 5", sgd_with_rate_five, "lr-high", ("dead-relu", "explode"), skill_below(0.8)),
    Program(
        "H53",
        "momentum 0.99",
        momentum_of_99_hundredths,
        "lr-high",
        ("dead-relu", "explode", "unstable"),
        skill_below(0.8),
    ),
    Program("H54", "SGD with rate 1e-5", sgd_with_tiny_rate, "lr-low", ("few-steps",), skill_below(0.5)),
    Program("H55", "Adam with rate 1e-6", adam_with_tiny_rate, "lr-low", ("few-steps",), skill_below(0.5)),
    Program("H56", "a rate that dies", rate_that_dies, "lr-low", ("few-steps", "stuck"), skill_below(0.8)),
    Program(
        "H57", "gradients clipped away", gradients_clipped_away, "lr-low", ("few-steps", "vanish"), skill_below(0.5)
    ),
    Program("H58", "one epoch", one_epoch, "few-steps", ("lr-low",), skill_below(0.9)),
    Program(
        "H59", "all rows in one batch", all_rows_in_one_batch, ("batch", "few-steps"), ("lr-low",), skill_below(0.8)
    ),
    Program("H60", "gradients never cleared", never_cleared, "accumulate", ("lr-high", "explode"), always, cleared),
    Program(
        "H61",
        "gradients cleared before the update",
        cleared_too_early,
        ("untouched", "accumulate", "vanish"),
        ("stuck", "lr-low"),
        skill_below(0.5),
    ),
    Program("H62", "the first layer is never updated", first_layer_forgotten, "untouched", (), always),
    Program(
        "H63", "the loss's gradient has the wrong sign", flipped_gradient, ("sign", "gradient"), ("explode",), always
    ),
    Program("H64", "the gradient of another loss", derivative_of_another_loss, ("gradient", "sign"), (), always),
    Program(
        "H65",
        "log-likelihood of probabilities",
        likelihood_of_probabilities,
        "loss",
        ("out-act", "no-softmax", "softmax2"),
        always,
    ),
    Program(
        "H66", "numbers to 9 through a sigmoid", squared_error_through_a_sigmoid, "out-act", ("out-scale",), always
    ),
    Program("H67", "accuracy of one probability", accuracy_of_one_probability, "metric", (), always),
    Program("H68", "squares summed over the batch", summed_squares, "reduce", ("lr-high", "loss", "explode"), always),
    Program(
        "H69", "a mean over the wrong axis", wrong_axis, ("reduce", "broadcast"), ("loss", "gradient"), skill_below(0.9)
    ),
    Program("H70", "weight decay 10", decay_of_a_tenth_each_step, "reg-much", (), skill_below(0.9)),
    Program("H71", "dropout of 0.9 twice", dropout_of_nine_tenths, "reg-much", (), skill_below(0.9)),
    Program("H72", "thirty rows learned by heart", memorised, "reg-none", (), skill_below(0.8)),
    Program("H73", "counts through a tanh", tanh_for_counts, "out-act", ("out-scale", "saturated"), always),
]
