"""The rate is lowered when a column stands still, and only then."""

import numpy as np
import pytest

from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.learner import Learner, ReduceOnPlateau
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, AdamW, ParameterGroups


class Told:
    """A learner whose history says what it is told."""

    columns = ("loss", "accuracy")

    def __init__(self, lr):
        self.optimizer = SGD(lr)


def rates(callback, values, lr=1.0):
    learner = Told(lr)
    callback.on_fit_begin(learner)
    seen = []
    for epoch, value in enumerate(values, start=1):
        callback.on_epoch_end(learner, epoch, {"epoch": epoch, callback.monitor.name: value})
        seen.append(learner.optimizer.lr)
    return seen


def test_it_lowers_after_more_than_patience_epochs():
    values = [1.0, 0.9, 0.9, 0.95, 0.9, 0.9]
    assert rates(ReduceOnPlateau("loss", factor=0.5, patience=1), values) == [1, 1, 1, 0.5, 0.5, 0.25]


def test_patience_0_lowers_at_the_first_bad_epoch():
    assert rates(ReduceOnPlateau("loss", factor=0.5, patience=0), [1.0, 1.0, 0.5]) == [1, 0.5, 0.5]


def test_a_cooldown_counts_no_bad_epochs():
    callback = ReduceOnPlateau("loss", factor=0.5, patience=0, cooldown=2)
    assert rates(callback, [1.0] * 6) == [1, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_the_rate_has_a_floor():
    assert rates(ReduceOnPlateau("loss", factor=0.1, patience=0, min_lr=0.05), [1.0] * 4) == [1, 0.1, 0.05, 0.05]


def test_more_is_better_where_the_name_says_so():
    assert rates(ReduceOnPlateau("accuracy", factor=0.5, patience=0), [0.5, 0.6, 0.6]) == [1, 1, 0.5]


def test_a_small_improvement_does_not_count():
    assert rates(ReduceOnPlateau("loss", 0.5, patience=0, min_delta=0.1), [1.0, 0.95, 0.8]) == [1, 0.5, 0.5]


def data():
    x = np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32)
    return Dataset(x, x)


def test_every_group_is_lowered():
    groups = ParameterGroups([("*.bias", SGD(lr=0.0)), ("*", AdamW(lr=0.0))])
    for _, rule in groups.groups:
        rule.lr = 1e-9  # so small that nothing improves
    plateau = ReduceOnPlateau("loss", factor=0.5, patience=0, min_delta=1.0)
    Learner(Net([Linear(2, 2)]), mean_squared_error, groups, data(), callbacks=[plateau]).fit(3, progress=False)
    assert [rule.lr for _, rule in groups.groups] == [0.25e-9, 0.25e-9]


def test_groups_within_groups_are_lowered_and_none_is_raised_to_the_floor():
    slow, fast, inner = SGD(lr=1e-9), SGD(lr=8e-9), SGD(lr=6e-9)
    groups = ParameterGroups([("*.bias", slow), ("*", ParameterGroups([("0.*", fast), ("*", inner)]))])
    plateau = ReduceOnPlateau("loss", factor=0.5, patience=0, min_delta=1.0, min_lr=3.5e-9)
    learner = Learner(Net([Linear(2, 2)]), mean_squared_error, groups, data(), callbacks=[plateau])
    learner.fit(2, progress=False)
    assert [rule.lr for rule in (slow, fast, inner)] == [1e-9, 4e-9, 3.5e-9]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ReduceOnPlateau(factor=1.0), "factor must be at least 0 and below 1"),
        (lambda: ReduceOnPlateau(patience=-1), "patience must be at least 0"),
        (lambda: ReduceOnPlateau(cooldown=-1), "cooldown must be at least 0"),
        (lambda: ReduceOnPlateau(min_lr=-1), "min_lr must be at least 0"),
        (lambda: ReduceOnPlateau("speed"), "does not tell whether low or high is better"),
    ],
)
def test_bad_arguments(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_column_that_is_not_there():
    learner = Learner(Net([Linear(2, 2)]), mean_squared_error, SGD(0.1), data(), callbacks=[ReduceOnPlateau()])
    with pytest.raises(ValueError, match="ReduceOnPlateau: there is no column 'valid_loss'"):
        learner.fit(progress=False)


def test_a_schedule_cannot_be_lowered():
    optimizer = ParameterGroups([("*", SGD(lr=lambda step: 0.1))])
    learner = Learner(Net([Linear(2, 2)]), mean_squared_error, optimizer, data(), callbacks=[ReduceOnPlateau("loss")])
    with pytest.raises(TypeError, match="the learning rate of SGD is a schedule.*\n.*a number as lr"):
        learner.fit(progress=False)
