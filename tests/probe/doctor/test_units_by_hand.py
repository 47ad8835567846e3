"""Hidden units and widths, on cases made by hand: every bound from both sides, every sentence word for word."""

from __future__ import annotations

from itertools import pairwise
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import HELPS, HELPS_NOT, Tried, case, place, walk
from tinynet.layers import BatchNorm1D, Conv2D, Dropout, Flatten, Linear, MaxPool2D, ReLU, Sigmoid, Softmax, Tanh
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.probe.doctor import units, width
from tinynet.probe.doctor.diagnosis import Diagnosis


def weights(path: str, **known: Any) -> Any:
    return place(path, Linear(2, 2), "weights", **known)


def soft(path: str) -> Any:
    return place(path, Softmax(), "softmax")


def hidden(*places: Any, n_units: int = 3, **known: Any) -> Any:
    seen = {each.path: np.zeros((4, n_units)) for each in places}
    return case(first_walk=walk(*places), ending=places[-1], inputs_of=seen, **known)


def test_a_softmax_in_the_middle(tried: Tried) -> None:
    seen = "1 hidden layer with a softmax: all units of a row together give 1"
    why = (
        "With n units each gives about 1/n, and every gradient is as much smaller; units can only grow at the cost of "
    )
    why += "others."
    fix = "ReLU()  # in place of layer 1"
    one = weights("0"), soft("1"), weights("2")
    remark = Diagnosis("hid-act", "remark", 0.5, seen, why, fix, "1", experiment=HELPS_NOT)
    assert units.hidden_softmax(hidden(*one)) == remark
    assert tried.asked == [("a ReLU in its place", "first", False)]
    changed = list(tried.changes[0].net(Net([Linear(2, 2), Softmax(), Linear(2, 2)])))
    assert [type(layer) for layer in changed] == [Linear, ReLU, Linear]
    problem = Diagnosis("hid-act", "problem", 0.84, seen, why, fix, "1", experiment=HELPS_NOT)
    assert units.hidden_softmax(hidden(*one, goes_badly=True)) == problem
    two = units.hidden_softmax(hidden(*one, soft("3"), weights("4"), ending_of=None))
    assert two.seen.startswith("2 hidden layers with a softmax")
    assert two.where == "1"
    tried.gives = [HELPS]
    assert units.hidden_softmax(hidden(*one)).level == "problem"
    assert units.hidden_softmax(hidden(*one, goes_well=True)).level == "remark"


def test_no_softmax_in_the_middle(tried: Tried) -> None:
    assert units.hidden_softmax(hidden(weights("0"), soft("1"))) is None
    assert units.hidden_softmax(hidden(weights("0"), soft("1"), weights("2"), n_units=1)) is None
    assert units.hidden_softmax(hidden(weights("0"), place("1", ReLU(), "relu"), weights("2"))) is None
    assert units.hidden_softmax(hidden(weights("0"), soft("1"), place("2", Flatten(), "shape"))) is None
    made = hidden(soft("0"), weights("1"))
    made.ending = None
    assert units.hidden_softmax(made) is not None
    assert units._behind_last_weights(walk(soft("0"))) == []
    last = soft("2")
    assert units._behind_last_weights(walk(weights("0"), weights("1"), last)) == [last]


class AvgPool(ReLU):
    """A pooling of one's own."""


@pytest.mark.parametrize(
    ("layers", "kinds", "pairs"),
    [
        ([Linear(2, 2), Linear(2, 2)], {}, ["0 and 1"]),
        ([Linear(2, 2), ReLU(), Linear(2, 2)], {"1": "relu"}, []),
        ([Linear(2, 2), Flatten(), Linear(2, 2)], {"1": "shape"}, ["0 and 2"]),
        ([Linear(2, 2), BatchNorm1D(2), Linear(2, 2)], {"1": "norm"}, ["0 and 2"]),
        ([Linear(2, 2), Dropout(0.5), Linear(2, 2)], {"1": "relu"}, ["0 and 2"]),
        ([Conv2D(1, 1, 1), MaxPool2D(2), Conv2D(1, 1, 1)], {}, ["0 and 2"]),
        ([Linear(2, 2), Sigmoid(), Linear(2, 2), Linear(2, 2), Linear(2, 2)], {}, ["2 and 3", "3 and 4"]),
        ([Linear(2, 2), Net([Linear(2, 2), Linear(2, 2)]), Linear(2, 2)], {}, ["1.0 and 1.1"]),
    ],
    ids=str,
)
def test_layers_without_an_activation(layers: list, kinds: dict[str, str], pairs: list[str]) -> None:
    net = Net(layers)
    places = [place(path, layer, kinds.get(path, "other")) for path, layer in net.layers_inside()]
    made = case(net=net, first_walk=walk(*places))
    found = units.missing_activation(made)
    copied = [place(path, None, kinds.get(path, "other")) for path, _ in net.layers_inside()]
    assert units.missing_activation(case(net=net, first_walk=walk(*copied))) == found  # a walk is that of a copy
    if not pairs:
        assert found is None
        return
    seen = f"{len(pairs)} pair{'s' if len(pairs) > 1 else ''} of layers without an activation between them, first "
    why = "Two linear layers in a row are one linear layer: the depth adds nothing."
    where = pairs[0].split(" ")[0]
    fix = "ReLU()  # between the two"
    assert found == Diagnosis("hid-act", "remark", 0.25, seen + pairs[0], why, fix, where)
    made.goes_badly = True
    assert units.missing_activation(made).weight == 0.38


def relus(*shares: float | None, first: tuple = (0.0,), **known: Any) -> Any:
    last = walk(*(place(str(2 * at + 1), ReLU(), "relu", dead=share) for at, share in enumerate(shares)))
    new = walk(*(place("1", ReLU(), "relu", dead=share) for share in first))
    return case(**{"last_walk": last, "first_walk": new, "output": np.arange(6.0).reshape(3, 2)} | known)


def test_units_that_are_dead() -> None:
    found = units.dead_units(relus(None, 0.5, 0.9, first=(0.1, 0.3)))
    seen = "70% of the ReLU units give 0 for every row, and 90% in the worst layer; at first 20%"
    why = "Where a ReLU is 0 its gradient is 0 too, so such a unit does nothing and cannot come back."
    fix = "LeakyReLU()  # in place of ReLU(); or a lower learning rate, or weights from he_normal"
    assert found == Diagnosis("dead-relu", "remark", 0.3, seen, why, fix, "5")
    found = units.dead_units(relus(0.9, 0.5, goes_badly=True))
    assert (found.level, found.weight, found.where) == ("problem", 0.66, "1")


FLAT = np.array([[1.0, 2.0], [1.0005, 2.0], [1.0, 2.0]])


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (relus(None), False),
        (relus(0.59), False),
        (relus(0.6), True),
        (relus(0.0, 0.0, 0.99), False),
        (relus(0.0, 0.0, 0.991), True),
        (relus(0.6, 0.0, output=FLAT), True),
        (relus(0.59, 0.0, output=FLAT), False),
        (relus(0.1, first=(0.5, 0.0), goes_badly=True), True),
        (relus(0.1, first=(0.5, 0.0)), False),
        (relus(0.1, first=(0.49, 0.0, 0.0), goes_badly=True), False),
        (relus(0.1, first=(1 / 3, 1 / 3), goes_badly=True), True),
        (relus(0.1, first=(0.32, 0.34), goes_badly=True), False),
        (relus(0.1, first=(None,), goes_badly=True), False),
        (relus(0.9, fitted=False), False),
        (relus(0.1, first=(0.9,), fitted=False), True),
    ],
)
def test_the_edges_of_dead_units(made: Any, said: bool) -> None:
    assert (units.dead_units(made) is not None) is said


@pytest.mark.parametrize(
    ("output", "flat"),
    [
        (FLAT, True),
        (FLAT[:1], False),
        (FLAT[:2], True),
        (np.array([[1.0, 1.0], [1.0, 1.1]]), False),
        (np.array([[-1000.0, 0.0], [-1000.0, 1.9]]), True),
        (np.array([[-1000.0, 0.0], [-1000.0, 2.1]]), False),
        (np.array([[-1000.0, 0.0], [-1002.0, 0.0]]), True),
        (np.zeros((2, 2)), True),
        (np.full((2, 2), nan), False),
        (np.array([[1.0, inf], [1.0, 1.0]]), False),
        ((FLAT,), False),
        (np.array([[0.0], [1e-14]]), False),
    ],
)
def test_whether_an_output_is_flat(output: Any, flat: bool) -> None:
    assert units._is_flat(case(output=output)) is flat


def ends(*shares: float | None, first: tuple = (0.0,), **known: Any) -> Any:
    places = [place(str(at), Tanh(), "squash", saturated=share) for at, share in enumerate(shares)]
    new = walk(*(place("0", Sigmoid(), "squash", saturated=share) for share in first))
    return case(**{"last_walk": walk(*places), "first_walk": new, "ending": None} | known)


def test_units_that_are_saturated() -> None:
    seen = "75% of the outputs of Tanh are at its ends, where it is flat"
    why = "The slope there is almost 0, so almost no gradient passes to the layers before it."
    fix = "x = (x - x.mean(axis=0)) / x.std(axis=0)  # or narrower weights, or ReLU()"
    assert units.saturated_units(ends(None, 0.2, 0.75)) == Diagnosis("saturated", "remark", 0.25, seen, why, fix, "2")
    assert units.saturated_units(ends(0.75, goes_badly=True)).weight == 0.45
    assert units.saturated_units(ends(0.7)) is not None
    assert units.saturated_units(ends(0.69)) is None
    assert units.saturated_units(ends(None)) is None
    assert units.saturated_units(ends(0.9, ending=place("0"))) is None
    assert units.saturated_units(ends(0.9, fitted=False)) is None
    assert units.saturated_units(ends(0.1, first=(0.9,), fitted=False)).seen.startswith("90% of the outputs of Sigmoid")


def with_norms(*norms: float) -> Any:
    return walk(*(weights(str(at), parameter_gradients={"weight": norm}) for at, norm in enumerate(norms)))


def fading(*norms: float, first: Any = (1.0, 1.0, 1.0), **known: Any) -> Diagnosis | None:
    return units.vanishing(case(last_walk=with_norms(*norms), first_walk=with_norms(*first), **known))


def test_a_gradient_that_vanishes() -> None:
    seen = "the gradient of the first weights has norm 1e-05, that of the last 2"
    why = "Each of the 3 layers multiplies the gradient by the slopes of its units and its weights; a product of small "
    why += "numbers is almost 0, and the first layers do not learn."
    fix = "ReLU()  # in place of Sigmoid() or Tanh(), with he_normal weights, BatchNorm1D or Residual"
    assert fading(1e-5, 9.0, 2.0) == Diagnosis("vanish", "remark", 0.35, seen, why, fix, "0")
    problem = fading(1e-5, 9.0, 2.0, goes_badly=True)
    assert (problem.level, problem.weight) == ("problem", 0.64)


@pytest.mark.parametrize(
    ("norms", "said"),
    [
        ((1e-5, 1.0), False),
        ((2.0**-20, 1.0, 2.0**-20 / 1e-3), False),
        ((1e-4, 1.0, 1.0), False),
        ((9e-5, 1.0, 1.0), True),
        ((5e-5, 1.0, 0.04), False),
        ((5e-5, 1.0, 0.06), True),
        ((1e-5, nan, 1.0), False),
        ((1e-5, 1.0, 0.0), False),
    ],
)
def test_the_edges_of_a_gradient_that_vanishes(norms: tuple, said: bool) -> None:
    assert (fading(*norms) is not None) is said
    assert (fading(1.0, 1.0, 1.0, first=norms) is not None) is said  # at its first step alone
    assert fading(*norms, fitted=False) is None
    assert (fading(1.0, 1.0, first=norms) is not None) is said


def growing(sizes: tuple, norms: tuple = (1.0, 1.0, 1.0), **known: Any) -> Diagnosis | None:
    pairs = zip(sizes, norms, strict=False)
    places = [weights(str(at), size=size, parameter_gradients={"w": g}) for at, (size, g) in enumerate(pairs)]
    return units.exploding(case(first_walk=walk(*places), **known))


def test_a_signal_that_explodes() -> None:
    seen = "from the first weights to the last, the signal becomes 2000 times as large; on the way back the gradient 4 "
    seen += "times"
    why = "Where every layer multiplies by more than 1, deep nets overflow."
    fix = "layer.weight.tensor = he_normal(layer.weight.shape)  # and SGD(lr, clip_norm=1.0)"
    expected = Diagnosis("explode", "remark", 0.5, seen, why, fix, "2")
    assert growing((0.5, 7.0, 1000.0), (2.0, 7.0, 0.5)) == expected
    assert growing((0.5, 7.0, 1000.0), (2.0, 7.0, 0.5), ended_by="an error").level == "problem"
    assert growing((0.5, 7.0, 500.0)) is None
    assert growing((0.5, 7.0, 501.0)) is not None
    assert growing((1.0, 1.0, 1.0), (1000.0, 1.0, 1.0)) is None
    assert growing((1.0, 1.0, 1.0), (1001.0, 1.0, 1.0)) is not None
    assert growing((1.0, inf, 1.0)) is not None
    assert growing((1.0, 1.0, 1.0), (1.0, nan, 1.0)) is not None
    assert growing((1.0,), (nan,)) is None
    assert growing((1.0, inf)) is not None
    assert growing((0.0, 0.0)) is None
    assert growing((0.0, 1e-20)) is not None
    assert growing((1.0, 1.0), (1e-20, 0.0)) is not None


def normed(batch_size: int = 2, n_rows: int = 100, tracked: int = 5, **known: Any) -> Any:
    net = Net([Linear(2, 2), BatchNorm1D(2)])
    net[1].num_batches_tracked = np.array(tracked)
    places = weights("0"), place("1", net[1], "norm"), place("2", BatchNorm1D(2), "norm")
    usual = {"net": net, "first_walk": walk(*places), "batch_size": batch_size, "train": range(n_rows)}
    return case(**usual | known)


def test_batch_norm_over_few_rows() -> None:
    why = "The mean and variance of so few rows are noise: in training each row sees other statistics than in "
    why += "evaluation."
    fix = "Learner(..., batch_size=32)  # or LayerNorm, GroupNorm"
    remark = Diagnosis("bn-mode", "remark", 0.8, "batch norm over batches of 2 rows", why, fix, "1")
    assert units.batch_norm(normed(2)) == units.batch_norm(normed(32, 2)) == remark
    assert units.batch_norm(normed(2, goes_badly=True)).level == "problem"
    one = units.batch_norm(normed(1))
    assert (one.level, one.seen) == ("problem", "batch norm over batches of 1 row")
    assert units.batch_norm(normed(1, goes_well=True)).level == "remark"
    assert units.batch_norm(normed(3)) is not None
    assert units.batch_norm(normed(2, first_walk=walk(weights("0")))) is None


def test_batch_norm_that_has_seen_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "_other_in_evaluation", lambda case, path: (case.batch_size, path))
    seen = "batch norm has seen no batch in 5 steps: it was in evaluation mode"
    why = "Its running statistics are those of a new layer, mean 0 and variance 1, and not those of the data."
    fix = "net.train()  # before each epoch; Learner.fit does it"
    expected = Diagnosis("bn-mode", "problem", 0.86, seen, why, fix, "1")
    assert units.batch_norm(normed(4, tracked=0, n_steps=5)) == expected
    assert units.batch_norm(normed(4, tracked=0, n_steps=4)) == (4, "1")
    assert units.batch_norm(normed(4, tracked=1)) == (4, "1")


Y = np.array([[0.0], [2.0]])


def evaluated(skill: float, in_training: float, **known: Any) -> Diagnosis | None:
    output = Y + np.sqrt(max(0.0, 1 - in_training))  # the best constant has a loss of 1
    made = {"skill": skill, "y": Y, "last_walk": walk(output=output), "loss": mean_squared_error, "n_steps": 101}
    return units._other_in_evaluation(case(**made | known), "3")


def test_batch_norm_that_does_worse_in_evaluation() -> None:
    seen = "on the same rows the skill is 0.75 with the statistics of the batch, and 0.25 with the running ones"
    why = "The running statistics lag behind the weights, or were taken over other data."
    fix = "learner.recompute_statistics()"
    assert evaluated(0.25, 0.75) == Diagnosis("bn-mode", "problem", 0.82, seen, why, fix, "3")
    for known, level in (
        ({"fitted": False}, None),
        ({"ended_by": "an error"}, None),
        ({"skill": 0.7}, "remark"),
        ({"skill": 0.71}, None),
        ({"skill": nan}, None),
        ({"skill": 0.46}, "remark"),
        ({"skill": 0.44}, "problem"),
        ({"n_steps": 100}, "remark"),
    ):
        found = evaluated(known.pop("skill", 0.25), 0.7501, **known)
        assert (found and found.level) == level
    assert evaluated(0.5, 1.0).level == "remark"
    assert evaluated(0.49, 1.0).level == "problem"


def test_the_norm_of_a_gradient() -> None:
    assert units._norm(place(parameter_gradients={"weight": 3.0, "bias": 4.0})) == 5
    assert units._norm(place()) == 0


def narrow(*sizes: int, **known: Any) -> Any:
    layers = [layer for n_in, n_out in pairwise(sizes) for layer in (Linear(n_in, n_out), ReLU())]
    net = Net(layers[:-1])
    places = [place(str(at), layer, n_outputs=9) for at, layer in enumerate(layers[:-1])]
    return case(**{"net": net, "first_walk": walk(*places), "skill": 0.4, "valid_skill": 0.3} | known)


WHY_NARROW = "All that is known of a row must pass through it; what does not fit is lost to the layers after it."


def test_a_hidden_layer_that_is_narrow(tried: Tried) -> None:
    tried.gives = [HELPS]
    found = width.too_narrow(narrow(8, 5, 3, 2))
    seen, fix = "the narrowest hidden layer has 3 units", "Linear(5, 12)  # and the next layer to fit"
    assert found == Diagnosis("width", "remark", 0.42, seen, WHY_NARROW, fix, "2", experiment=HELPS)
    assert tried.asked == [("hidden layers 4 times as wide", "first", True)]
    assert tried.changes[0].net is width._wider


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (narrow(4, 3, 2, may_try=False), False),
        (narrow(4, 3, 2, fitted=False), False),
        (narrow(4, 3, 2, ended_by="an error"), False),
        (narrow(4, 3, 2, goes_well=True), False),
        (narrow(4, 3, 2, skill=0.15, valid_skill=0.0), True),
        (narrow(4, 3, 2, skill=0.16, valid_skill=0.0), False),
        (narrow(4, 3, 2, valid_skill=nan), True),
        (narrow(4, 3), False),
        (narrow(4, 5, 1), True),
        (narrow(4, 6, 1), False),
        (narrow(4, 15, 20), True),
        (narrow(4, 16, 20), False),
    ],
)
def test_the_edges_of_narrow_layers(made: Any, said: bool, tried: Tried) -> None:
    tried.gives = [HELPS]
    assert (width.too_narrow(made) is not None) is said
    tried.gives = [HELPS_NOT]
    assert width.too_narrow(made) is None


def bottle(*n_outputs: int, **known: Any) -> Any:
    places = [place(str(at), ReLU(), n_outputs=n) for at, n in enumerate(n_outputs)]
    net = Net([Linear(2, 2), ReLU()])
    return case(**{"net": net, "first_walk": walk(*places), "goes_badly": True} | known)


def test_a_bottleneck(tried: Tried) -> None:
    seen = "only 2 numbers of a row pass layer 1, and the net gives 8"
    fix = "# let more units, channels or places through"
    expected = Diagnosis("width", "remark", 0.42, seen, WHY_NARROW, fix, "1")
    assert width.too_narrow(bottle(9, 2, 5, 8)) == expected
    assert width.too_narrow(bottle(9, 3, 8)) is None
    assert width.too_narrow(bottle(9, 2, 8, goes_badly=False)) is None
    assert width.too_narrow(bottle(9)) is None
    wide = Net([Linear(2, 20), Linear(20, 2)])
    assert width.too_narrow(bottle(9, 2, 5, 8, net=wide)) == expected
    thin = Net([Linear(2, 3), Linear(3, 2)])
    assert width.too_narrow(bottle(9, 2, 5, 8, net=thin)) == expected


def test_a_wider_net() -> None:
    net = Net([Linear(3, 2), ReLU(), Linear(2, 5, bias=False), ReLU(), Linear(5, 4)]).eval()
    net.astype(np.float64)
    wide, again = width._wider(net), width._wider(net)
    sizes = [(layer.in_features, layer.out_features, layer.bias is not None) for _, layer in width._linear_layers(wide)]
    assert sizes == [(3, 8, True), (8, 20, False), (20, 4, True)]
    assert [index for index, _ in width._linear_layers(wide)] == [0, 2, 4]
    assert wide.training
    assert wide.forward(np.ones((2, 3))).dtype == np.float64
    np.testing.assert_equal(wide.state(), again.state())
    assert net[0].out_features == 2
