"""Gradient accumulation that does not come out even: nothing is left over, and nothing is lost."""

import numpy as np
import pytest

from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.learner import AverageWeights, Callback, Learner, LearningRateLog
from tinynet.net import Net
from tinynet.optimizers import SGD, ParameterGroups


def slope(predicted, truth):
    """A loss whose gradient at the weight is -1 in every batch: with SGD(lr=0.2) each update adds 0.2."""
    return float(-predicted.mean()), np.full_like(predicted, -1 / len(predicted))


def learner(n_batches=3, optimizer=None, loss=slope, **options):
    net = Net([Linear(1, 1, bias=False)])
    net[0].weight.tensor = [[0.0]]
    ones = np.ones((n_batches, 1), np.float32)
    optimizer = optimizer or SGD(lr=0.2, gradient_accumulation_steps=2)
    return Learner(net, loss, optimizer, Dataset(ones, ones), batch_size=1, **options)


def weight(learner):
    return pytest.approx(float(learner.net[0].weight.tensor[0, 0]), abs=1e-6)


def is_clean(learner):
    return not learner.net[0].weight.gradient.any() and not learner.optimizer.is_adding_up


@pytest.mark.parametrize("fits", [[2], [1, 1]])
def test_the_rest_of_an_epoch_is_an_update_of_its_own(fits):
    uneven = learner()
    for epochs in fits:
        uneven.fit(epochs, progress=False)
        assert is_clean(uneven)
    assert weight(uneven) == 0.8
    assert uneven.optimizer.n_steps == 4


def test_the_rest_is_the_mean_of_what_there_is():
    net, rule = Net([Linear(1, 1, bias=False)]), SGD(lr=1.0, gradient_accumulation_steps=4)
    net[0].weight.tensor = [[0.0]]
    for gradient in (1.0, 2.0):
        net[0].weight.accumulate([[gradient]])
        net.update(rule)
    assert net[0].weight.tensor == 0
    rule.finish(net.parameters())
    rule.finish(net.parameters())  # nothing is left
    assert net[0].weight.tensor == -1.5
    assert (rule.n_steps, rule.is_adding_up) == (1, False)


def test_more_accumulation_than_batches_makes_one_update_an_epoch():
    one = learner(3, SGD(lr=0.2, gradient_accumulation_steps=10))
    one.fit(2, progress=False)
    assert (weight(one), one.optimizer.n_steps) == (0.4, 2)


@pytest.mark.parametrize("n_batches", [1, 2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_an_epoch_has_as_many_updates_as_it_has_groups_of_batches(n_batches, steps):
    each = learner(n_batches, SGD(lr=0.2, gradient_accumulation_steps=steps))
    each.fit(3, progress=False)
    assert each.optimizer.n_steps == 3 * -(-n_batches // steps)
    assert weight(each) == 0.2 * each.optimizer.n_steps


def test_groups_finish_theirs():
    inner = ParameterGroups([("9.*", SGD(lr=0.1)), ("*", SGD(lr=0.2, gradient_accumulation_steps=2))])
    outer = ParameterGroups([("*", SGD(lr=0.2))], gradient_accumulation_steps=2)
    for rule in (inner, outer):
        uneven = learner(3, rule)
        uneven.fit(2, progress=False)
        assert weight(uneven) == 0.8
        assert is_clean(uneven)


def test_both_logs_see_the_last_update():
    log, averaging = LearningRateLog(), AverageWeights(0.5)
    learner(callbacks=[log, averaging]).fit(2, progress=False)
    assert log.rates == [0.2] * 4
    assert averaging.average.n_updates == 4


@pytest.mark.parametrize("hook", ["on_batch_begin", "on_batch_end"])
def test_an_epoch_that_is_stopped_is_finished_too(hook):
    def stop(self, learner, index, means=None):
        learner.stop = index == 2

    stopped = learner(9, callbacks=[type("Stop", (Callback,), {hook: stop})()])
    stopped.fit(progress=False)
    assert weight(stopped) == 0.4
    assert is_clean(stopped)


@pytest.mark.parametrize("what", ["loss", "backward"])
def test_an_error_leaves_nothing_for_the_next_fit(what):
    fails = [0, 0, 1, 0, 0, 0, 0]

    def loss(predicted, truth):
        value, gradient = slope(predicted, truth)
        if not fails.pop(0):
            return value, gradient
        return (np.nan, gradient) if what == "loss" else (value, gradient[0])

    broken = learner(4, SGD(lr=0.2, gradient_accumulation_steps=4), loss=loss)
    with pytest.raises((FloatingPointError, ValueError)):
        broken.fit(progress=False)
    broken.fit(progress=False)
    assert weight(broken) == 0.2
    assert is_clean(broken)


def test_gradients_from_before_a_fit_do_not_count():
    before = learner(1, SGD(lr=0.2))
    before.net[0].weight.accumulate([[100.0]])
    before.fit(progress=False)
    assert weight(before) == 0.2
