"""Statistics over training: looking changes no bit, and costs nothing between looks."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import faster
from tinynet.data import Dataset
from tinynet.layers import (
    GRU,
    LSTM,
    BatchNorm2D,
    Conv2D,
    Dropout,
    Embedding,
    Flatten,
    Layer,
    Linear,
    MaxPool2D,
    MultiHeadAttention,
    ReLU,
    Sigmoid,
)
from tinynet.learner import Callback, Learner, Statistics
from tinynet.learner import statistics as module
from tinynet.losses import cross_entropy
from tinynet.net import Net, Residual
from tinynet.optimizers import SGD, Adam
from tinynet.probe import TrainingStatistics

RNG = np.random.default_rng(0)
IMAGES = Dataset(RNG.random((50, 1, 8, 8)).astype(np.float32), np.arange(50) % 3)
TEXTS = Dataset(RNG.integers(0, 7, (24, 5)), RNG.integers(0, 3, (24, 5)))


def convolutions():
    body = Residual([Conv2D(6, 6, 3, padding=1), BatchNorm2D(6)])
    first = [Conv2D(1, 6, 3, padding=1), BatchNorm2D(6), ReLU(), body, ReLU(), MaxPool2D(2)]
    return Net([*first, Flatten(), Dropout(0.3), Linear(96, 20), Sigmoid(), Linear(20, 3)]), IMAGES


def perceptron():
    return Net([Flatten(), Linear(64, 30), ReLU(), Linear(30, 20), ReLU(), Linear(20, 3)]), IMAGES


def sequences():
    return Net([Embedding(7, 8), LSTM(8, 8), GRU(8, 8), MultiHeadAttention(8, 2), Linear(8, 3)]), TEXTS


def fitted(make, *callbacks, epochs=2, optimizer=None, **options):
    tn.seed(5)
    net, data = make()
    optimizer = optimizer or Adam(lr=0.01)
    learner = Learner(net, cross_entropy, optimizer, data, batch_size=8, callbacks=callbacks, **options)
    learner.fit(epochs, progress=False)
    return learner


def bits(learner):
    net, rule = learner.net, learner.optimizer
    state = rule.state(net.parameters())
    slots = {f"{path}.{name}": array for path, slots in state["slots"].items() for name, array in slots.items()}
    arrays = {name: array.tobytes() for name, array in (net.state() | slots).items()}
    return arrays, learner.history["loss"], tn.core.generator_states()


@pytest.mark.parametrize("make", [perceptron, convolutions, sequences], ids=lambda make: make.__name__)
@pytest.mark.parametrize(("detail", "every"), [("light", 2), ("economy", 3), ("full", 1)])
def test_looking_changes_no_bit(make, detail, every):
    assert bits(fitted(make, Statistics(detail, every=every))) == bits(fitted(make))


@pytest.mark.needs_compiler
@pytest.mark.parametrize("make", [perceptron, convolutions, sequences], ids=lambda make: make.__name__)
def test_looking_changes_no_bit_of_compiled_code(make):
    with faster.use("compiled"):
        assert bits(fitted(make, Statistics("full"), epochs=1)) == bits(fitted(make, epochs=1))


@pytest.mark.parametrize("make", [perceptron, convolutions, sequences], ids=lambda make: make.__name__)
def test_every_layer_that_learns_is_seen(make):
    statistics = Statistics("full")
    learner = fitted(make, statistics)
    record = statistics.record
    assert record.steps.tolist() == list(range(1, learner.step + 1))
    for index, (path, kind) in enumerate(record.layers.items()):
        has_weights = any(name.startswith(f"{path}.") for name in learner.net.parameters())
        for name in ("gradient_norm", "update_ratio"):
            assert (np.isfinite(record[name][:, index]) == has_weights).all()
        for name in ("mean", "spread", "dead"):
            assert np.isfinite(record[name][:, index]).all() == (kind not in ("Flatten", "MaxPool2D"))
        assert np.isfinite(record["saturated"][:, index]).all() == (kind == "Sigmoid")
    assert record.counted == ["outputs", "weights", "gradients"]


def test_the_classes_differ_in_how_often_they_look():
    every = {name: Statistics(name).every for name in ("light", "economy", "full")}
    assert every == {"light": 250, "economy": 50, "full": 1}
    assert Statistics("light", every=7).every == 7


def test_steps_count_over_all_epochs_and_the_record_goes_on_in_a_further_fit():
    statistics = Statistics("economy", every=4)
    learner = fitted(perceptron, statistics)  # 7 batches in an epoch
    assert statistics.record.steps.tolist() == [4, 8, 12]
    learner.fit(1, progress=False)
    assert statistics.record.steps.tolist() == [4, 8, 12, 16, 20]
    assert statistics.record.settings == {"detail": "economy", "every": 4, "batches_per_epoch": 7}
    fitted(perceptron, statistics, epochs=1)
    assert statistics.record.steps.tolist() == [4]
    fitted(convolutions, statistics, epochs=1)
    assert statistics.record.steps.tolist() == [4]
    assert len(statistics.record.layers) == 11


def test_a_training_that_goes_back_forgets_what_came_after():
    statistics = Statistics("full")
    learner = fitted(perceptron, statistics)
    learner.go_to(3)
    learner.fit(1, progress=False)
    assert statistics.record.steps.tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_nobody_watches_between_looks():
    class Spy(Callback):
        watched = ()

        def on_batch_begin(self, learner, index):
            self.watched += ("forward" in vars(learner.net[1]),)

    spy = Spy()
    learner = fitted(perceptron, Statistics("light", every=3), spy, epochs=1)
    assert spy.watched == (False, False, True, False, False, True, False)
    assert "forward" not in vars(learner.net[1])


def test_two_look_at_once():
    one, other = Statistics("light", every=2), Statistics("full")
    learner = fitted(perceptron, one, other)
    assert bits(learner) == bits(fitted(perceptron))
    assert one.record.steps.tolist() == other.record.steps[1::2].tolist()
    np.testing.assert_array_equal(one.record["gradient_norm"], other.record["gradient_norm"][1::2])
    assert not any("forward" in vars(layer) for layer in learner.net.every_layer())


def test_an_error_in_a_step_leaves_the_net_unwatched():
    class Breaks(Layer):
        n_steps = 0

        def forward(self, x):
            self.remember()
            return x

        def backward(self, dy):
            self.n_steps += 1
            return dy * (np.inf if self.n_steps == 2 else 1)

    statistics = Statistics("full", every=2)
    net = Net([Flatten(), Linear(64, 3), Breaks()])
    learner = Learner(net, cross_entropy, SGD(lr=0.1), IMAGES, callbacks=[statistics])
    with pytest.raises(FloatingPointError, match="not finite"):
        learner.fit(progress=False)
    assert not any("forward" in vars(layer) for layer in net.every_layer())
    assert len(statistics.record) == 0
    fitted(perceptron, statistics, epochs=1)  # of which the first step is not looked at
    assert statistics.record.steps.tolist() == [2, 4, 6]


def test_gradients_that_add_up_are_seen_as_their_mean_and_updates_where_they_are():
    statistics = Statistics("full")
    fitted(perceptron, statistics, epochs=1, optimizer=SGD(lr=0.1, gradient_accumulation_steps=3))
    ratios = statistics.record["update_ratio"][:, 1]
    assert np.isfinite(ratios).tolist() == [False, False, True, False, False, True, True]  # the rest ends the epoch
    alone = Statistics("full")
    fitted(perceptron, alone, epochs=1, optimizer=SGD(lr=0.0))
    norms = statistics.record["gradient_norm"][:, 1], alone.record["gradient_norm"][:, 1]
    assert norms[0][0] == norms[1][0]
    assert norms[0][1] <= 1.0001 * norms[1][:2].mean()  # of the mean of two gradients
    assert norms[0][2] <= 1.0001 * norms[1][:3].mean()


def test_it_is_kept_with_the_run(tmp_path, monkeypatch):
    statistics = Statistics("economy", every=5, path=tmp_path / "statistics.safetensors")
    fitted(perceptron, statistics)
    kept = TrainingStatistics.load(tmp_path / "statistics.safetensors")
    assert kept.layers == statistics.record.layers
    np.testing.assert_array_equal(kept["spread"], statistics.record["spread"])


def test_it_is_written_between_epochs_where_that_takes_little_of_the_time(tmp_path, monkeypatch):
    times = []
    monkeypatch.setattr(TrainingStatistics, "save", lambda self, path: times.append(len(self)))
    path = tmp_path / "statistics.safetensors"
    fitted(perceptron, Statistics("full", path=path), epochs=3)
    assert times[0] == 7  # the first time costs what nobody knows
    assert times[-1] == 21
    times.clear()
    monkeypatch.setattr(module, "WRITING_SHARE", 0.0)
    fitted(perceptron, Statistics("full", path=path), epochs=3)
    assert times == [21]


def test_a_place_that_cannot_be_written_is_told_before_training(tmp_path):
    statistics = Statistics(path=tmp_path / "no" / "statistics.safetensors")
    with pytest.raises(FileNotFoundError, match="Statistics: there is no folder"):
        fitted(perceptron, statistics)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="Statistics: detail must be one of 'light', 'economy', 'full'"):
        Statistics("heavy")
    with pytest.raises(ValueError, match="Statistics: every must be at least 1, got 0"):
        Statistics(every=0)
    with pytest.raises(TypeError, match="Statistics: path must be a string or a Path"):
        Statistics(path=3)
