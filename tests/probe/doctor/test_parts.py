"""The parts of the doctor that the rules share: each function on what is made by hand."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import HELPS, case
from tinynet.layers import Linear, ReLU
from tinynet.losses import cross_entropy, mean_absolute_error, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, ParameterGroups, StepLR
from tinynet.probe.doctor import Diagnoses, Diagnosis, Experiment, Span, causes, effort, settings, skill, trials
from tinynet.probe.doctor import diagnosis as words
from tinynet.probe.doctor.trials import Change, Trial
from tinynet.probe.doctor.truth import truth_facts

HIGH = Diagnosis(
    "lr-high", "problem", 0.7, "the <loss> rises", "A step is too long.", "SGD(lr=0.1)", "2", Span("epoch", 3, 8), HELPS
)
FEW = Diagnosis("few-steps", "remark", 0.9, "it falls", "", "learner.fit(10)")


def test_a_span_in_words() -> None:
    assert [str(span) for span in (Span("epoch", 3, 8), Span("step", 2, 2))] == ["epochs 3 to 8", "step 2"]


def test_an_experiment_in_words() -> None:
    def told(unchanged: tuple, changed: tuple) -> str:
        return str(Experiment("a change", unchanged, changed, (0.0, 0.0)))

    assert told((2.0, 3.0), (2.0, 1.0)) == "2 steps again: loss 2 → 3 as it is, 2 → 1 with a change"
    assert (
        told((2.0, 3.0, nan), ()) == "0 steps again: loss 2 → not finite after 3 steps as it is, no step with a change"
    )


def test_the_lines_of_a_diagnosis() -> None:
    tried = "2 steps again: loss 2 → 1.9 as it is, 2 → 1 with it."
    assert HIGH.lines() == [
        ("seen", "the <loss> rises (layer 2) (epochs 3 to 8)"),
        ("why", "A step is too long."),
        ("tried", tried),
        ("fix", "SGD(lr=0.1)"),
    ]
    assert str(HIGH) == (
        "the learning rate is too high [problem: lr-high]\n"
        "  seen:  the <loss> rises (layer 2) (epochs 3 to 8)\n"
        "  why:   A step is too long.\n"
        f"  tried: {tried}\n"
        "  fix:   SGD(lr=0.1)"
    )
    assert HIGH.short() == (
        "the learning rate is too high:\n  seen:  the <loss> rises (layer 2) (epochs 3 to 8)\n  fix:   SGD(lr=0.1)"
    )
    assert FEW.lines() == [("seen", "it falls"), ("why", ""), ("fix", "learner.fit(10)")]
    assert Diagnosis("a name of its own", "remark", 0.1, "", "", "").title == "a name of its own"


def test_long_lines_are_wrapped_but_code_is_not() -> None:
    long = "word " * 30
    wrapped = words._wrapped("seen", long).split("\n")
    assert [len(line) for line in wrapped] == [98, 68]
    assert wrapped[0].startswith("  seen:  word")
    assert wrapped[1].startswith("         word")
    assert words._wrapped("fix", long) == f"  fix:   {long}"


def test_diagnoses_in_order() -> None:
    low = Diagnosis("lr-low", "problem", 0.8, "s", "w", "f")
    found = Diagnoses([FEW, HIGH, low, Diagnosis("width", "remark", 0.95, "s", "w", "f")])
    assert found.names() == ["lr-low", "lr-high", "width", "few-steps"]
    assert found.problems == [low, HIGH]
    assert str(Diagnoses([HIGH, FEW])) == "1. " + str(HIGH).replace("\n", "\n   ") + "\n\n2. " + str(FEW).replace(
        "\n", "\n   "
    ).replace("   \n", "\n")
    assert repr(found) == str(found)


def test_diagnoses_as_html() -> None:
    row = "<dt><small>{}</small></dt><dd style=margin:0>{}</dd>"
    code = '<code style="white-space:pre-wrap">{}</code>'
    grid = '<dl style="display:grid;grid-template-columns:4em 1fr;margin:.2em 0 .8em">'
    head = '<li><b>{}</b> <small style="color:{}">{}</small>' + grid
    first = head.format("the learning rate is too high", "#c0392b", "problem: lr-high")
    first += row.format("seen", "the &lt;loss&gt; rises (layer 2) (epochs 3 to 8)") + row.format("why", HIGH.why)
    first += row.format("tried", "2 steps again: loss 2 → 1.9 as it is, 2 → 1 with it.")
    first += row.format("fix", code.format("SGD(lr=0.1)")) + "</dl></li>"
    second = head.format("training is unfinished", "#7f8c8d", "remark: few-steps")
    second += row.format("seen", "it falls") + row.format("fix", code.format("learner.fit(10)")) + "</dl></li>"
    assert Diagnoses([HIGH, FEW])._repr_html_() == f'<ol style="line-height:1.45">{first}{second}</ol>'
    assert words._html("fix", "a < b") == code.format("a &lt; b")
    assert words._html("why", "a < b") == "a &lt; b"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (inf, "inf"), (nan, "nan"), (0.12345, "0.123"), (999.9, "1e+03"), (1000.0, "1000"), (-1234.5, "-1234"),
     (99999.0, "99999"), (1e5, "1e+05"), (-2e5, "-2e+05")],
)  # fmt: skip
def test_figures(value: float, text: str) -> None:
    assert words.figure(value) == text


def test_the_extent_of_numbers() -> None:
    assert words.extent(np.array([3.0, 0.5, 1.0])) == "0.5 to 3"


def made(name: str, weight: float, level: Any = "problem") -> Diagnosis:
    return Diagnosis(name, level, weight, "s", "w", "f")


def test_what_is_explained_is_a_remark_of_less_weight() -> None:
    found = causes.settled(
        [made("vanish", 0.7), made("softmax1", 0.9), made("stuck", 0.4, "remark"), made("leak", 0.5)]
    )
    told = [(each.name, each.level, each.weight) for each in found]
    assert told == [
        ("softmax1", "problem", 0.9), ("leak", "problem", 0.5), ("vanish", "remark", pytest.approx(0.42)),
        ("stuck", "remark", 0.2),
    ]  # fmt: skip


def test_what_is_explained_explains_nothing_itself() -> None:
    found = causes.settled([made("labels", 0.9), made("loss", 0.8), made("sorted", 0.5), made("lr-high", 0.2)])
    assert [(each.name, each.level) for each in found if each.level == "problem"] == [
        ("labels", "problem"),
        ("sorted", "problem"),
    ]
    heavier = causes.settled([made("eval-prep", 0.5), made("imbalance", 0.4), made("reg-none", 0.3)])
    assert [each.name for each in heavier.problems] == ["eval-prep"]
    assert causes.explained_by(made("labels", 0.9)) == causes.ANY | {"in-scale", "loss", "leak"}
    assert causes.explained_by(made("lr-high", 0.9)) == causes.ANY - {"lr-high"}
    assert "stuck" not in causes.explained_by(made("stuck", 0.9))
    assert causes.explained_by(made("labels", 0.9, "remark")) == set()
    assert causes.explained_by(made("leak", 0.9)) == set()


def test_the_cost_of_a_row() -> None:
    net, x = Net([Linear(6, 5), ReLU(), Linear(5, 2)]), np.zeros((4, 6))
    outputs, products = 5 + 5 + 2 + 2, 6 * 5 + 5 * 2  # the net itself gives what its last layer gives
    work = effort.seconds_per_row(net, x)
    assert work == pytest.approx(1e-8 * (outputs + 1) + 2.4e-10 * products)
    assert effort.seconds_per_row(net, (x,)) == work
    assert effort.seconds_per_row(net, x[:2]) == pytest.approx(work)
    assert effort.seconds_per_row(net, np.zeros((4, 5))) == 1e-8  # which it refuses


def test_an_optimizer_that_has_done_no_step() -> None:
    rule, net = SGD(lr=0.1, momentum=0.9), Net([Linear(2, 1)])
    rule.lists = [[1]]
    net[0].weight.gradient = [[1.0, 2.0]]
    net.update(rule)
    state = rule.state(net.parameters())
    other = settings.unused(rule)
    assert (other.n_calls, other.n_steps, other._slots, other._counts, other._of_its_net) == (0, 0, {}, {}, set())
    assert (other.lr, other.momentum) == (0.1, 0.9)
    other.lr = 5.0
    other.lists[0].append(2)
    net.update(other)
    assert rule.lr == 0.1
    assert rule.lists == [[1]]
    np.testing.assert_equal(rule.state(net.parameters()), state)
    groups = ParameterGroups([("*.bias", SGD(lr=0.1)), ("*", SGD(lr=0.2, momentum=0.5))])
    net.update(groups)
    inside = settings.unused(groups)
    assert [rule.learning_rate for rule in inside.rules] == [0.1, 0.2]
    assert [rule.n_steps for rule in inside.rules] == [0, 0]
    assert not any(one is other for one, other in zip(inside.rules, groups.rules, strict=True))


def test_the_highest_rate_of_a_schedule() -> None:
    seen: list[int] = []

    def schedule(step: int) -> float:
        seen.append(step)
        return 1.0 - abs(step - 15) / 100

    assert settings.peak_rate(SGD(lr=schedule), 0) == 1.0
    assert seen == list(range(21))
    seen.clear()
    settings.peak_rate(SGD(lr=schedule), 630)
    assert seen == [*range(0, 631, 10)]
    groups = ParameterGroups([("*.bias", SGD(lr=StepLR(0.5, step_size=1))), ("*", SGD(lr=0.2))])
    assert settings.peak_rate(groups, 10) == 0.5
    assert callable(groups.rules[0].lr)
    assert settings.at_peak(settings.unused(groups), 10).rules[0].lr == 0.5
    assert settings.peak_rate(SGD(lr=0.3), 10) == 0.3


def test_optimizers_with_other_settings() -> None:
    groups = ParameterGroups([("*.bias", SGD(lr=lambda step: 1.0 + step)), ("*", Adam(lr=0.2, eps=1e-3))])
    changed = settings.with_rate(0.5)(groups)
    assert changed is groups
    assert [groups.rules[0].lr(3), groups.rules[1].lr] == [2.0, 0.1]
    assert settings.with_setting(eps=1e-6, momentum=0.5)(groups) is groups
    assert (groups.rules[1].eps, groups.rules[0].momentum) == (1e-6, 0.5)
    assert not hasattr(groups.rules[0], "eps")


Y = np.array([[0.0], [1.0], [5.0]])


def test_the_skill_of_predictions() -> None:
    assert skill.skill(mean_squared_error, Y, Y) == 1
    assert skill.skill(mean_squared_error, np.full((3, 1), 2.0), Y) == pytest.approx(0)
    assert skill.skill(mean_squared_error, np.full((3, 1), 4.0), Y) == pytest.approx(1 - (4.666667 + 4) / 4.666667)
    assert skill.skill(mean_absolute_error, np.full((3, 1), 1.0), Y) == pytest.approx(0)
    sure = np.array([[9.0, 0.0], [0.0, 9.0], [0.0, 9.0], [0.0, 9.0]])
    assert skill.skill(cross_entropy, sure, np.array([0, 1, 1, 1])) == 1
    wrong = 100 * sure[::-1]
    assert skill.skill(cross_entropy, wrong, np.array([0, 1, 1, 1])) == pytest.approx(-1)
    assert np.isnan(skill.skill(lambda p, y: (inf, p), sure, np.array([0, 1, 1, 1])))
    assert np.isnan(skill.skill(lambda p, y: (0.0, p), Y, Y))
    assert np.isnan(skill.skill(lambda p, y: (-1.0, p), Y, Y))
    assert np.isnan(skill.skill(mean_squared_error, Y, None))


def test_a_loss_that_fails_is_nan() -> None:
    assert np.isnan(skill.loss_value(lambda p, y: 1 / 0, Y, Y))
    assert skill.loss_value(lambda p, y: (np.float32(0.5), p), Y, Y) == 0.5


def test_the_loss_of_the_best_constant() -> None:
    assert skill.constant_loss(mean_squared_error, np.zeros((3, 1)), Y) == pytest.approx(14 / 3)
    assert skill.constant_loss(mean_absolute_error, np.zeros((3, 1)), Y) == pytest.approx(5 / 3)
    labels = np.array([0, 1, 1, 1])
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert skill.constant_loss(cross_entropy, np.zeros((4, 2)), labels) == pytest.approx(entropy)
    for loss in (lambda p, y: (nan, p), lambda p, y: (inf, p)):
        assert skill.constant_loss(loss, np.zeros((3, 1)), Y) == inf
    assert skill.constant_loss(mean_squared_error, [0.0], Y) == inf
    assert skill.constant_loss(mean_squared_error, np.zeros((3, 1)), [0.0]) == inf
    assert skill.constant_loss(mean_squared_error, np.zeros((0, 1)), np.zeros((0, 1))) == inf
    kinds: list = []
    skill.constant_loss(
        lambda p, y: (kinds.append((p.dtype, p.shape, p.flags.c_contiguous)) or 0.0, p), np.zeros((3, 1), np.float32), Y
    )
    assert set(kinds) == {(np.dtype(np.float32), (3, 1), True)}


def constants(shape: tuple, y: Any) -> list:
    return [np.round(row, 4).tolist() for row in skill._rows(np.zeros(shape), np.array(y))]


def test_the_constants_that_are_tried() -> None:
    assert constants((3, 1), Y) == [[2], [1], [np.round(np.log(1e6 - 1), 4)], [0], [0]]
    logit, log = np.round(np.log(1 / 3), 4), np.round(np.log(0.25), 4)
    assert constants((4, 1), [0, 0, 0, 1]) == [[0.25], [0], [logit], [log], [0]]
    places = [[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 8.0]]]
    mean, same = [[1, 2], [3, 6]], [2, 4]
    found = constants((2, 2, 2), places)
    assert (found[0], found[1], found[4], found[5]) == (mean, mean, same, [[0, 0], [0, 0]])
    assert len(found) == 6
    shares = [0.25, 0.75, 0.0]
    assert constants((4, 3), [0, 1, 1, 1]) == [
        shares,
        [log, np.round(np.log(0.75), 4), np.round(np.log(1e-9), 4)],
        [0] * 3,
    ]
    for other in ([0, 1, 1, 3], [0, 1, 1, -1], [0.0, 1.0, 1.0, 1.0]):
        assert constants((4, 3), other) == [[0] * 3]
    assert constants((2, 2, 3), [[0, 1], [1, 1]])[0] == shares


def test_the_skill_of_classes() -> None:
    scores = np.array([[9.0, 0.0], [0.0, 9.0], [9.0, 0.0], [0.0, 9.0]])
    assert skill.class_skill(scores, np.array([0, 1, 1, 1])) == pytest.approx((0.75 - 0.75) / 0.25)
    assert skill.class_skill(scores, np.array([0, 1, 0, 0])) == pytest.approx((0.75 - 0.75) / 0.25)
    assert skill.class_skill(scores, np.array([0, 0, 1, 1])) == pytest.approx(0)
    assert skill.class_skill(scores, np.array([0, 1, 0, 1])) == 1
    assert skill.class_skill(scores, np.eye(2)[[0, 1, 0, 1]]) == 1
    assert np.isnan(skill.class_skill(scores, np.array([1, 1, 1, 1])))
    assert np.isnan(skill.class_skill(scores, np.array([0.5, 1, 0, 1])))


def test_what_are_labels() -> None:
    p = np.zeros((3, 2))
    assert skill.as_labels(p, np.array([0, 1, 1])).tolist() == [0, 1, 1]
    assert skill.as_labels(p, np.array([[1, 0], [0, 1], [0, 1]])).tolist() == [0, 1, 1]
    for y in ([0, 1, 2], [0, -1, 1], [0.0, 1.0, 1.0], [0, 1], [[1, 1], [0, 1], [0, 1]], [[0.5, 0.5]] * 3, [[0, 0]] * 3):
        assert skill.as_labels(p, np.array(y)) is None
    assert skill.as_labels(np.zeros((3, 1)), np.array([0, 0, 0])) is None
    assert skill.as_labels(np.zeros(3), np.array(0)) is None
    assert skill.as_labels(np.zeros((0, 2)), np.zeros(0, int)) is None
    assert skill.as_labels([0], np.array([0])) is None
    assert skill.as_labels(p, [0, 1, 1]) is None
    assert skill.as_labels(np.zeros((1, 3, 4)), np.array([[0, 3, 1]])).tolist() == [[0, 3, 1]]
    assert skill.is_one_hot(np.array([[1, 0], [0, 1]]))
    assert not skill.is_one_hot(np.array([1, 0]))
    assert not skill.is_one_hot(np.array([[1], [1]]))
    assert not skill.is_one_hot(np.array([[2, -1], [0, 1]]))


@pytest.mark.parametrize(
    ("shape", "y", "kind", "labels", "values"),
    [
        ((3, 2), [0, 1, 1], "classes", [0, 1, 1], [[1, 0], [0, 1], [0, 1]]),
        ((3, 2), [[1, 0], [0, 1], [0, 1]], "classes", [0, 1, 1], [[1, 0], [0, 1], [0, 1]]),
        ((1, 2, 2), [[0, 1]], "classes", None, [[[1, 0], [0, 1]]]),
        ((3, 1), [[1, 0], [0, 1], [0, 1]], "codes", [0, 1, 1], None),
        ((3, 4), [7, 1, 2], "codes", [7, 1, 2], None),
        ((3, 4), [0.5, 1, 2], "", None, None),
        ((3, 4), [[7, 2], [1, 1], [2, 2]], "", None, None),
        ((3, 1), [0, 1, 1], "binary", [0, 1, 1], [[0], [1], [1]]),
        ((2, 2), [[1.0, 1.0], [0.0, 1.0]], "binary", None, [[1, 1], [0, 1]]),
        ((4, 1), [0, 1, 2, 1], "codes", [0, 1, 2, 1], [[0], [1], [2], [1]]),
        ((4, 1), [0, 1, 2, 3], "numbers", None, [[0], [1], [2], [3]]),
        ((4, 1), [0, 1, 2, 2.5], "numbers", None, [[0], [1], [2], [2.5]]),
        ((4, 1), [-1, 1, 2, 1], "numbers", None, [[-1], [1], [2], [1]]),
        ((4, 1), [0, 1, 19, 1], "codes", [0, 1, 19, 1], [[0], [1], [19], [1]]),
        ((4, 1), [0, 1, 20, 1], "numbers", None, [[0], [1], [20], [1]]),
        ((2, 2), [[0, 1], [2, 1]], "numbers", None, [[0, 1], [2, 1]]),
    ],
)
def test_the_kind_of_the_truth(shape: tuple, y: Any, kind: str, labels: Any, values: Any) -> None:
    found = truth_facts(np.zeros(shape), np.array(y))
    assert found.kind == kind
    assert (found.labels if found.labels is None else found.labels.tolist()) == labels
    assert (found.values if found.values is None else found.values.tolist()) == values


def test_how_many_numbers_may_be_codes() -> None:
    def kind(n_codes: int, n: int) -> str:
        return truth_facts(np.zeros((n, 1)), np.arange(n) % n_codes).kind

    assert [kind(4, 16), kind(4, 15), kind(3, 8), kind(20, 80), kind(20, 79)] == [
        "codes",
        "numbers",
        "codes",
        "codes",
        "numbers",
    ]
    assert truth_facts([0], np.array([1])).kind == truth_facts(np.zeros((1, 1)), [1]).kind == ""
    assert truth_facts(np.zeros((2, 1)), np.array(["a", "b"])).kind == ""
    assert truth_facts(np.zeros((2, 1)), np.array([[True], [False]])).kind == "binary"


def outcome(before: float, after: float) -> Experiment:
    return Experiment("it", (1.0,), (1.0,), (before, after))


@pytest.mark.parametrize(
    ("before", "after", "by", "helps"),
    [
        (0.0, 0.05, None, False),
        (0.0, 0.051, None, True),
        (-1.0, 0.025, None, False),
        (-1.0, 0.026, None, True),
        (nan, 0.026, None, True),
        (0.5, nan, None, False),
        (0.0, 0.05, 0.04, True),
        (0.0, 0.05, 0.06, False),
    ],
)
def test_whether_a_change_helps(before: float, after: float, by: float | None, helps: bool) -> None:
    more = {} if by is None else {"by": by}
    assert trials.helps(outcome(before, after), **more) is helps
    assert trials.helps(None) is False


def a_training(**known: Any) -> Any:
    """A case of a net of one weight w, which starts at 3 and shall be 0; at its last it is 2."""
    first, last = Net([Linear(1, 1, bias=False)]), Net([Linear(1, 1, bias=False)])
    first[0].weight.tensor, last[0].weight.tensor = [[3.0]], [[2.0]]
    x, y = np.ones((4, 1), np.float32), np.zeros((4, 1), np.float32)
    usual = {
        "copy_of_net": lambda start="first": deepcopy(first if start == "first" else last),
        "make_step": None,
        "batches": lambda n: ((x, y) for _ in range(n)),
        "first_batches": [(x, y)],
        "sample": (x, y + np.array([[0], [0], [1], [1]])),
        "n_tried": 2,
        "n_long": 3,
    }
    return case(**usual | known)


def test_a_few_steps_again() -> None:
    found = trials.run(a_training(), Change())
    assert found.losses == pytest.approx([9, (3 * 0.8) ** 2])
    w = 3 * 0.8**2
    assert found.net[0].weight.tensor.item() == pytest.approx(w)
    assert found.skill == pytest.approx(1 - ((w**2 + (w - 1) ** 2) / 2) / 0.25)
    assert trials.run(a_training(), Change(), "last").losses[0] == pytest.approx(4)
    assert len(trials.run(a_training(), Change(), long=True).losses) == 3
    lower = trials.run(a_training(), Change(optimizer=settings.with_rate(0.5)))
    assert lower.losses == pytest.approx([9, (3 * 0.9) ** 2])
    assert trials.run(a_training(), Change(x=lambda x: 2 * x)).losses[0] == pytest.approx(36)
    assert trials.run(a_training(), Change(y=lambda y: y + 1)).losses[0] == pytest.approx(4)
    assert trials.run(a_training(), Change(y=lambda y: y + 1)).skill < 0
    assert trials.run(a_training(), Change(loss=lambda loss: mean_absolute_error)).losses[0] == pytest.approx(3)

    def wider(net: Net) -> Net:
        net[0].weight.tensor = [[7.0]]
        return net

    assert trials.run(a_training(), Change(net=wider)).losses[0] == pytest.approx(49)


def test_the_rate_of_a_schedule_is_its_highest() -> None:
    rule = SGD(lr=StepLR(0.1, step_size=1, gamma=0.01))
    assert trials.run(a_training(optimizer=rule), Change()).losses == pytest.approx([9, (3 * 0.8) ** 2])


def test_steps_that_fail() -> None:
    blown = trials.run(a_training(loss=lambda p, y: (inf, p)), Change())
    assert np.isnan(blown.losses).tolist() == [True]
    assert np.isnan(blown.skill)
    none = trials.run(a_training(batches=lambda n: iter(())), Change())
    assert none.losses == ()
    assert np.isnan(none.skill)

    def refuses(p: Any, y: Any) -> Any:
        raise ValueError("no")

    assert np.isnan(trials.run(a_training(loss=refuses), Change()).losses).tolist() == [True]
    odd = trials.run(a_training(sample=(np.ones((4, 2)), np.ones((4, 1)))), Change())
    assert len(odd.losses) == 2
    assert np.isnan(odd.skill)


def test_the_steps_as_they_are_are_run_once() -> None:
    made, found = a_training(), {}
    for start in ("first", "last"):
        for long in (False, True):
            found[start, long] = trials.unchanged(made, start, long)
            assert trials.unchanged(made, start, long) is found[start, long]
            assert len(found[start, long].losses) == (3 if long else 2)
            assert found[start, long].losses[0] == pytest.approx(9 if start == "first" else 4)
    assert trials.unchanged(made) is found["first", False]
    made.kept = trials.compare(made, Change("a lower rate", optimizer=settings.with_rate(0.5)), "last", long=True)
    assert made.kept.change == "a lower rate"
    assert made.kept.unchanged == found["last", True].losses
    assert made.kept.changed == pytest.approx([4, (2 * 0.9) ** 2, (2 * 0.9**2) ** 2])
    lower = trials.run(made, Change(optimizer=settings.with_rate(0.5)), "last", True)
    assert made.kept.skills == (found["last", True].skill, lower.skill)
    assert trials.compare(a_training(may_try=False), Change()) is None
    short = trials.compare(made, Change())
    assert short.unchanged == short.changed == found["first", False].losses


def test_one_batch_over_and_over() -> None:
    x, y = np.ones((9, 1), np.float32), np.zeros((9, 1), np.float32)
    y[8] = 90  # no row of the first eight
    losses = trials.one_batch(a_training(sample=(x, y)))
    assert losses == pytest.approx([9, (3 * 0.8) ** 2, (3 * 0.8**2) ** 2])
    assert trials.one_batch(a_training(sample=(x, y)), n_rows=9)[0] > 100
    assert trials._first_rows((x, y), 3)[1].shape == (3, 1)
    answers = iter([1.0, 2.0, inf])
    failed = trials.one_batch(a_training(loss=lambda p, y: (next(answers), p)))
    assert failed[:2] == [1, 2]
    assert np.isnan(failed[2:]).tolist() == [True]
    rule = SGD(lr=StepLR(0.1, step_size=1, gamma=0.01))
    assert trials.one_batch(a_training(optimizer=rule, sample=(x[:4], y[:4])))[2] == pytest.approx((3 * 0.8**2) ** 2)


def test_whether_a_step_has_the_usual_loss() -> None:
    def steps(value: float) -> Any:
        return lambda net, loss, optimizer: lambda x, y: value

    assert trials.has_usual_loss(a_training())
    assert trials.has_usual_loss(a_training(make_step=steps(9.0008)))
    assert not trials.has_usual_loss(a_training(make_step=steps(9.001)))
    assert not trials.has_usual_loss(a_training(make_step=steps(8.999)))
    assert not trials.has_usual_loss(a_training(make_step=steps(nan)))
    below = {"loss": lambda p, y: (-9.0, p)}
    assert trials.has_usual_loss(a_training(make_step=steps(-9.0008), **below))
    assert not trials.has_usual_loss(a_training(make_step=steps(-9.001), **below))

    def fails(net: Any, loss: Any, optimizer: Any) -> Any:
        return lambda x, y: 1 / 0

    assert not trials.has_usual_loss(a_training(make_step=fails))


def test_layers_in_the_place_of_others() -> None:
    def kinds(net: Net) -> list[str]:
        return [type(layer).__name__ for _, layer in net.layers_inside()]

    inner = lambda: Net([Linear(1, 1), Net([ReLU(), Linear(1, 1)]), ReLU()]).eval()  # noqa: E731
    changed = trials.with_layer("1.0", lambda: Linear(1, 1))(inner())
    assert kinds(changed) == ["Net", "Linear", "Net", "Linear", "Linear", "ReLU"]
    assert changed.training
    assert kinds(trials.with_layer("2", lambda: None)(inner())) == ["Net", "Linear", "Net", "ReLU", "Linear"]
    assert kinds(trials.with_layer("0", ReLU)(inner())) == ["Net", "ReLU", "Net", "ReLU", "Linear", "ReLU"]
    assert isinstance(trials.with_layer("0", ReLU)(inner()).layers, tuple)
    whole = inner()
    assert trials.with_layer("0.weight", ReLU)(whole) is whole


def test_a_mean_in_place_of_a_sum() -> None:
    whole = np.array([[4.0], [8.0]], np.float32)
    value, gradient = trials.as_mean(5)(lambda p, y: (6, whole))(np.zeros((2, 1)), None)
    assert (value, type(value), gradient.tolist(), gradient.dtype) == (3.0, float, [[2], [4]], np.float32)
    value, gradient = trials.as_mean(5)(lambda p, y: (6, (whole, 2 * whole)))((np.zeros((4, 1)), 0), None)
    assert (value, [part.tolist() for part in gradient]) == (1.5, [[[1], [2]], [[2], [4]]])
    assert trials.as_mean(3)(lambda p, y: (6, whole))(np.zeros((0, 1)), None)[0] == 2


def test_a_plain_step() -> None:
    net = Net([Linear(1, 1, bias=False)])
    net[0].weight.tensor = [[3.0]]
    step = trials.plain_step(net, mean_squared_error, SGD(lr=0.1))
    assert step(np.ones((1, 1)), np.zeros((1, 1))) == 9
    assert net[0].weight.tensor.item() == pytest.approx(2.4)
    broken = trials.plain_step(net, lambda p, y: (nan, p), SGD(lr=0.1))
    with pytest.raises(FloatingPointError, match=r"^the loss is not finite\.$"):
        broken(np.ones((1, 1)), np.zeros((1, 1)))
    assert net[0].weight.tensor.item() == pytest.approx(2.4)
    own = partial(trials.step_for, case(make_step=lambda net, loss, optimizer: (net, loss, optimizer)))
    assert own(1, 2, 3) == (1, 2, 3)
    assert isinstance(trials.run(a_training(), Change()), Trial)
