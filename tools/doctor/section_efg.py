"""Section E: losses by hand; F: faults seen before the first step; G: several faults at once, and families."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.data import Dataset, circles, digits
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
    Tanh,
)
from tinynet.learner import Learner
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tools.doctor.handwritten import (
    binary_crossentropy,
    binary_of_scores,
    categorical_crossentropy,
    summed_cross_entropy,
    unguarded_sum,
)
from tools.doctor.material import (
    digit_images,
    digit_rows,
    glorot_weights,
    he_weights,
    normal_weights,
    pictures,
    standardised,
)
from tools.doctor.program import Outcome, Program, Trial, accuracy_skill, always, logit_skill, r2_skill, skill_below


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


def three_faults(seed: int) -> Trial:
    train, valid = pictures(np.random.default_rng(seed), 600, size=8, scale=255)
    parts: list[Layer] = []
    for before, channels in ((3, 16), (16, 32)):
        parts += [Conv2D(before, channels, 3, padding=1), ReLU(), Conv2D(channels, channels, 3, padding=1), ReLU()]
        parts += [MaxPool2D(2), Dropout(0.8)]
    net = Net([*parts, Flatten(), Linear(128, 128), ReLU(), Linear(128, 128), ReLU(), Dropout(0.8), Linear(128, 10)])
    return Trial(Learner(net, categorical_crossentropy, Adam(), train, valid=valid, batch_size=128), 10, accuracy_skill)


def _narrow_and_deep(seed: int) -> Trial:
    """8, 14 or 20 hidden layers of five sigmoids, by the seed, with weights of He's rule or N(0, 1)."""
    rng, depth = np.random.default_rng(seed), 8 + 6 * (seed % 3)
    parts = [part for _ in range(depth - 1) for part in (Linear(5, 5), Sigmoid())]
    net = Net([Linear(2, 5), Sigmoid(), *parts, Linear(5, 1), Sigmoid()])
    if seed % 2:
        normal_weights(net, 1.0)
    else:
        he_weights(net)
    data = circles(400, rng=rng)
    data = Dataset(data.x, data.y[:, None].astype(np.float32))
    return Trial(Learner(net, binary_crossentropy, SGD(lr=0.01), data), 15, accuracy_skill)


def gradient_vanishes(outcome: Outcome) -> bool:
    """The rule of AutoTrainer: ‖∇W₁‖ < 1e-4, and less than a thousandth of that of the last layer."""
    norms = _gradients(outcome)
    first, last = (float(np.sqrt(np.sum(norms[k] ** 2))) for k in (0, -1))
    return first < 1e-4 and first < 1e-3 * last


def most_gradients_are_zero(outcome: Outcome) -> bool:
    """The rule of AutoTrainer: at least 70 % of the numbers of the gradient are zero."""
    return float(np.mean([np.mean(g == 0) for g in _gradients(outcome)])) >= 0.7


def _gradients(outcome: Outcome) -> list[np.ndarray]:
    """The gradients of all weights over the training data."""
    assert outcome.learner is not None
    learner = outcome.learner
    net = learner.net.eval()
    x, y = learner.train[np.arange(len(learner.train))]
    net.backward(learner.loss(net.forward(x), y)[1])
    gradients = [parameter.gradient.copy() for path, parameter in net.parameters().items() if path.endswith("weight")]
    net.zero_gradient()
    return gradients


def _thirty_four_layers(seed: int) -> Trial:
    parts = [part for _ in range(33) for part in (Linear(16, 16), ReLU())]
    net = Net([Linear(64, 16), ReLU(), *parts, Linear(16, 10)])
    glorot_weights(net)
    train, valid = digit_rows()
    return Trial(Learner(net, cross_entropy, Adam(), train, valid=valid), 8, accuracy_skill)


def deep_circles_shallow(seed: int) -> Trial:
    data = circles(400, rng=np.random.default_rng(seed))
    data = Dataset(data.x, data.y[:, None].astype(np.float32))
    net = Net([Linear(2, 16), Tanh(), Linear(16, 16), Tanh(), Linear(16, 1), Sigmoid()])
    return Trial(Learner(net, binary_crossentropy, Adam(lr=0.01), data), 25, accuracy_skill)


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
    Program(
        "G1",
        "pixels to 255, dropout of 0.8 three times, a loss for probabilities on raw scores",
        three_faults,
        ("no-softmax", "in-scale", "reg-much"),
        (),
        skill_below(0.8),
    ),
    Program(
        "G4",
        "8 to 20 layers of five sigmoids or tanh",
        _narrow_and_deep,
        "vanish",
        (),
        gradient_vanishes,
        deep_circles_shallow,
    ),
    Program("G6", "34 ReLU layers", _thirty_four_layers, "dead-relu", (), most_gradients_are_zero),
]
