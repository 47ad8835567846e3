"""Section G: several faults at once, and generated families."""

from __future__ import annotations

import numpy as np

from tinynet.data import Dataset, circles
from tinynet.layers import (
    Conv2D,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
)
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tools.doctor.handwritten import (
    binary_crossentropy,
    categorical_crossentropy,
)
from tools.doctor.material import (
    digit_rows,
    glorot_weights,
    he_weights,
    normal_weights,
    pictures,
)
from tools.doctor.program import Outcome, Program, Trial, accuracy_skill, skill_below


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
