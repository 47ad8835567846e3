"""Healthy programs that look suspicious: nothing is wrong with them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import Linear, ReLU, Sigmoid
from tinynet.learner import Learner
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tools.doctor.handwritten import binary_crossentropy
from tools.doctor.material import digit_rows, halves, normal_weights, standardised
from tools.doctor.odd import ODD
from tools.doctor.program import Build, Trial, accuracy_skill, logit_skill, r2_skill
from tools.doctor.section_d import CLEAN


def narrow_net(seed: int) -> Trial:
    """Twelve hidden units for ten classes, as for Fashion-MNIST."""
    net = Net([Linear(64, 12), ReLU(), Linear(12, 10)])
    train, valid = digit_rows()
    return Trial(Learner(net, cross_entropy, Adam(), train, valid=valid, batch_size=128), 80, accuracy_skill)


def _two_classes(seed: int) -> tuple[Dataset, Dataset]:
    """1,000 rows with four features, as scikit-learn's `make_classification` gives them."""
    rng = np.random.default_rng(seed)
    y = np.arange(1000) % 2
    side = np.where(rng.uniform(size=1000) < 0.5, 1, -1)
    x = rng.normal(size=(1000, 4)) @ rng.normal(0, 0.6, (4, 4)) + 1.5 * np.stack([2 * y - 1, side, side * y, y], axis=1)
    return halves(x.astype(np.float32), y[:, None].astype(np.float32))


def _growing(last: list) -> Net:
    parts = [part for i, o in pairwise((4, 10, 20, 30, 40, 50)) for part in (Linear(i, o), ReLU())]
    return Net([*parts, Linear(50, 1), *last])


def growing_net(seed: int) -> Trial:
    train, valid = _two_classes(seed)
    return Trial(Learner(_growing([Sigmoid()]), binary_crossentropy, Adam(), train, valid=valid), 20, accuracy_skill)


def growing_net_of_logits(seed: int) -> Trial:
    train, valid = _two_classes(seed)
    learner = Learner(_growing([]), binary_cross_entropy_with_logits, Adam(), train, valid=valid)
    return Trial(learner, 20, logit_skill)


def zero_weights_of_a_convex_loss(seed: int) -> Trial:
    net = Net([Linear(64, 10)])
    normal_weights(net, 0.0)
    train, valid = digit_rows()
    return Trial(Learner(net, cross_entropy, SGD(lr=0.5), train, valid=valid), 20, accuracy_skill)


def wide_standardised_columns(seed: int) -> Trial:
    """Standardised data reach ±4, and SGD with rate 0.1 is normal."""
    rng = np.random.default_rng(seed)
    x = standardised(rng.normal(size=(2000, 12)))
    y = np.argmax(x @ rng.normal(size=(12, 4)), axis=1)
    train, valid = halves(x, y)
    net = Net([Linear(12, 32), ReLU(), Linear(32, 4)])
    return Trial(Learner(net, cross_entropy, SGD(lr=0.1), train, valid=valid), 20, accuracy_skill)


def rate_of_a_tenth_for_a_line(seed: int) -> Trial:
    rng = np.random.default_rng(seed)
    x = standardised(rng.standard_t(5, size=(500, 3)))
    y = x @ np.array([[1.0], [-2], [0.5]]) + rng.normal(0, 0.1, (500, 1))
    data = halves(x, y.astype(np.float32))
    return Trial(Learner(Net([Linear(3, 1)]), mean_squared_error, SGD(lr=0.1), data[0], valid=data[1]), 15, r2_skill)


CONTROLS: dict[str, Build] = {
    **CLEAN,
    **ODD,
    "narrow": narrow_net,
    "growing": growing_net,
    "growing logits": growing_net_of_logits,
    "zero weights": zero_weights_of_a_convex_loss,
    "data to ±4": wide_standardised_columns,
    "line, rate 0.1": rate_of_a_tenth_for_a_line,
}
