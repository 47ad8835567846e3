"""Section C: programs from public repositories."""

from __future__ import annotations

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import Linear, ReLU, Tanh
from tinynet.learner import Learner
from tinynet.losses import mean_absolute_error, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import Adam, RMSProp
from tools.doctor.handwritten import share_of_equal
from tools.doctor.material import halves, standardised
from tools.doctor.program import Program, Trial, always, r2_skill, skill_below


def _means(seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).integers(0, 101, (2000, 2)) / 100
    return x.astype(np.float32), x.mean(axis=1, keepdims=True).astype(np.float32)


def accuracy_of_a_mean(seed: int) -> Trial:
    net, data = Net([Linear(2, 2), Linear(2, 1)]), Dataset(*_means(seed))
    learner = Learner(net, mean_squared_error, RMSProp(lr=0.001), data, batch_size=10, metrics=[share_of_equal])
    return Trial(learner, 10, r2_skill)


def mean_without_accuracy(seed: int) -> Trial:
    net, data = Net([Linear(2, 2), Linear(2, 1)]), Dataset(*_means(seed))
    return Trial(Learner(net, mean_squared_error, RMSProp(lr=0.001), data, batch_size=10), 10, r2_skill)


def _faces(seed: int) -> tuple[Dataset, Dataset]:
    """Stand-ins for photos of faces: 24×24 numbers, and 30 coordinates of points from −1 to 1."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(500, 6))
    x = 0.5 + 0.12 * hidden @ rng.normal(size=(6, 576)) + rng.normal(0, 0.05, (500, 576))
    y = np.tanh(0.3 * hidden @ rng.normal(size=(6, 30)))
    return halves(np.clip(x, 0, 1).astype(np.float32), y.astype(np.float32))


def faces_without_activations(seed: int) -> Trial:
    net = Net([Linear(576, 50), Linear(50, 100), Linear(100, 30)])
    train, valid = _faces(seed)
    learner = Learner(net, mean_squared_error, Adam(lr=0.1), train, valid=valid, metrics=[share_of_equal])
    return Trial(learner, 40, r2_skill)


def faces_with_relu(seed: int) -> Trial:
    net = Net([Linear(576, 50), ReLU(), Linear(50, 100), ReLU(), Linear(100, 30)])
    train, valid = _faces(seed)
    return Trial(Learner(net, mean_squared_error, Adam(), train, valid=valid), 40, r2_skill)


def _house_prices(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(400, 8))
    y = 920_000 + 150_000 * x[:, 0] - 80_000 * x[:, 1] + 60_000 * x[:, 2] * x[:, 3] + rng.normal(0, 10_000, 400)
    return x.astype(np.float32), y[:, None].astype(np.float32)


def _tanh_net(x: np.ndarray, y: np.ndarray) -> Trial:
    net = Net([Linear(8, 20), Tanh(), Linear(20, 20), Tanh(), Linear(20, 1)])
    train, valid = halves(x, y)
    return Trial(Learner(net, mean_absolute_error, Adam(lr=0.003), train, valid=valid), 60, r2_skill)


def prices_to_a_million(seed: int) -> Trial:
    return _tanh_net(*_house_prices(seed))


def prices_standardised(seed: int) -> Trial:
    x, y = _house_prices(seed)
    return _tanh_net(x, standardised(y))


PROGRAMS = [
    Program(
        "C1",
        "accuracy for a regression",
        accuracy_of_a_mean,
        "metric",
        (),
        always,
        mean_without_accuracy,
    ),
    Program(
        "C5",
        "Adam with rate 0.1, no activations",
        faces_without_activations,
        "lr-high",
        ("hid-act", "metric"),
        skill_below(0.8),
        faces_with_relu,
    ),
    Program(
        "C11",
        "prices to a million",
        prices_to_a_million,
        "out-scale",
        ("in-scale", "hid-act"),
        skill_below(0.5),
        prices_standardised,
    ),
]
