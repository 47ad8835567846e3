"""Snapshots: copies of the weights of some epochs."""

import numpy as np
import pytest

from tinynet.data import moons
from tinynet.layers import Linear
from tinynet.learner import Learner, Snapshots
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD


def learner_with(moments):
    return Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(32), callbacks=[moments])


def test_the_weights_before_and_after_each_named_epoch():
    moments = Snapshots([1, 3])
    learner = learner_with(moments)
    before = learner.net.state()
    learner.fit(1, progress=False)
    first = learner.net.state()
    learner.fit(2, progress=False)
    third = learner.net.state()
    assert list(moments.states) == [0, 1, 3]
    for epoch, state in {0: before, 1: first, 3: third}.items():
        for path, array in state.items():
            np.testing.assert_array_equal(moments.states[epoch][path], array)
    assert not np.array_equal(moments.states[0]["0.weight"], moments.states[3]["0.weight"])


@pytest.mark.parametrize(("epochs", "kept"), [(1, [0, 1]), (3, [0, 1, 2, 3]), (100, [0, 1, 2, 4, 7, 14, 27, 52, 100])])
def test_by_itself_it_keeps_the_last_and_more_at_the_beginning(epochs, kept):
    moments = Snapshots()
    learner_with(moments).fit(epochs, progress=False)
    assert list(moments.states) == kept


def test_a_second_fit_goes_on():
    moments = Snapshots()
    learner = learner_with(moments)
    learner.fit(2, progress=False)
    learner.fit(2, progress=False)
    assert list(moments.states) == [0, 1, 2, 3, 4]


def test_another_learner_begins_anew():
    moments = Snapshots()
    learner_with(moments).fit(3, progress=False)
    other = learner_with(moments)
    other.fit(1, progress=False)
    assert list(moments.states) == [0, 1]
    np.testing.assert_array_equal(moments.states[1]["0.weight"], other.net[0].weight.tensor)


def test_training_is_the_same_with_and_without():
    weights = []
    for callbacks in ([], [Snapshots()]):
        net = Net([Linear(2, 2, rng=np.random.default_rng(0))])
        Learner(net, cross_entropy, SGD(lr=0.1), moons(32, rng=0), callbacks=callbacks).fit(3, progress=False)
        weights.append(net[0].weight.tensor)
    np.testing.assert_array_equal(*weights)


def test_epochs_are_a_list_of_numbers_from_1_on():
    with pytest.raises(TypeError, match=r"Snapshots: epochs must be a list of integers, got an int\.\nHint: write"):
        Snapshots(3)
    with pytest.raises(ValueError, match=r"Snapshots: epochs\[1\] must be at least 1, got 0"):
        Snapshots([1, 0])
    with pytest.raises(TypeError, match=r"Snapshots: epochs\[0\] must be an integer, got 'one'"):
        Snapshots(["one"])
    assert Snapshots(range(1, 4)).epochs == [1, 2, 3]
