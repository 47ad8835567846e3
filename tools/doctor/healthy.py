"""Thirty ordinary healthy runs, over our own models, data sets and seeds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tinynet.data import Compose, Dataset, RandomCrop, blobs, circles, digits, moons, spirals
from tinynet.layers import (
    GRU,
    BatchNorm1D,
    Dropout,
    Flatten,
    GlobalAvgPool1D,
    LayerNorm,
    Linear,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, huber, mean_squared_error
from tinynet.metrics import accuracy, r2_score
from tinynet.models import (
    digits_cnn,
    lenet5,
    mlp,
    mnist_cnn,
)
from tinynet.net import Net
from tinynet.optimizers import (
    SGD,
    Adam,
    Adamax,
    AdamW,
    CosineAnnealingLR,
    CyclicLR,
    LinearLR,
    Lion,
    NAdam,
    OneCycleLR,
    Optimizer,
    RAdam,
    RMSProp,
)
from tools.doctor.handwritten import categorical_crossentropy
from tools.doctor.healthy_models import MODELS
from tools.doctor.material import digit_rows, standardised
from tools.doctor.program import Build, Trial, accuracy_skill, r2_skill


def on_digits(
    make: Callable[[], Net],
    rule: Callable[[], Optimizer],
    epochs: int,
    batch_size: int = 32,
    loss: Any = cross_entropy,
    larger: bool = False,
) -> Build:
    """A classifier of the digits."""

    def build(seed: int) -> Trial:
        train, valid = (_doubled(part) if larger else part for part in digits())
        learner = Learner(make(), loss, rule(), train, valid=valid, batch_size=batch_size, metrics=[accuracy])
        return Trial(learner, epochs, accuracy_skill)

    return build


def _doubled(data: Dataset) -> Dataset:
    """The digits with 16×16 pixels, one row in two."""
    return Dataset(data.x[::2].repeat(2, axis=2).repeat(2, axis=3), data.y[::2])


def on_points(
    data: Callable[..., Dataset], layers: Callable[[int], Net], rule: Callable[[], Optimizer], epochs: int
) -> Build:
    """A classifier of points in the plane."""

    def build(seed: int) -> Trial:
        train, valid = data(600, rng=seed).split(0.25, rng=seed)
        net = layers(len(np.unique(train.y)))
        learner = Learner(net, cross_entropy, rule(), train, valid=valid, metrics=[accuracy])
        return Trial(learner, epochs, accuracy_skill)

    return build


def tanh_net(n_classes: int) -> Net:
    return Net([Linear(2, 32), Tanh(), Linear(32, 32), Tanh(), Linear(32, n_classes)])


def relu_net(n_classes: int) -> Net:
    return Net([Linear(2, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, n_classes)])


def softmax_regression(n_classes: int) -> Net:
    return Net([Linear(2, n_classes)])


def normed_net() -> Net:
    return Net([Flatten(), Linear(64, 64, bias=False), BatchNorm1D(64), ReLU(), Linear(64, 10)])


def layer_normed_net() -> Net:
    return Net([Flatten(), Linear(64, 64), LayerNorm(64), ReLU(), Dropout(0.2), Linear(64, 10)])


def probability_net() -> Net:
    return Net([Flatten(), Linear(64, 64), Sigmoid(), Linear(64, 10), Softmax()])


def shifted_digits(seed: int) -> Trial:
    """Digits cropped at random, so that training is harder than validation."""
    train, valid = digits()
    train = train.with_transform(Compose([RandomCrop(8, padding=1)]))
    learner = Learner(
        digits_cnn(), cross_entropy, Adam(lr=0.003), train, valid=valid, batch_size=64, metrics=[accuracy]
    )
    return Trial(learner, 12, accuracy_skill)


def _regression(seed: int) -> tuple[Dataset, Dataset]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(800, 5))
    y = standardised(np.sin(x[:, :1]) + 0.5 * x[:, 1:2] ** 2 - x[:, 2:3]) + rng.normal(0, 0.1, (800, 1))
    return Dataset(x.astype(np.float32), y.astype(np.float32)).split(0.2, rng=seed)


def regression(loss: Any, rule: Callable[[], Optimizer], epochs: int) -> Build:
    """A regression with five columns."""

    def build(seed: int) -> Trial:
        train, valid = _regression(seed)
        net = Net([Linear(5, 64), Tanh(), Linear(64, 64), Tanh(), Linear(64, 1)])
        return Trial(Learner(net, loss, rule(), train, valid=valid, metrics=[r2_score]), epochs, r2_skill)

    return build


def waves(seed: int) -> Trial:
    """Two kinds of waves, told apart by a GRU."""
    rng = np.random.default_rng(seed)
    y = np.arange(400) % 2
    steps = np.arange(20) * np.where(y == 0, 0.4, 0.9)[:, None] + rng.uniform(0, 2 * np.pi, (400, 1))
    x = (np.sin(steps) + rng.normal(0, 0.1, steps.shape))[..., None].astype(np.float32)
    train, valid = Dataset(x, y).split(0.25, rng=seed)
    net = Net([GRU(1, 16), GlobalAvgPool1D(), Linear(16, 2)])
    return Trial(Learner(net, cross_entropy, Adam(lr=0.01), train, valid=valid), 15, accuracy_skill)


def one_hot_rows(seed: int) -> Trial:
    """One-hot truth, a softmax and cross-entropy of probabilities: all fits."""
    train, valid = digit_rows(one_hot=True)
    learner = Learner(probability_net(), categorical_crossentropy, Adam(lr=0.003), train, valid=valid)
    return Trial(learner, 20, accuracy_skill)


def _one_cycle() -> Optimizer:
    return Adam(OneCycleLR(0.01, 10 * 45))


def _cosine() -> Optimizer:
    return AdamW(CosineAnnealingLR(0.003, T_max=12 * 23))


def _digit_mlp() -> Net:
    return mlp(64, (64, 32))


SMOOTHED = partial(cross_entropy, label_smoothing=0.1)
RUNS: dict[str, Build] = {
    "mlp, Adam": on_digits(_digit_mlp, lambda: Adam(lr=0.002), 15),
    "mlp, SGD": on_digits(_digit_mlp, lambda: SGD(lr=0.1), 20),
    "mlp, momentum": on_digits(_digit_mlp, lambda: SGD(lr=0.02, momentum=0.9), 15),
    "mlp, RMSProp": on_digits(_digit_mlp, lambda: RMSProp(lr=0.001), 15),
    "mlp, Lion": on_digits(_digit_mlp, lambda: Lion(lr=3e-4), 20),
    "mlp, RAdam": on_digits(_digit_mlp, lambda: RAdam(CyclicLR(0.002, 0.01, step_size_up=60)), 15),
    "mlp, Adamax": on_digits(_digit_mlp, lambda: Adamax(LinearLR(0.005, total_iters=50)), 15),
    "mlp, smoothing": on_digits(
        _digit_mlp, lambda: Adam(lr=0.002), 12, loss=partial(cross_entropy, label_smoothing=0.1)
    ),
    "batch norm": on_digits(normed_net, lambda: SGD(lr=0.05, momentum=0.9), 10),
    "layer norm": on_digits(layer_normed_net, lambda: NAdam(lr=0.002), 12),
    "digits_cnn, Adam": on_digits(digits_cnn, lambda: Adam(), 10),
    "digits_cnn, SGD": on_digits(digits_cnn, lambda: SGD(lr=0.05, momentum=0.9), 8),
    "digits_cnn, cycle": on_digits(digits_cnn, _one_cycle, 10),
    "digits_cnn, AdamW": on_digits(digits_cnn, _cosine, 12, batch_size=64),
    "digits_cnn, crops": shifted_digits,
    "lenet5": on_digits(lambda: lenet5((1, 16, 16)), lambda: Adam(lr=0.002), 15, larger=True),
    "mnist_cnn": on_digits(lambda: mnist_cnn((1, 16, 16)), lambda: Adam(), 5, larger=True),
    "probabilities": one_hot_rows,
    "moons, tanh": on_points(moons, tanh_net, lambda: SGD(lr=0.03, momentum=0.9), 40),
    "moons, relu": on_points(moons, relu_net, lambda: Adam(lr=0.01), 25),
    "circles, tanh": on_points(circles, tanh_net, lambda: Adam(lr=0.01), 25),
    "circles, relu": on_points(circles, relu_net, lambda: SGD(lr=0.1), 60),
    "spirals, tanh": on_points(spirals, tanh_net, lambda: Adam(lr=0.02), 60),
    "spirals, relu": on_points(spirals, relu_net, lambda: Adam(lr=0.01), 30),
    "blobs, convex": on_points(blobs, softmax_regression, lambda: SGD(lr=0.5), 25),
    "regression": regression(mean_squared_error, lambda: Adam(lr=0.003), 40),
    "regression, huber": regression(huber, lambda: SGD(lr=0.05, momentum=0.9), 60),
    **MODELS,
    "GRU": waves,
}

#: Each run with a seed of its own.
HEALTHY: dict[str, tuple[Build, int]] = {name: (build, seed) for seed, (name, build) in enumerate(RUNS.items())}
