"""Columns that are watched: infinite and equal values are no improvement."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.learner import Callback, EarlyStopping, KeepBest, Learner, ReduceOnPlateau
from tinynet.learner.monitor import Monitor
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD

INF = np.inf


@pytest.mark.parametrize(
    ("mode", "values", "improves"),
    [
        ("min", [INF, INF, INF], [True, False, False]),
        ("max", [-INF, -INF, -INF], [True, False, False]),
        ("min", [-INF, -INF, 0.0], [True, False, False]),
        ("max", [INF, INF, 1.0], [True, False, False]),
        ("min", [INF, 3.0, INF, 2.0, -INF, -INF], [True, True, False, True, True, False]),
        ("min", [np.nan, INF, np.nan, 1.0], [False, True, False, True]),
        ("min", [1.0, 1.0, 1.0], [True, False, False]),
    ],
)
@pytest.mark.parametrize("min_delta", [0.0, 0.5])
def test_improvements(mode, values, improves, min_delta):
    monitor = Monitor("EarlyStopping", "loss", mode, min_delta)
    assert [monitor.improves({"epoch": n, "loss": value}) for n, value in enumerate(values)] == improves


class Weights(Callback):
    """The weights after each epoch."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def on_epoch_end(self, learner, epoch, row):
        self.seen.append(learner.net[0].weight.tensor.copy())


def learner(*callbacks: Callback, worst: float = INF) -> Learner:
    x = np.ones((8, 1), np.float32)
    data = Dataset(x, 2 * x)

    def score(predicted, truth):
        return worst

    return Learner(
        Net([Linear(1, 1)]), mean_squared_error, SGD(lr=0.1), data, valid=data, metrics=[score], callbacks=callbacks
    )


def test_a_training_column_without_numbers():
    stopping = EarlyStopping("pairs", mode="max")
    trained = learner(stopping)
    trained.metrics = {"pairs": lambda predicted, truth: np.zeros(2)}
    words = (
        r"^EarlyStopping: column 'pairs' has no numbers: a metric that gives arrays is left out of training columns\."
    )
    with pytest.raises(TypeError, match=words):
        trained.fit(progress=False)


def test_early_stopping_stops():
    for mode, worst in (("min", INF), ("max", -INF), ("min", -INF)):
        stopping = EarlyStopping("valid_score", patience=2, mode=mode)
        trained = learner(stopping, worst=worst)
        assert len(trained.fit(10, progress=False)) == 3
        assert trained.stop_reason == "valid_score has not improved since epoch 1"


def test_the_first_of_equally_infinite_epochs_is_kept():
    weights, keep = Weights(), KeepBest("valid_score", mode="min")
    trained = learner(weights, keep)
    trained.fit(4, progress=False)
    assert keep.best_epoch == 1
    np.testing.assert_array_equal(trained.net[0].weight.tensor, weights.seen[0])


def test_the_rate_is_lowered():
    trained = learner(ReduceOnPlateau("valid_score", factor=0.5, patience=1, mode="min"))
    assert trained.fit(4, progress=False)["lr"] == [0.1, 0.1, 0.1, 0.05]
