"""What a Learner does about a step that is not finite."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset
from tinynet.layers import BatchNorm1D, Dropout, Embedding, Layer, Linear, ReLU, Tanh
from tinynet.learner import Callback, Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.models import AdversarialLearner, dcgan
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, CosineAnnealingLR, ParameterGroups, RMSProp

X = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
Y = (X @ [[1.0], [2.0], [-1.0]]).astype(np.float32)


def line() -> Dataset:
    return Dataset(X, Y)


def net() -> Net:
    return Net([Linear(3, 8), Tanh(), Linear(8, 1)])


def failure(learner: Learner, **options: Any) -> Any:
    """The error of a fit that fails."""
    with pytest.raises(FloatingPointError) as caught:
        learner.fit(progress=False, **options)
    return caught.value


class Log(Layer):
    """log(x + 1), which is NaN for x < −1."""

    def forward(self, x):
        self.remember(x=x)
        return np.log(x + 1)

    def backward(self, dy):
        return dy / (self.recall().x + 1)


class Spoiling(SGD):
    """A rule of one's own that writes a NaN at one of its steps."""

    def __init__(self, at: int) -> None:
        super().__init__(lr=0.1, momentum=0.9)
        self.at = at

    def update(self, parameter):
        super().update(parameter)
        if self.n_steps == self.at and parameter.shape == (1, 8):
            parameter.tensor[0, 5] = np.log(-0.3)


class Weights(Callback):
    """Keeps the weights before each batch."""

    def on_fit_begin(self, learner):
        self.before = []

    def on_batch_begin(self, learner, index):
        self.before.append(learner.net.state())


@pytest.mark.filterwarnings("ignore:invalid value")
def test_an_update_of_ones_own_rule_is_named_and_undone():
    weights = Weights()
    learner = Learner(net(), mean_squared_error, Spoiling(7), line(), batch_size=10, callbacks=[weights])
    error = failure(learner, epochs=3)
    found = error.found
    assert (found.found_in, found.path, found.place, found.kind) == ("update", "2.weight", (0, 5), "Spoiling")
    assert (found.step, found.when.epoch, found.when.batch) == (7, 2, 3)
    words = "the loss became nan in step 8 (epoch 3, batch 0): nan, written into an array in 2.weight[0, 5], "
    assert words + "update of step 7 (epoch 2, batch 3) by Spoiling. It stands in line" in str(error)
    assert "The weights are as they were before that update." in str(error)
    after = learner.net.state()
    assert all(np.array_equal(weights.before[7][path], after[path]) for path in after)
    assert all(np.isfinite(array).all() for array in after.values())


def test_a_rate_beyond_all_bounds_is_undone():
    tested = Net([Linear(1, 1)])
    learner = Learner(tested, mean_squared_error, SGD(lr=1e38), Dataset(100 * X[:, :1], Y), batch_size=10)
    before = tested.state()
    error = failure(learner)
    assert (error.found.found_in, error.found.operation.name) == ("update", "multiply")
    assert "lower the learning rate (now 1e+38)" in str(error)
    assert all(np.array_equal(before[path], array) for path, array in tested.state().items())


def test_a_rule_that_divides_by_0_is_undone_with_what_it_keeps():
    tested = Net([Embedding(5, 2), Linear(2, 2)])
    tokens = np.zeros((20,), int)  # four rows of the embedding have no gradient
    learner = Learner(tested, cross_entropy, Adam(lr=0.1, eps=0.0), Dataset(tokens, tokens), batch_size=10)
    error = failure(learner)
    assert (error.found.found_in, error.found.path, error.found.operation.text) == ("update", "0.weight", "0 / 0 = nan")
    assert all(np.isfinite(array).all() for array in tested.state().values())
    assert all(
        not array.any()
        for slots in learner.optimizer.state(tested.parameters())["slots"].values()
        for array in slots.values()
    )


def test_weights_that_were_not_finite_are_not_blamed_on_the_update():
    learner = Learner(net(), mean_squared_error, SGD(lr=0.01), line(), batch_size=10)
    learner.fit(progress=False)
    learner.net[2].weight.tensor[0, 3] = np.inf
    error = failure(learner)
    assert (error.found.found_in, error.found.path, error.found.place) == ("weights", "2.weight", (0, 3))
    assert "the weight 2.weight[0, 3] is inf, before this step did anything." in str(error)
    assert "Hint: load weights that are finite" in str(error)


def test_weights_that_a_callback_has_spoiled_are_those_of_the_last_step():
    class Spoil(Callback):
        def on_batch_end(self, learner, index, means):
            if index == 2:
                learner.net[0].bias.tensor[1] = np.nan

    learner = Learner(net(), mean_squared_error, SGD(lr=0.01), line(), batch_size=10, callbacks=[Spoil()])
    error = failure(learner)
    assert (error.found.found_in, error.found.path, error.found.step) == ("weights", "0.bias", 3)
    assert "No update has done it, so other code has. The weights are again those of step 0." in str(error)
    assert not np.isnan(learner.net[0].bias.tensor).any()


class Inverse(Layer):
    """1 / x, infinite where dropout has made a 0."""

    def forward(self, x):
        self.seen = x.copy()
        self.remember(x=x)
        return 1 / x

    def backward(self, dy):
        return -dy / self.recall().x ** 2


def test_the_replay_draws_what_dropout_drew():
    tn.seed(3)
    tested = Net([Linear(3, 4), Dropout(0.004), Inverse(), Linear(4, 1)])
    learner = Learner(tested, mean_squared_error, SGD(lr=0.0), line(), batch_size=10)
    seen = []

    class Keep(Callback):
        def on_batch_begin(self, learner, index):
            tn.core.stream("dropout").random()  # a callback that draws, too

    learner.callbacks = (Keep(),)
    original = learner.check_finite

    def check(loss, *rest):
        seen.append(tested[2].seen)
        original(loss, *rest)

    learner.check_finite = check  # type: ignore[method-assign]
    with pytest.raises(FloatingPointError) as caught:
        learner.fit(epochs=50, progress=False)
    found, dropped = caught.value.found, np.argwhere(seen[-1] == 0)
    assert (found.found_in, found.path, found.operation.text) == ("forward", "2", "1 / 0 = inf")
    assert found.row == dropped[0, 0]
    assert found.step > 0


def test_nothing_but_the_gradients_changes_where_training_stops():
    x = X.copy()
    x[13, 1] = -5
    tested = Net([BatchNorm1D(3), Dropout(0.2), Linear(3, 3), Log(), Linear(3, 1)])
    tested[2].weight.tensor, tested[2].bias.tensor = np.eye(3), np.full(3, 2.0)
    weights = Weights()
    learner = Learner(tested, mean_squared_error, SGD(lr=0.0), Dataset(x, Y), batch_size=8, callbacks=[weights])
    error = failure(learner)
    found = error.found
    assert (found.found_in, found.path) == ("forward", "3")
    assert found.operation.name == "log"
    assert found.operation.operands[0] < 0
    assert tested[0].num_batches_tracked == learner.step + 1  # the forward of the failed step, and no replay
    assert not any(parameter.gradient.any() for parameter in tested.parameters().values())


def test_growth_is_told():
    learner = Learner(Net([Linear(3, 1)]), mean_squared_error, SGD(lr=20.0), line(), batch_size=10)
    error = failure(learner, epochs=20)
    assert error.found.grows
    assert "The loss grew over the last steps: " in str(error)
    assert "lower the learning rate (now 20)" in str(error)


class Mixed(Learner):
    """Trains on something else than what it reads."""

    def train_step(self, x, y):
        return super().train_step(0.5 * (x + x[::-1]), y)


def test_a_train_step_of_ones_own_is_replayed():
    x = X.copy()
    x[:, 0] = np.abs(x[:, 0])
    x[13, 0] = -50
    tested = Net([Log(), Linear(3, 1)])
    learner = Mixed(tested, mean_squared_error, SGD(lr=0.01), Dataset(np.abs(x) * np.sign(x[:, :1]), Y), batch_size=8)
    error = failure(learner)
    assert (error.found.found_in, error.found.path, error.found.operation.name) == ("forward", "0", "log")


def test_a_generator_and_its_discriminator():
    learner = AdversarialLearner(
        *dcgan((1, 8, 8), 16, 4), Adam(5e-4), Adam(5e-4), tn.data.digits()[1], latent=16, batch_size=32
    )
    learner.net[0].weight.tensor[2] = np.inf
    error = failure(learner)
    assert (error.found.found_in, error.found.path, error.found.place) == ("weights", "0.weight", (2, 0))


@pytest.mark.filterwarnings("ignore:.*invalid value")
def test_one_step_without_fit():
    tested = Net([Log(), Linear(3, 1)])
    learner = Learner(tested, mean_squared_error, SGD(lr=0.01), line())
    x = np.ones((5, 3), np.float32)
    x[3] = -2
    with pytest.raises(FloatingPointError, match=r"log of -1 = nan in layer 0 \(Log\), forward, row 3 of the batch\."):
        learner.train_step(x, np.ones((5, 1), np.float32))


def test_what_cannot_be_repeated_is_said():
    class Once(Layer):
        n = 0

        def forward(self, x):
            Once.n += 1
            return x * np.nan if Once.n == 3 else x

        def backward(self, dy):
            return dy

    learner = Learner(Net([Linear(3, 1), Once()]), mean_squared_error, SGD(lr=0.01), line(), batch_size=10)
    error = failure(learner)
    assert (error.found.found_in, error.found.step) == ("step", 2)
    assert "the batch was run again, and all was finite" in str(error)
    assert "Hint: what counts calls or draws numbers outside" in str(error)


def plant_by_count(learner: Learner, how: str, at: int) -> None:
    """A plant that counts calls, in a closure or in an attribute, as a test would write it."""
    layer, calls = learner.net[1], 0
    original = layer.backward if how == "backward" else layer.forward

    def counting(*arrays):
        nonlocal calls
        calls += 1
        result = original(*arrays).copy()
        if calls == at:
            result[2, 3] = np.inf - np.inf
        return result

    class Counting(type(layer)):
        n = 0

        def forward(self, x):
            y = super().forward(x)
            self.n += 1
            return np.log(y - 2) if self.n == at else y

    if how == "attribute":
        layer.__class__ = type("Tanh", (Counting,), {})
    else:
        setattr(layer, how, counting)


@pytest.mark.parametrize("how", ["forward", "backward", "attribute"])
@pytest.mark.parametrize("at", [1, 38, 130])
def test_a_plant_that_counts_is_found(how, at):
    learner = Learner(net(), mean_squared_error, SGD(lr=0.01), line(), batch_size=10)
    plant_by_count(learner, how, at)
    error = failure(learner, epochs=40)
    assert error.found.step == at - 1
    assert (error.found.found_in, error.found.path) == ("backward" if how == "backward" else "forward", "1")
    assert error.found.when.samples[error.found.row] == error.found.sample
    if how != "attribute":
        assert error.found.row == 2
    else:
        assert error.found.operation.name == "log"


def test_a_loss_that_counts_is_found():
    class Loss:
        n = 0

        def __call__(self, predicted, truth):
            self.n += 1
            value, gradient = mean_squared_error(predicted, truth)
            return (np.sqrt(value - 1e3) if self.n == 7 else value), gradient

    learner = Learner(net(), Loss(), SGD(lr=0.01), line(), batch_size=10)
    error = failure(learner, epochs=40)
    assert (error.found.found_in, error.found.kind, error.found.step) == ("loss", "Loss", 6)


def test_a_generator_of_ones_own_draws_again():
    tested = Net([Linear(3, 4), Dropout(0.004, rng=np.random.default_rng(5)), Inverse(), Linear(4, 1)])
    learner = Learner(tested, mean_squared_error, SGD(lr=0.0), line(), batch_size=10)
    error = failure(learner, epochs=100)
    assert (error.found.found_in, error.found.path, error.found.operation.text) == ("forward", "2", "1 / 0 = inf")


# Going back.


def test_back_halves_the_rate_until_training_is_finite(capsys):
    learner = Learner(Net([Linear(3, 1)]), mean_squared_error, SGD(lr=8.0), line(), batch_size=10, on_nan="back")
    history = learner.fit(epochs=400, progress=False)
    assert history["loss"][-1] < 1e-3
    times = len(learner.recovery.went_back)
    assert 1 <= times <= 8
    assert learner.optimizer.lr == 8.0 / 2**times
    assert capsys.readouterr().out.count("Back to the last good weights, with half the rate: ") == times
    assert all(found.step is not None for found in learner.recovery.went_back)


def test_back_puts_back_weights_statistics_and_what_the_optimizer_keeps():
    x = X.copy()
    tested = Net([BatchNorm1D(3), Linear(3, 1)])
    optimizer = SGD(lr=0.1, momentum=0.9)

    class Spoil(Callback):
        def on_batch_begin(self, learner, index):
            if learner.step == 0:
                self.first = learner.net.state()
            if learner.step == 5:
                learner.net[1].weight.tensor[...] = np.nan

    spoil = Spoil()
    learner = Learner(
        tested, mean_squared_error, optimizer, Dataset(x, Y), batch_size=10, callbacks=[spoil], on_nan="back"
    )
    seen = {}

    class Look(Callback):
        def on_batch_end(self, learner, index, means):
            if learner.step == 6:
                seen.update(learner.net.state())
                seen["slots"] = optimizer.state(tested.parameters())["slots"]["1.weight"]

    learner.callbacks = (spoil, Look())
    learner.fit(epochs=3, progress=False)
    assert len(learner.recovery.went_back) == 1
    assert np.array_equal(seen["1.weight"], spoil.first["1.weight"])
    assert seen["slots"] == {}
    assert seen["0.num_batches_tracked"] == 0
    assert (optimizer.lr, optimizer.n_steps) == (0.05, 11)
    assert len(learner.history) == 3


def test_back_keeps_the_form_of_schedules_and_every_group():
    schedule = CosineAnnealingLR(1.0, T_max=40)
    rules = ParameterGroups([("*.bias", SGD(lr=schedule)), ("*", SGD(lr=0.4))])

    class Spoil(Callback):
        def on_batch_begin(self, learner, index):
            if learner.step in (3, 6):
                learner.net[0].weight.tensor[...] = np.nan

    learner = Learner(net(), mean_squared_error, rules, line(), batch_size=10, callbacks=[Spoil()], on_nan="back")
    learner.fit(epochs=3, progress=False)
    first, rest = rules.rules
    assert [first.lr(step) for step in (0, 7, 40)] == pytest.approx([schedule(step) / 4 for step in (0, 7, 40)])
    assert rest.lr == 0.1
    assert first.n_steps == 10


def test_back_is_bounded():
    class Always(Layer):
        def forward(self, x):
            return np.log(x * 0 - 1)

        def backward(self, dy):
            return dy

    learner = Learner(
        Net([Linear(3, 1), Always()]), mean_squared_error, SGD(lr=1.0), line(), batch_size=1, on_nan="back"
    )
    error = failure(learner)
    assert len(learner.recovery.went_back) == 8
    assert learner.optimizer.lr == 1 / 256
    assert error.found.found_in == "forward"


def test_back_with_one_batch_an_epoch():
    class Spoil(Callback):
        def on_batch_begin(self, learner, index):
            if learner.step == 2:
                learner.net[0].weight.tensor[...] = np.nan

    learner = Learner(
        net(), mean_squared_error, SGD(lr=0.1), line(), valid=line(), batch_size=40, callbacks=[Spoil()], on_nan="back"
    )
    history = learner.fit(epochs=4, progress=True)
    assert len(history) == 4
    assert np.isnan(history.rows[2]["loss"])
    assert np.isfinite(history.rows[3]["loss"])


def test_back_only_for_what_is_not_finite():
    def broken(predicted, truth):
        raise FloatingPointError("mine")

    learner = Learner(net(), broken, SGD(lr=0.1), line(), on_nan="back")
    with pytest.raises(FloatingPointError, match="mine"):
        learner.fit(progress=False)


def test_a_run_that_is_finite_has_the_same_bits_with_and_without():
    ends = []
    for choice in ("stop", "back"):
        tn.seed(0)
        tested = Net([Linear(3, 8), ReLU(), Dropout(0.5), BatchNorm1D(8), Linear(8, 1)])
        learner = Learner(tested, mean_squared_error, Adam(0.01), line(), batch_size=8, on_nan=choice)
        learner.fit(epochs=3, progress=False)
        ends.append(tested.state())
    assert all(np.array_equal(ends[0][path], ends[1][path]) for path in ends[0])


def test_other_choices_are_refused():
    with pytest.raises(ValueError, match="on_nan must be"):
        Learner(net(), mean_squared_error, SGD(lr=0.1), line(), on_nan="ignore")


# The update, in every optimizer, found by training again.


@pytest.mark.parametrize("at", [0, 3, 11])
def test_the_last_update_of_a_fit_is_checked_too(at):
    learner = Learner(net(), mean_squared_error, Spoiling(at), line(), batch_size=10)
    error = failure(learner, epochs=(at + 4) // 4)
    assert (error.found.found_in, error.found.path, error.found.step) == ("update", "2.weight", at)
    assert all(np.isfinite(array).all() for array in learner.net.state().values())
    assert ("the last update is not finite" in str(error)) == (at in (3, 11))


@pytest.mark.parametrize(
    "rule", [SGD(0.1, momentum=0.9), Adam(0.1), RMSProp(0.1, momentum=0.9)], ids=lambda r: type(r).__name__
)
def test_what_a_rule_keeps_may_be_the_place(rule):
    class Spoil(type(rule)):
        def update(self, parameter):
            super().update(parameter)
            if self.n_steps == 5 and parameter.shape == (1, 8):
                name = next(iter(self._slots[parameter]))
                self.slot(name, parameter)[0, 3] = np.exp(self.slot(name, parameter)[0, 3] * 0 + 800)

    rule.__class__ = type(type(rule).__name__, (Spoil,), {})
    learner = Learner(net(), mean_squared_error, rule, line(), batch_size=10)
    with np.errstate(all="ignore"):
        error = failure(learner, epochs=50)
    assert (error.found.found_in, error.found.path, error.found.step, error.found.place) == (
        "update",
        "2.weight",
        5,
        (0, 3),
    )
    assert error.found.operation.text == "exp of 800 = inf"
    assert (rule.n_steps, all(np.isfinite(array).all() for array in learner.net.state().values())) == (5, True)


def test_more_than_a_hundred_steps_and_epochs_later():
    tested, states, rule = Net([Linear(3, 8), Dropout(0.3), BatchNorm1D(8), Linear(8, 1)]), Weights(), Spoiling(257)
    rule.lr = 0.001
    learner = Learner(tested, mean_squared_error, rule, line(), batch_size=5, callbacks=[states])
    error = failure(learner, epochs=50)
    assert (error.found.found_in, error.found.kind, error.found.step) == ("update", "Spoiling", 257)
    weights = tested.parameters()
    assert all(np.array_equal(states.before[257][path], weights[path].tensor) for path in weights)
    assert rule.n_steps == 257


@pytest.mark.filterwarnings("ignore:invalid value")
def test_gradients_that_are_added_up_first():
    class SpoilingMean(Spoiling):
        def __init__(self, at):
            super().__init__(at)
            self.gradient_accumulation_steps = 4

    learner = Learner(net(), mean_squared_error, SpoilingMean(2), line(), batch_size=4)  # 10 batches: 4, 4 and 2
    error = failure(learner, epochs=3)
    assert (error.found.found_in, error.found.path) == ("update", "2.weight")
    assert error.found.step == 9


def test_a_callback_that_changes_the_rate_is_no_update():
    class Slower(Callback):
        def on_batch_end(self, learner, index, means):
            learner.optimizer.lr *= 0.9

    learner = Learner(net(), mean_squared_error, Spoiling(7), line(), batch_size=10, callbacks=[Slower()])
    error = failure(learner, epochs=3)
    assert error.found.path == "2.weight"
    assert all(np.isfinite(array).all() for array in learner.net.state().values())
    assert "The weights are again those of step 0." in str(error)


class Paths:
    """Counts what it sees."""

    def __init__(self):
        self.n = 0

    def on_forward(self, path, layer, x, y):
        self.n += 1


def test_who_watches_sees_no_replay_and_watches_on():
    learner = Learner(net(), mean_squared_error, Spoiling(7), line(), batch_size=10)
    paths = Paths()
    with learner.net.watch(paths):
        failure(learner, epochs=3)
        assert paths.n == 9 * 4
        learner.net.forward(X)
        assert paths.n == 10 * 4
    assert "forward" not in vars(learner.net[0])


def test_who_watched_when_the_copy_was_made_does_not_come_back():
    class First(Callback):
        def on_batch_begin(self, learner, index):
            if learner.step == 0:
                self.watching = learner.net.watch(Paths())
                self.watching.__enter__()

        def on_batch_end(self, learner, index, means):
            if learner.step == 1:
                self.watching.__exit__(None, None, None)

    learner = Learner(net(), mean_squared_error, Spoiling(7), line(), batch_size=10, callbacks=[First()])
    assert failure(learner, epochs=3).found.step == 7
    assert "forward" not in vars(learner.net[0])


def test_a_copy_of_a_learner_has_a_past_of_its_own():
    class Try(Callback):
        def on_batch_end(self, learner, index, means):
            other = deepcopy(learner)
            assert other.recovery.learner is other
            other.net[0].weight.tensor[...] = np.nan
            with pytest.raises(FloatingPointError) as caught:
                other.train_step(X, Y)
            assert caught.value.found.found_in == "weights"

    plain, trying = (
        Learner(net(), mean_squared_error, SGD(lr=0.1), line(), batch_size=10, callbacks=callbacks)
        for callbacks in ([], [Try()])
    )
    trying.net.load_state(plain.net.state())
    tn.seed(0)
    plain.fit(progress=False)
    tn.seed(0)
    trying.fit(progress=False)
    assert all(np.array_equal(array, trying.net.state()[path]) for path, array in plain.net.state().items())
