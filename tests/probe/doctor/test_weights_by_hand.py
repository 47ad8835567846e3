"""The weights before the first step, on nets made by hand: every bound from both sides, every sentence."""

from __future__ import annotations

from copy import deepcopy
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import HELPS, HELPS_NOT, Tried, case, place, walk
from tinynet.layers import RNN, BatchNorm1D, Embedding, Linear, ReLU
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.probe.doctor import weights
from tinynet.probe.doctor.diagnosis import Diagnosis
from tinynet.probe.doctor.trials import Trial


def linear(weight: Any, gradient: Any = None, path: str = "0", **known: Any) -> Any:
    weight = np.array(weight, float)
    layer = Linear(weight.shape[1], weight.shape[0])
    layer.weight.tensor = weight
    layer.weight.gradient = np.ones_like(weight) if gradient is None else np.array(gradient, float)
    return place(path, layer, "weights", **known)


def alike(weight: Any, gradient: Any = None, **known: Any) -> Diagnosis | None:
    last = linear([[1.0, 2.0], [3.0, 4.0]], path="9")
    return weights.symmetric(case(first_walk=walk(linear(weight, gradient), last), **known))


def test_units_that_are_alike() -> None:
    seen = "the weights are all 0.5, and all 3 units get the same gradient"
    why = "Units that start alike and are corrected alike stay alike: the layer has the power of a single unit."
    fix = "Linear(n_in, n_out)  # draws its weights; only biases may start at 0"
    half = np.full((3, 2), 0.5)
    assert alike(half) == Diagnosis("init-const", "problem", 0.85, seen, why, fix, "0")
    assert alike(half, goes_well=True).level == "remark"
    seen = "the weights are the same in every unit, and all 2 units get the same gradient"
    assert alike([[1.0, 2.0], [1.0, 2.0]], [[5.0, 7.0], [5.0, 7.0]]).seen == seen
    assert alike(np.zeros((2, 2)), np.zeros((2, 2))).seen.startswith("the weights are all 0,")


@pytest.mark.parametrize(
    ("weight", "gradient", "said"),
    [
        ([[0.5, 0.5]], None, False),
        ([[0.5, 0.5], [0.5, 0.6]], None, False),
        ([[0.5, 0.5], [0.5, 0.5]], [[1.0, 1.0], [1.0, 2.0]], False),
        ([[-8.0, 0.0], [-8.0, 2e-6]], None, True),
        ([[-8.0, 0.0], [-8.0, 2e-5]], None, False),
        ([[0.5, 0.5], [0.5, 0.5]], [[-8.0, 0.0], [-8.0, 6e-4]], True),
        ([[0.5, 0.5], [0.5, 0.5]], [[-8.0, 0.0], [-8.0, 1e-3]], False),
        ([[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 2.0]], False),
        ([[0.5, 0.5], [0.5, 0.6]], [[0.0, 0.0], [0.0, 0.0]], False),
    ],
)
def test_the_edges_of_units_that_are_alike(weight: Any, gradient: Any, said: bool) -> None:
    assert (alike(weight, gradient) is not None) is said


def test_which_layers_may_be_alike() -> None:
    half, last = np.full((3, 2), 0.5), linear([[1.0, 2.0], [3.0, 4.0]], path="9")
    assert weights.symmetric(case(first_walk=walk(linear(half)))) is None  # a single layer may start at one number
    assert weights.symmetric(case(first_walk=walk(linear(half, multiply_adds=0), last))) is None
    other = place("0", ReLU(), "weights")
    found = weights.symmetric(
        case(first_walk=walk(other, linear([[1.0, 2.0], [3.0, 4.0]]), linear(half, path="5"), last))
    )
    assert found.where == "5"


def wide(*spreads: float, loss: float = 10.0, **known: Any) -> Any:
    """Layers of four inputs each; the spread of the weights times √4 is as told."""
    places = [linear([[s / 2, -s / 2, s / 2, -s / 2]], path=str(at)) for at, s in enumerate(spreads)]
    y = np.array([[0.0], [2.0]])  # whose best constant has a loss of 1
    usual = {
        "first_walk": walk(*places, loss=loss),
        "first_output": np.zeros((2, 1)),
        "y": y,
        "loss": mean_squared_error,
    }
    return case(**usual | known)


def test_weights_that_are_too_wide(tried: Tried) -> None:
    seen = (
        "the weights of 2 of 3 layers are too wide: their spread times √fan-in is up to 8, He's rule gives 1.41; the "
    )
    seen += "first loss is 10, a guess has 1"
    why = "Each layer makes the signal larger: the new net is sure of nonsense, and must first unlearn it."
    fix = "layer.weight.tensor = he_normal(layer.weight.shape)  # from tinynet.core.initializers"
    remark = Diagnosis("init-wide", "remark", 0.4, seen, why, fix, "1", experiment=HELPS_NOT)
    assert weights.too_wide(wide(4.0, 8.0, 1.0)) == remark
    assert tried.asked == [("weights drawn by He's rule", "first", False)]
    assert tried.changes[0].net is weights._narrowed
    assert weights.too_wide(wide(4.0, goes_badly=True)).weight == 0.52
    assert weights.too_wide(wide(4.0, goes_badly=True, may_try=False)).level == "problem"
    assert weights.too_wide(wide(4.0, may_try=False)).level == "remark"
    tried.gives = [HELPS]
    problem = weights.too_wide(wide(4.0))
    assert (problem.level, problem.weight) == ("problem", 0.74)
    assert weights.too_wide(wide(4.0, goes_well=True)).level == "remark"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (wide(2.8), False),
        (wide(3.0), True),
        (wide(3.0, loss=1.9), False),
        (wide(3.0, loss=2.0), True),
        (wide(3.0, loss=nan), True),
        (wide(3.0, loss=1.0, y=np.zeros((2, 1))), True),
        (wide(3.0, loss=1.0, y=None), True),
    ],
)
def test_the_edges_of_weights_that_are_too_wide(made: Any, said: bool, tried: Tried) -> None:
    assert (weights.too_wide(made) is not None) is said


def test_saturated_units_tell_of_wide_weights_too(tried: Tried) -> None:
    for saturated, said in ((0.49, False), (0.5, True)):
        made = wide(3.0, loss=1.0)
        made.first_walk.places += [place("8", saturated=saturated), place("9", saturated=0.1)]
        assert (weights.too_wide(made) is not None) is said
    for multiply_adds, said in ((0, False), (1, True)):
        made = wide(3.0)
        made.first_walk.places[0].multiply_adds = multiply_adds
        assert (weights.too_wide(made) is not None) is said


def test_recurrent_weights_may_be_less_wide(tried: Tried) -> None:
    for gain, said in ((1.6, False), (1.8, True)):
        layer = RNN(4, 4)
        for weight in weights._matrices(layer):
            weight.tensor = np.tile([[gain / 2, -gain / 2, gain / 2, -gain / 2]], (4, 1))
        made = wide(1.0, loss=1.0)
        for recurrent in (walk(place("0", layer, "weights"), loss=1.0),):
            made.first_walk = recurrent
        assert (weights.too_wide(made) is not None) is said


def test_the_weights_of_a_layer() -> None:
    layer, recurrent = Linear(4, 2), RNN(3, 2)
    layer.weight.tensor = [[1.0, -1.0, 1.0, -1.0], [3.0, -3.0, 3.0, -3.0]]
    assert weights._gain(layer) == pytest.approx(np.sqrt(5) * 2)
    assert weights._gain(ReLU()) == 0
    assert weights._matrices(layer) == [layer.weight]
    assert len(weights._matrices(recurrent)) == 2
    recurrent.parameters()["weight_hh_l0"].tensor = np.array([[4.0, -4.0], [4.0, -4.0]])
    assert weights._gain(recurrent) == pytest.approx(4 * np.sqrt(2))
    assert weights._weight(layer) is layer.weight
    assert weights._weight(recurrent) is None
    assert weights._weight(BatchNorm1D(2)) is None
    assert weights._weight(ReLU()) is None
    embedding = Embedding(3, 2)
    assert weights._weight(embedding) is weights._matrices(embedding)[0]


def test_narrower_weights() -> None:
    wide, usual, recurrent = Linear(4, 2), Linear(4, 2), RNN(4, 4)
    wide.weight.tensor = 5 * np.array([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])
    wide.bias.tensor = [0.1, -0.6]
    usual.weight.tensor = 0.7 * np.array([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])  # 1.4 times √fan-in
    usual.bias.tensor = [9.0, 9.0]
    for weight in weights._matrices(recurrent):
        weight.tensor = np.tile([3.0, -3.0, 3.0, -3.0], (4, 1))
    net = Net([wide, ReLU(), usual, recurrent])
    assert weights._narrowed(net) is net
    np.testing.assert_allclose(np.abs(wide.weight.tensor), np.sqrt(2) / 2, rtol=1e-6)
    assert wide.bias.tensor.tolist() == [0, 0]
    np.testing.assert_allclose(np.abs(usual.weight.tensor), 0.7, rtol=1e-6)
    assert usual.bias.tensor.tolist() == [9, 9]
    for weight in weights._matrices(recurrent):
        np.testing.assert_allclose(np.abs(weight.tensor), 0.5, rtol=1e-6)
    wide.weight.tensor, wide.bias.tensor = 9 * wide.weight.tensor, [0.1, -0.5]
    weights._narrowed(net)
    np.testing.assert_allclose(wide.bias.tensor, [0.1, -0.5])
    wide.weight.tensor = 0.74 * np.sign(wide.weight.tensor)  # 1.48 times √fan-in
    weights._narrowed(net)
    np.testing.assert_allclose(np.abs(wide.weight.tensor), np.sqrt(2) / 2, rtol=1e-6)


def steps(changed: tuple = (), gradients: Any = None, frozen: tuple = (), last: float = 1.0, **known: Any) -> Any:
    """A net of two layers, of whose four parameters some change in the steps that are tried, some are frozen, and some
    have a gradient."""
    net = Net([Linear(2, 2), Linear(2, 2)])
    for path, parameter in net.parameters().items():
        parameter.tensor = parameter.tensor * 0 + 1
        parameter.trainable = path not in frozen
    after = deepcopy(net)
    for path, parameter in after.parameters().items():
        parameter.tensor = parameter.tensor + (path in changed)
    norms = gradients or {}
    places = [
        place(at, net[int(at)], "weights", parameter_gradients={k[2:]: v for k, v in norms.items() if k[0] == at})
        for at in "01"
    ]
    made = case(**{"net": net, "copy_of_net": lambda: deepcopy(net), "first_walk": walk(*places)} | known)
    made.trial = Trial((1.0, last), 0.0, after)
    return made


ALL = {"0.weight": 1.0, "0.bias": 2.0, "1.weight": 3.0, "1.bias": 4.0}


def untouched(tried: Tried, *changed: str, **known: Any) -> Diagnosis | None:
    made = steps(changed, **{"gradients": ALL} | known)
    tried.trial = made.trial
    return weights.untouched(made)


def test_parameters_that_no_step_changes(tried: Tried) -> None:
    seen = "2 of 4 parameters have a gradient and did not change in 20 steps, first 0.bias"
    why, fix = "Their layer stays as it was drawn.", "net.update(optimizer)  # with every parameter: net.parameters()"
    expected = Diagnosis("untouched", "problem", 0.7, seen, why, fix, "0.bias")
    assert untouched(tried, "0.weight", "1.bias") == expected
    assert untouched(tried, "0.weight", "1.bias", goes_well=True).level == "remark"
    assert untouched(tried, "0.weight", "1.bias", "1.weight").level == "remark"  # one of four
    assert untouched(tried, gradients={"0.bias": 1.0}).level == "problem"  # nothing moves at all
    assert untouched(tried, *ALL) is None
    assert untouched(tried, "0.weight", may_try=False) is None
    assert untouched(tried, "0.weight", last=nan) is None
    assert untouched(tried, "0.weight", gradients={"0.weight": 1.0}) is None
    assert untouched(tried, "0.weight", gradients={}) is None
    assert untouched(tried, *list(ALL)[1:], gradients=ALL | {"0.weight": 4e-4}) is not None
    assert untouched(tried, *list(ALL)[1:], gradients=ALL | {"0.weight": 3.9e-4}) is None
    assert untouched(tried, gradients=ALL | {"0.weight": 1e-9}, frozen=("0.bias",)).seen.startswith("3 of 4")


def test_nothing_is_trainable(tried: Tried) -> None:
    expected = Diagnosis(
        "untouched",
        "problem",
        0.96,
        "no parameter is trainable",
        "Nothing can be learned.",
        "parameter.trainable = True",
    )
    assert untouched(tried, frozen=tuple(ALL)) == expected
    assert untouched(tried, *ALL, frozen=tuple(ALL)[1:]) is None


def frozen(tried: Tried, *frozen: str, **known: Any) -> Diagnosis | None:
    made = steps(**{"changed": tuple(ALL), "gradients": ALL} | known, frozen=frozen)
    tried.trial = made.trial
    return weights.frozen(made)


def test_layers_that_are_frozen(tried: Tried) -> None:
    seen = "2 of 4 parameters are frozen, first 0.weight"
    why = "A frozen layer helps if it was trained before. One that was just drawn says something random for ever."
    fix = "parameter.trainable = True"
    remark = Diagnosis("untouched", "remark", 0.4, seen, why, fix, "0.weight", experiment=HELPS_NOT)
    assert frozen(tried, "0.weight", "0.bias") == remark
    assert tried.asked == [("nothing frozen", "first", False)]
    net = tried.changes[0].net(Net([Linear(2, 2)]))
    assert tried.changes[0].net is weights._thawed
    net[0].weight.trainable = False
    assert weights._thawed(net) is net
    assert net[0].weight.trainable is True
    tried.gives = [HELPS]
    problem = frozen(tried, "0.weight", "0.bias")
    assert (problem.level, problem.weight) == ("problem", 0.7)
    assert frozen(tried, "0.weight", fitted=False).level == "remark"
    assert frozen(tried, "0.weight", goes_well=True).level == "remark"
    assert frozen(tried, "0.weight", may_try=False) is None
    assert frozen(tried) is None
    assert frozen(tried, *ALL) is None
    assert frozen(tried, changed=("1.weight",), gradients={"1.weight": 1.0}).where == "0.weight"


def test_layers_without_a_gradient(tried: Tried) -> None:
    def found(*changed: str, **known: Any) -> Diagnosis | None:
        made = steps(changed, **{"gradients": {"0.weight": 0.0, "1.weight": 1.0}} | known)
        tried.trial = made.trial
        return weights._without_gradient(made)

    seen = "0.weight is reached by no gradient and does not change in 20 steps"
    why = (
        "It stays as it was drawn. If its layer has a backward of your own, that returns nothing for the layers before."
    )
    fix = "check_layer(layer, x.shape)  # from tinynet.gradcheck"
    assert found("1.weight") == Diagnosis("untouched", "remark", 0.33, seen, why, fix, "0.weight")
    seen = "0.weight is not used by the forward and does not change in 20 steps"
    assert found("1.weight", gradients={"1.weight": 1.0}).seen == seen
    assert found("0.weight", "1.weight") is None
    assert found(gradients={"0.weight": 0.0, "1.weight": 0.0}) is not None
    assert found("1.weight", gradients={"0.weight": 1.0}) is None
    assert found("1.weight", last=inf) is None


def test_a_bias_before_a_norm() -> None:
    def found(*layers: Any) -> Diagnosis | None:
        kinds = {Linear: "weights", BatchNorm1D: "norm", ReLU: "relu"}
        places = [place(str(at), layer, kinds[type(layer)]) for at, layer in enumerate(layers)]
        return weights.useless_bias(case(first_walk=walk(*places)))

    seen = "1 layer with a bias stands directly before a batch norm"
    why = "The norm subtracts the mean, and the bias with it; its own β takes that place. It costs a little and does "
    why += "nothing."
    fix = "Conv2D(n_in, n_out, 3, bias=False)"
    expected = Diagnosis("useless-bias", "remark", 0.2, seen, why, fix, "1")
    assert found(ReLU(), Linear(2, 2), BatchNorm1D(2)) == expected
    two = found(Linear(2, 2), BatchNorm1D(2), Linear(2, 2), BatchNorm1D(2))
    assert two.seen == "2 layers with a bias stand directly before a batch norm"
    assert found(Linear(2, 2, bias=False), BatchNorm1D(2)) is None
    assert found(Linear(2, 2), ReLU(), BatchNorm1D(2)) is None
    assert found(BatchNorm1D(2), BatchNorm1D(2)) is None
