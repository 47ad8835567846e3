"""Losses and metrics against the targets, on cases made by hand: every bound from both sides, every sentence."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import HELPS, HELPS_NOT, Tried, case, facts
from tinynet.layers import Embedding, Layer, Linear, Softmax
from tinynet.losses import cross_entropy, mean_absolute_error, mean_squared_error
from tinynet.net import Net
from tinynet.probe.doctor import losses
from tinynet.probe.doctor.diagnosis import Diagnosis
from tinynet.probe.doctor.truth import TruthFacts


def truth(kind: str, values: Any = None) -> TruthFacts:
    return TruthFacts(kind, None, values)


def found(*, takes: str = "numbers", kind: str = "numbers", y: Any = None, **known: Any) -> Diagnosis | None:
    names = "several", "ignores_output", "only_signs", "overlaps"
    loss_facts = facts(takes=takes, **{name: known.pop(name) for name in names if name in known})
    usual = {"truth": truth(kind), "y": y, "first_output": np.zeros((4, 1)), "output_range": (-inf, inf, False)}
    return losses.unfit_loss(case(loss_facts=loss_facts, **usual | known))


def test_truths_outside_0_and_1() -> None:
    y = np.array([[0.0], [2.0], [-1.0], [1.0]])
    why = "Outside 0 and 1 the loss has no lower bound: it falls below zero while nothing is learned."
    said = "mean_squared_error is for targets from 0 to 1, and 50% of them are outside: numbers from -1 to 2"
    fix = "Learner(net, mean_squared_error, ...)"
    numbers = Diagnosis("loss", "problem", 0.95, said, why, fix)
    assert found(takes="probabilities", y=y) == found(takes="logits", y=y) == numbers
    said = "mean_squared_error is for targets from 0 to 1, and 25% of them are outside: 3 classes from 0 to 2"
    fix = "Learner(net, cross_entropy, ...)  # with an output for each class"
    codes = Diagnosis("loss", "problem", 0.95, said, why, fix)
    assert found(takes="logits", kind="codes", y=np.array([0, 1, 2, 0])) == codes


@pytest.mark.parametrize(
    "known",
    [
        {"y": [2.0]},
        {"y": np.array(["a"])},
        {"y": np.array([0.0, 1.0])},
        {"kind": "classes"},
        {"several": True},
        {"takes": "numbers"},
        {"takes": "log-probabilities"},
    ],
    ids=str,
)
def test_truths_that_are_not_outside(known: dict[str, Any]) -> None:
    assert found(**{"takes": "logits", "y": np.array([2.0])} | known) is None


def test_a_gradient_without_a_distance_for_classes() -> None:
    said = "the targets are classes, and the gradient of mean_absolute_error has the same size whatever the distance"
    why = "The absolute error is least at the median, which is one of the classes; a sigmoid after it makes even that "
    why += "slow."
    fix = "Learner(net, cross_entropy, ...)  # or binary_cross_entropy_with_logits, without the last activation"
    for kind in ("classes", "binary", "codes"):
        known = {"kind": kind, "loss": mean_absolute_error, "only_signs": True}
        assert found(**known) == Diagnosis("loss", "problem", 0.95, said, why, fix)
        assert found(**known, goes_well=True) == Diagnosis("loss", "remark", 0.5, said, why, fix)
    assert found(kind="numbers", only_signs=True) is None


def of_the_yes(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    return float(-np.mean(y.reshape(p.shape) * np.log(p))), p


YES = np.array([[0], [1], [1], [0]])


def test_a_loss_that_no_no_changes() -> None:
    said = "for a row with the target 0 the loss is the same whatever the net says"
    why = "With one output, the cross-entropy for several classes knows only the yes: the net learns to say it always."
    expected = Diagnosis("loss", "problem", 0.95, said, why, "Learner(net, binary_cross_entropy_with_logits, ...)")
    known = {"kind": "binary", "loss": of_the_yes, "takes": "probabilities"}
    assert found(y=YES, **known) == expected
    assert found(y=YES[:, 0], **known) == expected
    assert found(y=YES[:, None], first_output=np.zeros((4, 1, 1)), **known) == expected
    assert found(y=YES, **known | {"kind": "numbers"}) is None
    assert found(y=YES, first_output=np.zeros((4, 2)), **known | {"loss": lambda p, y: (1.0, p)}) is None
    assert found(y=YES, ignores_output=True, **known) is None
    assert found(y=YES * 0, **known) is None
    assert found(y=YES * 0 + 1, **known) is None


@pytest.mark.parametrize(
    ("at", "moved", "said"),
    [(1.0, 1.0, True), (100.0, 100.0 + 5e-8, True), (-100.0, -100.0 + 5e-8, True), (100.0, 100.0 + 2e-7, False),
     (100.0, 100.0 - 2e-7, False), (nan, nan, False), (1.0, inf, False)],
)  # fmt: skip
def test_the_edges_of_a_loss_that_no_no_changes(at: float, moved: float, said: bool) -> None:
    def loss(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        assert (np.isclose(p, 0.4) == (y == 1)).all() or np.isclose(p, 0.4).all()
        assert (np.isclose(p, 0.6) == (y == 0)).all() or np.isclose(p, 0.4).all()
        return (at if np.isclose(p, 0.4).all() else moved), p

    assert (found(kind="binary", takes="probabilities", y=YES, loss=loss) is not None) is said


def test_distances_for_classes() -> None:
    said = "mean_squared_error asks for a yes or no from each unit, and the net ends in a softmax over the classes"
    why = "It counts each of the many right no's, so the loss and its gradient are smaller, and the choice counts less."
    fix = "Learner(net, cross_entropy, ...)  # without the last activation"
    yes = {"takes": "probabilities", "kind": "classes", "output_range": (0.0, 1.0, True)}
    assert found(**yes) == Diagnosis("loss", "remark", 0.34, said, why, fix)
    for other in ({"several": True}, {"overlaps": True}, {"output_range": (0.0, 1.0, False)}, {"takes": "logits"}):
        assert found(**yes | other) is None
    said = "the targets are classes, and mean_squared_error measures distances"
    why = "Where a softmax or a sigmoid is surely wrong, the gradient of a distance is almost zero; that of the "
    why += "cross-entropy is not."
    assert found(kind="classes") == Diagnosis("loss", "remark", 0.34, said, why, fix)
    assert found(kind="numbers") is None


@pytest.mark.parametrize(
    ("slope", "name", "level", "weight"),
    [(1.0, "", "", 0), (nan, "", "", 0), (inf, "", "", 0), (1.019, "", "", 0), (0.981, "", "", 0),
     (1.02, "gradient", "remark", 0.45), (2.49, "gradient", "remark", 0.45), (2.5, "gradient", "problem", 0.9),
     (0.41, "gradient", "remark", 0.45), (0.4, "gradient", "problem", 0.9), (-0.98, "gradient", "problem", 0.9),
     (-0.981, "sign", "problem", 0.97), (-1.02, "gradient", "problem", 0.9), (-1.0, "sign", "problem", 0.97)],
)  # fmt: skip
def test_a_gradient_that_is_no_derivative(slope: float, name: str, level: Any, weight: float) -> None:
    said = losses.wrong_gradient(case(loss_facts=facts(slope=slope)))
    if not name:
        assert said is None
        return
    fix = "check_loss(loss, predicted.shape, y)  # from tinynet.gradcheck; it says which number is wrong"
    seen = f"the gradient that the loss returns promises a rise of 1, and the loss rises by {slope:.3g}"
    why = "The optimizer follows the gradient, not the number that is shown."
    if name == "sign":
        seen = "along the gradient that the loss returns, the loss falls: the sign is wrong"
        why = "Every step makes the loss larger."
    assert said == Diagnosis(name, level, weight, seen, why, fix)
    well = losses.wrong_gradient(case(loss_facts=facts(slope=slope), goes_well=True))
    assert well.level == ("problem" if name == "sign" else "remark")


def silent(n_wrong: int, n_silent: int, sure: float = 0.7, **known: Any) -> Diagnosis | None:
    """Ten rows of the class 0, of which so many are taken for 1, and so many of these have no gradient."""
    output = np.tile([[0.9, 0.1]], (10, 1))
    output[:n_wrong] = [1 - sure, sure]

    def clipped(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.ones_like(p)
        gradient[:n_silent] = 0
        gradient[-1] = 0  # a row that is right
        return 1.0, gradient

    usual = {"output": output, "y": np.zeros(10, int), "loss": clipped, "output_range": (0.0, 1.0, True)}
    return losses.silent_rows(case(**usual | known))


def test_rows_from_which_nothing_is_learned() -> None:
    seen = "clipped gives no gradient for 50% of the rows that the net gets wrong"
    why = "Where a prediction is clipped, the loss is flat: the rows from which most is to be learned teach nothing."
    fix = "np.clip(p, 1e-7, 1)  # no further; or cross_entropy of logits"
    assert silent(4, 2) == Diagnosis("loss", "problem", 0.88, seen, why, fix)
    assert silent(4, 2, goes_well=True) == Diagnosis("loss", "remark", 0.4, seen, why, fix)
    assert silent(4, 1) is None
    assert silent(4, 4, output_range=(0.0, 1.0, False)) is None
    assert silent(4, 4, loss_facts=facts(ignores_output=True)) is None
    assert silent(4, 4, y=np.zeros(10)) is None
    assert silent(4, 4, y=np.zeros((10, 1), int), output=np.tile([[[0.3, 0.7]]], (10, 1, 1))) is None
    assert silent(4, 4, output=np.full((10, 2), nan)) is None
    assert silent(4, 4, sure=1 - 2e-4) is not None
    assert silent(4, 4, sure=1 - 5e-5) is None

    def of_one(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        return 1.0, np.array([[0.0, 1.0]] * 10)

    assert silent(4, 4, loss=of_one) is None


def test_all_compared_with_all() -> None:
    made = case(loss_facts=facts(compares_all=True), first_output=np.zeros((4, 1)), y=np.zeros(4))
    seen = "the loss stays the same when the targets are exchanged between the rows: predictions (4, 1) and targets "
    seen += "(4,)"
    why = "(N, 1) minus (N,) has the shape (N, N): every prediction is compared with every target, and the mean is "
    why += "learned."
    fix = "y = y.reshape(-1, 1)  # the shape of the predictions"
    assert losses.broadcast(made) == Diagnosis("broadcast", "problem", 0.96, seen, why, fix)
    assert losses.broadcast(case()) is None


@pytest.mark.parametrize(
    ("known", "helps", "level", "weight"),
    [({}, False, "remark", 0.6), ({}, True, "problem", 0.76), ({"goes_well": True}, True, "remark", 0.6),
     ({"goes_badly": True}, False, "problem", 0.76), ({"goes_badly": True, "batch_size": 1}, False, "remark", 0.6)],
)  # fmt: skip
def test_a_sum_for_a_mean(known: dict[str, Any], helps: bool, level: Any, weight: float, tried: Tried) -> None:
    tried.gives = [HELPS if helps else HELPS_NOT]
    made = case(**{"loss_facts": facts(sums=True), "batch_size": 8, "train": range(40)} | known)
    n = made.batch_size
    seen = f"twice the rows give twice the gradient: with a batch of {n} it is {n} times that of the mean"
    why = "The learning rate then depends on the batch size; with this one the steps are too long."
    fix = 'loss / len(y), gradient / len(y)  # or reduction="mean"'
    experiment = tried.gives[0]
    assert losses.sum_for_mean(made) == Diagnosis("reduce", level, weight, seen, why, fix, experiment=experiment)
    assert tried.asked == [("the mean over the batch", "first", False)]
    value, gradient = tried.changes[0].loss(lambda p, y: (6.0, np.full(2, 4.0)))(np.zeros(2), None)
    assert (value, gradient.tolist()) == (3.0, [2.0, 2.0])


def test_a_batch_is_no_larger_than_the_data(tried: Tried) -> None:
    said = losses.sum_for_mean(case(loss_facts=facts(sums=True), batch_size=64, train=range(40)))
    assert "with a batch of 40 it is 40 times" in said.seen
    for sums in (False, None):
        assert losses.sum_for_mean(case(loss_facts=facts(sums=sums), batch_size=64, train=range(40))) is None


class Mixing(Layer):
    """Adds a share of the mean over the batch, and some noise."""

    def __init__(self, share: Any = 0.0, noise: Any = 0.0, cut: bool = False) -> None:
        self.share, self.noise, self.cut = np.array(share), np.array(noise), cut

    def forward(self, x: np.ndarray) -> np.ndarray:
        assert not self.training
        assert x.dtype != np.float32
        if self.cut:
            return x[:, : len(x)]
        return x + self.share * x.mean(axis=0) + self.noise * np.arange(len(x))[:, None]

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return dy


ROWS = np.array([[1.0, 2.0, 3.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0], [9.0, 9.0, 9.0]])


def mixed(layer: Layer, x: Any = ROWS, **known: Any) -> Diagnosis | None:
    net = Net([layer]).train()
    usual = {"sample": (x, None), "output": np.zeros(4), "copy_of_net": lambda start: deepcopy(net)}
    return losses.mixed_rows(case(**usual | known))


def test_rows_that_depend_on_each_other() -> None:
    seen = "in evaluation mode the output for a row changes when other rows stand beside it in the batch"
    why = "The rows of a batch are unrelated samples: a sum, a softmax or a reshape goes over the batch axis."
    fix = "Softmax(axis=-1)  # and Reshape and sums without axis 0"
    expected = Diagnosis("reduce", "problem", 0.88, seen, why, fix)
    assert mixed(Mixing(share=0.5)) == expected
    assert mixed(Softmax(axis=0)) == expected
    assert mixed(Mixing()) is None
    assert mixed(Mixing(share=1e-3)) is None  # of the largest output it is less than a thousandth
    assert mixed(Mixing(share=4e-3)) == expected
    assert mixed(Mixing(share=[0.5, 0, 0])) == expected
    assert mixed(Mixing(share=1e-3), x=-ROWS) is None
    assert mixed(Mixing(share=-0.5)) == expected
    assert mixed(Mixing(cut=True)) is None
    assert mixed(Mixing(share=0.5), x=np.ones((3, 3))) is None
    assert mixed(Mixing(share=0.5), output=(1, 2)) is None
    assert mixed(Mixing(share=0.5), x=np.array([[1.0], [nan], [2.0], [3.0]])) is None
    assert mixed(Mixing(), x=np.array([[1.0, 2.0], [nan, 2.0], [2.0, 3.0], [3.0, 4.0]])) is None
    assert mixed(Net([Linear(3, 2), Softmax()]), x=np.ones((4, 3), np.float32)) is None
    assert mixed(Embedding(5, 2), x=np.array([1, 2, 0, 4])) is None


def test_equal_rows_with_different_outputs() -> None:
    seen = "in evaluation mode the outputs for four equal rows differ"
    why = "Something random, such as a dropout, is on in evaluation: each answer is a throw of dice."
    fix = "x if not self.training else ...  # in a layer of your own; or Dropout, which looks at it"
    expected = Diagnosis("bn-mode", "problem", 0.86, seen, why, fix)
    assert mixed(Mixing(noise=0.1)) == expected
    assert mixed(Mixing(noise=1e-5)) == expected
    assert mixed(Mixing(noise=5e-7)) is None  # at most 1.5e-6 beside 3
    assert mixed(Mixing(noise=[0.1, 0, 0])) == expected
    assert mixed(Mixing(noise=-0.1)) == expected
    assert mixed(Mixing(noise=5e-7), x=-ROWS) is None


def right(p: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean((p > 0.5) == (y > 0.5)))


def blind(p: np.ndarray, y: np.ndarray) -> float:
    return 0.5


def metric(kind: str, values: Any, metric: Any, takes: str = "numbers", **known: Any) -> Diagnosis | None:
    values = np.array(values, float)
    usual = {
        "truth": truth(kind, values),
        "y": values,
        "first_output": np.zeros(values.shape, np.float32),
        "output_range": (-inf, inf, False),
        "metrics": {"its name": metric},
        "loss_facts": facts(takes=takes),
    }
    return losses.unfit_metric(case(**usual | known))


def test_a_metric_of_hits_for_numbers() -> None:
    def hits(p: np.ndarray, y: np.ndarray) -> float:
        assert p.dtype == np.float32
        return float(np.mean(p == y))

    seen = "its name is 0.00 for predictions that miss by a thousandth of the spread, and 0.00 for wild ones"
    why = "Numbers are never hit exactly: a share of hits says nothing about how good the net is."
    fix = "Learner(..., metrics=[mean_absolute_error])"
    assert metric("numbers", [[1.0], [2.0], [4.0]], hits) == Diagnosis("metric", "problem", 0.6, seen, why, fix)


def test_a_metric_that_is_blind() -> None:
    seen = "its name is 0.50 for predictions that are all right, and 0.50 where all are wrong"
    why = "A metric that cannot tell right from wrong says nothing about how good the net is."
    expected = Diagnosis("metric", "problem", 0.6, seen, why, "Learner(..., metrics=[accuracy])")
    assert metric("binary", [[0.0], [1.0]], blind) == metric("classes", [[0, 1], [1, 0]], blind) == expected
    assert metric("binary", [[0.0], [1.0]], right) is None
    assert metric("codes", [[0.0], [1.0]], blind) is None
    assert metric("binary", [[1.0], [1.0]], blind) is None
    assert metric("binary", [[0.0], [1.0]], blind, truth=truth("binary")) is None


@pytest.mark.parametrize(
    ("kind", "values", "takes", "bounds", "near", "far"),
    [
        (
            "numbers",
            [[0.0, 1.0], [4.0, 1.0], [8.0, 1.0], [0.0, 1.0], [4.0, 6.0]],
            "numbers",
            (0, 1),
            np.array([0, 1, 4, 1, 8, 1, 0, 1, 4, 6]) + np.sqrt(6.84) / 1000,
            np.array([8, 1, 0, 1, 4, 6, 0, 1, 4, 1]) + np.sqrt(6.84) * 2,
        ),
        ("binary", [[0.0], [1.0]], "numbers", (-inf, inf), [0, 1], [1, 0]),
        ("binary", [[0.0], [1.0]], "logits", (0, 1), [-10, 10], [10, -10]),
        ("binary", [[0.0], [1.0]], "probabilities", (0, 1), [0.05, 0.95], [0.95, 0.05]),
        ("classes", [[0, 0, 1], [1, 0, 0]], "numbers", (-1, 1), [0, 0, 1, 1, 0, 0], [1, 0, 0, 0, 1, 0]),
        ("binary", [[[0.0], [1.0]], [[1.0], [0.0]]], "numbers", (-inf, inf), [0, 1, 1, 0], [1, 0, 0, 1]),
    ],
)
def test_what_a_metric_is_asked(kind: str, values: list, takes: str, bounds: tuple, near: list, far: list) -> None:
    asked: list = []

    def watched(p: np.ndarray, y: np.ndarray) -> float:
        asked.append(p.reshape(-1))
        return float(len(asked))

    assert metric(kind, values, watched, takes, output_range=(*bounds, False)) is None
    np.testing.assert_allclose(asked, [near, far], rtol=1e-6)


@pytest.mark.parametrize(
    ("beside", "off", "said"),
    [(0.0, 0.05, True), (0.0, 0.06, False), (100.0, 95.3, True), (100.0, 95.2, False), (-100.0, -96.0, True)],
)
def test_the_edges_of_a_blind_metric(beside: float, off: float, said: bool) -> None:
    answers = iter([beside, off])
    assert (metric("binary", [[0.0], [1.0]], lambda p, y: next(answers)) is not None) is said


def test_a_metric_that_fails_is_passed_over() -> None:
    def fails(p: np.ndarray, y: np.ndarray) -> float:
        raise ValueError("no")

    said = metric("binary", [[0.0], [1.0]], fails, metrics={"fails": fails, "blind": blind})
    assert said.seen.startswith("blind is 0.50")


def test_the_name_of_a_loss() -> None:
    class Own:
        def __call__(self, p: Any, y: Any) -> None: ...

    names = {cross_entropy: "cross_entropy", lambda p, y: 1: "the loss", Own(): "Own"}
    names |= {partial(cross_entropy, label_smoothing=0.1): "cross_entropy", partial(Own()): "Own"}
    for loss, name in names.items():
        assert losses.loss_name(case(loss=loss)) == name
    assert losses.loss_name(case(loss=mean_squared_error)) == "mean_squared_error"
