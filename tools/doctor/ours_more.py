"""Section H, our own programs: more of what people ask about."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import Conv2D, Flatten, Layer, Linear, MaxPool2D, ReLU, Sigmoid, Softmax, Tanh
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tools.doctor.bases import columns, regr_nn
from tools.doctor.handwritten import binary_crossentropy, one_hot
from tools.doctor.material import digit_images, digit_rows, halves, normal_weights
from tools.doctor.program import Program, Trial, accuracy_skill, always, r2_skill, skill_below


def _digits(net: Net, rule: Any, loss: Any = cross_entropy, epochs: int = 12, hot: bool = False) -> Trial:
    train, valid = digit_rows(one_hot=hot)
    return Trial(Learner(net, loss, rule, train, valid=valid), epochs, accuracy_skill)


def _stack(n_layers: int, width: int, activation: type[Layer], *last: Layer) -> Net:
    hidden = [part for _ in range(n_layers - 1) for part in (Linear(width, width), activation())]
    return Net([Linear(64, width), activation(), *hidden, Linear(width, 10), *last])


def weights_next_to_nothing(seed: int) -> Trial:
    net = _stack(4, 64, Tanh)
    normal_weights(net, 1e-4)
    return _digits(net, SGD(lr=0.1))


def fifteen_layers_explode(seed: int) -> Trial:
    net = _stack(15, 32, ReLU)
    normal_weights(net, 0.6)
    return _digits(net, SGD(lr=0.01))


def convolutions_from_a_unit_normal(seed: int) -> Trial:
    net = Net([Conv2D(1, 16, 3), ReLU(), MaxPool2D(2), Conv2D(16, 32, 3), ReLU(), Flatten(), Linear(32, 10)])
    normal_weights(net, 1.0)
    train, valid = digit_images()
    return Trial(Learner(net, cross_entropy, Adam(), train, valid=valid), 6, accuracy_skill)


def squared_error_of_a_softmax(seed: int) -> Trial:
    return _digits(_stack(1, 64, ReLU, Softmax()), SGD(lr=0.01), mean_squared_error, hot=True)


def binary_loss_of_a_softmax(seed: int) -> Trial:
    return _digits(_stack(1, 64, ReLU, Softmax()), Adam(lr=0.002), binary_crossentropy, hot=True)


def _even(rule: Any, last: list[Layer], loss: Any = binary_crossentropy) -> Trial:
    train, valid = (Dataset(part.x, (part.y % 2).astype(np.float32)[:, None]) for part in digit_rows())
    net = Net([Linear(64, 32), ReLU(), Linear(32, 1), *last])
    return Trial(Learner(net, loss, rule, train, valid=valid), 12, accuracy_skill)


def tanh_as_probability(seed: int) -> Trial:
    return _even(Adam(lr=0.002), [Tanh()])


def nothing_as_probability(seed: int) -> Trial:
    return _even(Adam(lr=0.002), [])


def softmax_for_three_numbers(seed: int) -> Trial:
    """Three coordinates from −2 to 2 out of a softmax, which adds up to 1."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(800, 6)).astype(np.float32)
    y = np.tanh(x @ rng.normal(size=(6, 3))).astype(np.float32) * 2
    train, valid = halves(x, y)
    net = Net([Linear(6, 32), ReLU(), Linear(32, 3), Softmax()])
    return Trial(Learner(net, mean_squared_error, Adam(lr=0.003), train, valid=valid), 20, r2_skill)


def loss_that_oscillates(seed: int) -> Trial:
    return _digits(_stack(3, 64, ReLU), SGD(lr=0.5, momentum=0.9))


def slow_sigmoids(seed: int) -> Trial:
    return _digits(_stack(1, 64, Sigmoid), SGD(lr=0.001), epochs=20)


def regression_with_rate_of_a_half(seed: int) -> Trial:
    return regr_nn(seed=seed, rule=Adam(lr=0.5))


def last_rows_of_sorted_data(seed: int) -> Trial:
    """The rows lie by class, and the last fifth validates: it has the classes that training never saw."""
    train, valid = digit_rows()
    x, y = np.concatenate([train.x, valid.x]), np.concatenate([train.y, valid.y])
    order = np.argsort(y, kind="stable")
    train, valid = halves(x[order], y[order])
    net = _stack(1, 64, ReLU)
    return Trial(Learner(net, cross_entropy, Adam(lr=0.002), train, valid=valid), 10, accuracy_skill)


def labels_as_floats(seed: int) -> Trial:
    train, valid = (Dataset(part.x, part.y.astype(np.float32)) for part in digit_rows())
    return Trial(Learner(_stack(1, 64, ReLU), cross_entropy, Adam(), train, valid=valid), 5, accuracy_skill)


def pictures_into_a_linear_layer(seed: int) -> Trial:
    train, valid = digit_images()
    return Trial(Learner(_stack(1, 64, ReLU), cross_entropy, Adam(), train, valid=valid), 5, accuracy_skill)


def channels_last(seed: int) -> Trial:
    train, valid = (Dataset(part.x.transpose(0, 2, 3, 1), part.y) for part in digit_images())
    net = Net([Conv2D(1, 8, 3), ReLU(), Flatten(), Linear(288, 10)])
    return Trial(Learner(net, cross_entropy, Adam(), train, valid=valid), 5, accuracy_skill)


def constant_target(seed: int) -> Trial:
    train, valid = (Dataset(part.x, np.full_like(part.y, 0.7)) for part in columns(seed))
    return regr_nn((train, valid), epochs=5)


def missing_as_minus_999(seed: int) -> Trial:
    """One number in twenty is missing, written as −999."""
    rng = np.random.default_rng(seed)
    return regr_nn(
        tuple(  # type: ignore[arg-type]
            Dataset(np.where(rng.uniform(size=part.x.shape) < 0.05, np.float32(-999), part.x), part.y)
            for part in columns(seed)
        )
    )


def same_row_for_all(seed: int) -> Trial:
    """The reader gives the first row each time."""
    train, valid = digit_rows()
    same = Dataset(np.repeat(train.x[:1], len(train), axis=0), train.y)
    return Trial(Learner(_stack(1, 64, ReLU), cross_entropy, Adam(), same, valid=valid), 10, accuracy_skill)


def probabilities_clipped_hard(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Cross-entropy of probabilities that are kept above 0.1: below, no gradient is left."""
    t, q, n = one_hot(y, p), np.maximum(p, 0.1), len(p)
    return float(-np.sum(t * np.log(q)) / n), -((p > 0.1) * t / q) / n


def clipped_too_hard(seed: int) -> Trial:
    net = _stack(2, 64, ReLU, Softmax())
    normal_weights(net, 0.3)
    return _digits(net, SGD(lr=0.1), probabilities_clipped_hard)


PROGRAMS = [
    Program(
        "H81",
        "weights from N(0, 0.0001)",
        weights_next_to_nothing,
        ("vanish", "init-const"),
        ("stuck", "lr-low", "few-steps"),
        skill_below(0.5),
    ),
    Program(
        "H82",
        "fifteen ReLU layers, weights from N(0, 0.6)",
        fifteen_layers_explode,
        ("explode", "init-wide"),
        ("lr-high", "dead-relu"),
        skill_below(0.8),
    ),
    Program(
        "H83",
        "convolutions with weights from N(0, 1)",
        convolutions_from_a_unit_normal,
        "init-wide",
        ("explode", "few-steps"),
        skill_below(0.9),
    ),
    Program(
        "H84",
        "squared error of a softmax",
        squared_error_of_a_softmax,
        "loss",
        ("lr-low", "few-steps"),
        skill_below(0.8),
    ),
    Program("H85", "binary cross-entropy of a softmax", binary_loss_of_a_softmax, ("loss", "out-act"), (), always),
    Program("H86", "tanh for probabilities", tanh_as_probability, "out-act", ("loss", "no-softmax"), always),
    Program("H87", "scores for probabilities", nothing_as_probability, ("no-softmax", "out-act"), ("loss",), always),
    Program("H88", "softmax for three numbers", softmax_for_three_numbers, "out-act", (), skill_below(0.8)),
    Program(
        "H89",
        "a loss that oscillates",
        loss_that_oscillates,
        "lr-high",
        ("unstable", "dead-relu", "explode"),
        skill_below(0.9),
    ),
    Program("H90", "slow sigmoids", slow_sigmoids, ("lr-low", "few-steps"), ("hid-act",), skill_below(0.8)),
    Program(
        "H91",
        "Adam with rate 0.5 for a regression",
        regression_with_rate_of_a_half,
        "lr-high",
        ("dead-relu", "explode", "unstable"),
        skill_below(0.8),
    ),
    Program(
        "H92",
        "the last rows of sorted data validate",
        last_rows_of_sorted_data,
        ("labels", "eval-prep", "sorted", "imbalance"),
        ("reg-none",),
        skill_below(0.5),
    ),
    Program("H93", "labels as floats", labels_as_floats, ("labels", "shape", "loss"), (), always),
    Program("H94", "pictures into a linear layer", pictures_into_a_linear_layer, "shape", (), always),
    Program("H95", "channels last", channels_last, "shape", (), always),
    Program("H96", "all targets equal", constant_target, ("labels", "one-class", "no-signal"), (), always),
    Program("H97", "−999 for what is missing", missing_as_minus_999, "in-scale", ("explode",), skill_below(0.8)),
    Program("H98", "the same row for all", same_row_for_all, ("no-signal", "labels"), ("stuck", "eval-prep"), always),
    Program(
        "H99",
        "probabilities clipped at 0.1",
        clipped_too_hard,
        ("gradient", "loss", "vanish", "init-wide"),
        ("stuck", "saturated"),
        skill_below(0.8),
    ),
]
