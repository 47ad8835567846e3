"""Where a NaN or an infinity begins: planted in every layer of five nets, in the loss, the data and the update."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.probe.plants import NETS, PLANTINGS, SAMPLE, Planting, plant, plant_at_entry, spoil
from tinynet.core import faster
from tinynet.learner import Callback, Learner
from tinynet.optimizers import SGD, Adam
from tinynet.probe import where_not_finite

ENGINE = pytest.mark.parametrize("choice", ["auto", "plain"])
EACH_NET = pytest.mark.parametrize("name", NETS)
EACH_PLANTING = pytest.mark.parametrize("planting", PLANTINGS, ids=lambda planting: planting.words)
PLACES = [(name, path) for name in NETS for path, _ in NETS[name]()[0].layers_inside()]
# Tanh makes 1 of an infinity, and with that the step is finite.
BEFORE_TANH = {("mlp", "3"), ("own_layers", "0"), ("own_layers", "2.right.0")}
# ∂L/∂x of the first layer that learns, which training does not need.
UNREAD = {(name, path) for name in NETS for path in ("", "0")} | {("own_layers", "1"), ("own_layers", "1.inner")}


def planting_at(name: str, path: str, turn: int) -> Planting:
    """Each place gets another operation, and all of them get their turn."""
    own = [planting for planting in PLANTINGS if "nan" in planting.words or (name, path) not in BEFORE_TANH]
    return own[(PLACES.index((name, path)) + turn) % len(own)]


def check_operation(found: Any, planting: Planting) -> None:
    assert found.operation.text == planting.words, str(found)
    assert found.operation.operands == pytest.approx(planting.operands)
    assert found.operation.file.endswith("plants.py")
    assert found.operation.code.startswith(("Planting(lambda zeros", "added[SAMPLE] = planting.of_zeros"))


@ENGINE
@pytest.mark.parametrize(("name", "path"), PLACES)
def test_a_plant_in_the_forward_of_a_layer(name, path, choice):
    net, x, y, loss = NETS[name]()
    layer, planting = dict(net.layers_inside())[path], planting_at(name, path, 0)
    plant(layer, "forward", planting)
    with faster.use(choice):
        found = where_not_finite(net, x, y, loss)
    assert (found.found_in, found.path, found.kind) == ("forward", path, type(layer).__name__), str(found)
    assert (found.row, found.sample, found.n_samples > 0) == (SAMPLE, None, True)
    check_operation(found, planting)


@ENGINE
@pytest.mark.parametrize(("name", "path"), [place for place in PLACES if place not in UNREAD])
def test_a_plant_in_the_backward_of_a_layer(name, path, choice):
    net, x, y, loss = NETS[name]()
    layer, planting = dict(net.layers_inside())[path], planting_at(name, path, 1)
    plant(layer, "backward", planting)
    with faster.use(choice):
        found = where_not_finite(net, x, y, loss)
    assert (found.found_in, found.path, found.kind, found.row) == ("backward", path, type(layer).__name__, SAMPLE)
    check_operation(found, planting)


LEARNING = [
    (name, path)
    for name, path in PLACES
    if any("." not in own for own in dict(NETS[name]()[0].layers_inside())[path].parameters())
]


@pytest.mark.parametrize(("name", "path"), LEARNING)
def test_a_plant_in_the_gradients_of_parameters(name, path):
    net, x, y, loss = NETS[name]()
    layer, planting = dict(net.layers_inside())[path], planting_at(name, path, 2)
    plant_at_entry(layer, "backward", planting)
    found = where_not_finite(net, x, y, loss)
    assert (found.found_in, found.path, found.row) == ("backward", path, SAMPLE), str(found)
    check_operation(found, planting)


@EACH_NET
@EACH_PLANTING
def test_a_plant_in_the_loss(name, planting):
    net, x, y, plain = NETS[name]()

    def own_loss(predicted, truth):
        return plain(spoil(predicted, planting), truth)

    found = where_not_finite(net, x, y, own_loss)
    assert (found.found_in, found.kind, found.row) == ("loss", "own_loss", SAMPLE), str(found)
    check_operation(found, planting)


@EACH_NET
@EACH_PLANTING
def test_a_plant_in_the_number_of_the_loss_alone(name, planting):
    net, x, y, plain = NETS[name]()

    def own_loss(predicted, truth):
        _, gradient = plain(predicted, truth)
        return np.mean(spoil(predicted, planting)), gradient

    found = where_not_finite(net, x, y, own_loss)
    assert (found.found_in, found.kind, found.row) == ("loss", "own_loss", SAMPLE), str(found)
    check_operation(found, planting)


class Spoiling(SGD):
    """A rule whose update of one parameter is not finite."""

    def __init__(self, path: str, planting: Planting) -> None:
        super().__init__(lr=0.1)
        self.path, self.planting, self.at = path, planting, 0

    def step(self, parameters):
        self.chosen = parameters[self.path]
        super().step(parameters)

    def update(self, parameter):
        super().update(parameter)
        if parameter is self.chosen and self.n_steps == self.at:
            w = parameter.tensor
            w[-1] += self.planting.of_zeros(np.zeros_like(w[-1]))


@EACH_NET
@EACH_PLANTING
def test_a_plant_in_the_update(name, planting):
    net, x, y, loss = NETS[name]()
    path = list(net.parameters())[PLANTINGS.index(planting) % len(net.parameters())]
    before = net.state()
    found = where_not_finite(net, x, y, loss, Spoiling(path, planting))
    assert (found.found_in, found.path, found.kind) == ("update", path, "Spoiling"), str(found)
    assert found.place[0] == len(net.parameters()[path].tensor) - 1
    assert found.operation.text == planting.words
    assert all(np.array_equal(before[name], array) for name, array in net.state().items())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["mlp", "residual_cnn"])
def test_a_plant_in_the_inputs(name, bad):
    net, x, y, loss = NETS[name]()
    x[SAMPLE].flat[1] = bad
    found = where_not_finite(net, x, y, loss)
    assert (found.found_in, found.path, found.row) == ("data", "x", SAMPLE)
    assert np.array_equal(found.value, bad, equal_nan=True)
    assert found.place == (SAMPLE, *np.argwhere(~np.isfinite(x))[0][1:])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_plant_in_the_truth(bad):
    net, x, y, loss = NETS["recurrent"]()
    y[SAMPLE, 2, 1] = bad
    found = where_not_finite(net, x, y, loss)
    assert (found.found_in, found.path, found.row, found.place) == ("data", "y", SAMPLE, (SAMPLE, 2, 1))


@EACH_NET
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_plant_in_a_weight(name, bad):
    net, x, y, loss = NETS[name]()
    path, parameter = list(net.parameters().items())[-1]
    parameter.tensor[-1] = bad
    found = where_not_finite(net, x, y, loss)
    assert (found.found_in, found.path, found.place) == ("weights", path, (len(parameter.tensor) - 1,))


@EACH_NET
def test_a_finite_step_has_none_and_nothing_changes(name):
    net, x, y, loss = NETS[name]()
    optimizer = Adam()
    assert where_not_finite(net, x, y, loss, optimizer) is None
    learner = Learner(net, loss, optimizer, Rows(x, y), batch_size=len(x))
    learner.fit(progress=False)
    before, slots = net.state(), optimizer.state(net.parameters())["slots"]
    assert where_not_finite(net, x, y, loss, optimizer) is None
    after = optimizer.state(net.parameters())["slots"]
    assert all(np.array_equal(before[path], array) for path, array in net.state().items())
    assert all(np.array_equal(slots[path][name], after[path][name]) for path in slots for name in slots[path])


class Rows:
    """A data set that says which of its samples are in the batch, and may spoil them."""

    def __init__(self, x: Any, y: Any, repeats: int = 1) -> None:
        self.x, self.y = np.concatenate([x] * repeats), np.concatenate([y] * repeats)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, indices: Any) -> Any:
        self.last = indices
        return self.spoil(self.x[indices]), self.y[indices]

    def spoil(self, x: Any) -> Any:
        return x


# In a Learner, which shuffles: from the third epoch on, one of 30 samples is spoiled wherever it stands in its batch.

SPOILED, FIRST_EPOCH = 17, 3


class Plan(Callback):
    """Says what is to be spoiled, and remembers the weights before the last step."""

    def __init__(self, data: Rows, planting: Planting) -> None:
        self.data, self.planting, self.epoch = data, planting, 0
        self.weights: list[Any] = []

    def on_epoch_begin(self, learner, epoch):
        self.epoch = epoch

    def on_batch_begin(self, learner, index):
        self.weights.append(learner.net.state())

    @property
    def rows(self) -> Any:
        return np.flatnonzero(np.asarray(self.data.last) == SPOILED) if self.epoch >= FIRST_EPOCH else []

    def spoil(self, array: Any) -> Any:
        added = np.zeros_like(array)
        for row in self.rows:
            added[row] = self.planting.of_zeros(np.zeros_like(array[row]))
        return array + added


def failure(name: str, planting: Planting, where: str) -> Any:
    """The error of a training in which something is planted, the learner and the plan."""
    net, x, y, loss = NETS[name]()
    data = Rows(x, y, repeats=5)
    plan = Plan(data, planting)
    learner = Learner(net, loss, SGD(lr=0.01), data, batch_size=7, callbacks=[plan])
    if where in ("forward", "backward"):
        plant(dict(net.layers_inside())["2"], where, planting, plan.spoil)
    elif where == "loss":
        learner.loss = lambda predicted, truth: loss(plan.spoil(predicted), truth)
    elif where == "data":
        data.spoil = np.errstate(all="ignore")(plan.spoil)  # type: ignore[method-assign]
    else:
        chosen = list(net.parameters())[-1]
        learner.optimizer = Spoiling(chosen, planting)
        learner.optimizer.at = 13
    with pytest.raises(FloatingPointError) as caught:
        learner.fit(epochs=6, progress=False)
    return caught.value, learner, plan


@pytest.mark.parametrize("where", ["forward", "backward", "loss", "data"])
@EACH_NET
def test_a_learner_names_the_step_the_batch_and_the_sample(name, where):
    if where == "data" and name in ("recurrent", "transformer"):
        pytest.skip("tokens are never NaN")
    error, learner, plan = failure(name, PLANTINGS[0], where)
    found, step, row = error.found, learner.step, list(plan.data.last).index(SPOILED)
    assert (found.found_in, found.sample, found.row) == (where, SPOILED, row), str(error)
    assert found.path == {"loss": "", "data": "x"}.get(where, "2")
    epoch, batch = divmod(step, learner.batches_per_epoch)
    assert epoch + 1 == FIRST_EPOCH
    assert (found.step, found.when.epoch, found.when.batch) == (step, epoch + 1, batch)
    assert f" in step {step} (epoch {epoch + 1}, batch {batch}): " in str(error)
    assert f"sample {SPOILED} of the training data (row {row} of the batch)" in str(error)
    assert " This batch changed no weight.\nHint: " in str(error)
    if where != "data":
        check_operation(found, PLANTINGS[0])
    parameters = learner.net.parameters()
    assert all(np.array_equal(plan.weights[-1][path], each.tensor) for path, each in parameters.items())
    assert not any(parameter.gradient.any() for parameter in parameters.values())


@EACH_NET
@EACH_PLANTING
def test_a_learner_names_the_update_and_takes_it_back(name, planting):
    error, learner, plan = failure(name, planting, "update")
    found, path = error.found, list(learner.net.parameters())[-1]
    assert (found.found_in, found.path, found.kind, found.step) == ("update", path, "Spoiling", 13), str(error)
    assert (found.when.epoch, found.when.batch) == divmod(13 + learner.batches_per_epoch, learner.batches_per_epoch)
    assert found.operation.text == planting.words
    assert "update of step 13 (epoch 3, batch 3) by Spoiling" in str(error)
    assert "The weights are as they were before that update." in str(error)
    parameters = learner.net.parameters()
    assert all(np.array_equal(plan.weights[13][path], each.tensor) for path, each in parameters.items())
