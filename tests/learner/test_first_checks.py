"""What is tried before a long training: which rate suits, and whether one batch can be learned."""

import numpy as np
import pytest

from tinynet.core import Mean, generator_states, stream
from tinynet.data import Dataset, digits, sine, spirals
from tinynet.layers import BatchNorm1D, Dropout, Flatten, Hardtanh, Linear, LogSigmoid, ReLU, Sigmoid, Softmax, Tanh
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error, poisson_nll
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, CosineAnnealingLR, LinearWarmup, ParameterGroups
from tinynet.probe import RateSweep, read_sweep
from tinynet.probe.one_batch import is_learned
from tinynet.visualize import rate_curve


def mlp(*between):
    return Net([Flatten(), Linear(64, 32), *between, ReLU(), Linear(32, 10)])


def learner(net=None, optimizer=None, data=None, loss=cross_entropy, **options):
    return Learner(net or mlp(), loss, optimizer or Adam(lr=0.01), data or digits()[0].subset(slice(320)), **options)


class Jitter:
    """A data set that draws numbers of its own whenever it is read."""

    def __init__(self, data):
        rng = self.rng = np.random.default_rng(4)
        self.data, self.transforms = data, [lambda x: (x + rng.normal(0, 0.01, x.shape)).astype(np.float32)]

    def __len__(self):
        return len(self.data)

    def __getitem__(self, indices):
        x, y = self.data[indices]
        return self.transforms[0](x) + np.float32(0.01 * stream("augmentation").random()), y


def everything(one):
    """All bits that a training depends on."""
    parameters = one.net.parameters()
    state = one.optimizer.state(parameters)
    arrays = [*one.net.state().values(), *(parameter.gradient for parameter in parameters.values())]
    arrays += [array for slots in state["slots"].values() for array in slots.values()]
    rest = [state["n_calls"], state["n_steps"], state["counts"], one.step, one.epoch, len(one.history)]
    rest += [one.optimizer.learning_rate, [layer.training for layer in one.net.every_layer()], generator_states()]
    return [array.tobytes() for array in arrays], str(rest), str(one.train.rng.bit_generator.state)


@pytest.mark.parametrize("check", ["find_rate", "overfit_one_batch"])
def test_afterwards_everything_is_as_it_was_bit_for_bit(check):
    one = learner(mlp(BatchNorm1D(32), Dropout(0.2)), SGD(lr=0.1, momentum=0.9), Jitter(digits()[0].subset(slice(200))))
    one.fit(1, progress=False)
    stream("weights").random()
    before = everything(one)
    getattr(one, check)()
    assert everything(one) == before


def test_training_goes_on_as_if_nothing_had_been_checked():
    import tinynet as tn

    results = []
    for checked in (False, True):
        tn.seed(0)
        one = learner(mlp(BatchNorm1D(32), Dropout(0.2)), SGD(lr=0.1, momentum=0.9))
        one.fit(1, progress=False)
        if checked:
            one.find_rate()
            one.overfit_one_batch(n_steps=50)
        one.fit(1, progress=False)
        results.append([array.tobytes() for array in one.net.state().values()])
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("net", "optimizer", "data", "loss", "low", "high"),
    [
        (mlp, lambda rate: SGD(lr=rate), None, cross_entropy, 0.05, 1.0),
        (mlp, lambda rate: SGD(lr=rate, momentum=0.9), None, cross_entropy, 0.02, 0.4),
        (mlp, lambda rate: Adam(lr=rate), None, cross_entropy, 0.003, 0.06),
        (
            lambda: Net([Linear(1, 32), Tanh(), Linear(32, 1)]),
            lambda rate: Adam(lr=rate),
            sine,
            mean_squared_error,
            0.01,
            0.2,
        ),
        (
            lambda: Net([Linear(2, 64), ReLU(), Linear(64, 3)]),
            lambda rate: SGD(lr=rate),
            spirals,
            cross_entropy,
            0.05,
            2.0,
        ),
    ],
)
def test_the_suggestion_trains_nearly_as_well_as_the_best_of_a_grid(net, optimizer, data, loss, low, high):
    import tinynet as tn

    def trained(rate):
        tn.seed(1)
        one = learner(net(), optimizer(rate), None if data is None else data(320, rng=0), loss)
        try:
            return one.fit(4, progress=False)["loss"][-1]
        except FloatingPointError:
            return np.inf

    tn.seed(1)
    sweep = learner(net(), optimizer(0.01), None if data is None else data(320, rng=0), loss).find_rate()
    assert low <= sweep.rate <= high
    losses = [trained(rate) for rate in (1e-3, 1e-2, 0.1, 1.0)]
    finite = [value for value in losses if np.isfinite(value)]
    start = max(finite)
    assert start - trained(sweep.rate) >= 0.7 * (start - min(finite))


def test_a_schedule_and_groups_and_accumulation():
    schedule = LinearWarmup(CosineAnnealingLR(0.1, T_max=100), n_steps=10)
    one = learner(optimizer=SGD(lr=schedule, momentum=0.9, gradient_accumulation_steps=2))
    assert 0.01 < one.find_rate().rate < 2
    assert one.optimizer.lr is schedule
    groups = ParameterGroups([("*.bias", SGD(lr=0.2)), ("*", SGD(lr=0.1))])
    assert 0.01 < learner(optimizer=groups).find_rate().rate < 5
    assert [rule.lr for rule in groups.rules] == [0.2, 0.1]


def test_a_sweep_ends_where_the_loss_has_blown_up_and_where_it_is_nan():
    sweep = learner(optimizer=SGD(lr=0.1)).find_rate(highest=1e6)
    assert len(sweep.rates) < 100
    assert sweep.rate < 2
    wide = learner(Net([Linear(1, 1)]), SGD(lr=0.1), sine(320, rng=0), mean_squared_error).find_rate(highest=1e30)
    assert np.isfinite(wide.losses).all()


def test_what_a_sweep_says():
    rates = np.geomspace(1e-5, 10, 80)
    fall = read_sweep(rates, 2 - np.clip((np.log10(rates) + 3) / 2, 0, 0.9) + np.maximum(rates - 0.5, 0) * 9)
    assert "beyond which it rises." in fall.words
    assert "RateSweep: the suggested learning rate is" in repr(fall)
    assert "the highest that was tried" in read_sweep(rates, 2 - 0.2 * np.log10(rates / 1e-5)).words
    assert "hardly fell at any rate" in read_sweep(rates, 2.3 + 10 * (rates > 1)).words
    assert "rose from the start" in read_sweep(rates, 1 + np.arange(80.0)).words


def test_a_sweep_that_tells_nothing():
    with pytest.raises(ValueError, match=r"read_sweep: expected at least 10 steps with a finite loss, got 3"):
        read_sweep([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match=r"read_sweep: rates and losses must be of one shape \(T,\)"):
        read_sweep(np.ones(20), np.ones(19))
    with pytest.raises(ValueError, match=r"read_sweep: the learning rates must rise from above 0"):
        read_sweep(np.ones(20), np.ones(20))
    with pytest.raises(ValueError, match="find_rate: highest must be greater than"):
        learner().find_rate(lowest=1.0, highest=0.1)


def test_the_picture_of_a_sweep():
    sweep = learner().find_rate()
    assert isinstance(sweep, RateSweep)
    ax = sweep.figure().axes[0]
    assert ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()][2] == f"suggestion: {sweep.rate:.2g}"
    assert ax.lines[2].get_xdata()[0] == sweep.rate
    with pytest.raises(TypeError, match=r"rate_curve: sweep must be a RateSweep"):
        rate_curve(3)


def test_a_sound_net_learns_a_batch_even_with_dropout_and_weight_decay():
    found = learner(mlp(Dropout(0.9)), Adam(lr=0.01, weight_decay=1.0)).overfit_one_batch()
    assert found.learned
    assert found.reasons == ()
    assert "the net can learn." in repr(found)
    assert found.losses[-1] < 0.05


def test_a_loss_that_starts_below_zero_is_not_learned_at_once():
    x = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    counts = np.full((64, 1), 3.0)
    net = Net([Linear(4, 1)])
    net[0].weight.tensor = np.zeros((1, 4))
    net[0].bias.tensor = [0.9]  # the loss is e − 3 at first, and 3 − 3 log 3 at best
    found = learner(net, Adam(lr=0.02), Dataset(x, counts), poisson_nll).overfit_one_batch()
    assert found.losses[0] < 0
    assert len(found.losses) >= 50
    assert found.learned
    assert found.losses[-1] == pytest.approx(3 - 3 * np.log(3), abs=0.01)
    assert is_learned([-0.2, -0.41], -0.2, None, None)
    assert not is_learned([-0.2, -0.39], -0.2, None, None)


class Turned(Linear):
    def backward(self, gradient):
        return -super().backward(gradient)


def same_with_other_labels():
    return Dataset(np.repeat(digits()[0].x[:1], 64, axis=0), np.arange(64) % 10)


def dead():
    net = mlp()
    net[1].bias.tensor = np.full(32, -100.0)
    return net


@pytest.mark.parametrize(
    ("made", "first"),
    [
        (lambda: learner(optimizer=SGD(lr=20.0)), r"The learning rate is too high: at [\d.]+ the loss came to 0.0"),
        (lambda: learner(optimizer=SGD(lr=1e-6)), r"The learning rate is too low: at 0.1 the loss came to 0."),
        (lambda: learner(optimizer=SGD(lr=1e30)), r"In step 2 the (loss became|gradient of)"),
        (lambda: learner(Net([*mlp(), Softmax()])), r"The net ends with Softmax, and cross_entropy takes the numbers"),
        (lambda: learner(Net([*mlp(), ReLU()]), SGD(lr=0.1)), r"The net ends with ReLU, so no score falls below 0"),
        (lambda: learner(data=same_with_other_labels()), r"Samples 0 and 1 are the same but for their truth"),
        (lambda: learner(dead()), r"No gradient reaches 1.weight, 1.bias, 3.weight: dead units"),
        (lambda: learner(mlp(ReLU(), Turned(32, 32))), r"layer 3: Turned.*the gradient with respect to x is wrong"),
        (
            lambda: learner(
                Net([Linear(1, 8), Tanh(), Linear(8, 1), Sigmoid()]), data=sine(64, rng=0), loss=mean_squared_error
            ),
            r"The net ends with Sigmoid, which gives numbers from 0 to 1, but the truth reaches from -",
        ),
        (
            lambda: learner(
                Net([Linear(1, 8), Tanh(), Linear(8, 1), Hardtanh(-0.1, 0.2)]),
                data=sine(64, rng=0),
                loss=mean_squared_error,
            ),
            r"The net ends with Hardtanh, which gives numbers from -0.1 to 0.2, but the truth reaches from -",
        ),
        (
            lambda: learner(
                Net([Linear(1, 8), Tanh(), Linear(8, 1), LogSigmoid()]), data=sine(64, rng=0), loss=mean_squared_error
            ),
            r"The net ends with LogSigmoid, which gives numbers at most 0, but the truth reaches from -",
        ),
        (
            lambda: learner(optimizer=SGD(lr=0.1), data=Dataset(digits()[0].x[:64] * 2550, digits()[0].y[:64])),
            r"The inputs are large, from 0 to 2550",
        ),
    ],
)
def test_what_keeps_a_net_from_learning_a_batch_is_named_first(made, first):
    import re

    found = made().overfit_one_batch(n_steps=150)
    assert not found.learned
    assert re.match(first, found.reasons[0])
    assert "did not come near zero" in found.words


def test_a_loss_that_still_falls_is_no_fault():
    found = learner(optimizer=SGD(lr=0.01, momentum=0.9)).overfit_one_batch(n_steps=200)
    assert not found.learned
    assert found.reasons == ()
    assert "It is still falling, so more steps will tell." in found.words


def test_nothing_that_learns_and_nothing_that_is_found():
    one = learner()
    for parameter in one.net.parameters().values():
        parameter.trainable = False
    assert "No parameter is trainable" in one.overfit_one_batch(n_steps=50).reasons[0]

    def constant(predicted, truth):
        return Mean(1.0, 1), np.zeros_like(predicted)

    found = learner(loss=constant).overfit_one_batch(n_steps=50)
    assert "No gradient reaches" in found.reasons[0]


class Twice(Learner):
    """Its inputs are no inputs of the net: the step of its own makes them so."""

    def train_step(self, x, y):
        return super().train_step(x[:, 0], y)


def test_a_training_step_of_ones_own_is_the_one_that_is_tried():
    twice = Dataset(np.stack([digits()[0].x[:64]] * 2, axis=1), digits()[0].y[:64])
    assert Twice(mlp(), cross_entropy, Adam(lr=0.01), twice).overfit_one_batch().learned
    stuck = Twice(mlp(), cross_entropy, SGD(lr=0.0), twice).overfit_one_batch(n_steps=150)
    assert stuck.reasons[0].startswith("The learning rate is too low")


def test_several_inputs_and_no_truth():
    class Both(Net):
        def forward(self, a, b):
            return super().forward(a + b)

        def backward(self, gradient, input_gradient=True):
            dx = super().backward(gradient)
            return dx, dx

    x = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)

    def size(predicted, truth):
        return float((predicted**2).mean()), 2 * predicted / predicted.size

    one = learner(Both([Linear(3, 2)]), SGD(lr=0.05), Dataset((x, x), np.zeros((64, 1), np.float32)), size)
    assert one.overfit_one_batch().learned
    assert 0.05 < one.find_rate().rate < 10


def test_the_numbers_of_the_check_are_checked():
    with pytest.raises(ValueError, match="overfit_one_batch: n_steps must be at least 50"):
        learner().overfit_one_batch(n_steps=3)


def test_a_schedule_is_tried_at_its_highest_rate():
    schedule = LinearWarmup(CosineAnnealingLR(0.01, T_max=200), n_steps=20)
    found = learner(optimizer=Adam(lr=schedule)).overfit_one_batch()
    assert found.learned
    assert 0.009 < found.rate <= 0.01
