"""Healthy programs that look like faulty ones: each would be an alarm of a doctor that goes by a fixed range."""

from __future__ import annotations

from functools import partial

import numpy as np

from tinynet.data import Dataset, digits
from tinynet.layers import (
    LSTM,
    BatchNorm1D,
    Dropout,
    Embedding,
    Flatten,
    GlobalAvgPool1D,
    Linear,
    LogSoftmax,
    ReLU,
    Sigmoid,
    Softplus,
    Tanh,
)
from tinynet.learner import Learner
from tinynet.losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    mean_absolute_error,
    mean_squared_error,
    negative_log_likelihood,
)
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, LinearWarmup, StepLR
from tools.doctor.handwritten import binary_crossentropy
from tools.doctor.material import digit_rows, halves, standardised
from tools.doctor.program import Build, Trial, accuracy_skill, logit_skill, r2_skill


def log_softmax_twice(seed: int) -> Trial:
    """A log-softmax of log-probabilities changes nothing."""
    train, valid = digit_rows()
    net = Net([Linear(64, 64), ReLU(), Linear(64, 10), LogSoftmax()])
    return Trial(Learner(net, cross_entropy, Adam(lr=0.002), train, valid=valid), 15, accuracy_skill)


def log_likelihood(seed: int) -> Trial:
    train, valid = digit_rows()
    net = Net([Linear(64, 64), ReLU(), Linear(64, 10), LogSoftmax()])
    return Trial(Learner(net, negative_log_likelihood, Adam(lr=0.002), train, valid=valid), 15, accuracy_skill)


def few_kinds_of_rows(seed: int) -> Trial:
    """Five questions of yes or no: every row of the validation is in the training data, and nothing leaks."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (800, 5))
    p = 1 / (1 + np.exp(-(3 * x[:, 0] - 4 * x[:, 1] * x[:, 2] + 2 * x[:, 3] - 1)))
    y = (rng.uniform(size=800) < p).astype(np.int64)
    train, valid = halves(x.astype(np.float32), y)
    net = Net([Linear(5, 16), ReLU(), Linear(16, 2)])
    return Trial(
        Learner(net, cross_entropy, Adam(lr=0.003), train, valid=valid, metrics=[accuracy]), 20, accuracy_skill
    )


def mostly_noise(seed: int) -> Trial:
    """A third of the variance can be explained, and the net explains it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3000, 4))
    y = standardised(x[:, :1] + 1.4 * rng.normal(size=(3000, 1)))
    train, valid = halves(x.astype(np.float32), y)
    net = Net([Linear(4, 8), ReLU(), Linear(8, 1)])
    return Trial(Learner(net, mean_squared_error, SGD(lr=0.02), train, valid=valid), 12, r2_skill)


def classes_that_overlap(seed: int) -> Trial:
    """Two clouds that overlap: 84 % is all that can be had."""
    rng = np.random.default_rng(seed)
    y = np.arange(2000) % 2
    x = rng.normal(size=(2000, 2)) + np.where(y == 0, -1, 1)[:, None] * np.array([1.0, 0.0])
    train, valid = halves(x.astype(np.float32), y)
    net = Net([Linear(2, 8), Tanh(), Linear(8, 2)])
    return Trial(
        Learner(net, cross_entropy, Adam(lr=0.005), train, valid=valid, metrics=[accuracy]), 12, accuracy_skill
    )


def pixels_to_sixteen(seed: int) -> Trial:
    """Pixels from 0 to 16 are no trouble for a small rate."""
    train, valid = digit_rows(16)
    net = Net([Linear(64, 64), ReLU(), Linear(64, 10)])
    return Trial(Learner(net, cross_entropy, Adam(), train, valid=valid), 15, accuracy_skill)


def frozen_on_purpose(seed: int) -> Trial:
    """Random features that stay as they are, and a last layer that learns."""
    train, valid = digit_rows()
    net = Net([Linear(64, 512), ReLU(), Linear(512, 10)])
    for parameter in net[0].parameters().values():
        parameter.trainable = False
    return Trial(Learner(net, cross_entropy, Adam(lr=0.003), train, valid=valid), 20, accuracy_skill)


def much_dropout_that_helps(seed: int) -> Trial:
    """The loss in training is above that of the validation, because dropout is off there."""
    train, valid = digit_rows()
    net = Net([Linear(64, 256), ReLU(), Dropout(0.5), Linear(256, 128), ReLU(), Dropout(0.5), Linear(128, 10)])
    return Trial(Learner(net, cross_entropy, Adam(lr=0.002), train, valid=valid), 20, accuracy_skill)


def several_answers(seed: int) -> Trial:
    """Six yes-or-no answers for each row, more than one of them a yes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1500, 10))
    y = (x @ rng.normal(size=(10, 6)) > 0.5).astype(np.float32)
    train, valid = halves(x.astype(np.float32), y)
    net = Net([Linear(10, 32), ReLU(), Linear(32, 6)])
    learner = Learner(net, binary_cross_entropy_with_logits, Adam(lr=0.003), train, valid=valid)
    return Trial(learner, 20, lambda learner: float("nan"))


def pixels_as_probabilities(seed: int) -> Trial:
    """An autoencoder that ends in a sigmoid, with the cross-entropy of gray pixels, which never comes to 0."""
    train, valid = (Dataset(part.x.reshape(-1, 64), part.x.reshape(-1, 64)) for part in digits())
    net = Net([Linear(64, 32), ReLU(), Linear(32, 12), ReLU(), Linear(12, 32), ReLU(), Linear(32, 64), Sigmoid()])
    return Trial(Learner(net, binary_crossentropy, Adam(lr=0.003), train, valid=valid), 20, r2_skill)


def gaussian_log_likelihood(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """−mean log N(y; μ, σ²) without its constant, where the net gives μ and s = log σ²; it may be below 0."""
    mu, s = predicted[:, :1], predicted[:, 1:]
    precision = np.exp(-s)
    loss = np.mean(0.5 * (s + (y - mu) ** 2 * precision))
    d_mu = (mu - y) * precision
    d_s = 0.5 * (1 - (y - mu) ** 2 * precision)
    return float(loss), np.concatenate([d_mu, d_s], axis=1) / len(y)


def loss_below_zero(seed: int) -> Trial:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (1000, 1))
    y = np.sin(2 * x) + 0.05 * rng.normal(size=x.shape)
    train, valid = halves(x.astype(np.float32), y.astype(np.float32))
    net = Net([Linear(1, 32), Tanh(), Linear(32, 32), Tanh(), Linear(32, 2)])
    learner = Learner(net, gaussian_log_likelihood, Adam(lr=0.003), train, valid=valid)
    return Trial(learner, 60, lambda learner: float("nan"))


def counts_through_softplus(seed: int) -> Trial:
    """Targets that are never below zero, and an output that is not either."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1200, 3))
    y = np.log1p(np.exp(x[:, :1] + 0.5 * x[:, 1:2])) + np.abs(rng.normal(0, 0.05, (1200, 1)))
    train, valid = halves(x.astype(np.float32), y.astype(np.float32))
    net = Net([Linear(3, 32), ReLU(), Linear(32, 1), Softplus()])
    return Trial(Learner(net, mean_squared_error, Adam(lr=0.003), train, valid=valid), 20, r2_skill)


def sigmoid_for_shares(seed: int) -> Trial:
    """Shares from 0 to 1, a sigmoid and squared error."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1200, 3))
    y = 1 / (1 + np.exp(-(1.5 * x[:, :1] - x[:, 1:2] * x[:, 2:])))
    train, valid = halves(x.astype(np.float32), y.astype(np.float32))
    net = Net([Linear(3, 32), Tanh(), Linear(32, 1), Sigmoid()])
    return Trial(Learner(net, mean_squared_error, Adam(lr=0.005), train, valid=valid), 30, r2_skill)


def rare_but_weighted(seed: int) -> Trial:
    """One yes in ten, and the loss weighs it nine times."""
    rng = np.random.default_rng(seed)
    y = (np.arange(1500) % 10 == 0).astype(np.float32)[:, None]
    x = rng.normal(size=(1500, 4)) + 2.5 * y
    train, valid = halves(x.astype(np.float32), y)
    loss = partial(binary_cross_entropy_with_logits, pos_weight=9.0)
    net = Net([Linear(4, 16), ReLU(), Linear(16, 1)])
    return Trial(Learner(net, loss, Adam(lr=0.005), train, valid=valid), 20, logit_skill)


def padded_sequences(seed: int) -> Trial:
    """Words filled up with zeros to one length, and one label for each sequence."""
    rng = np.random.default_rng(seed)
    y = np.arange(500) % 2
    x = rng.integers(1, 12, (500, 12))
    x[np.arange(500), rng.integers(0, 5, 500)] = np.where(y == 0, 12, 13)
    x[np.arange(12) >= rng.integers(5, 13, 500)[:, None]] = 0
    train, valid = halves(x, y)
    net = Net([Embedding(14, 8), LSTM(8, 16), GlobalAvgPool1D(), Linear(16, 2)])
    return Trial(Learner(net, cross_entropy, Adam(lr=0.01), train, valid=valid), 12, accuracy_skill)


def rate_with_steps(seed: int) -> Trial:
    """The rate warms up, and falls to a tenth: late epochs change little, on purpose."""
    train, valid = digit_rows()
    net = Net([Flatten(), Linear(64, 64, bias=False), BatchNorm1D(64), ReLU(), Linear(64, 10)])
    rule = SGD(LinearWarmup(StepLR(0.05, step_size=450, gamma=0.1), n_steps=45), momentum=0.9)
    return Trial(Learner(net, cross_entropy, rule, train, valid=valid), 15, accuracy_skill)


def absolute_error_with_outliers(seed: int) -> Trial:
    """One target in fifty is far off; absolute error is the right choice then."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1500, 3))
    y = x @ np.array([[1.0], [-0.5], [0.3]]) + 0.1 * rng.normal(size=(1500, 1))
    clean = y.copy()
    y[::50] += rng.normal(0, 8, (30, 1))
    net = Net([Linear(3, 16), Tanh(), Linear(16, 1)])
    data = Dataset(x[:1200].astype(np.float32), y[:1200].astype(np.float32))
    valid = Dataset(x[1200:].astype(np.float32), clean[1200:].astype(np.float32))
    return Trial(Learner(net, mean_absolute_error, Adam(lr=0.005), data, valid=valid), 20, r2_skill)


ODD: dict[str, Build] = {
    "log-softmax twice": log_softmax_twice,
    "log-likelihood": log_likelihood,
    "few kinds of rows": few_kinds_of_rows,
    "mostly noise": mostly_noise,
    "overlap": classes_that_overlap,
    "pixels to 16": pixels_to_sixteen,
    "frozen on purpose": frozen_on_purpose,
    "much dropout": much_dropout_that_helps,
    "several answers": several_answers,
    "gray pixels": pixels_as_probabilities,
    "loss below zero": loss_below_zero,
    "softplus": counts_through_softplus,
    "shares": sigmoid_for_shares,
    "rare, weighted": rare_but_weighted,
    "padded": padded_sequences,
    "rate with steps": rate_with_steps,
    "outliers": absolute_error_with_outliers,
}
