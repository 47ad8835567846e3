"""The targets of neighbours, on rows made by hand: every bound from both sides, every sentence word for word."""

from __future__ import annotations

from math import nan
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import case
from tinynet.data import Dataset
from tinynet.probe.doctor import neighbours, scales
from tinynet.probe.doctor.diagnosis import Diagnosis
from tinynet.probe.doctor.neighbours import Rows
from tinynet.probe.doctor.truth import TruthFacts

NUMBERS = Rows(np.zeros((60, 1)), np.arange(60.0)[:, None])


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give `_link` these values, one after the other."""

    def give(*links: float, rows: Rows | None = NUMBERS, by_chance: float = 0.1) -> None:
        values = iter(links)
        monkeypatch.setattr(neighbours, "_link", lambda own, theirs: next(values))
        monkeypatch.setattr(neighbours, "_training_rows", lambda case: rows)
        monkeypatch.setattr(neighbours, "_by_chance", lambda rows: by_chance)

    return give


def test_targets_moved_by_a_row(linked: Any) -> None:
    linked(0.05, 0.1, 0.5, 0.2, 0.1)
    seen = "the targets of a row and of its nearest rows have the link 0.05, where 1 is the same and 0 is chance; with "
    seen += "all targets moved by 1 row it is 0.50"
    why = "Each row has the target of another one, so there is nothing to learn but noise."
    fix = "y = np.roll(y, -1, axis=0)  # and find out where they were moved"
    assert neighbours.misaligned(case()) == Diagnosis("labels", "problem", 0.92, seen, why, fix)
    linked(0.05, 0.1, 0.2, 0.5, 0.1)
    found = neighbours.misaligned(case())
    assert "moved by 2 rows it is 0.50" in found.seen
    assert found.fix.startswith("y = np.roll(y, 2, axis=0)")


@pytest.mark.parametrize(
    ("links", "said"),
    [
        ((0.9, 0.8, 0.8, 0.8, 0.8), False),
        ((0.0, 0.29, 0.0, 0.0, 0.0), False),
        ((0.0, 0.3, 0.0, 0.0, 0.0), True),
        ((0.1, 0.3, 0.0, 0.0, 0.0), True),
        ((0.11, 0.3, 0.0, 0.0, 0.0), False),
        ((0.2, 0.8, 0.0, 0.0, 0.0), True),
        ((0.21, 0.8, 0.0, 0.0, 0.0), False),
    ],
)
def test_the_edges_of_moved_targets(links: tuple, said: bool, linked: Any) -> None:
    linked(*links)
    assert (neighbours.misaligned(case()) is not None) is said
    linked(*links, rows=None)
    assert neighbours.misaligned(case()) is None


def test_moved_targets_are_found_in_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).permutation(60.0 + np.arange(60))[:, None]
    for moved in (1, -1, 2, -2):
        rows = Rows(x, np.roll(x, -moved, axis=0))
        monkeypatch.setattr(neighbours, "_training_rows", lambda case, rows=rows: rows)
        assert neighbours.misaligned(case()).fix.startswith(f"y = np.roll(y, {moved}, axis=0)")


def with_classes(y: Any, nearest: Any, monkeypatch: pytest.MonkeyPatch, **known: Any) -> Diagnosis | None:
    rows = Rows(np.zeros((len(y), 1)), np.array(y))
    monkeypatch.setattr(neighbours, "_training_rows", lambda case: rows)
    monkeypatch.setattr(neighbours, "_nearest", lambda x, among: np.array(nearest))
    scores = np.array([[9.0, 0.0], [0.0, 9.0]] * 2)
    usual = {"output": scores, "y": np.array([0, 1, 1, 0]), "net": SimpleNamespace(predict=lambda x: scores)}
    return neighbours.contradicting(case(**usual | known))


def test_labels_against_those_of_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    y, nearest = [1] * 3 + [0] * 22, [[10, 11, 12, 13, 14]] * 25
    seen = "of the rows whose nearest rows agree with each other, 12% have another class than these"
    why = "The net is taught against what it can see: it learns slowly, and at last learns the wrong labels by heart."
    fix = "visualize.misclassified(net, train)  # are these labels right?"
    remark = Diagnosis("labels", "remark", 0.32, seen, why, fix)
    assert with_classes(y, nearest, monkeypatch) == remark
    valid = {"valid_sample": (None, np.array([0, 1, 0, 1]))}  # all right, where half is right by chance
    more = "; the skill is 0.00 on training data, and 1.00 on validation data, which the net has not seen"
    assert with_classes(y, nearest, monkeypatch, **valid) == Diagnosis("labels", "problem", 0.8, seen + more, why, fix)
    assert with_classes(y, nearest, monkeypatch, fitted=False, **valid) == remark
    as_well = {"valid_sample": (None, np.array([0, 1, 1, 0]))}
    assert with_classes(y, nearest, monkeypatch, **as_well) == remark
    assert with_classes([1] * 2 + [0] * 23, nearest, monkeypatch) is None
    assert with_classes(np.zeros((25, 1)), nearest, monkeypatch) is None


def test_how_many_neighbours_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    y = [1, 1, *[0] * 18]
    some = [[10, 11, 12, 13, 0]] * 2 + [[10, 11, 12, 0, 1]] * 18  # four of five agree, and three of five
    assert with_classes(y, some, monkeypatch).seen.startswith(
        "of the rows whose nearest rows agree with each other, 100%"
    )
    assert with_classes([*y, 0], [*some, [10, 11, 12, 0, 1]], monkeypatch) is None  # 2 of 21
    assert with_classes(y, [[10, 11, 12, 0, 1]] * 20, monkeypatch) is None
    assert with_classes(y[::-1], some, monkeypatch) is None


def test_inputs_that_are_all_the_same() -> None:
    why, fix = (
        "What is the same for all rows cannot tell them apart.",
        "x = np.array(rows)  # a new array for each row, ",
    )
    fix += "not the same one again and again"
    expected = Diagnosis("no-signal", "problem", 0.95, "all rows have the same inputs", why, fix)
    assert neighbours.no_signal(case(x=np.ones((2, 3)), fitted=False)) == expected
    assert neighbours.no_signal(case(x=np.ones((1, 3)), fitted=False)) is None
    assert neighbours.no_signal(case(x=np.array([[1.0, 1.0], [1.0, 2.0]]), fitted=False)) is None


def test_inputs_that_say_nothing(linked: Any) -> None:
    linked(0.1)
    seen = "the targets of a row and of its nearest rows have the link 0.10, where 1 is the same and 0 is chance"
    why = "Where similar inputs have unrelated targets, a net can only learn the rows by heart."
    fix = "i = rng.integers(len(x)); print(x[i], y[i])  # look at some rows: are these the right targets?"
    badly = {"x": None, "goes_badly": True}
    assert neighbours.no_signal(case(**badly)) == Diagnosis("no-signal", "remark", 0.45, seen, why, fix)
    for known, link, said in (
        (badly, 0.11, False),
        (badly | {"ended_by": "an error"}, 0.0, False),
        ({"x": None, "valid_skill": 0.09}, 0.0, True),
        ({"x": None, "valid_skill": 0.1}, 0.0, False),
        ({"x": None, "valid_skill": 0.09, "fitted": False}, 0.0, False),
        ({"x": None, "valid_skill": nan}, 0.0, False),
    ):
        linked(link)
        assert (neighbours.no_signal(case(**known)) is not None) is said
    linked(0.0, rows=None)
    assert neighbours.no_signal(case(**badly)) is None


def unrelated(here: float, there: float, monkeypatch: pytest.MonkeyPatch, **known: Any) -> Diagnosis | None:
    links = iter((here, there))
    monkeypatch.setattr(neighbours, "_link", lambda own, theirs: next(links))
    monkeypatch.setattr(neighbours, "_by_chance", lambda rows: 0.125)
    monkeypatch.setattr(scales, "validation", lambda case: None)
    x, y = np.random.default_rng(0).normal(size=(2, 60, 1))
    usual = {"sample": (x, y), "valid_sample": (x, y), "skill": 0.51, "valid_skill": 0.19}
    return neighbours.unrelated_validation(case(**usual | known))


def test_validation_targets_that_are_unrelated(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = (
        "training rows and their nearest training rows have targets with the link 0.80, where 1 is the same and 0 is "
    )
    seen += "chance; validation rows and theirs 0.20"
    why = "The validation targets do not belong to their inputs, so validation says nothing."
    fix = "print(x_valid[0], y_valid[0])  # are these the right targets?"
    expected = Diagnosis("labels", "problem", 0.84, seen, why, fix)
    assert unrelated(0.8, 0.2, monkeypatch) == expected
    assert unrelated(0.8, 0.21, monkeypatch) is None
    assert unrelated(0.375, 0.0, monkeypatch) is not None
    assert unrelated(0.374, 0.0, monkeypatch) is None
    short = np.zeros((59, 1)), np.arange(59.0)[:, None]
    wide = np.zeros((60, 2)), np.arange(60.0)[:, None]
    for known in (
        {"valid_sample": None},
        {"fitted": False},
        {"skill": 0.5},
        {"valid_skill": 0.2},
        {"valid_skill": nan},
        {"valid_sample": short},
        {"valid_sample": wide},
        {"sample": short},
    ):
        assert unrelated(0.8, 0.2, monkeypatch, **known) is None
    monkeypatch.setattr(neighbours, "_by_chance", lambda rows: 0.0)


def test_validation_in_other_units_is_told_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scales, "validation", lambda case: "a diagnosis")
    assert neighbours.unrelated_validation(case(valid_sample=(), skill=0.9, valid_skill=0.0)) is None


def test_unrelated_validation_with_its_own_arithmetic() -> None:
    x = np.random.default_rng(0).permutation(np.arange(256.0))[:, None]
    known = {"skill": 0.9, "valid_skill": 0.0, "x": x, "sample": (x, x)}
    other = np.random.default_rng(1).permutation(x + 0.5)
    assert neighbours.unrelated_validation(case(**known, valid_sample=(other, other))) is None
    assert neighbours.unrelated_validation(case(**known, valid_sample=(other, other * 37 % 256))) is not None
    weak = np.random.default_rng(2).normal(size=(256, 1))
    assert neighbours.unrelated_validation(case(**known | {"sample": (x, weak)}, valid_sample=(other, other))) is None


def test_the_rows_of_the_training_data() -> None:
    x = np.arange(1400.0).reshape(700, 2)
    made = case(x=x, train=Dataset(x, x[:, :1]))
    rows = neighbours._training_rows(made)
    assert (rows.x.tolist(), rows.y.tolist()) == (x[:500].tolist(), x[:500, :1].tolist())
    made.train = Dataset(x[:70], x[:70, :1])
    assert len(neighbours._training_rows(made).x) == 70
    made.train = range(60)
    assert neighbours._training_rows(made) is None
    made.x = None
    assert neighbours._training_rows(made) is None


def test_rows_with_their_targets() -> None:
    x, y = np.ones((60, 2, 3), np.float32), np.arange(60)
    numbers = case()
    rows = neighbours._as_rows(numbers, x, y[:, None])
    assert (rows.x.shape, rows.x.dtype, rows.y.shape, rows.y.dtype, rows.are_classes) == (
        (60, 6), np.float64, (60, 1), np.float64, False,
    )  # fmt: skip
    for other in (
        (x.astype(int), y),
        (x.tolist(), y),
        (x, y.tolist()),
        (x[:59], y[:59]),
        (x, np.zeros((60, 9)) + y[:, None]),
        (x, np.ones(60)),
    ):
        assert neighbours._as_rows(numbers, *other) is None
    assert neighbours._as_rows(numbers, x, np.zeros((60, 8)) + y[:, None]) is not None
    classes = case(truth=TruthFacts("classes", y, None))
    rows = neighbours._as_rows(classes, x, y % 2)
    assert (rows.y.tolist(), rows.are_classes) == ((y % 2).tolist(), True)
    assert neighbours._as_rows(classes, x, np.ones(60, int)) is None
    assert neighbours._as_rows(case(truth=TruthFacts("binary", None, None)), x, y) is None


def test_the_nearest_rows() -> None:
    x = np.array([0.0, 1, 2, 3, 4, 5, 100, 101, 102, 103, 104, 105])[:, None]
    found = neighbours._nearest(x, x)
    assert [set(row) for row in found] == [set(range(6)) - {at} for at in range(6)] + [
        set(range(6, 12)) - {at} for at in range(6, 12)
    ]
    assert set(neighbours._nearest(x[:1].copy(), x)[0]) == set(range(5))
    assert found.shape == (12, 5)
    two = np.concatenate([1e6 * np.repeat([0.0, 1.0], 6)[:, None], np.tile([0.0, 1.0], 6)[:, None]], axis=1)
    three = np.concatenate(
        [two, np.ones((12, 1))], axis=1
    )  # every feature counts alike, and one that never changes not
    for rows in (two, three):
        nearest = neighbours._nearest(rows, rows)
        same = [{at for at in range(12) if (two[at] == two[row]).all() and at != row} for row in range(12)]
        assert all(one <= set(near) for one, near in zip(same, nearest, strict=True))


def test_the_link_of_targets() -> None:
    own = np.array([0, 0, 1, 1])
    assert neighbours._link(own, np.array([[0, 0], [0, 0], [1, 1], [1, 1]])) == 1
    assert neighbours._link(own, np.array([[0, 1], [0, 1], [1, 0], [1, 0]])) == 0
    assert neighbours._link(own, np.array([[0, 0], [0, 1], [1, 1], [1, 0]])) == pytest.approx(0.5)
    assert neighbours._link(np.zeros(4, int), np.zeros((4, 2), int)) == 0
    numbers = np.array([[1.0], [2.0], [3.0], [6.0]])
    near = np.stack([numbers - 1, numbers + 3], axis=1)
    assert neighbours._link(numbers, near) == pytest.approx(1)
    assert neighbours._link(numbers, -5 * near) == pytest.approx(-1)
    other = np.array([[2.0], [1.0], [5.0], [4.0]])
    expected = np.corrcoef(numbers[:, 0], other[:, 0])[0, 1]
    assert neighbours._link(numbers, np.stack([other + 1, other - 1], axis=1)) == pytest.approx(expected)
    assert neighbours._link(numbers, np.ones((4, 2, 1))) == 0


def test_what_comes_by_chance() -> None:
    assert neighbours._chance(np.array([0, 0, 0, 2])) == pytest.approx(0.625)
    assert neighbours._by_chance(Rows(np.zeros((36, 1)), np.zeros((36, 1)))) == 0.5
    even = Rows(np.zeros((100, 1)), np.arange(100) % 2)
    assert neighbours._by_chance(even) == pytest.approx(3 * 0.05 / 0.5)
    uneven = Rows(np.zeros((100, 1)), (np.arange(100) < 20).astype(int))
    assert neighbours._by_chance(uneven) == pytest.approx(3 * np.sqrt(0.68 * 0.32 / 100) / 0.32)
