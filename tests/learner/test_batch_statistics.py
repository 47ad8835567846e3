"""Averaged weights with batch norm: the statistics are those of the average."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset, RandomFlip
from tinynet.layers import BatchNorm1D, BatchNorm2D, Conv2D, Dropout, Flatten, Linear, ReLU
from tinynet.learner import AverageWeights, Learner, recompute_statistics
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net, Residual
from tinynet.optimizers import SGD


class Unchecked:
    """Rows that may hold NaN."""

    def __init__(self, x):
        self.x = x

    def __len__(self):
        return len(self.x)

    def __getitem__(self, rows):
        return self.x[rows], np.zeros(len(rows), int)


rng = np.random.default_rng(0)
ROWS = (3 * rng.normal(size=(50, 4)) + 5).astype(np.float32)
PICTURES = (rng.normal(size=(21, 2, 4, 4)) - 3).astype(np.float32)


@pytest.mark.parametrize("batch_size", [7, 16, 49, 50])
def test_the_statistics_of_the_first_layer_are_those_of_the_data(batch_size):
    net = Net([BatchNorm1D(4), Linear(4, 2)])
    recompute_statistics(net, Dataset(ROWS, np.zeros(50, int)), batch_size)
    kept = ROWS
    if batch_size in (7, 49):  # the order is drawn, and the last batch of one row has no variance
        last = np.random.default_rng(0).permutation(50)[-1]
        kept = np.delete(ROWS, last, axis=0)
    np.testing.assert_allclose(net[0].running_mean, kept.mean(0), rtol=1e-5)
    np.testing.assert_allclose(net[0].running_var, kept.var(0, ddof=1), rtol=1e-5)


def test_pictures_deep_inside_and_one_at_a_time():
    net = Net([Residual(Net([BatchNorm2D(2)])), Flatten(), Linear(32, 2)])
    for batch_size in (1, 5):
        recompute_statistics(net, Dataset(PICTURES, np.zeros(21, int)), batch_size)
        kept = (
            np.delete(PICTURES, np.random.default_rng(0).permutation(21)[-1], axis=0) if batch_size == 5 else PICTURES
        )
        norm = next(layer for layer in net.every_layer() if isinstance(layer, BatchNorm2D))
        np.testing.assert_allclose(norm.running_mean, kept.mean((0, 2, 3)), rtol=1e-5)
        np.testing.assert_allclose(norm.running_var, kept.var((0, 2, 3), ddof=1), rtol=1e-5)


def test_a_later_layer_sees_what_the_earlier_ones_give_it_without_dropout():
    net = Net([Linear(4, 3), BatchNorm1D(3), ReLU(), Dropout(0.5), BatchNorm1D(3)])
    recompute_statistics(net, Dataset(ROWS, np.zeros(50, int)), batch_size=50)
    first = net[0].forward(ROWS)
    hidden = np.maximum((first - first.mean(0)) / np.sqrt(first.var(0) + 1e-5), 0)
    np.testing.assert_allclose(net[4].running_mean, hidden.mean(0), rtol=1e-4)
    np.testing.assert_allclose(net[4].running_var, hidden.var(0, ddof=1), rtol=1e-4)


def test_nothing_else_changes():
    tn.seed(0)
    net = Net([Linear(4, 3), BatchNorm1D(3), Dropout(0.5), BatchNorm1D(3, track_running_stats=False)])
    net.train()
    before = net.state()
    data = Dataset(ROWS, np.zeros(50, int), transform=None)
    drawn = tn.core.stream("dropout").random(3)
    tn.seed(0)
    recompute_statistics(net, data)
    np.testing.assert_array_equal(tn.core.stream("dropout").random(3), drawn)
    assert all(layer.training for layer in net.every_layer())
    for path, array in net.state().items():
        assert np.array_equal(array, before[path]) == ("running_" not in path), path
    with pytest.raises(RuntimeError):
        net.backward(np.ones((2, 3), np.float32))


def test_a_net_without_batch_norm_reads_nothing():
    class Unreadable:
        def __len__(self):
            return 3

        def __getitem__(self, rows):
            raise AssertionError

    recompute_statistics(Net([Linear(2, 2)]), Unreadable())


def test_statistics_that_would_not_be_finite_stay_as_they_were():
    net = Net([BatchNorm1D(4)])
    x = ROWS.copy()
    x[3, 2] = np.nan
    recompute_statistics(net, Unchecked(x))
    np.testing.assert_array_equal(net[0].running_mean, 0)
    np.testing.assert_array_equal(net[0].running_var, 1)
    assert net[0].num_batches_tracked == 0


def test_an_error_on_the_way_changes_nothing():
    class Broken:
        def __len__(self):
            return 50

        def __getitem__(self, rows):
            if 0 in rows:
                raise OSError("gone")
            return ROWS[rows], np.zeros(len(rows), int)

    net = Net([BatchNorm1D(4)])
    with pytest.raises(OSError, match="gone"):
        recompute_statistics(net, Broken(), batch_size=5)
    np.testing.assert_array_equal(net[0].running_mean, 0)
    assert net[0].num_batches_tracked == 0


def test_refusals():
    data = Dataset(ROWS, np.zeros(50, int))
    with pytest.raises(TypeError, match=r"^recompute_statistics: net must be a Net, got BatchNorm1D\."):
        recompute_statistics(BatchNorm1D(4), data)
    with pytest.raises(TypeError, match=r"^recompute_statistics: data must be a dataset, got a ndarray\."):
        recompute_statistics(Net([BatchNorm1D(4)]), ROWS)


def trained(decay: float) -> tuple[Learner, AverageWeights]:
    tn.seed(1)
    x = np.random.default_rng(2).normal(size=(96, 4)).astype(np.float32)
    data = Dataset(x, (x[:, :1] * x[:, 1:2] + x[:, 2:3]).astype(np.float32))
    averaging = AverageWeights(decay)
    net = Net([Linear(4, 8), BatchNorm1D(8), ReLU(), Linear(8, 1)])
    learner = Learner(net, mean_squared_error, SGD(lr=0.3), data, batch_size=16, callbacks=[averaging])
    learner.fit(4, progress=False)
    return learner, averaging


def test_the_average_has_statistics_of_its_own():
    learner, _ = trained(decay=0.97)
    net, x = learner.net, learner.train.x
    first = net[0].forward(x)
    np.testing.assert_allclose(net[1].running_mean, first.mean(0), atol=1e-5)
    np.testing.assert_allclose(net[1].running_var, first.var(0, ddof=1), rtol=1e-4)
    right = learner.evaluate(learner.train)["loss"]
    recompute_statistics(net, learner.train, batch_size=16)
    assert learner.evaluate(learner.train)["loss"] == right


def test_applied_shows_the_average_with_its_statistics_and_puts_both_back():
    learner, averaging = trained(decay=0.97)
    averaged = learner.evaluate(learner.train)["loss"]
    rng = np.random.default_rng(5)
    for parameter in learner.net.parameters().values():
        parameter.tensor = rng.normal(size=parameter.shape)
    recompute_statistics(learner.net, learner.train)
    before = learner.net.state()
    with averaging.average.applied():
        assert learner.evaluate(learner.train)["loss"] == pytest.approx(averaged, rel=1e-6)
    for path, array in learner.net.state().items():
        np.testing.assert_array_equal(array, before[path])


def test_training_that_ended_in_an_error_keeps_a_whole_net():
    x = ROWS.copy()
    x[7] = np.nan
    averaging = AverageWeights(decay=0.5)
    net = Net([Linear(4, 3), BatchNorm1D(3)])
    learner = Learner(net, cross_entropy, SGD(lr=0.1), Unchecked(x), batch_size=5, callbacks=[averaging])
    with pytest.raises(FloatingPointError):
        learner.fit(progress=False)
    assert all(np.isfinite(array).all() for path, array in net.state().items() if not path.startswith("1.running"))


def test_augmented_pictures_and_a_convolution():
    tn.seed(0)
    data = Dataset(PICTURES, np.arange(21) % 2, transform=RandomFlip())
    net = Net([Conv2D(2, 3, 3), BatchNorm2D(3), ReLU(), Flatten(), Linear(12, 2)])
    learner = Learner(net, cross_entropy, SGD(lr=0.1), data, batch_size=6, callbacks=[AverageWeights(decay=0.5)])
    learner.fit(2, progress=False)
    assert np.isfinite(net[1].running_var).all()
    assert learner.evaluate(data)["loss"] < 2
