"""The course of a training, read from made histories: every bound from both sides, every sentence word for word."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import HELPS, HELPS_NOT, Tried, case, place, walk
from tinynet.layers import Dropout, Dropout2D, Linear, ReLU
from tinynet.net import Net
from tinynet.optimizers import AdamW
from tinynet.probe.doctor import course, trials
from tinynet.probe.doctor.diagnosis import Diagnosis, Experiment, Span
from tinynet.probe.doctor.trials import Trial
from tinynet.probe.doctor.walk import Place

SLOPE = "Training was stopped on the slope: more of the same goes on."


def rows(losses: Any, valid: Any = (), first: int = 1) -> list[dict[str, float]]:
    made = [{"epoch": epoch, "loss": loss} for epoch, loss in enumerate(losses, first)]
    for row, loss in zip(made, valid, strict=False):
        row["valid_loss"] = loss
    return made


def test_a_loss_that_falls_by_a_tenth_each_epoch() -> None:
    found = course.unfinished(case(history=rows([2.0, 1.5, 1.0, 0.8, 0.6, 0.5, 0.45, 0.4], first=3)))
    seen = "the loss still falls by 12.5% of its value per epoch, from 0.45 to 0.4"
    fix = "learner.fit(16)  # it continues"
    assert found == Diagnosis("few-steps", "remark", 0.3, seen, SLOPE, fix, when=Span("epoch", 9, 10))


def test_a_quarter_of_the_epochs_counts_and_two_at_least() -> None:
    found = course.unfinished(case(history=[{"loss": loss} for loss in [9.0, 8.0, 7.0, *np.linspace(6, 4, 9)]]))
    assert found is not None
    assert found.seen == "the loss still falls by 6.2% of its value per epoch, from 4.5 to 4"
    assert found.when == Span("epoch", 1, 1)  # of rows that name no epoch
    found = course.unfinished(case(history=rows([9.0, 2.0, 1.0])))
    assert found is not None
    assert found.seen == "the loss still falls by 100.0% of its value per epoch, from 2 to 1"
    assert found.when == Span("epoch", 2, 3)


def test_a_loss_below_0_falls_by_a_share_of_its_size() -> None:
    found = course.unfinished(case(history=rows([-1.0, -1.5, -2.0])))
    assert found is not None
    assert found.seen == "the loss still falls by 25.0% of its value per epoch, from -1.5 to -2"


FALLING = rows([1.0, 0.9, 0.8, 0.7])


@pytest.mark.parametrize(
    "known",
    [
        {"fitted": False},
        {"ended_by": "an error"},
        {"history": ()},
        {"history": [{"epoch": 1}]},
        {"history": rows([1.0, np.nan, 0.8, 0.7])},
        {"history": rows([0.7, 0.8, 0.9, 1.0])},
        {"history": rows([1.0, 0.9, 0.8, 0.7], [1.0, 0.5, 0.6, 0.7])},
        {"skill": 0.96},
    ],
    ids=str,
)
def test_nothing_is_unfinished(known: dict[str, Any], tried: Tried) -> None:
    assert course.unfinished(case(history=FALLING)) is not None
    assert course.unfinished(case(**{"history": FALLING} | known)) is None


def test_the_edges_of_unfinished(monkeypatch: pytest.MonkeyPatch) -> None:
    assert course.unfinished(case(history=FALLING, skill=0.95)) is not None
    assert course.unfinished(case(history=FALLING, goes_badly=True)).weight == 0.48
    one = rows([2.0, *[1.0] * 9])
    for slope, epochs, said in (
        (-0.02, one, True),
        (-0.0199, one, False),
        (-0.0105, [*one, *one[1:]], False),
        (-0.03, one[-4:], True),
    ):
        monkeypatch.setattr(course, "_slope", lambda values, slope=slope: slope)
        assert (course.unfinished(case(history=epochs)) is not None) is said
    monkeypatch.setattr(course, "_slope", lambda values: -0.01)
    assert course.unfinished(case(history=[*one, *one])) is not None  # twice as many epochs, half the fall
    monkeypatch.setattr(course, "_slope", lambda values: -1.0)
    for valid, said in (([0.5, 1], True), ([1.96, 2, 2], True), ([1.95, 2, 2], False), ([1, 1, 1, 1], True)):
        assert (course.unfinished(case(history=rows([1.0] * 4, valid))) is not None) is said


def test_the_slope_is_that_of_a_line() -> None:
    assert course._slope([3.0, 1.0, -1.0, -3.0]) == pytest.approx(-2)
    assert course._slope([0.0, 4.0, 2.0]) == pytest.approx(1)


def test_two_epochs_are_continued(tried: Tried) -> None:
    tried.trial = Trial((1.0, 0.9, 0.8), 0.8, None)  # type: ignore[arg-type]
    found = course.unfinished(case(history=rows([1.0, 0.9]), n_steps=45, skill=0.7))
    seen = "after 45 steps, 3 more bring the skill from 0.70 to 0.80"
    assert found == Diagnosis("few-steps", "remark", 0.3, seen, SLOPE, "learner.fit(10)  # it continues")
    assert tried.asked == [("as it is", "last", True)]
    assert course._continued(case(skill=0.7, goes_badly=True)).weight == 0.48


@pytest.mark.parametrize(
    ("known", "after", "said"),
    [
        ({"skill": 0.0}, 0.03, False),
        ({"skill": 0.0}, 0.031, True),
        ({"skill": 0.95}, 0.99, True),
        ({"skill": 0.96}, 1.1, False),
        ({"skill": 0.5, "may_try": False}, 0.9, False),
        ({"skill": 0.5}, np.nan, False),
    ],
)
def test_the_edges_of_what_continues(known: dict[str, Any], after: float, said: bool, tried: Tried) -> None:
    tried.trial = Trial((1.0,), after, None)  # type: ignore[arg-type]
    assert (course._continued(case(**known)) is not None) is said


def test_a_validation_loss_that_rose() -> None:
    history = rows([1.0, 0.5, 0.2, 0.1], [1.0, 0.5, 0.8, 1.0], first=5)
    found = course.overfitted(case(history=history, valid_sample=(), skill=0.9, valid_skill=0.6))
    seen = (
        "the validation loss was least, 0.5, in epoch 6 and is 1 now; the skill is 0.90 on training data and 0.60 on "
        "validation data"
    )
    why = "The net learns the training rows by heart, with their noise; what it learns then does not hold for new rows."
    fix = "Learner(..., callbacks=[EarlyStopping()])  # and AdamW(weight_decay=0.01), Dropout(0.3), or more data"
    assert found == Diagnosis("reg-none", "problem", 0.58, seen, why, fix, when=Span("epoch", 6, 8))
    for row in history:
        del row["epoch"]
    found = course.overfitted(case(history=history, valid_sample=(), skill=0.9, valid_skill=0.6))
    assert found is not None
    assert found.when == Span("epoch", 2, 4)


@pytest.mark.parametrize(
    ("rose", "here", "there", "level"),
    [
        (2.0, 0.09, 0.0, None),
        (2.0, 0.1, 0.0, "remark"),
        (1.14, 0.19, 0.0, None),
        (1.15, 0.19, 0.0, "remark"),
        (1.14, 0.2, 0.0, "remark"),
        (1.3, 0.9, 0.0, "remark"),
        (1.31, 0.9, 0.0, "problem"),
        (2.0, 0.25, 0.0, "remark"),
        (2.0, 0.26, 0.0, "problem"),
        (2.0, 1.5, 0.75, "remark"),
        (2.0, 1.5, 0.74, "problem"),
    ],
)
def test_the_edges_of_overfitting(rose: float, here: float, there: float, level: str | None) -> None:
    history = rows([1.0] * 3, [2.5, 1.0, rose])
    found = course.overfitted(case(history=history, valid_sample=(), skill=here, valid_skill=there))
    assert (found and found.level) == level
    if found:
        assert found.weight == {"problem": 0.58, "remark": 0.4}[found.level]


@pytest.mark.parametrize(
    "known",
    [
        {"fitted": False},
        {"valid_sample": None},
        {"valid_skill": np.nan},
        {"valid_skill": -np.inf},
        {"history": rows([1.0] * 2, [1.0, 2.0])},
        {"history": rows([1.0] * 3)},
        {"history": rows([1.0] * 3, [1.0, 2.0, np.inf])},
    ],
    ids=str,
)
def test_nothing_is_overfitted(known: dict[str, Any]) -> None:
    usual = {"history": rows([1.0] * 3, [2.0, 1.0, 3.0]), "valid_sample": (), "skill": 0.9, "valid_skill": 0.3}
    assert course.overfitted(case(**usual)) is not None
    assert course.overfitted(case(**usual | known)) is None


@pytest.mark.parametrize("lowest", [0.0, -1.0])
def test_a_validation_loss_down_to_0_is_judged_by_the_gap_alone(lowest: float) -> None:
    history = rows([1.0] * 3, [1.0, lowest, 3.0])
    found = course.overfitted(case(history=history, valid_sample=(), skill=0.9, valid_skill=0.3))
    assert found is not None
    assert found.level == "remark"
    assert course.overfitted(case(history=history, valid_sample=(), skill=0.9, valid_skill=0.75)) is None


def with_dropout(*shares: float, behind: bool = False, **known: Any) -> Any:
    layers = [Linear(2, 2), *(Dropout(share) for share in shares), *([] if behind else [Linear(2, 2)])]
    kinds = {Linear: "weights", Dropout: "other"}
    places = [place(str(index), layer, kinds[type(layer)]) for index, layer in enumerate(layers)]
    return case(net=Net(layers), first_walk=walk(*places), **known)


WHY_DROPOUT = "What is dropped neither answers nor learns in that step; past a half, most of the answer is noise."


def test_much_dropout_that_helps_to_leave_out(tried: Tried) -> None:
    tried.gives = [HELPS]
    found = course.too_much_dropout(with_dropout(0.7, 0.25))
    seen = "dropout takes away up to 70% of the numbers at layer 1; all 2 together leave a path from input to output "
    seen += "22.5% of the time"
    assert found == Diagnosis("reg-much", "problem", 0.68, seen, WHY_DROPOUT, "Dropout(0.2)", "1", experiment=HELPS)
    assert tried.asked == [("no dropout", "first", False)]
    assert tried.changes[0].net is course._without_dropout
    alone = course.too_much_dropout(with_dropout(0.7))
    assert alone is not None
    assert alone.seen == "dropout takes away up to 70% of the numbers at layer 1"


def test_dropout_behind_the_last_weights(tried: Tried) -> None:
    found = course.too_much_dropout(with_dropout(0.1, behind=True))
    seen = "dropout comes after the last weights: it sets 10% of the outputs themselves to 0"
    assert found == Diagnosis(
        "reg-much", "problem", 0.68, seen, WHY_DROPOUT, "Dropout(0.2)", where="1", experiment=HELPS_NOT
    )


@pytest.mark.parametrize(
    ("shares", "known", "helps", "level", "weight"),
    [
        ((0.0,), {"goes_badly": True}, True, None, 0),
        ((0.5,), {}, True, None, 0),  # not tried
        ((0.5,), {"goes_badly": True}, False, None, 0),
        ((0.5,), {"goes_badly": True}, True, "remark", 0.3),
        ((0.65,), {}, False, "remark", 0.5),
        ((0.64,), {}, False, None, 0),
        ((0.65,), {}, True, "problem", 0.68),
        ((0.74,), {}, False, "remark", 0.5),
        ((0.75,), {}, False, "problem", 0.68),
        ((0.75,), {"goes_well": True}, False, "remark", 0.5),
        ((0.75,), {"skill": 0.85}, False, "remark", 0.5),
        ((0.75,), {"skill": 0.84}, False, "problem", 0.68),
        ((0.75,), {"skill": 0.9, "fitted": False}, False, "problem", 0.68),
        ((0.5, 0.5), {}, True, None, 0),
        ((0.4, 0.5, 0.5), {}, True, None, 0),  # which leave 15 %
        ((0.5, 0.5, 0.5), {}, False, "remark", 0.5),
        ((0.5, 0.5, 0.5), {}, True, "problem", 0.68),
    ],
)
def test_the_edges_of_too_much_dropout(
    shares: tuple, known: dict[str, Any], helps: bool, level: str | None, weight: float, tried: Tried
) -> None:
    tried.gives = [HELPS if helps else HELPS_NOT]
    found = course.too_much_dropout(with_dropout(*shares, **known))
    assert (found and found.level) == level
    if found:
        assert found.weight == weight


def test_a_skill_does_not_excuse_dropout_of_outputs(tried: Tried) -> None:
    assert course.too_much_dropout(with_dropout(0.1, behind=True, skill=0.9)).level == "problem"


def test_what_is_behind_the_last_weights() -> None:
    def found(*places: Place) -> str:
        return course._behind_last_weights(case(first_walk=walk(*places)))

    linear, drop = place("0", Linear(2, 2), "weights"), place("1", Dropout(0.5))
    assert found(linear, drop) == "1"
    assert found(linear, place("5", Dropout2D(0.5)), drop) == "5"
    assert found(drop, linear) == ""
    assert found(linear, place("1", Dropout(0.0))) == ""
    assert found(place("0", ReLU()), drop) == ""
    assert found(linear, place("2", ReLU())) == ""


def test_of_dropout_of_the_outputs_its_own_share_is_told(tried: Tried) -> None:
    layers = [Linear(2, 2), Dropout(0.3), Linear(2, 2), Dropout(0.1)]
    places = [place(str(at), layer, "weights" if at % 2 == 0 else "other") for at, layer in enumerate(layers)]
    found = course.too_much_dropout(case(net=Net(layers), first_walk=walk(*places)))
    assert found is not None
    assert found.seen == "dropout comes after the last weights: it sets 10% of the outputs themselves to 0"
    assert found.where == "3"


def test_a_net_without_its_dropout() -> None:
    net = course._without_dropout(Net([Linear(2, 2), Dropout(0.5), Net([Dropout2D(0.3)])]))
    assert [layer.p for layer in net.every_layer() if hasattr(layer, "p")] == [0.0, 0.0]


def with_decay(decay: float, size: float = 1.0, first: float = 1.0, **known: Any) -> Any:
    before, after = Net([Linear(3, 2)]), Net([Linear(3, 2)])
    before[0].weight.tensor, after[0].weight.tensor = np.full((2, 3), first), np.full((2, 3), size)
    return case(**{"optimizer": AdamW(weight_decay=decay), "net": after, "copy_of_net": lambda: before} | known)


WHY_DECAY = "The decay pulls every weight to 0 in each step. Where it pulls harder than the data, nothing is learned."


def test_decay_without_which_the_net_learns(tried: Tried) -> None:
    tried.gives = [HELPS]
    found = course.too_much_decay(with_decay(0.5, size=0.75))
    seen = "weight_decay=0.5; the weights went from root mean square 1 to 0.75"
    fix = "AdamW(..., weight_decay=0.005)"
    assert found == Diagnosis("reg-much", "problem", 0.66, seen, WHY_DECAY, fix, experiment=HELPS)
    assert tried.asked == [("no weight decay", "last", False)]
    rule = AdamW(weight_decay=0.5)
    assert tried.changes[0].optimizer(rule).weight_decay == 0.0


def test_decay_that_is_tried_from_the_start_too(tried: Tried) -> None:
    tried.gives = [HELPS_NOT, HELPS]
    found = course.too_much_decay(with_decay(0.5))
    assert found is not None
    assert found.experiment is HELPS
    assert tried.asked == [("no weight decay", "last", False), ("no weight decay", "first", False)]


@pytest.mark.parametrize("known", [{"fitted": False}, {"ended_by": "an error"}])
def test_decay_of_a_net_without_last_weights_is_tried_once(known: dict[str, Any], tried: Tried) -> None:
    tried.gives = [HELPS]
    found = course.too_much_decay(with_decay(0.5, **known))
    assert tried.asked == [("no weight decay", "first", False)]
    assert found is not None
    assert (found.level, found.weight) == (("problem", 0.66) if known.get("fitted", True) else ("remark", 0.4))


@pytest.mark.parametrize(
    ("decay", "known", "said"),
    [
        (0.0, {"goes_badly": True, "size": 0.1}, False),
        (0.1, {"goes_badly": True, "size": 0.1, "may_try": False}, False),
        (0.1, {"goes_badly": True, "size": 0.25}, True),
        (0.1, {"goes_badly": True, "size": 3.0, "first": 10.0}, False),
        (0.1, {"goes_badly": True, "size": 2.9, "first": 10.0}, True),
        (0.1, {"goes_badly": False, "size": 0.25}, False),
    ],
)
def test_weights_that_have_collapsed(decay: float, known: dict[str, Any], said: bool, tried: Tried) -> None:
    assert (course.too_much_decay(with_decay(decay, **known)) is not None) is said


def test_the_largest_decay_of_the_rules_counts(tried: Tried) -> None:
    tried.gives = [HELPS]
    rules = SimpleNamespace(rules=[SimpleNamespace(weight_decay=0.25), SimpleNamespace(weight_decay=0.5)])
    assert course.too_much_decay(with_decay(0.0, optimizer=rules)).seen.startswith("weight_decay=0.5;")


@pytest.mark.parametrize("rules", [[], [SimpleNamespace()], [SimpleNamespace(weight_decay=None)]], ids=str)
def test_a_rule_that_knows_no_decay(rules: list, tried: Tried) -> None:
    tried.gives = [HELPS]
    assert course.too_much_decay(with_decay(0.0, optimizer=SimpleNamespace(rules=rules))) is None


def test_decay_that_costs_a_little(tried: Tried) -> None:
    better = Experiment("it", (1.0, 0.9), (1.0, 0.8), (0.9, 0.95))
    tried.gives = [better]
    found = course.too_much_decay(with_decay(0.5, goes_well=True))
    seen = "weight_decay=0.5; without it 20 more steps bring the skill from 0.900 to 0.950"
    why = "The decay pulls every weight to 0 in each step, and the training loss stays above what the net could reach."
    fix = "AdamW(..., weight_decay=0.05)"
    assert found == Diagnosis("reg-much", "remark", 0.35, seen, why, fix, experiment=better)
    for after, said in ((0.01, False), (0.011, True), (np.nan, False)):
        least = Experiment("it", (1.0,), (1.0,), (0.0, after))
        assert (course._slight(with_decay(0.5), least, 0.5) is not None) is said
    assert course._slight(with_decay(0.5), None, 0.5) is None
    assert course._slight(with_decay(0.5), HELPS_NOT, 0.5) is None


def test_the_size_of_weights() -> None:
    net = Net([Linear(1, 2), ReLU(), Linear(2, 1)])
    net[0].weight.tensor, net[2].weight.tensor = [[3.0], [-4.0]], [[0.0, 5.0]]
    net[0].bias.tensor = [100.0, 100.0]
    assert course._weight_size(net) == pytest.approx(np.sqrt(50 / 4))
    assert course._weight_size(Net([ReLU()])) == 0
    net[0].weight.tensor = [[1e25], [1e25]]  # whose squares are too large for float32
    net[2].weight.tensor = [[1e25, 1e25]]
    assert course._weight_size(net) == pytest.approx(1e25)


def test_batches_too_large_for_so_few_steps() -> None:
    found = course.few_updates(case(goes_badly=True, history=[{}, {}], n_steps=10, batch_size=500))
    seen, why = "with batches of 500 an epoch has 5 steps, 10 in all", "The net changes once per batch, however large "
    why += "that is."
    assert found == Diagnosis("batch", "remark", 0.3, seen, why, "Learner(..., batch_size=32)")


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"goes_badly": False}, False),
        ({"ended_by": "an error"}, False),
        ({"n_steps": 11}, False),
        ({"n_steps": 100, "history": [{}] * 20}, True),
        ({"n_steps": 101, "history": [{}] * 50}, False),
        ({"batch_size": 32}, False),
        ({"batch_size": 33}, True),
        ({"n_steps": 5, "history": ()}, True),
    ],
    ids=str,
)
def test_the_edges_of_few_updates(known: dict[str, Any], said: bool) -> None:
    usual = {"goes_badly": True, "history": [{}, {}], "n_steps": 10, "batch_size": 500}
    assert (course.few_updates(case(**usual | known)) is not None) is said


def test_a_net_that_is_no_better_than_a_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = "after 50 steps the net is no better than the best constant: skill 0.049"
    why, fix = (
        "It has not begun to learn, or it has lost what it knew.",
        "print(learner.overfit_one_batch())  # can it ",
    )
    fix += "learn one batch by heart?"
    known = {"skill": 0.049, "n_steps": 50}
    assert course.stuck(case(may_try=False, **known)) == Diagnosis("stuck", "remark", 0.35, seen, why, fix)
    for losses, words, advice in (
        ([2.0, 1.5, 0.9], "from 2 to 0.9 in 3 steps", "It can learn a batch by heart, so look at the data and at"),
        (
            [2.0, 1.0],
            "from 2 to 1 in 2 steps",
            "It cannot even learn one batch by heart: look at the net, the loss and",
        ),
        ([2.0], "from 2 to 2 in 1 steps", "It cannot even learn one batch by heart: look at the net, the loss and"),
        ([-2.0], "from -2 to -2 in 1 steps", "It cannot even learn one batch by heart: look at the net, the loss and"),
    ):
        monkeypatch.setattr(trials, "one_batch", lambda case, losses=losses: losses)
        tried = f"{seen}; on a single batch, over and over, the loss goes {words}"
        assert course.stuck(case(**known)) == Diagnosis("stuck", "remark", 0.35, tried, f"{advice} the rate.", fix)


@pytest.mark.parametrize(
    "known", [{"fitted": False}, {"ended_by": "an error"}, {"skill": 0.05}, {"skill": np.nan}, {"n_steps": 49}], ids=str
)
def test_a_net_that_is_not_stuck(known: dict[str, Any]) -> None:
    assert course.stuck(case(**{"skill": 0.0, "n_steps": 50, "may_try": False} | known)) is None
