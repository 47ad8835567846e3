"""A trace holds the values of a step: names, shapes, numbers by hand, and the same bits as an ordinary step."""

from copy import deepcopy

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers import LSTM, BatchNorm1D, Dropout, Linear, MultiHeadAttention, ReLU
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net, Residual
from tinynet.optimizers import SGD, Adam, ParameterGroups

RULES = [
    lambda: SGD(lr=0.1, momentum=0.9),
    lambda: Adam(lr=0.01, clip_norm=0.1),
    lambda: ParameterGroups([("*.bias", SGD(lr=0.1)), ("*", Adam(lr=0.01))]),
]


def example() -> tuple[Net, np.ndarray, np.ndarray]:
    tn.seed(3)
    draws = np.random.default_rng(0)
    net = Net([Residual([Linear(4, 4), ReLU(), Dropout(0.5)]), LSTM(4, 6), MultiHeadAttention(6, 2), Linear(6, 5)])
    return net, draws.normal(size=(3, 7, 4)), draws.integers(0, 5, (3, 7))


@pytest.mark.parametrize("make", RULES)
def test_a_traced_step_leaves_the_bits_of_an_ordinary_one(make) -> None:
    net, x, y = example()
    twin, rule, rule_of_twin = deepcopy(net), make(), make()
    for _ in range(2):
        tn.core.streams.go_to(1, 1)
        step = tn.trace(net, x, y, cross_entropy, rule)
        tn.core.streams.go_to(1, 1)
        loss, gradient = cross_entropy(twin.forward(x), y)
        twin.backward(gradient, input_gradient=False)
        gradients = {path: parameter.gradient.copy() for path, parameter in twin.parameters().items()}
        twin.update(rule_of_twin)
        assert step["loss"] == loss
        for path, parameter in twin.parameters().items():
            np.testing.assert_array_equal(step[f"{path}.gradient"], gradients[path])
            np.testing.assert_array_equal(step[f"{path}.after"], parameter.tensor)
            np.testing.assert_array_equal(net.parameters()[path].tensor, parameter.tensor)
            assert not net.parameters()[path].gradient.any()


def test_without_an_optimizer_nothing_changes() -> None:
    net, x, y = example()
    net[3].weight.accumulate(np.ones((5, 6)))
    before = net.state()
    step = tn.trace(net, x, y, cross_entropy)
    assert all(np.array_equal(net.state()[path], array) for path, array in before.items())
    assert (net[3].weight.gradient == 1).all()
    assert not net[0].body[0].weight.gradient.any()
    assert "3.weight.after" not in step
    assert "3.weight.gradient" in step


def test_values_by_hand() -> None:
    net = Net([Linear(2, 1)])
    net[0].weight.tensor, net[0].bias.tensor = [[2.0, -1.0]], [0.5]
    step = tn.trace(net, np.array([[3.0, 4.0]]), np.array([[1.0]]), mean_squared_error, SGD(lr=0.5))
    assert step["0.y"].tolist() == step["y"].tolist() == [[2.5]]
    assert step["loss"] == 2.25
    assert step["ground_truth"].tolist() == [[1.0]]
    assert step["0.dy"].tolist() == step["dy"].tolist() == [[3.0]]
    assert step["0.dx"].tolist() == [[6.0, -3.0]]
    assert step["0.weight"].tolist() == [[2.0, -1.0]]
    assert step["0.weight.gradient"].tolist() == [[9.0, 12.0]]
    assert step["0.weight.after"].tolist() == [[-2.5, -7.0]]
    assert step["0.bias.after"].tolist() == [-1.0]


def test_what_a_layer_remembers_has_its_name() -> None:
    net, x, y = example()
    step = tn.trace(net, x, y, cross_entropy, Adam(lr=0.01))
    assert set(np.unique(step["0.body.2.m"])) <= {0, 1, 2}
    assert step["1.passes.0.gates"].shape == (7, 3, 24)
    assert step["2.q"].shape == (3, 2, 7, 3)
    assert step.layers["2"].memory["key_padding_mask"] is None
    assert step.layers["0"].inside == ["0.body"]
    assert list(step.layers)[-1] == ""
    assert step.layers["1"].parameters["weight_hh_l0"] == "1.weight_hh_l0"
    assert step.layers["3"].formula["Equation"] == "y = x Wᵀ + b"
    assert step.layers["3"].arguments["in_features"] == "6"
    assert step.parameters["3.bias"].slots == ["m", "v"]
    assert step.parameters["3.bias"].count == 1
    assert step.parameters["3.bias"].settings["lr"] == 0.01
    assert step.loss["name"] == "cross_entropy"


def test_the_gradient_that_a_rule_gets_after_clipping() -> None:
    net = Net([Linear(1, 1, bias=False)])
    step = tn.trace(net, np.array([[10.0]]), np.array([[900.0]]), mean_squared_error, SGD(lr=1.0, clip_norm=0.5))
    assert abs(step["0.weight.gradient"].item()) > 1e3
    assert step["0.weight.gradient.used"].item() == pytest.approx(-0.5)


def test_a_step_that_is_not_finite_is_recorded_without_its_update() -> None:
    net = Net([Linear(2, 2), BatchNorm1D(2)])
    before = net[0].weight.tensor.copy()
    step = tn.trace(net, np.full((3, 2), np.inf), np.zeros((3, 2)), mean_squared_error, SGD(lr=0.1))
    assert np.isnan(step["loss"])
    assert (net[0].weight.tensor == before).all()
    assert not net[0].weight.gradient.any()
    assert "0.weight.after" not in step


def test_the_groups_of_a_rule() -> None:
    net, x, y = example()
    step = tn.trace(net, x, y, cross_entropy, RULES[2]())
    assert (step.parameters["3.bias"].rule, step.parameters["3.weight"].rule) == ("SGD", "Adam")


def test_a_name_that_is_not_there() -> None:
    net, x, y = example()
    step = tn.trace(net, x, y, cross_entropy)
    with pytest.raises(KeyError, match=r"there is no value named '3\.wieght'"):
        step["3.wieght"]
    with pytest.raises(TypeError, match="name"):
        step[3]
    with pytest.raises(TypeError, match="net"):
        tn.trace("net", x, y, cross_entropy)
    with pytest.raises(TypeError, match="optimizer"):
        tn.trace(net, x, y, cross_entropy, SGD)
    assert repr(step).startswith("Trace(9 layers")
    assert step.nbytes > 0
