"""What is run to look at it leaves no trace: not in arrays, attributes, functions, streams; updates that go wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from tinynet.core import Parameter, generator_states
from tinynet.layers import BatchNorm1D, Dropout, Layer, Linear, ReLU
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, ParameterGroups
from tinynet.probe import where_not_finite
from tinynet.probe.not_finite.kept import kept, snapshot
from tinynet.probe.not_finite.replay import Call, Place, first_place, step_of, watch_parameter
from tinynet.probe.not_finite.update import bad_update, first_bad_weight, where_in_update
from tinynet.probe.not_finite.watched_array import WatchedArray
from tinynet.probe.not_finite.where import find


class Counting(Layer):
    """Keeps things of every kind."""

    def __init__(self) -> None:
        self.count, self.seen, self.by_name = 0, [1], {"a": [1]}
        self.words, self.numbers, self.ends = np.array(["a"]), np.ones(2), (np.zeros(1), [0])
        self.draws = np.random.default_rng(3)

    def forward(self, x: Any) -> Any:
        self.count += 1
        self.seen.append(2)
        self.by_name["b"] = [2]
        self.by_name["a"].append(3)
        self.words[0] = "b"
        self.numbers += 1
        self.ends[0][0] = 7
        self.ends[1].append(7)
        self.draws.random()
        self.fresh = True
        return x

    def backward(self, dy: Any) -> Any:
        return dy


def test_attributes_are_put_back() -> None:
    layer = Counting()
    numbers, seen, by_name = layer.numbers, layer.seen, layer.by_name
    state = layer.draws.bit_generator.state
    with kept(layer):
        layer.forward(np.ones(1))
        assert layer.count == 1
    assert (layer.count, layer.seen, layer.by_name) == (0, [1], {"a": [1]})
    assert layer.numbers is numbers
    assert layer.seen is seen
    assert layer.by_name is by_name
    assert numbers.tolist() == [1, 1]
    assert (layer.ends[0].tolist(), layer.ends[1]) == ([0], [0])
    assert layer.draws.bit_generator.state == state
    assert "fresh" not in vars(layer)
    assert layer.words[0] == "b"  # of words no copy is made


def test_an_error_inside_changes_nothing_either() -> None:
    layer, streams = Counting(), generator_states()

    def fails() -> None:
        layer.forward(np.ones(1))
        Dropout(0.5).forward(np.ones(4))
        raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"), kept(layer):
        fails()
    assert layer.count == 0
    assert generator_states() == streams


def test_functions_and_what_they_keep() -> None:
    count, calls, numbers = 0, [0], np.zeros(1)

    def loss(predicted: Any, truth: Any) -> Any:
        nonlocal count
        count += 1
        calls.append(count)
        numbers[0] += 1
        return float(count), predicted

    class Own:
        def __init__(self) -> None:
            self.n = 0

        def __call__(self, predicted: Any, truth: Any) -> Any:
            self.n += 1
            return 0.0, predicted

        def method(self, predicted: Any, truth: Any) -> Any:
            return self(predicted, truth)

    own = Own()
    for function in (loss, partial(loss, truth=1), partial(partial(loss), 1)):
        with kept(function):
            loss(0, 1)
        assert (count, calls) == (0, [0])
    assert numbers.tolist() == [3]  # a function seldom writes into an array: those are not copied
    for function in (own, own.method, partial(own), partial(len, [own]), partial(len, own=own)):
        with kept(function):
            own(0, 1)
        assert own.n == 0
    with kept(None, 3, "a", 1.5, True, int):
        pass


def test_attributes_of_a_function() -> None:
    def loss(predicted: Any, truth: Any) -> Any:
        return 0.0, predicted

    put_back = snapshot([loss])
    loss.count = 1  # type: ignore[attr-defined]
    put_back()
    assert loss.count == 1  # type: ignore[attr-defined]


def test_what_a_layer_remembers_and_who_watches_stays() -> None:
    relu = ReLU()
    relu.forward(np.ones(2))
    memory = vars(relu)["_memory"]
    with kept(relu):
        relu.forward(np.zeros(3))
    assert vars(relu)["_memory"] is memory
    put_back = snapshot(relu)
    with Net([relu]).watch(Nobody()):
        watching = {name: value for name, value in vars(relu).items() if name in ("forward", "backward")}
        put_back()
        assert {name: vars(relu)[name] for name in watching} == watching
    assert not {"forward", "backward"} & vars(relu).keys()


class Nobody:
    """An observer that sees nothing."""

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        """Nothing."""


def test_weights_statistics_and_slots() -> None:
    net, rule = Net([Linear(2, 2), BatchNorm1D(2)]), Adam(lr=0.1)
    x, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.zeros((2, 2))

    def train() -> None:
        net.backward(mean_squared_error(net.forward(x), y)[1])
        net.update(rule)

    train()
    before, slots = net.state(), rule.state(net.parameters())
    tensor = net[0].weight.tensor
    with kept(net, rule):
        train()
    assert net[0].weight.tensor is tensor
    assert all(np.array_equal(array, before[path]) for path, array in net.state().items())
    after = rule.state(net.parameters())
    for path, kept_slots in slots["slots"].items():
        for name, array in kept_slots.items():
            np.testing.assert_array_equal(after["slots"][path][name], array)


# Updates.


def parameters(*tensors: Any, gradient: float = 1.0) -> dict[str, Parameter]:
    made = {}
    for index, tensor in enumerate(tensors):
        made[f"{index}.weight"] = parameter = Parameter(np.array(tensor))
        parameter.accumulate(np.full(parameter.shape, gradient))
    return made


def test_a_finite_update_is_none() -> None:
    those, rule = parameters([1.0, 2.0]), SGD(lr=0.1)
    assert bad_update(those, rule, rule.step) is None
    assert those["0.weight"].tensor.tolist() == [1, 2]
    assert those["0.weight"].gradient.tolist() == [1, 1]


def test_an_update_that_is_not_finite() -> None:
    those, rule = parameters([1.0, 2.0], [3.0], gradient=1e20), SGD(lr=1e30)
    those["0.weight"].zero_gradient()
    found = bad_update(those, rule, rule.step)
    assert (found.found_in, found.path, found.kind, found.slot) == ("update", "1.weight", "SGD", "")
    assert (found.value, found.place) == (-np.inf, (0,))
    assert found.operation.text in ("1e+30 · 1e+20 = inf", "1e+20 · 1e+30 = inf")
    assert those["1.weight"].tensor.tolist() == [3]
    assert str(found).startswith(f"{found.operation.text} in 1.weight[0], update by SGD")


def test_a_slot_that_is_not_finite() -> None:
    those, rule = parameters([1.0], [1.0], gradient=1e30), Adam(lr=0.1)
    those["0.weight"].zero_gradient()
    found = bad_update(those, rule, rule.step)
    assert (found.path, found.kind, found.slot, found.value) == ("1.weight", "Adam", "v", np.inf)
    assert not rule._slots or not any(rule._slots[each] for each in those.values() if each in rule._slots)


def test_the_rule_of_a_group_is_named() -> None:
    those = parameters([1.0], [1.0], gradient=1e20)
    rule = ParameterGroups([("0.*", SGD(lr=0.1)), ("*", Adam(lr=0.1))])
    found = bad_update(those, rule, rule.step)
    assert (found.path, found.kind) == ("1.weight", "Adam")


def test_weights_come_before_slots() -> None:
    those = parameters([1.0], [np.nan])
    rule = SGD(lr=0.1, momentum=0.9)
    rule.step(those)
    next(iter(rule._slots[those["0.weight"]].values()))[...] = np.inf
    path, slot, array = first_bad_weight(those, rule)
    assert (path, slot) == ("1.weight", "")
    assert array is those["1.weight"].tensor
    those["1.weight"].tensor[...] = 0
    assert first_bad_weight(those, rule)[:2] == ("0.weight", "velocity")
    next(iter(rule._slots[those["0.weight"]].values()))[...] = 0
    next(iter(rule._slots[those["1.weight"]].values()))[...] = 0
    assert first_bad_weight(those, rule) is None


def test_the_update_after_a_step() -> None:
    net = Linear(1, 1, bias=False)
    net.weight.tensor = [[1.0]]
    net.weight.accumulate([[1e38]])  # left over from a step before: it is not part of this one
    x, y = np.full((1, 1), 1e10, np.float32), np.zeros((1, 1), np.float32)
    step = step_of(net, x, y, mean_squared_error)
    assert where_in_update(step, SGD(lr=1e10)) is None
    found = where_in_update(step, SGD(lr=1e20))
    assert (found.found_in, found.path, found.kind, found.place) == ("update", "weight", "SGD", (0, 0))
    assert net.weight.tensor.tolist() == [[1]]
    assert net.weight.gradient.item() == np.float32(1e38)
    assert where_not_finite(net, x, y, mean_squared_error) is None
    assert where_not_finite(net, x, y, mean_squared_error, SGD(lr=1e20)).path == "weight"


# Places and steps.


def test_places() -> None:
    calls = {path: Call(path, ReLU(), (), {}, {}) for path in "01"}
    first = Place("forward", calls["0"])
    assert first.is_at(Place("forward", calls["0"]))
    assert not first.is_at(Place("forward", calls["1"]))
    assert not first.is_at(Place("backward", calls["0"]))
    assert not first.is_at(None)
    assert Place("loss").is_at(Place("loss"))
    assert not Place("loss").is_at(first)
    assert (calls["0"].y, calls["0"].dy, calls["0"].dx, first.arguments) == (None, None, None, ())


def test_the_parameters_of_several_nets() -> None:
    step = step_of(Linear(1, 1), None, None, mean_squared_error)
    assert list(step.parameters()) == ["weight", "bias"]
    step.nets = {"a.": Linear(1, 1), "b.": Linear(1, 1, bias=False)}
    assert list(step.parameters()) == ["a.weight", "a.bias", "b.weight"]


def test_the_arrays_of_a_parameter_are_watched() -> None:
    parameter = Parameter(np.ones(2))
    tensor = parameter.tensor
    watch_parameter(parameter)
    assert isinstance(parameter.tensor, WatchedArray)
    assert isinstance(parameter.gradient, WatchedArray)
    assert np.shares_memory(parameter.tensor, tensor)


class Divides(Layer):
    """Divides by its input, or what it is told."""

    def forward(self, x: Any) -> Any:
        self.remember(x=x)
        with np.errstate(all="ignore"):
            return 1 / x

    def backward(self, dy: Any) -> Any:
        (x,) = self.recall()
        return -dy / np.where(x == 0, 1, x * x)


def test_the_first_place_of_a_step() -> None:
    x, y = np.array([[1.0], [0.0]], np.float32), np.zeros((2, 1), np.float32)
    net = Net([Linear(1, 1), Divides(), Divides()])
    net[0].weight.tensor, net[0].bias.tensor = [[1.0]], [0.0]
    assert first_place(step_of(net, x, y, mean_squared_error)) is None  # 1 / inf is finite again
    net = Net([Linear(1, 1), Divides(), Linear(1, 1)])
    net[0].weight.tensor, net[0].bias.tensor = [[1.0]], [0.0]
    place = first_place(step_of(net, x, y, mean_squared_error))
    assert (place.found_in, place.call.path) == ("forward", "1")
    assert type(place.call.layer) is Divides
    np.testing.assert_array_equal(place.call.inputs[0], x)
    assert place.call.y[0, 0] == 1
    assert np.isinf(place.call.y[1, 0])
    found = find(step_of(net, x, y, mean_squared_error))
    assert str(found).startswith("1 / 0 = inf in layer 1 (Divides), forward, row 1 of the batch.")
    assert (found.value, found.place, found.n_samples) == (np.inf, (1, 0), 1)


def test_data_that_is_not_finite_but_does_no_harm_is_not_blamed() -> None:
    net = Net([Divides(), Linear(1, 1)])
    x, y = np.array([[np.inf], [0.0], [1.0]], np.float32), np.zeros((3, 1), np.float32)
    found = find(step_of(net, x, y, mean_squared_error))
    assert (found.found_in, found.path, found.row) == ("forward", "0", 1)


def test_one_of_several_inputs() -> None:
    class Adds(Layer):
        def forward(self, a: Any, b: Any) -> Any:
            self.remember()
            return a + b

        def backward(self, dy: Any) -> Any:
            self.recall()
            return dy, dy

    b = np.zeros((3, 2), np.float32)
    b[1, 1] = b[2, 0] = np.nan
    x, y = (np.ones((3, 2), np.float32), b), np.zeros((3, 2), np.float32)
    found = where_not_finite(Adds(), x, y, mean_squared_error)
    assert str(found) == "row 1 of the batch holds nan, at x.1[1, 1], and 1 more."
    assert (found.place, found.n_samples) == ((1, 1), 2)
    wide = np.array([[1e300, 0.0]])
    found = where_not_finite(Linear(2, 1), wide, np.zeros((1, 1)), mean_squared_error)  # too large for float32
    assert str(found) == "row 0 of the batch holds 1e+300, at x[0, 0]."
    truth = np.array([[0.0], [np.inf]])
    found = where_not_finite(Linear(2, 1), np.ones((2, 2)), truth, mean_squared_error)
    assert str(found) == "row 1 of the batch holds inf, at y[1, 0]."


def test_a_statistic_that_is_not_finite() -> None:
    net = Net([BatchNorm1D(2), Linear(2, 1)])
    net[0].running_mean[1] = np.nan
    x, y = np.array([[1.0, 2.0], [3.0, 5.0]], np.float32), np.zeros((2, 1), np.float32)
    assert where_not_finite(net, x, y, mean_squared_error) is None  # in training nobody reads it
    for layer in (net, net[0]):
        layer.training = False
    found = where_not_finite(net, x, y, mean_squared_error)
    assert (found.found_in, found.path, found.place) == ("weights", "0.running_mean", (1,))
    assert np.isnan(net[0].running_mean[1])


def test_the_sample_of_a_loss_is_found_by_its_loss_alone() -> None:
    def own(predicted: Any, truth: Any) -> Any:
        bad = [float(row.sum()) for row in np.asarray(predicted) if row.sum() > 5]  # no array that could be watched
        return (float("nan") if bad else 0.0), np.zeros_like(predicted)

    net = Net([Linear(1, 1)])
    net[0].weight.tensor, net[0].bias.tensor = [[1.0]], [0.0]
    x = np.array([[1.0], [2.0], [9.0]], np.float32)
    found = where_not_finite(net, x, np.zeros((3, 1), np.float32), own)
    assert (found.found_in, found.kind, found.row, found.operation) == ("loss", "own", 2, None)
    assert str(found) == "nan in the loss own, row 2 of the batch."


def test_each_sample_is_tried_with_its_own_truth() -> None:
    def own(predicted: Any, truth: Any) -> Any:
        rows = zip(np.asarray(predicted).ravel().tolist(), np.asarray(truth).ravel().tolist(), strict=True)
        return (float("inf") if any(p > t for p, t in rows) else 0.0), np.zeros_like(predicted)

    net = Net([Linear(1, 1)])
    net[0].weight.tensor, net[0].bias.tensor = [[1.0]], [0.0]
    x, y = np.array([[1.0], [2.0], [3.0], [9.0]], np.float32), np.array([[5.0], [5.0], [2.0], [2.0]], np.float32)
    found = where_not_finite(net, x, y, own)
    assert (found.found_in, found.row, found.value) == ("loss", 2, np.inf)
