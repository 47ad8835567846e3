"""What a case measures of a training, and in which order the doctor asks."""

from __future__ import annotations

from math import nan
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import place, walk
from tinynet.core import streams
from tinynet.data import Dataset
from tinynet.layers import Dropout, Flatten, Hardtanh, Linear, ReLU, Softmax, Tanh
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, StepLR
from tinynet.probe.doctor import Case, Diagnosis, diagnose, endings, trials, visit
from tinynet.probe.doctor import case as cases
from tinynet.probe.doctor.skill import ERRORS

DATA = Dataset(np.arange(160.0, dtype=np.float32).reshape(80, 2), np.zeros((80, 1), np.float32))


def made(*layers: Any, **known: Any) -> Case:
    """A case of real parts; what is measured may be known instead."""
    measured = {name: known.pop(name) for name in list(known) if name not in Case.__dataclass_fields__}
    usual = {
        "net": Net(list(layers) or [Linear(2, 1)]),
        "loss": mean_squared_error,
        "optimizer": SGD(lr=0.1),
        "train": DATA,
    }
    found = Case(**usual | known)
    vars(found).update(measured)
    return found


def test_a_copy_of_the_net() -> None:
    net = Net([Linear(2, 1)]).eval()
    first = {path: array * 0 + 7 for path, array in net.state().items()}
    found = made(net=net, first_weights=first)
    for start, expected in (("first", first), ("last", net.state())):
        copy = found.copy_of_net(start)
        np.testing.assert_equal(copy.state(), expected)
        assert copy is not net
        assert copy.training
    np.testing.assert_equal(found.copy_of_net().state(), first)
    np.testing.assert_equal(made(net=net).copy_of_net().state(), net.state())
    other = made(net=Net([Linear(3, 1)]), first_weights=first)  # layers were exchanged since
    assert other.copy_of_net()[0].in_features == 3
    assert not net.training


@pytest.mark.parametrize(
    ("known", "fitted", "well", "badly"),
    [
        ({}, False, False, False),
        ({"n_steps": 1, "skill": 0.75}, True, True, False),
        ({"n_steps": 1, "skill": 0.74}, True, False, False),
        ({"n_steps": 1, "skill": 0.3}, True, False, False),
        ({"n_steps": 1, "skill": 0.29}, True, False, True),
        ({"n_steps": 1, "skill": nan}, True, False, True),
        ({"n_steps": 1, "skill": 0.9, "valid_skill": 0.375}, True, True, False),
        ({"n_steps": 1, "skill": 0.9, "valid_skill": 0.374}, True, False, False),
        ({"ended_by": "an error", "skill": 0.9}, True, False, True),
        ({"skill": 0.9}, False, False, False),
        ({"skill": 0.0}, False, False, False),
    ],
)
def test_how_a_training_goes(known: dict[str, Any], fitted: bool, well: bool, badly: bool) -> None:
    found = made(**{"valid_skill": nan} | known)
    assert (found.fitted, found.goes_well, found.goes_badly) == (fitted, well, badly)


def test_the_rows_that_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    many = Dataset(np.arange(1200.0).reshape(600, 2), np.arange(600))

    def n_rows(seconds: float = 1e-9, data: Any = many, **known: Any) -> int:
        return len(made(train=data, _seconds_per_row=seconds, **known).sample[0])

    assert n_rows() == 256
    assert n_rows(may_try=False) == 64
    assert n_rows(0.15 / 100) == 100
    assert n_rows(1.0) == 32
    assert n_rows(1.0, may_try=False) == 32
    monkeypatch.setattr(cases, "MAX_NUMBERS", 200)
    assert n_rows() == 100
    x, y = made(train=many, _seconds_per_row=1e-9).sample
    assert (x[:, 0] == 2 * y).all()
    assert y.tolist() != sorted(y)
    np.testing.assert_array_equal(made(train=many, _seconds_per_row=1e-9).sample[1], y)
    found = made(train=many, valid=DATA, _seconds_per_row=0.15 / 40)
    assert len(found.valid_sample[0]) == 40
    assert made().valid_sample is None
    assert made()._seconds_per_row == pytest.approx(1e-8 * (2 + 1) + 2.4e-10 * 2, rel=1e-3)


def test_what_is_read_of_a_sample() -> None:
    x = np.ones((3, 2))
    assert made(sample=(x, "y")).x is x
    assert made(sample=(x, "y")).y == "y"
    assert made(sample=(x.astype(int), x)).x is None
    assert made(sample=((x, x), x)).x is None


def test_what_a_net_refuses() -> None:
    assert made().refusal == ""
    assert "expected x of shape" in made(Linear(3, 1)).refusal
    assert "predicted" in made(Linear(2, 3)).refusal

    def empty(p: Any, y: Any) -> Any:
        raise ValueError

    assert made(loss=empty).refusal == "ValueError"
    assert made(loss=lambda p, y: (1.0, np.ones((5, 5, 5)))).refusal != ""


def test_outputs_before_and_now() -> None:
    net = Net([Linear(2, 1), Dropout(0.9)])
    net[0].weight.tensor, net[0].bias.tensor = [[1.0, 0.0]], [0.0]
    x, y = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]], np.float32), np.array([[0.5], [1.0], [1.5]], np.float32)
    first = {"0.weight": np.array([[0.5, 0.0]]), "0.bias": np.zeros(1)}
    found = made(net=net, first_weights=first, sample=(x, y), valid_sample=(x, 2 * y))
    assert found.first_output.tolist() == y.tolist()
    assert found.output.tolist() == (2 * y).tolist()
    assert (found.first_skill, found.valid_skill) == (1, 1)
    assert found.skill < 0
    assert found.truth.kind == "numbers"
    assert found.loss_facts.takes == "numbers"
    assert np.isnan(made(valid_sample=None).valid_skill)
    assert np.isnan(made(valid_sample=(np.ones((3, 5)), y)).valid_skill)


def test_a_walk_draws_as_the_first_step_does() -> None:
    net = Net([Linear(2, 1), Dropout(0.5)])
    first = {"0.weight": np.zeros((1, 2)), "0.bias": np.ones(1)}
    x, y = np.ones((64, 2), np.float32), np.zeros((64, 1), np.float32)
    with streams.place_kept():
        streams.go_to(epoch=1, step=1)
        net[0].weight.tensor, net[0].bias.tensor = [[0.0, 0.0]], [3.0]
        expected = net.forward(x)
        streams.go_to(epoch=4, step=4)
        found = made(net=net, first_weights=first, sample=(x, y))
        np.testing.assert_allclose(found.first_walk.output, expected / 3)
        np.testing.assert_allclose(found.last_walk.output, expected)
        assert found.first_walk.loss == pytest.approx(float(np.mean((expected / 3) ** 2)))


def test_the_end_of_a_net() -> None:
    last = place("1", ReLU(), "relu")
    known = walk(
        place("0", Linear(2, 2), "weights"), last, place("2", Dropout(0.5), "other"), place("3", Flatten(), "shape")
    )
    assert made(first_walk=known).ending is last
    assert made(first_walk=walk(place("3", Flatten(), "shape"))).ending is None


def ranged(layer: Any, kind: str = "squash", output: Any = ((5.0, 5.0),), **known: Any) -> tuple:
    last, output = place("1", layer, kind), np.array(output)
    seen = {"1": np.zeros((2, 2), np.float32)}
    return made(**{"ending": last, "inputs_of": seen, "first_output": output, "output": output} | known).output_range


def test_the_range_of_the_outputs() -> None:
    assert ranged(Tanh()) == (-1, 1, False)
    unknown = (-np.inf, np.inf, False)
    assert ranged(Tanh(), "weights") == ranged(Tanh(), "norm") == ranged(Tanh(), inputs_of={}) == unknown
    assert ranged(None, ending=None) == unknown
    sums = [[0.25, 0.75], [0.0, 1.0]]
    assert ranged(Tanh(), output=sums) == (0, 1, True)
    assert ranged(Tanh(), output=[[5.0, 5.0]], first_output=np.array(sums)) == (0, 1, True)
    assert ranged(Tanh(), first_output=(1, 2), output=sums) == (0, 1, True)
    for other in (
        [[0.25, 0.752]],
        [[0.25, 0.748]],
        [[-0.5, 1.5]],
        [[1.0], [1.0]],
        [0.5, 0.5],
        [[nan, 1.0]],
        [[0.5, 0.5], [0.5, 0.6]],
    ):
        assert ranged(Hardtanh(), output=other) == (-1, 1, False)
    assert ranged(Tanh(), output=[[0.25, 0.7509]]) == (0, 1, True)


def test_the_inputs_of_each_layer() -> None:
    net = Net([Linear(2, 3), Softmax()])
    seen = made(net=net, sample=(np.ones((9, 2), np.float32), None)).inputs_of
    assert {path: array.shape for path, array in seen.items()} == {"": (8, 2), "0": (8, 2), "1": (8, 3)}
    kept = made(Dropout(0.5), Dropout(0.5), sample=(np.ones((9, 2), np.float32), None)).inputs_of
    assert (kept["1"] == 1).all()  # as in evaluation


def test_the_highest_rate_so_far() -> None:
    rule = SGD(lr=StepLR(0.5, step_size=1))
    assert made(optimizer=rule).rate == 0.5
    assert made(optimizer=SGD(lr=lambda step: 1.0 * step), n_steps=50).rate == 50


@pytest.mark.parametrize(
    ("seconds", "tried", "long"),
    [(1.0, 4, 4), (0.15 / 10, 10, 16), (0.15 / 19.5, 19, 32), (1e-9, 20, 100), (0.25 / 50, 20, 50)],
)
def test_how_many_steps_are_tried(seconds: float, tried: int, long: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Case, "_seconds_per_step", seconds)
    assert (made().n_tried, made().n_long) == (tried, long)


def test_the_seconds_of_a_step() -> None:
    found = made(Linear(2, 1), ReLU(), _seconds_per_row=0.01, batch_size=30)
    assert found._seconds_per_step == pytest.approx(3 * 3e-5 + 30 * 0.01)
    assert made(_seconds_per_row=0.01, batch_size=100)._seconds_per_step == pytest.approx(2 * 3e-5 + 80 * 0.01)


def test_the_first_batches() -> None:
    read: list = []

    def read_batches(data: Any, epoch: int) -> Any:
        read.append((data is DATA, epoch, streams._epoch, streams._step))
        return enumerate(f"{epoch}.{at}" for at in range(3))

    with streams.place_kept():
        found = made(read_batches=read_batches, n_tried=5)
        assert found.first_batches == ["1.0", "1.1", "1.2", "2.0", "2.1"]
        assert read == [(True, 1, 1, 0), (True, 2, 2, 0)]
        assert list(made(read_batches=lambda data, epoch: iter(())).batches(3)) == []
        assert list(made(read_batches=read_batches).batches(3)) == ["1.0", "1.1", "1.2"]
        plain = list(made(batch_size=30).batches(3))
        assert [len(x) for x, _ in plain] == [30, 30, 20]
        assert plain[0][0][:, 0].tolist() != DATA.x[:30, 0].tolist()
        assert list(made().batches(0)) == []


def said(name: str, level: Any = "problem") -> Diagnosis:
    return Diagnosis(name, level, 0.5, "s", "w", "f")


def test_rules_are_asked_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def rule(name: str, gives: Any = None) -> Any:
        return lambda case: asked.append(name) or gives

    monkeypatch.setattr(endings, "refused", rule("refused"))
    monkeypatch.setattr(
        visit, "OF_OUTPUTS", [rule("output", said("labels")), rule("pair", iter([said("a"), said("b")]))]
    )
    monkeypatch.setattr(visit, "OF_TRAINING", [rule("training")])
    monkeypatch.setattr(visit, "TRYING", [rule("trying", said("lr-high"))])
    monkeypatch.setattr(visit, "OF_DATA", [rule("data", said("leak"))])
    monkeypatch.setattr(visit, "LAST", {"width": rule("width", said("width")), "reg-x": rule("last", said("reg-x"))})

    def found(**known: Any) -> list[str]:
        asked.clear()
        usual = {
            "refusal": "",
            "may_try": True,
            "usual_step": True,
            "first_output": np.zeros((2, 1)),
            "explained": set(),
        }
        return [each.name for each in visit._found(SimpleNamespace(**usual | known))]  # type: ignore[arg-type]

    assert found() == ["labels", "a", "b", "lr-high", "reg-x"]
    assert asked == ["refused", "output", "pair", "training", "trying", "last"]
    assert found(may_try=False)[:1] == ["labels"]
    assert asked == ["refused", "output", "pair", "training"]
    assert found(first_output=np.zeros(2)) == found(first_output=(1, 2)) == ["lr-high", "reg-x"]
    assert asked == ["refused", "training", "trying", "last"]
    assert found(refusal="no") == ["leak"]
    assert asked == ["refused", "data"]
    monkeypatch.setattr(trials, "has_usual_loss", lambda case: False)
    assert found(usual_step=False) == ["lr-high", "reg-x"]
    assert found(usual_step=False, may_try=False) == []
    monkeypatch.setattr(trials, "has_usual_loss", lambda case: True)
    assert "labels" in found(usual_step=False)
    assert found(usual_step=False, may_try=False) == []
    monkeypatch.setattr(endings, "refused", rule("refused", said("shape")))
    assert found(refusal="no") == ["shape", "leak"]


def test_a_rule_that_fails_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "ERRORS", ERRORS)
    one = said("a")
    assert visit._asked(lambda case: one, None) == [one]  # type: ignore[arg-type]
    assert visit._asked(lambda case: None, None) == []  # type: ignore[arg-type]
    assert visit._asked(lambda case: iter([one, one]), None) == [one, one]  # type: ignore[arg-type]
    assert visit._asked(lambda case: 1 / 0, None) == []  # type: ignore[arg-type]


def test_data_are_read_through_a_copy_of_their_transform() -> None:
    class Turned:
        def __call__(self, x: np.ndarray) -> np.ndarray:
            return -x

    data = Dataset(DATA.x, DATA.y, transform=Turned())
    copy = visit._undisturbed(data)
    assert copy is not data
    assert copy.transform is not data.transform
    np.testing.assert_array_equal(copy[np.arange(3)][0], -DATA.x[:3])
    assert visit._undisturbed(DATA) is DATA
    odd = SimpleNamespace(transform=Turned())
    assert visit._undisturbed(odd) is odd


def test_a_visit_disturbs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(case: Case) -> Any:
        assert case is not given
        case.explained.add("x")
        streams.go_to(9, 9)
        np.log(np.zeros(1))
        yield said("b", "remark")
        yield said("labels")

    monkeypatch.setattr(visit, "_found", found)
    given = made()
    with streams.place_kept():
        streams.go_to(3, 4)
        assert diagnose(given).names() == ["labels", "b"]
        assert (streams._epoch, streams._step) == (3, 4)
    assert given.explained == set()
    with pytest.raises(
        TypeError, match=r"diagnose: case must be a Case, .*\nHint: write Case\(net, loss, optimizer, train\)\."
    ):
        diagnose("case")  # type: ignore[arg-type]
