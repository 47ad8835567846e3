"""Labels, classes and rows, on cases made by hand: every bound from both sides, every sentence word for word."""

from __future__ import annotations

from math import nan
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import case, facts
from tinynet.data import Dataset
from tinynet.probe.doctor import labels, rows
from tinynet.probe.doctor.diagnosis import Diagnosis
from tinynet.probe.doctor.truth import TruthFacts

WHY_ALIKE = "The loss falls to nothing by saying always the same, and the net learns to ignore its input."
PRINT = "np.unique(y_train, return_counts=True)  # before and after each step"
SPLIT = "train, valid = data.split(0.1)  # it keeps the share of every class"


def alike(y: Any, **known: Any) -> list[Diagnosis]:
    usual = {"y": y, "train": SimpleNamespace(y=y, __len__=None), "truth": TruthFacts("numbers", None, None)}
    usual["train"] = Dataset(np.zeros((len(y), 1)), y) if isinstance(y, np.ndarray) else [1, 2, 3, 4]
    return list(labels.one_class(case(**usual | known)))


def test_one_truth_for_all() -> None:
    seen = "all 4 training rows have the target 3"
    problems = [
        Diagnosis("labels", "problem", 0.9, seen, WHY_ALIKE, PRINT),
        Diagnosis("one-class", "problem", 0.88, seen, WHY_ALIKE, SPLIT),
    ]
    assert alike(np.full(4, 3)) == problems
    assert alike(np.full((4, 1), 3.0), valid_sample=(None, np.ones((5, 1)))) == problems
    assert alike(np.full((4, 2), 3.0))[0].seen == "all 4 training rows have the target the same"
    found = alike(np.full((4, 1), 3.0), valid_sample=(None, np.array([[1.0], [2.0], [1.0]])))
    assert found[0].seen == f"{seen}, while the validation data have 2 different ones"
    assert alike(np.array([3, 3, 3, 4])) == alike(np.full(3, 3)) == alike([3, 3, 3, 3]) == []
    assert alike(np.full(4, 3), truth=TruthFacts("", None, None)) == []
    assert alike(np.array([3, 3, 3, 4]), train=range(9)) == []
    assert alike(np.full(4, 3), train=Dataset(np.zeros((6, 1)), np.array([3, 3, 3, 3, 3, 4]))) == []
    assert alike(np.full(4, 3), train=range(9))[0].seen == "all 9 training rows have the target 3"


def classes(y: Any, n_classes: int = 3, kind: str = "classes", **known: Any) -> Any:
    y = np.array(y)
    usual = {
        "truth": TruthFacts(kind, y, None),
        "first_output": np.zeros((len(y), n_classes)),
        "train": Dataset(np.zeros((len(y), 1)), y),
    }
    return case(**usual | known)


WHY_MISSING = "Labels count from 0: labels from 1 to C need no output more, but 1 less; a class that is missing cannot "
WHY_MISSING += "be learned."


def test_classes_that_are_missing() -> None:
    fix = "y = y - y.min()  # if labels count from 1"
    seen = "the net has 4 outputs, and no training row has the class 0, 3"
    remark = Diagnosis("labels", "remark", 0.35, seen, WHY_MISSING, fix)
    assert labels.missing_classes(classes([1, 2, 1, 2], 4)) == remark
    assert labels.missing_classes(classes([1, 2, 1, 2], 4, valid_sample=(None, np.array([1, 3, 2, 0])))) == remark
    seen += "; the validation data have the class 3"
    problem = Diagnosis("labels", "problem", 0.86, seen, WHY_MISSING, fix)
    assert labels.missing_classes(classes([1, 2, 1, 2], 4, valid_sample=(None, np.array([1, 3, 2, 3])))) == problem
    many = labels.missing_classes(classes([0, 1], 8)).seen
    assert many == "the net has 8 outputs, and no training row has the class 2, 3, 4, 5, 6, …"
    assert labels.missing_classes(classes([0, 1], 7)).seen.endswith("the class 2, 3, 4, 5, 6")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (classes([1, 1, 1]), False),
        (classes([0, 2, 1]), False),
        (classes([1, 2], kind="codes"), False),
        (classes([1, 2], truth=TruthFacts("classes", None, None)), False),
        (classes([0, 1], 20), True),
        (classes([0, 1], 21), False),
        (classes(range(11), 22), True),
        (classes(range(10), 22), False),
    ],
)
def test_the_edges_of_missing_classes(made: Any, said: bool) -> None:
    assert (labels.missing_classes(made) is not None) is said


WHY_RARE = "A net that never names the rare class has a small loss and a high accuracy all the same."
FIX_RARE = "Learner(net, partial(cross_entropy, weight=len(y) / (n_classes * np.bincount(y))), ...)"


def uneven(*counts: int, first: int = 0, **known: Any) -> Any:
    y = np.repeat(np.arange(len(counts)) + first, counts)
    return classes(y, len(counts) + first, sample=(np.zeros((len(y), 1)), y), **known)


def test_classes_that_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "_recall", lambda case: None)
    seen = "the rarest class has 2 rows, the most frequent 18, 9 times as many"
    remark = Diagnosis("imbalance", "remark", 0.5, seen, WHY_RARE, FIX_RARE)
    assert labels.imbalance(uneven(2, 18)) == labels.imbalance(uneven(18, 0, 2, first=5)) == remark
    for counts, said in (((18,), False), ((3, 21), True), ((4, 20), False), ((5, 35), True), ((2, 17), False)):
        assert (labels.imbalance(uneven(*counts)) is not None) is said
    assert labels.imbalance(uneven(20)) is None
    assert labels.imbalance(uneven(18, 9, 2)) is not None
    assert labels.imbalance(uneven(2, 18, first=-1)) == remark
    assert labels.imbalance(uneven(2, 18, truth=TruthFacts("numbers", None, None))) is None


@pytest.mark.parametrize(
    ("rare", "frequent", "known", "spoils"),
    [
        (0.5, 0.9, {}, True),
        (0.625, 0.925, {}, False),
        (0.0, 0.3, {}, False),
        (0.0, 0.31, {}, True),
        (0.69, 1.0, {}, True),
        (0.7, 1.1, {}, False),
        (0.5, 0.9, {"fitted": False}, False),
    ],
)
def test_rare_classes_that_are_not_recognised(
    rare: float, frequent: float, known: dict, spoils: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "_recall", lambda case: (rare, frequent))
    found = labels.imbalance(uneven(2, 18, **known))
    assert (found.level, found.weight) == (("problem", 0.62) if spoils else ("remark", 0.5))
    more = f"; of the rare ones {rare:.0%} are recognised, of the frequent ones {frequent:.0%}"
    assert (more in found.seen) is known.get("fitted", True)


def saying(output: Any) -> Any:
    return SimpleNamespace(predict=lambda x: output)


def test_the_share_of_the_rare_that_are_recognised() -> None:
    y = np.repeat([0, 1], [2, 18])
    right = np.eye(2)[y]
    right[[1, 2, 3, 4]] = right[[2, 1, 1, 1]]  # one rare row and three others are taken for the other class
    right[1], right[2:5] = [0, 1], [1, 0]
    assert labels._recall(uneven(2, 18, net=saying(right))) == (0.5, 15 / 18)
    valid = np.array([0, 0, 0, 0, 1, 1])
    said = np.eye(2)[[0, 1, 1, 1, 1, 0]]
    assert labels._recall(uneven(2, 18, net=saying(said), valid_sample=(None, valid))) == (0.25, 0.5)
    assert labels._recall(uneven(2, 18, net=saying(said))) is None  # as many outputs as rows are wanted
    assert labels._recall(uneven(2, 18, net=saying([1] * 20))) is None
    assert labels._recall(uneven(10, 10, net=saying(right))) is None
    assert labels._recall(uneven(2, 18, net=saying(right), truth=TruthFacts("numbers", None, None))) is None
    rare_alone = np.array([0, 0])
    assert labels._recall(uneven(2, 18, net=saying(np.eye(2)), valid_sample=(None, rare_alone))) is None

    def refuses(x: Any) -> Any:
        raise ValueError("no")

    assert labels._recall(uneven(2, 18, net=SimpleNamespace(predict=refuses))) is None


@pytest.mark.parametrize(
    ("takes", "scores", "expected"),
    [
        ("probabilities", [0.4, 0.6], (0.5, 1.0)),
        ("probabilities", [0.5, 0.51], (0.5, 1.0)),
        ("logits", [-0.1, 0.1], (0.5, 1.0)),
        ("logits", [0.0, 0.1], (0.5, 1.0)),
    ],
)
def test_a_yes_is_a_score_above_its_bound(takes: str, scores: list, expected: tuple) -> None:
    no, yes = scores
    output = np.array([[no], [yes], *[[yes]] * 18])
    made = uneven(2, 18, net=saying(output), loss_facts=facts(takes=takes), first_output=np.zeros((20, 1)))
    assert labels._recall(made) == expected


@pytest.mark.parametrize(
    ("counts", "rare"), [((5, 35), True), ((6, 34), False), ((5, 0, 35), True), ((4, 0, 36), True)]
)
def test_which_classes_are_rare(counts: tuple, rare: bool) -> None:
    made = uneven(*counts, net=saying(np.zeros((40, len(counts)))))
    assert (labels._recall(made) is not None) is rare


def test_labels_of_one_hot_rows_and_of_numbers() -> None:
    made = case(truth=TruthFacts("classes", np.array([0]), None))
    assert labels.labels_like(made, np.array([[0, 1], [1, 0]])).tolist() == [1, 0]
    assert labels.labels_like(made, np.array([[2.0], [1.0]])).tolist() == [2, 1]
    assert labels.labels_like(made, np.array([[2.0], [1.0]])).dtype.kind == "i"
    assert labels.labels_like(made, np.array([2, 1])).tolist() == [2, 1]
    assert labels.labels_like(made, [1, 2]) is None
    assert labels.labels_like(case(), np.array([1, 2])) is None


def test_the_labels_of_all_training_rows() -> None:
    known = TruthFacts("classes", np.array([0, 1]), None)
    whole = np.array([0, 1, 2, 1])
    made = case(truth=known, first_output=np.zeros((2, 3)), train=Dataset(np.zeros((4, 1)), whole))
    assert labels.training_labels(made).tolist() == [0, 1, 2, 1]
    made.train = Dataset(np.zeros((4, 1)), np.array([0.5, 1.5, 0.0, 0.0]))
    assert labels.training_labels(made).tolist() == [0, 1]
    made.train = Dataset(np.zeros((2, 1)), np.zeros((2, 2), int))
    made.first_output = np.zeros((2, 2, 3))
    assert labels.training_labels(made).tolist() == [0, 1]
    made.truth = TruthFacts("numbers", None, None)
    assert labels.training_labels(made) is None


class Rows:
    """Data that have no y, and are read row by row."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, at: Any) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((len(at), 1)), np.asarray(at) % 3


def test_the_labels_of_a_data_set() -> None:
    made = case(first_output=np.zeros((2, 3)))
    assert labels.labels_of(made, Rows(4)).tolist() == [0, 1, 2, 0]
    assert labels.labels_of(made, Rows(5000)) is not None
    assert labels.labels_of(made, Rows(5001)) is None
    assert labels.labels_of(made, Dataset(np.zeros((2, 1)), np.eye(3)[:2])).tolist() == [0, 1]
    assert labels.labels_of(made, Dataset(np.zeros((2, 1)), np.zeros((2, 3, 1)))) is None
    made.first_output = np.zeros((2, 1))
    assert labels.labels_of(made, Dataset(np.zeros((2, 1)), np.array([[1.0], [0.0]]))).tolist() == [1, 0]
    made.first_output = (np.zeros((2, 1)),)
    assert labels.labels_of(made, Rows(4)) is None


def padded(y: Any, x: Any = None, loss: Any = None, **known: Any) -> Diagnosis | None:
    """Two sequences of four places, of which the last two of the first and the last of the second hold nothing."""
    if x is None:
        x = np.arange(1.0, 17.0).reshape(2, 4, 2)
        x[0, 2:] = x[1, 3:] = 0
    every = loss or (lambda p, y: (float(p @ np.arange(1.0, 1 + p.shape[-1]) @ [1, 1, 1, 1] @ [1, 1]), p))
    usual = {"x": x, "y": np.array(y), "first_output": np.zeros((2, 4, 3)), "loss": every}
    return rows.padding(case(**usual | known))


Y = [[1, 2, 0, 0], [1, 2, 1, 0]]


def test_padding_with_a_label_of_its_own() -> None:
    seen = "38% of the places hold nothing and have the label 0, which no other place has; the loss counts them"
    why = "The net learns to recognise the padding, which is easy, and its accuracy hides what it does elsewhere."
    fix = "Learner(net, partial(cross_entropy, ignore_index=0), ...)"
    expected = Diagnosis("labels", "problem", 0.9, seen, why, fix)
    assert padded(Y) == expected
    assert padded(np.eye(3)[np.array(Y)]) == expected
    assert padded(np.array(Y, float)[..., None]) == expected
    for filler in (-5.0, 99.0):  # below all other numbers, and above them
        x = np.arange(1.0, 17.0).reshape(2, 4, 2)
        x[0, 2:] = x[1, 3:] = filler
        assert padded(Y, x) == expected
    x = np.arange(1.0, 17.0).reshape(2, 4, 2)
    x[0, 2:] = x[1, 3:] = 4.5  # a number as any other
    assert padded(Y, x) is None
    x[0, 2:] = x[1, 3:] = [0, 1]
    assert padded(Y, x) is None
    assert padded([[1, 2, 0, 0], [1, 2, 1, 2]]) is None
    assert padded([[1, 2, 0, 0], [1, 0, 1, 0]]) is None
    assert padded(Y, x=None, loss=lambda p, y: (1.0, p)) is None
    assert padded([1, 2]) is None
    assert rows.padding(case(x=None, y=np.array(Y))) is None
    assert rows.padding(case(x=np.zeros((2, 4)), y=np.array(Y))) is None
    assert rows.padding(case(x=np.zeros((2, 4, 2)), y=Y)) is None
    hole = np.arange(1.0, 17.0).reshape(2, 4, 2)
    hole[0, 1] = 0  # nothing in the middle is no padding
    assert padded([[1, 0, 2, 2], [1, 2, 1, 2]], hole) is None


@pytest.mark.parametrize(("n_empty", "said"), [(2, False), (3, True), (97, True), (98, False)])
def test_how_many_places_are_empty(n_empty: int, said: bool) -> None:
    x = np.ones((1, 100, 1))
    x[0, :50] = 2
    x[0, 100 - n_empty :] = 0
    y = (x[..., 0] != 0).astype(int)
    made = case(x=x, y=y, first_output=np.zeros((1, 100, 2)), loss=lambda p, y: (float(p[..., 0].sum()), p))
    assert (rows.padding(made) is not None) is said


def test_a_label_of_padding_may_occur_once_in_a_hundred() -> None:
    x = np.arange(2.0, 352.0).reshape(1, 350, 1)
    x[0, 150:] = 0
    for n, said in ((1, True), (2, False)):
        y = np.ones((1, 350), int)
        y[0, 150:] = y[0, :n] = 0
        made = case(x=x, y=y, first_output=np.zeros((1, 350, 2)), loss=lambda p, y: (float(p[..., 0].sum()), p))
        assert (rows.padding(made) is not None) is said
    y[0, 1:100], made.y = 1, y
    assert rows.padding(made) is not None


def test_whether_a_loss_counts_empty_places() -> None:
    empty = np.array([[False, True]])

    def at(place: int, unit: int = 0) -> Any:
        return lambda p, y: (float(p[0, place, unit]), p)

    for n_units in (1, 2):
        made = case(first_output=np.zeros((1, 2, n_units), np.float32), y=None)
        for place, said in ((0, False), (1, True)):
            made.loss = at(place)
            assert rows._counts(made, empty) is said
    made.loss = at(1, 1)
    assert rows._counts(made, empty) is True
    made.first_output = np.zeros((1, 3, 2))
    assert rows._counts(made, empty) is False
    made.first_output, seen = np.zeros((1, 2, 2), np.float32), []
    made.loss = lambda p, y: (seen.append(p) or 0.0, p)
    rows._counts(made, empty)
    np.testing.assert_allclose(seen, [[[[0.4, 0.4]] * 2], [[[0.4, 0.4], [0.2, 0.6]]]], rtol=1e-6)
    assert seen[0].dtype == np.float32
    made.first_output = np.zeros((1, 2, 1))
    rows._counts(made, empty)
    np.testing.assert_allclose(seen[2:], [[[[0.4], [0.4]]], [[[0.4], [0.48]]]])


WHY_LEAK = "The net has learned these rows, so validation does not say what it does with new ones."


def leaked(n_known: int, n: int, train: Any = None, **known: Any) -> Diagnosis | None:
    x = np.arange(2000.0).reshape(1000, 2)
    valid = np.concatenate([x[:n_known], -x[1 : n - n_known + 1]])
    return rows.leak(case(train=Dataset(x, x), valid=Dataset(valid, valid), **known))


def test_rows_that_leak() -> None:
    fix = "train, valid = data.split(0.1)  # after duplicates are gone"
    seen = "12% of 50 validation rows are training rows too"
    assert leaked(6, 50) == Diagnosis("leak", "problem", 0.7, seen, WHY_LEAK, fix)
    seen = "2% of 50 validation rows are training rows too"
    assert leaked(1, 50) == Diagnosis("leak", "remark", 0.4, seen, WHY_LEAK, fix)
    assert leaked(1, 51) is None
    assert leaked(5, 50).level == "problem"
    assert leaked(4, 50).level == "remark"


def test_the_same_data_twice() -> None:
    for n, said in ((49, None), (50, "100% of 50 validation rows are training rows too")):
        data = Dataset(np.zeros((n, 2)), np.zeros(n))
        found = rows.leak(case(train=data, valid=data))
        assert (found and found.seen) == said
    assert rows.leak(case(train=data)) is None


def test_rows_of_few_possible_ones_are_no_leak() -> None:
    x = np.tile(np.arange(24.0), 2)[:, None]
    other = Dataset(np.concatenate([x, [[90.0], [91.0]]])[:48], np.zeros(48))
    train = Dataset(np.arange(9.0)[:, None], np.zeros(9))
    assert rows.leak(case(train=train, valid=other)) is not None  # 24 of 48 differ
    few = Dataset(np.tile(np.arange(23.0), 3)[:47, None], np.zeros(47))
    assert rows.leak(case(train=train, valid=few)) is None
    assert rows.leak(case(train=train, valid=[1, 2])) is None
    assert rows.leak(case(train=[1, 2], valid=other)) is None


def test_the_hashes_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    data = Dataset(np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0]]).reshape(3, 1, 2), np.zeros(3))
    first, second, third = rows._hashes(case(), data)
    assert first == second != third
    assert rows._hashes(case(), [1]) is None
    monkeypatch.setattr(rows, "MAX_HASHED", 6)
    assert rows._hashes(case(), data) is not None
    assert rows._hashes(case(may_try=False), data) is None
    monkeypatch.setattr(rows, "MAX_HASHED", 60)
    assert rows._hashes(case(may_try=False), data) is not None
    monkeypatch.setattr(rows, "MAX_HASHED", 5)
    assert rows._hashes(case(), data) is None


def batches(*labels_of_each: list[int], y: Any = (0, 0, 0, 0, 1, 1, 1, 1), **known: Any) -> Diagnosis | None:
    pairs = [(None, np.array(each)) for each in labels_of_each]
    return rows.sorted_data(classes(y, 2, first_batches=pairs, **known))


def test_data_that_are_sorted() -> None:
    zeros, ones, both = [0] * 4, [1] * 4, [0, 0, 1, 1]
    seen = "two rows of a batch have the same class in 100% of cases; shuffled, it would be 62%"
    why = "Each batch pulls the net towards the one class that it holds, and the next one pulls it away again."
    fix = "batches(data, batch_size, shuffle=True)  # or shuffle the rows once"
    assert batches(zeros, zeros, ones) == Diagnosis("sorted", "problem", 0.82, seen, why, fix)
    assert batches(zeros, zeros, ones, goes_well=True) == Diagnosis("sorted", "remark", 0.45, seen, why, fix)
    assert batches(zeros, both, both) is None
    assert batches(zeros, zeros, ones, both, y=[5, 5, 6, 6]) is not None
    assert batches(zeros, zeros) is None
    assert batches(zeros, zeros, [0] * 3) is None
    assert batches(zeros, zeros, ones, y=[0, 0]) is None
    assert batches(zeros, zeros, ones, truth=TruthFacts("numbers", None, None)) is None


def test_the_edge_of_sorted_data() -> None:
    zeros, both = [0] * 4, [0, 0, 1, 1]  # 1 and 0.5; 0.625 is expected of four rows, so 0.8125 is the bound
    assert batches(*[zeros] * 5, *[both] * 3) is not None
    assert batches(*[zeros] * 4, *[both] * 3) is None
    assert nan != batches(*[[0, 0, 0, 1]] * 3)
