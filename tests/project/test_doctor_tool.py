"""The score of the doctor: the programs are what they say, and verdicts are counted as they should be."""

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tools.doctor import planting, running, scoring
from tools.doctor.catalog import CONTROLS, HEALTHY, PROGRAMS
from tools.doctor.program import Outcome, Program, Trial, class_skill, skill_below
from tools.doctor.report import line, totals
from tools.doctor.scoring import Verdict, judge_faulty, judge_healthy, merged, names_fault

ROWS = {
    "A": (1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29),
    "B": (1, 3, 5, 7, 9, 14),
    "C": (1, 5, 11),
    "D": (1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23),
    "E": (1, 4, 9, 13),
    "F": (1, 2, 5, 6),
    "G": (1, 4, 6),
}
NAMES = {
    *("out-act", "loss", "softmax1", "softmax2", "no-softmax", "in-scale", "out-scale", "lr-high", "lr-low"),
    *("few-steps", "batch", "init-const", "init-wide", "hid-act", "dead-relu", "vanish", "explode", "reg-much"),
    *("reg-none", "labels", "one-class", "imbalance", "no-signal", "leak", "bn-mode", "reduce", "broadcast", "metric"),
    *("shape", "width", "eval-prep", "sign", "eps", "saturated", "useless-bias", "unstable", "nan", "few-rows"),
    *("sorted", "untouched", "accumulate", "gradient", "stuck", "bias"),
}


def diagnosis(name: str, level: str = "problem", weight: float = 0.5) -> Any:
    return SimpleNamespace(name=name, level=level, weight=weight, seen=f"{name} was seen")


def answering(build: Any, *diagnoses: Any) -> Any:
    """The same trial, whose learner answers with these diagnoses."""

    def built(seed: int) -> Trial:
        trial = build(seed)
        trial.learner.diagnose = lambda: list(diagnoses)
        return trial

    return built


def program(id: str) -> Program:
    return next(program for program in PROGRAMS if program.id == id)


def verdict(kind: str = "faulty", counts: bool = True, rank: int = 1, **others: Any) -> Verdict:
    return Verdict(**{**dict(id="H1", kind=kind, seed=0, counts=counts, said=(), rank=rank, right=("loss",)), **others})


def test_every_row_of_the_list_has_a_program() -> None:
    rows = {f"{section}{number}" for section, numbers in ROWS.items() for number in numbers}
    assert len(rows) == 47
    found = {match[0] for each in PROGRAMS if (match := re.match(r"[A-G]\d+", each.id))}
    assert found == rows
    assert len({each.id for each in PROGRAMS}) == len(PROGRAMS)
    assert len(HEALTHY) >= 30
    assert len(CONTROLS) >= 7


def test_diagnoses_are_called_by_their_names() -> None:
    for each in [*PROGRAMS, *(planting.planted(number) for number in range(len(planting.FAULTS)))]:
        assert {*each.primaries, *each.accepted} <= NAMES, each.id


@pytest.mark.parametrize("id", ["A5", "B5", "E9", "H13"])
def test_a_fault_has_its_effect_and_the_twin_has_none(id: str) -> None:
    faulty = program(id)
    outcome, _ = scoring.run(faulty.build, 0)
    assert faulty.effect(outcome)
    if faulty.twin is not None:
        healthy, _ = scoring.run(faulty.twin, 0)
        assert healthy.error is None
        assert healthy.skill > 0.9


def test_a_program_is_the_same_for_the_same_seed() -> None:
    skills = [scoring.run(program("B5").build, 7)[0].skill for _ in range(2)]
    assert skills[0] == skills[1]


def test_each_fault_is_planted_in_some_recipe() -> None:
    planted = [planting.planted(number) for number in range(len(planting.FAULTS))]
    for number, each in enumerate(planted):
        assert each.build(number).learner.step == 0
    assert {each.fault for each in planted} >= {"unscaled_inputs", "softmax_twice", "few_of_a_class"}


def test_the_rank_of_the_primary_and_the_false_alarms_are_counted() -> None:
    told = [diagnosis("loss", weight=0.9), diagnosis("leak", weight=0.8), diagnosis("metric", "remark", 0.99)]
    told += [diagnosis("out-act", weight=0.7), diagnosis("dead-relu", "remark", 0.1)]
    a5 = program("A5")
    seen = judge_faulty(Program("X", "", answering(a5.build, *told), "out-act", ("loss",), a5.effect), 0)
    assert [each.name for each in seen.said] == ["loss", "leak", "out-act", "metric", "dead-relu"]
    assert (seen.rank, seen.right, seen.alarms) == (3, ("loss", "out-act"), ("leak",))


def test_every_problem_of_a_healthy_program_is_an_alarm() -> None:
    told = [diagnosis("loss"), diagnosis("leak", "remark")]
    seen = judge_healthy("X", "control", answering(program("B5").twin, *told), 0)
    assert seen.alarms == ("loss",)
    assert not seen.failed


def test_what_the_doctor_raises_is_told() -> None:
    class Broken:
        def diagnose(self) -> list:
            raise KeyError("weights")

    assert scoring.ask(Broken()) == ([], "KeyError: 'weights'")


def test_a_healthy_run_that_ends_in_an_error_is_a_failure() -> None:
    seen = judge_healthy("X", "twin", answering(program("D17e").build), 0)
    assert "expected ground_truth of shape (32, 1)" in seen.failed


def test_what_was_seen_twice_counts_as_it_was_seen_last() -> None:
    before = [diagnosis("loss", weight=0.9), diagnosis("leak", weight=0.8)]
    after = [diagnosis("loss", "remark", 0.2)]
    assert [(each.name, each.level) for each in merged(before, after)] == [("leak", "problem"), ("loss", "remark")]


def test_an_error_of_ours_at_the_first_step_names_a_fault() -> None:
    outcome, _ = scoring.run(answering(program("F1").build), 0)
    assert names_fault(outcome.error, "shape")
    assert not names_fault(outcome.error, "loss")
    assert not names_fault(FloatingPointError("expected shape"), "shape")


def test_a_program_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(seed: int) -> Trial:
        while True:
            np.zeros(1)

    monkeypatch.setattr(scoring, "HARD_LIMIT", 1)
    outcome, _ = scoring.run(endless, 0)
    assert str(outcome.error) == "not done after 1 s"


def test_runs_are_chosen_by_name_and_by_group() -> None:
    chosen = running.tasks(["A1", "twins"], seeds=2)
    assert chosen == [("twin", "A1", 0), ("twin", "A1", 1)]
    assert {name for _, name, _ in running.tasks(["F2"], seeds=1)} == {"F2", "F2l", "F2p"}
    assert len(running.tasks(["healthy"], seeds=3)) == len(HEALTHY)
    assert running.drawn(5, 1) == [("drawn", "", 5), ("planted", "", 5)]


def test_the_totals() -> None:
    rest = dict(skill=0.1, seconds=1.0)
    good = [verdict(alarms=(), **rest)] * 9 + [verdict(rank=0, right=(), alarms=("leak",), **rest)]
    text, reached = totals([*good, verdict("twin", alarms=(), **rest), verdict(counts=False, alarms=(), **rest)])
    assert "10 faulty runs of our own: the primary diagnosis is among the first three in 9 = 90.0%" in text
    assert "9 are right and 1 wrong: precision 0.90" in text
    assert "1 more, in which the fault had no effect" in text
    assert "twin: 1 runs, alarms in 0" in text
    assert reached
    alarm = verdict("twin", alarms=("loss",), **rest)
    slow = verdict("twin", alarms=(), skill=1.0, seconds=11.0)
    for bad in (alarm, slow, verdict("control", alarms=(), failed="KeyError", **rest)):
        assert not totals([*good, bad])[1]
    assert not totals(good[1:])[1]  # 8 of 9
    listed, _ = totals([verdict(id="A1", alarms=(), **rest), *good])
    assert "1 faulty runs of the list, A to G: the primary diagnosis is among the first three in 1 = 100.0%" in listed


def test_a_line() -> None:
    seen = judge_faulty(Program("X1", "", answering(program("A5").build, diagnosis("loss")), "out-act"), 0)
    assert line(seen).startswith("  0   X1 ")
    assert "LOSS  false: loss" in line(seen)
    assert "loss (problem, 0.5): loss was seen" in line(seen, verbose=True)


def test_skill_counts_from_the_most_frequent_class() -> None:
    truth = np.array([0, 0, 0, 1])
    assert class_skill(np.eye(2)[[0, 0, 0, 0]], truth) == 0
    assert class_skill(np.eye(2)[truth], truth) == 1
    assert class_skill(np.array([[0.2], [0.1], [0.3], [0.9]]), truth[:, None]) == 1
    assert skill_below(0.5)(Outcome(0))  # no skill at all


def test_one_run_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tn.learner.Learner, "diagnose", lambda self: [], raising=False)
    runs = [("faulty", "B5", 0), ("twin", "B5", 0), ("control", "line, rate 0.1", 0), ("healthy", "blobs, convex", 0)]
    seen = list(running.verdicts([*runs, ("drawn", "", 12), ("planted", "", 16)], jobs=1))
    assert [each.kind for each in seen] == ["faulty", "twin", "control", "healthy", "healthy", "faulty"]
    assert [each.counts for each in seen] == [True] * 6
