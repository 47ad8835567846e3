"""Copies of a learner and of its steps: what is tried on them is what training does, and leaves no trace."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import generator_states, stream, streams
from tinynet.data import Dataset
from tinynet.layers import Dropout, Layer, Linear
from tinynet.learner import Learner
from tinynet.learner.again import samples_of, step_of
from tinynet.learner.doctor import _twin
from tinynet.learner.find_rate import _has_blown_up
from tinynet.learner.one_batch import _better_rate, _first_rows, _Trial, _usual_rate
from tinynet.learner.twin import endless_batches, generators_in, twin
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, StepLR

X = np.arange(20, dtype=np.float32).reshape(10, 2)


class Noise(Layer):
    """Adds a number from the stream of augmentation, so that a step draws from two streams."""

    def forward(self, x):
        self.remember()
        return x + np.float32(stream("augmentation").random())

    def backward(self, dy):
        self.recall()
        return dy


def made(kind=Learner, optimizer=None, drop_last=False):
    net = Net([Linear(2, 4), Noise(), Dropout(0.5), Dropout(0.5), Linear(4, 1)])
    data = Dataset(X, X[:, :1])
    return kind(net, mean_squared_error, optimizer or SGD(lr=0.001), data, batch_size=4, drop_last=drop_last)


@pytest.mark.parametrize("n_before", [0, 3])
def test_a_step_is_run_again_from_the_place_where_it_began(n_before):
    learner = made()
    streams.go_to(2, 1)
    for _ in range(n_before):
        stream("dropout")
    before = generator_states()
    learner.train_step(X, X[:, :1])
    assert generator_states() != before
    assert step_of(learner, Learner.train_step, X, X[:, :1]).states == before


def test_the_samples_of_a_step_are_told_without_a_draw():
    tn.seed(3)
    learner, seen = made(), []
    for epoch in (0, 1):
        streams.go_to(epoch + 1, step=0)
        seen += [x[:, 0] / 2 for _, (x, _) in learner._batches(epoch + 1)]
    stream("weights")
    before = generator_states()
    told = [samples_of(learner, step) for step in range(6)]
    assert generator_states() == before
    assert told == [tuple(map(int, rows)) for rows in seen]


@pytest.mark.parametrize("drop_last", [False, True])
def test_endless_batches_are_those_of_training(drop_last):
    class Noted(Learner):
        def train_step(self, x, y):
            self.seen.append(x.copy())
            return super().train_step(x, y)

    tn.seed(3)
    learner = made(Noted, drop_last=drop_last)
    learner.seen = []
    source = endless_batches(learner)
    n_batches = 2 * learner.batches_per_epoch
    with streams.place_kept():
        found = [next(source)[0] for _ in range(n_batches)]
    learner.fit(2, progress=False)
    assert len(learner.seen) == n_batches
    for batch, expected in zip(found, learner.seen, strict=True):
        np.testing.assert_array_equal(batch, expected)


def test_a_copy_begins_without_gradients_that_wait():
    learner = made(optimizer=SGD(lr=0.1, gradient_accumulation_steps=2))
    learner.net.eval()
    learner.train_step(X, X[:, :1])
    with twin(learner) as copy:
        assert copy.optimizer.n_calls == 0
        assert not any(parameter.gradient.any() for parameter in copy.net.parameters().values())
        assert all(layer.training for layer in copy.net.every_layer())
    assert learner.optimizer.n_calls == 1
    assert any(parameter.gradient.any() for parameter in learner.net.parameters().values())


def test_generators_are_found_wherever_data_may_keep_them():
    one, two, three, four, five = (np.random.default_rng(n) for n in range(5))

    class Holder:
        def __init__(self):
            self.rng, self.me = one, self

        def method(self):
            return None

    def not_yet_there():
        return later, two  # the cell of `later` is empty as long as it is not assigned

    found = list(generators_in([Holder().method, not_yet_there, {"a": (three,)}, [four] * 3, [five] * 1001, "text"]))
    assert [id(generator) for generator in found] == [id(generator) for generator in (one, two, three, four)]
    later = 1
    assert not_yet_there() == (later, two)


class Own(Learner):
    """A training step of its own, which trains what else it holds."""

    def train_step(self, x, y):
        self.counted = [*getattr(self, "counted", []), len(x)]
        return super().train_step(x, y)


def test_a_twin_shares_what_a_usual_step_does_not_touch_and_copies_what_its_own_may():
    net, rule = Net([Linear(2, 1)]), SGD(lr=0.1)
    usual, own = made(), made(Own)
    usual.table = own.table = [1, 2]
    assert _twin(usual).table is usual.table
    assert _twin(usual, net, rule).table is usual.table
    assert _twin(own).table is own.table
    assert _twin(own).net is own.net
    copied = _twin(own, net, rule)
    assert copied.table == own.table
    assert copied.table is not own.table
    assert copied.net is net
    assert copied.optimizer is rule
    assert copied.train is own.train


def test_a_sweep_ends_where_several_losses_in_a_row_have_blown_up():
    usual = [1.0] * 15
    assert _has_blown_up([*usual, *[9.0] * 5], times=4)
    assert _has_blown_up([*usual, 1.0, 1.0, *[9.0] * 3], times=4)
    assert not _has_blown_up([*usual, *[1.0] * 3, *[9.0] * 2], times=4)
    assert not _has_blown_up([*usual, *[8.0] * 5], times=4)  # not more than twice as often
    assert not _has_blown_up([*usual[:14], *[9.0] * 5], times=4)  # too few to tell
    assert _has_blown_up([*[0.0] * 15, *[1e-11] * 5], times=4)
    assert not _has_blown_up([*[0.0] * 15, *[1e-13] * 5], times=4)


def test_what_a_trial_has_reached():
    assert _Trial(0.1, [2.0, 1.0]).reached == 1
    assert _Trial(0.1, [2.0, 1.0], broke="In step 3 the loss is nan.").reached == np.inf
    assert _Trial(0.1, []).reached == np.inf


@pytest.mark.parametrize(
    ("best", "words"),
    [
        (_Trial(0.01, [8.0, 3.0]), ["The learning rate is too high: at 0.01 the loss came to 3 in 2 steps."]),
        (_Trial(1.0, [8.0, 2.5, 2.0]), ["The learning rate is too low: at 1 the loss came to 2 in 3 steps."]),
        (_Trial(1.0, [8.0, 4.0]), []),  # not less than half of what the other rate reached
        (_Trial(1.0, [8.0, 5.0], learned=True), ["The learning rate is too low: at 1 the loss came to 5 in 2 steps."]),
    ],
)
def test_another_rate_must_do_clearly_better(best, words):
    assert _better_rate(_Trial(0.1, [10.0, 8.0]), best) == words


def test_a_rate_that_made_the_loss_larger_is_compared_with_its_beginning():
    assert _better_rate(_Trial(0.1, [6.0, 100.0]), _Trial(0.01, [6.0, 4.0])) == []
    assert _better_rate(_Trial(0.1, [6.0], broke="In step 2 the loss is nan."), _Trial(0.01, [6.0, 2.0])) != []
    assert _better_rate(_Trial(0.1, [], broke="In step 1 the loss is nan."), _Trial(0.01, [6.0, 5.0])) != []
    assert _better_rate(_Trial(0.1, []), _Trial(0.01, [])) == []


def test_the_usual_rate_of_a_schedule_is_the_largest_of_the_next_ten_epochs():
    learner = made(optimizer=SGD(lr=StepLR(0.5, step_size=5, gamma=0.1)))
    assert _usual_rate(learner) == 0.5
    learner.optimizer.n_steps = 5
    assert _usual_rate(learner) == pytest.approx(0.05)
    learner.optimizer.lr = lambda step: 1.0 if step == 34 else 0.1
    assert _usual_rate(learner) == 1  # 10 epochs of 3 steps, from step 5 on
    learner.optimizer.lr = lambda step: 1.0 if step in (4, 35) else 0.1
    assert _usual_rate(learner) == 0.1
    learner.optimizer.lr = 0.3
    assert _usual_rate(learner) == 0.3


def test_the_first_rows_of_all_arrays_of_a_batch():
    (first, second), y = _first_rows(((X, X[:, 0]), np.float32(3)), 2)
    assert (first.shape, second.shape, y) == ((2, 2), (2,), 3)


def test_a_first_step_that_is_not_finite_is_told():
    def spoiled(predicted, truth):
        return np.nan, np.full_like(predicted, np.nan)

    learner = made()
    learner.loss = spoiled
    found = learner.overfit_one_batch(n_steps=50)
    assert not found.learned
    assert found.losses.size == 0
    assert found.words.startswith("the first step gave no finite loss.")
    assert found.reasons[0].startswith("In step 1 ")
