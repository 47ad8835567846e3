"""Small nets and data for the pictures."""

import numpy as np
import pytest

from tinynet.data import Dataset
from tinynet.layers import Conv2D, Flatten, Linear, MaxPool2D, ReLU
from tinynet.learner import History
from tinynet.net import Net


@pytest.fixture
def history():
    made = History()
    made.append(
        {"epoch": 1, "loss": 0.9, "accuracy": 0.5, "lr": 0.1, "seconds": 2.0, "valid_loss": 0.8, "valid_accuracy": 0.6}
    )
    made.append(
        {"epoch": 2, "loss": 0.4, "accuracy": 0.8, "lr": 0.1, "seconds": 2.0, "valid_loss": 0.5, "valid_accuracy": 0.7}
    )
    made.append(
        {"epoch": 3, "loss": 0.2, "accuracy": 0.9, "lr": 0.1, "seconds": 2.0, "valid_loss": 0.6, "valid_accuracy": 0.7}
    )
    return made


@pytest.fixture
def cnn():
    rng = np.random.default_rng(0)
    return Net([Conv2D(1, 4, 3, rng=rng), ReLU(), MaxPool2D(2), Flatten(), Linear(36, 3, rng=rng)])


@pytest.fixture
def images():
    rng = np.random.default_rng(1)
    return Dataset(rng.random((12, 1, 8, 8)).astype(np.float32), np.arange(12) % 3, ["cat", "dog", "frog"])


@pytest.fixture
def tell():
    """A net that says, for each image, the class that its first pixel holds, with a margin in its second pixel."""

    def build(n_classes: int) -> Net:
        layer = Linear(4, n_classes)
        layer.weight.tensor = np.stack(
            [np.zeros(n_classes), np.zeros(n_classes), np.arange(n_classes), np.zeros(n_classes)], axis=1
        )
        layer.bias.tensor = np.zeros(n_classes)
        return Net([Flatten(), layer])

    return build


def left_title(ax):
    return ax.get_title(loc="left")
