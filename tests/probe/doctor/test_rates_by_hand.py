"""Signs in the update, on cases made by hand: every bound from both sides, every sentence word for word."""

from __future__ import annotations

from copy import deepcopy
from math import inf, nan
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import HELPS, HELPS_NOT, Tried, case, place, walk
from tests.probe.doctor.test_rates import Ascent
from tinynet.core import streams
from tinynet.layers import Dropout, Linear, ReLU
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, ParameterGroups
from tinynet.probe.doctor import rates
from tinynet.probe.doctor.diagnosis import Diagnosis, Experiment, Span
from tinynet.probe.doctor.settings import with_rate
from tinynet.probe.doctor.trials import Trial

BEYOND = "A step beyond the valley lands higher up on the other side; the next one is longer still."


def trial(*losses: float, skill: float = 0.1) -> Trial:
    return Trial(losses, skill, None)  # type: ignore[arg-type]


def rows(*losses: float, first: int = 1) -> list[dict[str, float]]:
    return [{"epoch": epoch, "loss": loss} for epoch, loss in enumerate(losses, first)]


def test_a_step_uphill(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    tried.trial = trial(2.0, 3.0, 5.0)
    monkeypatch.setattr(rates, "_cosine_of_first_step", lambda case: 0.31)
    found = rates.uphill(case(first_batches=[()]))
    seen = "the first update and the gradient have the cosine 0.31; the loss goes from 2 to 5 in 3 steps"
    why = "The gradient points to where the loss grows: a step against it is right, one along it makes the loss larger."
    fix = "parameter.tensor -= lr * parameter.gradient  # minus"
    assert found == Diagnosis("sign", "problem", 0.97, seen, why, fix)
    assert rates.uphill(case(first_batches=[])) is None
    assert rates.uphill(case(first_batches=[()], may_try=False)) is None
    for cosine in (0.3, nan, -1.0):
        monkeypatch.setattr(rates, "_cosine_of_first_step", lambda case, cosine=cosine: cosine)
        assert rates.uphill(case(first_batches=[()])) is None


def first_step(net: Net, x: np.ndarray, y: np.ndarray, rule: Any, **known: Any) -> float:
    made = {"copy_of_net": lambda: deepcopy(net), "optimizer": rule, "first_batches": [(x, y)], "make_step": None}
    return rates._cosine_of_first_step(case(**made | known))


def test_the_cosine_of_the_first_step() -> None:
    net, x, y = Net([Linear(2, 1)]), np.array([[1.0, 10.0]]), np.array([[-0.5]])
    net[0].weight.tensor, net[0].bias.tensor = np.zeros((1, 2)), np.zeros(1)  # so the gradient is (1, 10) and 1
    assert first_step(net, x, y, SGD(lr=0.1)) == pytest.approx(-1)
    assert first_step(net, x, y, Ascent(lr=0.1)) == pytest.approx(1)
    clipped = -(1 * 1 + 10 * 1.5 + 1 * 1) / np.sqrt((1 + 100 + 1) * (1 + 1.5**2 + 1))
    assert first_step(net, x, y, SGD(lr=0.1, clip_value=1.5)) == pytest.approx(clipped)
    assert np.isnan(first_step(net, x, y, with_rate(0.0)(SGD(lr=0.1))))
    assert np.isnan(first_step(net, x, np.zeros((1, 1)), SGD(lr=0.1)))
    assert np.isnan(first_step(net, x, np.array([["a"]]), SGD(lr=0.1)))


def test_the_cosine_of_what_may_change_alone() -> None:
    net, x, y = Net([Linear(2, 1)]), np.array([[1.0, 10.0]]), np.array([[-0.5]])
    net[0].bias.trainable = False

    def make_step(net: Net, loss: Any, optimizer: Any) -> Any:
        def step(x: Any, y: Any) -> float:
            net[0].bias.tensor = [100.0]
            net[0].weight.tensor = net[0].weight.tensor - np.float32(0.5)
            return 1.0

        return step

    found = first_step(net, x, y, SGD(lr=0.1), make_step=make_step)
    assert abs(found) == pytest.approx(11 / np.sqrt(101 * 2))


def test_the_first_step_draws_what_the_gradient_has_drawn() -> None:
    net = Net([Linear(8, 32), Dropout(0.5), Linear(32, 1)])
    x, y = np.random.default_rng(0).normal(size=(2, 16, 8))
    with streams.place_kept():
        streams.go_to(5, 5)
        assert first_step(net, x, y[:, :1], SGD(lr=0.1)) == pytest.approx(-1)


class Gradients:
    """A net whose steps leave gradients of the given size."""

    def __init__(self, *sizes: float) -> None:
        self.sizes, self.parameter = list(sizes), SimpleNamespace(gradient=np.zeros(2))
        self.places: list[tuple[int, int]] = []
        self.rates: list[float] = []

    def parameters(self) -> dict[str, Any]:
        return {"0.weight": self.parameter, "0.bias": SimpleNamespace(gradient=np.zeros(1))}

    def make_step(self, net: Any, loss: Any, optimizer: Any) -> Any:
        def step(x: Any, y: Any) -> float:
            self.places.append((streams._epoch, streams._step))
            self.rates.append(optimizer.learning_rate)
            self.parameter.gradient = np.array([-self.sizes[0], 0.0])
            del self.sizes[0]
            streams.go_to(7, 7)
            return 1.0

        return step


def accumulated(*sizes: float, **known: Any) -> tuple[Diagnosis | None, Gradients]:
    net = Gradients(*sizes)
    made = {"copy_of_net": lambda: net, "make_step": net.make_step, "first_batches": [((), ())]}
    with streams.place_kept():
        return rates.accumulated(case(**made | known)), net


def test_gradients_that_grow_from_step_to_step() -> None:
    found, net = accumulated(2.0, 4.0, 6.2)
    seen = "three steps on the same batch leave gradients in the ratio 1 : 2.0 : 3.1"
    why = "backward adds to the gradients; where nobody clears them, each step follows the sum of all batches so far."
    fix = "net.zero_gradient()  # after each update; optimizer.step does it"
    assert found == Diagnosis("accumulate", "problem", 0.95, seen, why, fix)
    assert net.places == [(1, 1)] * 3
    assert net.rates == [0.0] * 3


@pytest.mark.parametrize(
    ("sizes", "known", "said"),
    [
        ((2.0, 3.0, 9.0), {}, False),
        ((2.0, 3.1, 5.1), {}, True),
        ((2.0, 3.1, 5.0), {}, False),
        ((0.0, 3.0, 6.0), {}, False),
        ((2.0, nan, nan), {}, False),
        ((2.0, 4.0), {}, False),
        ((2.0, 4.0, 6.0), {"may_try": False}, False),
        ((2.0, 4.0, 6.0), {"first_batches": []}, False),
        ((2.0, 4.0, 6.0), {"optimizer": SGD(lr=0.1, gradient_accumulation_steps=2)}, False),
    ],
)
def test_the_edges_of_gradients_that_grow(sizes: tuple, known: dict[str, Any], said: bool) -> None:
    assert (accumulated(*sizes, **known)[0] is not None) is said


THREE = [("lr=0.02", "first", False), ("lr=0.002", "first", False), ("lr=0.0002", "first", False)]
LONG = [("lr=0.02", "first", True), ("lr=0.002", "first", True)]


@pytest.mark.parametrize(
    ("known", "asked", "rose"),
    [
        ({"goes_well": True}, [], False),
        ({"may_try": False}, [], True),
        ({"may_try": False, "first_batches": []}, [], True),
        ({"first_batches": []}, [], False),
        ({"fitted": False}, [("as it is", "first", False)], False),
        ({}, [("as it is", "first", False), *THREE], False),
        ({"goes_badly": True}, [("as it is", "first", False), *THREE, *LONG], True),
        ({"goes_badly": True, "explained": {"lr-high"}}, [("as it is", "first", False), *THREE], False),
        ({"goes_badly": True, "ended_by": "an error"}, [("as it is", "first", False), *THREE, *LONG], False),
    ],
    ids=str,
)
def test_what_is_tried_where_a_rate_may_be_too_high(
    known: dict[str, Any], asked: list, rose: bool, tried: Tried, monkeypatch: pytest.MonkeyPatch
) -> None:
    high = Diagnosis("lr-high", "problem", 0.1, "it rose", "", "")
    monkeypatch.setattr(rates, "_rose", lambda case: high)
    found = rates.rate_too_high(case(**{"rate": 0.2, "first_batches": [()]} | known))
    assert tried.asked == asked
    assert (found is high) is rose


def test_a_lower_rate_that_helps(tried: Tried) -> None:
    tried.gives = [HELPS_NOT, HELPS]
    found = rates.rate_too_high(case(rate=0.2, first_batches=[()], goes_badly=True))
    assert found is not None
    assert found.fix == "SGD(lr=0.002)"
    assert found.experiment is HELPS
    assert tried.changes[1].optimizer(SGD(lr=5.0)).learning_rate == pytest.approx(0.05)
    tried.gives = [Experiment("it", (1.0, inf), (1.0, 0.7), (nan, 0.02))]
    assert rates.rate_too_high(case(rate=0.2, first_batches=[()], first_skill=0.0)) is not None


def test_a_new_net_whose_loss_grows_at_once(tried: Tried) -> None:
    tried.trial, tried.gives = trial(1.0, inf), [HELPS]
    assert rates.rate_too_high(case(first_batches=[()], fitted=False)) is not None


def test_decay_is_no_rate_too_high(tried: Tried) -> None:
    tried.gives = [HELPS]
    rule = SGD(lr=0.1, weight_decay=0.5)
    assert rates.rate_too_high(case(first_batches=[()], optimizer=rule)) is None
    assert tried.asked[-1] == ("", "first", False)
    assert tried.changes[0].optimizer(rule).weight_decay == 0.0


def test_the_words_of_a_rate_too_high() -> None:
    blown = Experiment("it", (2.0, 4.0, inf), (2.0, 1.0), (nan, 0.5))
    found = rates._too_high(case(rate=0.25, history=rows(1.0, 0.5, 0.9)), blown, 0.1)
    seen = "with lr=0.25 the loss is not finite after 3 steps, and with 0.025 it falls"
    when = Span("epoch", 2, 3)
    assert found == Diagnosis("lr-high", "remark", 0.45, seen, BEYOND, "SGD(lr=0.025)", when=when, experiment=blown)
    assert rates._too_high(case(goes_badly=True), blown, 0.1).weight == 0.7
    assert rates._too_high(case(fitted=False), blown, 0.1).level == "problem"
    assert rates._too_high(case(fitted=False), HELPS, 0.1).level == "remark"
    assert rates._too_high(case(fitted=False), None, 0.1).level == "remark"
    ended = rates._too_high(case(ended_by="loss is NaN", n_steps=7), HELPS, 0.1)
    assert ended.seen == "with lr=0.1 the loss stays high, and with 0.01 it falls; training ended: loss is NaN"
    assert ended.when == Span("step", 8, 8)


@pytest.mark.parametrize(
    ("losses", "when"),
    [
        ((), None),
        ((1.0, 0.5, 0.9), Span("epoch", 6, 7)),
        ((1.0, 0.5), None),
        ((1.0, 100.0, 102.0, 1.02), None),
        ((1.0, 100.0, 102.0, 1.03), Span("epoch", 5, 8)),
    ],
)
def test_when_a_loss_rose(losses: tuple, when: Span | None) -> None:
    assert rates._rising(case(history=rows(*losses, first=5))) == when
    bare = [{"loss": loss} for loss in losses]
    assert rates._rising(case(history=bare)) == (when and Span("epoch", when.first - 4, when.last - 4))


@pytest.mark.parametrize(
    ("unchanged", "changed", "after", "falls"),
    [
        ((1.0, 1.0, 1.0), (1.0, 0.1), 0.9, False),
        ((1.0, inf), (1.0, inf), 0.9, False),
        ((1.0, inf), (1.0, 1.0), 0.51, False),
        ((1.0, inf), (1.0, 1.0), 0.52, True),
        ((1.0, inf), (1.0, 0.8), 0.0, False),
        ((1.0, inf), (1.0, 0.79), 0.0, True),
        ((1.0, inf), (2.0, 1.5), 0.0, True),
    ],
)
def test_whether_a_change_lets_the_loss_fall(unchanged: tuple, changed: tuple, after: float, falls: bool) -> None:
    assert rates._falls(Experiment("it", unchanged, changed, (nan, after)), 0.5) is falls
    assert rates._falls(None, 0.5) is False


def test_a_skill_of_a_hundredth_more_is_the_bound() -> None:
    assert not rates._falls(Experiment("it", (1.0, inf), (1.0, 1.0), (0.9, 0.01)), 0.0)


def test_the_fate_of_a_loss() -> None:
    def fate(*losses: float) -> str:
        return rates._fate(Experiment("it", losses, (), (0.0, 0.0)))

    assert fate(2.0, 3.0) == "the loss rises from 2 to 3 in 2 steps"
    assert fate(2.0, 3.0, nan) == "the loss is not finite after 3 steps"
    assert fate(2.0, 3.0, 2.0) == fate(2.0) == fate() == rates._fate(None) == "the loss stays high"


@pytest.mark.parametrize(
    ("losses", "grows"),
    [
        ((), False),
        ((1.0, 5.0, nan), True),
        ((1.0, 2.0, 2.0, 2.0), False),
        ((1.0, 9.0, 2.0, 2.0, 2.1), True),
        ((1.0, 0.0, 0.0, 6.1), True),
        ((1.0, 9.0, 0.0, 0.0, 5.9), False),
        ((-1.0, -0.5), False),
        ((-1.0, 0.5, 0.5, 0.5), True),
    ],
)
def test_whether_a_loss_grows(losses: tuple, grows: bool) -> None:
    assert rates._grows(losses) is grows


def alive(**known: Any) -> Any:
    return case(first_walk=walk(place(dead=0.1)), last_walk=walk(place(dead=0.1)), **{"goes_badly": True} | known)


def high(seen: str, when: Span | None = None) -> Diagnosis:
    return Diagnosis("lr-high", "problem", 0.67, f"with lr=0.1 {seen}", BEYOND, "SGD(lr=0.01)", when=when)


def test_what_was_learned_and_lost(tried: Tried) -> None:
    found = rates._rose(alive(ended_by="loss is NaN", history=rows(1.0, 9.0), n_steps=4))
    assert found == high("training ended: loss is NaN", Span("step", 5, 5))
    found = rates._rose(alive(history=rows(3.0, 1.0, 1.3)))
    assert found == high("the loss rose from 1 to 1.3", Span("epoch", 2, 3))
    assert rates._rose(alive(history=rows(3.0, 1.0, 1.3), goes_badly=False)) is None
    assert rates._rose(alive(history=[{"epoch": 1}, *rows(1.0)])) is None
    assert rates._rose(alive(history=rows(3.0, 1.0, 1.1))) is None


@pytest.mark.parametrize(
    ("losses", "back"),
    [
        ([6.0, 5.0, 6.0], False),
        ([6.0, 5.0, 6.1], True),
        ([1.0, -4.0, -3.0], False),
        ([1.0, -4.0, -2.9], True),
        ([1.0, 0.0, 0.0], False),
        ([1.0, 0.0, 0.1], True),
    ],
)
def test_whether_a_loss_is_back(losses: list[float], back: bool) -> None:
    assert rates._is_back(losses) is back


def test_the_first_steps_lead_further_than_all(tried: Tried) -> None:
    tried.trial = trial(1.0, skill=0.75)
    known = {"n_steps": 400, "skill": 0.25, "rate": 0.1}
    assert rates._rose(alive(**known)) == high("the skill is 0.75 after 100 steps and 0.25 after 400")
    assert tried.asked == [("as it is", "first", True)]
    for other in ({"may_try": False}, {"goes_badly": False}, {"n_steps": 100}, {"skill": 0.46}, {"skill": nan}):
        tried.trial = trial(1.0, skill=0.75)
        assert rates._lost(alive(**known | other)) is None
    assert rates._lost(alive(**known | {"n_steps": 101})) is not None
    tried.trial = trial(1.0, skill=0.3)
    assert rates._lost(alive(**known | {"skill": 0.0})) is None
    assert rates._lost(alive(**known | {"skill": -1.0})) is None
    tried.trial = trial(1.0, skill=0.31)
    assert rates._lost(alive(**known | {"skill": -1.0})) is not None


@pytest.mark.parametrize(
    ("first", "last", "badly", "said"),
    [(0.0, 0.3, True, False), (0.0, 0.31, True, True), (0.25, 0.8, True, False), (0.25, 0.81, True, True),
     (0.0, 0.9, False, False)],
)  # fmt: skip
def test_units_that_died(first: float, last: float, badly: bool, said: bool) -> None:
    made = case(first_walk=walk(place(dead=first)), last_walk=walk(place(dead=last)), goes_badly=badly)
    found = rates._died(made)
    if said:
        assert found == high(f"{last:.0%} of the ReLU units are dead, at first it was {first:.0%}")
    else:
        assert found is None


def test_the_decay_of_a_rule_or_of_its_groups() -> None:
    assert rates._decay(case()) == 0
    groups = ParameterGroups([("*.bias", SGD(lr=0.1)), ("*", SGD(lr=0.1, weight_decay=0.5))])
    assert rates._decay(case(optimizer=groups)) == 0.5
    for rule in (SimpleNamespace(), SimpleNamespace(weight_decay=None)):
        assert rates._decay(case(optimizer=SimpleNamespace(rules=[rule]))) == 0


WHY_LOW = "Each step is so short that the minimum is many epochs away."


def test_a_rate_that_is_too_low(tried: Tried) -> None:
    tried.gives = [HELPS]
    found = rates.rate_too_low(case(rate=0.02, goes_badly=True, skill=0.25, n_steps=70))
    seen = "with lr=0.02 the net has the skill 0.25 after 70 steps; 0.2 is faster"
    assert found == Diagnosis("lr-low", "problem", 0.56, seen, WHY_LOW, "SGD(lr=0.2)", experiment=HELPS)
    least = Experiment("it", (2.0, 1.9), (2.0, 1.0), (0.1, 0.4))
    tried.gives = [least]
    found = rates.rate_too_low(case(goes_badly=True))
    assert found is not None
    assert (found.level, found.weight) == ("remark", 0.42)
    tried.gives = [HELPS]
    falling = case(history=rows(1.0, 0.9, 0.8, 0.7))
    assert rates.rate_too_low(falling).level == "remark"


@pytest.mark.parametrize("known", [{"ended_by": "an error"}, {"may_try": False}, {"goes_badly": False}], ids=str)
def test_no_rate_is_too_low(known: dict[str, Any], tried: Tried) -> None:
    tried.gives = [HELPS]
    assert rates.rate_too_low(case(**{"goes_badly": True} | known)) is None


@pytest.mark.parametrize("outcome", [trial(1.0, 9.0), trial(1.0, 1.0, skill=nan)], ids=["grows", "fails"])
def test_a_loss_that_grows_is_not_too_slow(outcome: Trial, tried: Tried) -> None:
    tried.gives, tried.trial = [HELPS], outcome
    assert rates.rate_too_low(case(goes_badly=True)) is None


def test_no_higher_rate_helps(tried: Tried) -> None:
    assert rates.rate_too_low(case(goes_badly=True)) is None
    few, many = [("lr=1", False), ("lr=0.3", False)], [("lr=10", False), ("lr=1", True), ("lr=10", True)]
    expected = [*few, *many, ("lr=100", True), ("lr=1000", True)]
    assert [(words, long) for words, _, long in tried.asked[1:]] == expected
    factors = [change.optimizer(SGD(lr=1.0)).learning_rate for change in tried.changes]
    assert factors == pytest.approx([10, 3, 100, 10, 100, 1000, 10000])
    tried.asked.clear()
    assert rates._best_higher_rate(case()) == (1.0, None)
    assert [(words, long) for words, _, long in tried.asked] == few


def helping(after: float, end: float = 1.0) -> Experiment:
    return Experiment("it", (2.0, 1.9), (2.0, end), (0.1, after))


def test_the_best_of_the_higher_rates(tried: Tried) -> None:
    first, second, third = helping(0.2), helping(0.3), helping(0.25)
    tried.gives = [first, second, third, HELPS_NOT]
    assert rates._best_higher_rate(case(goes_badly=True)) == (3.0, second)
    tried.gives = [first, second, HELPS_NOT]
    assert rates._best_higher_rate(case()) == (10.0, first)
    proof = helping(0.41)
    tried.gives = [helping(0.4), proof, helping(0.9)]
    assert rates._best_higher_rate(case(goes_badly=True)) == (3.0, proof)
    tried.gives = [None, helping(0.9, end=1.9), helping(0.2, end=1.89), HELPS_NOT]
    factor, _ = rates._best_higher_rate(case(goes_badly=True))
    assert factor == 100.0
    same = helping(0.2)
    tried.gives = [same, helping(0.2), HELPS_NOT]
    assert rates._best_higher_rate(case(goes_badly=True))[0] == 10.0


def with_gradients(*gradients: float, **known: Any) -> Any:
    layer = Linear(len(gradients), 1, bias=False)
    layer.weight.gradient = [gradients]
    walked = walk(place("0", layer, "weights"), place("1", ReLU()))
    return case(**{"first_walk": walked, "last_walk": walked, "optimizer": Adam(eps=1e-12)} | known)


WHY_EPS = "The rule divides by √v̂ + eps. Where the gradient is almost 0, only eps keeps the step from being noise of "
WHY_EPS += "full size."


def test_an_eps_that_is_too_small(tried: Tried) -> None:
    found = rates.tiny_eps(with_gradients(1.0, 0.0, -2e-9, -3.0, 1e-9, 2.0, 1.0, 1.0))
    seen = "eps=1e-12: 25.0% of the weights have a gradient below 1e-8 and still move by a full step of lr=0.1"
    assert found == Diagnosis("eps", "problem", 0.72, seen, WHY_EPS, "Adam(eps=1e-8)", experiment=HELPS_NOT)
    assert tried.asked == [("eps=1e-8", "first", False)]
    assert tried.changes[0].optimizer(Adam(eps=1e-12)).eps == 1e-8
    assert rates.tiny_eps(with_gradients(1.0, goes_well=True)).weight == 0.55
    new = rates.tiny_eps(with_gradients(1.0, fitted=False))
    assert (new.level, new.weight) == ("remark", 0.55)


@pytest.mark.parametrize(("eps", "said"), [(0.0, True), (9e-11, True), (1e-10, False), (-1e-12, False)])
def test_the_edges_of_a_tiny_eps(eps: float, said: bool, tried: Tried) -> None:
    rules = SimpleNamespace(rules=[SimpleNamespace(), SimpleNamespace(eps=eps)])
    assert (rates.tiny_eps(with_gradients(1.0, optimizer=rules)) is not None) is said


def test_the_gradients_are_those_of_now(tried: Tried) -> None:
    new = walk(place("0", Linear(2, 1), "weights"))
    said = (
        rates.tiny_eps(with_gradients(0.5, 1e-9, first_walk=new)).seen,
        rates.tiny_eps(with_gradients(0.5, 1e-9, first_walk=new, fitted=False)).seen,
    )
    assert "50.0%" in said[0]
    assert " 0.0%" in said[1]
