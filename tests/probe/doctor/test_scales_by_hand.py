"""The scale of inputs and targets, on cases made by hand: every bound from both sides, every sentence word for word."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import HELPS, HELPS_NOT, Tried, case, facts
from tinynet.probe.doctor import scales
from tinynet.probe.doctor.diagnosis import Diagnosis, Experiment
from tinynet.probe.doctor.truth import TruthFacts

WHY_INPUTS = "Initial weights and usual learning rates are made for inputs of size 1. Larger ones saturate units and "
WHY_INPUTS += "make the gradient of the first layer as many times larger."
FIX_INPUTS = "x = (x - x_train.mean(axis=0)) / x_train.std(axis=0)  # for validation and test too"
LARGE = np.array([[-20.0, 10.0], [10.0, -20.0], [10.0, 10.0], [0.0, 0.0]])


def test_large_inputs(tried: Tried) -> None:
    tried.gives = [HELPS]
    seen = f"the inputs go from -20 to 10, with root mean square {np.sqrt(150):.3g}"
    expected = Diagnosis("in-scale", "problem", 0.8, seen, WHY_INPUTS, FIX_INPUTS, experiment=HELPS)
    assert scales.inputs(case(x=LARGE)) == expected
    assert tried.asked == [("standardised inputs", "first", False)]
    for given in (LARGE, (LARGE,)):
        x = tried.changes[0].x(given)
        np.testing.assert_allclose([x.mean(axis=0), x.std(axis=0)], [[0, 0], [1, 1]], atol=1e-12)
    images = scales.inputs(case(x=np.full((2, 1, 3, 3), 255.0)))
    assert images.seen == "the inputs go from 255 to 255, with root mean square 255"
    assert images.fix == "x = x / 255  # or Normalize(mean, std); for validation and test too"


def features(*sizes: float) -> np.ndarray:
    """Four rows; each feature is as large as told, and its mean is 0."""
    return np.array([[1.0], [-1.0], [1.0], [-1.0]]) * sizes


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (features(8.0), False),
        (features(8.1), True),
        (features(0.0051), False),
        (features(0.005), False),
        (features(0.0049), True),
        (features(0.0), True),
        (features(32.0, *[0.0] * 15), False),
        (features(33.0, *[0.0] * 31), True),
        (features(9.0, 1.0), False),
        (None, False),
        (features(100.0)[:1], False),
        (features(100.0)[:2], True),
    ],
)
def test_the_edges_of_large_inputs(x: Any, said: bool, tried: Tried) -> None:
    assert (scales.inputs(case(x=x)) is not None) is said


@pytest.mark.parametrize(
    ("x", "more"),
    [
        (features(400.0, 1.0, 2.0), "; feature 0 alone has 400"),
        (features(1.0, 2.0, 400.0), "; feature 2 alone has 400"),
        (features(40.0, 40.0, 400.0), ""),
        (features(39.0, 39.0, 400.0), "; feature 2 alone has 400"),
        (features(0.0, 0.0, 400.0), "; feature 2 alone has 400"),
        (features(1.0, 2.0, 400.0)[:, :, None], ""),
        (features(400.0), ""),
        (features(0.0), ""),
        (features(0.0, 0.0, 0.004), "; feature 2 alone has 0.004"),
        (features(1e30, 1e30).astype(np.float32), ""),  # whose squares are too large for float32
        (features(2.0, 2.0) + np.array([12.5, 0]), "; a mean is 6.25 times its spread"),
        (features(2.0) + 10, ""),
        (features(2.0) + 12, ""),
        (features(2.0) + 12.5, "; a mean is 6.25 times its spread"),
        (features(2.0) - 12.5, "; a mean is 6.25 times its spread"),
        ((features(2.0) + 12.5)[:, :, None], ""),
    ],
)
def test_what_else_is_told_of_large_inputs(x: np.ndarray, more: str, tried: Tried) -> None:
    whole = np.sqrt(np.mean(x.astype(float) ** 2))
    seen = f"the inputs go from {x.min():.3g} to {x.max():.3g}, with root mean square {whole:.3g}{more}"
    assert scales.inputs(case(x=x)).seen == seen


WORSE = Experiment("it", (1.0,), (1.0,), (0.5, 0.4))
JUDGED = [
    ({}, HELPS, True),
    ({}, HELPS_NOT, False),
    ({"fitted": False}, HELPS, True),
    ({"fitted": False, "goes_well": True}, HELPS, True),
    ({"fitted": False, "goes_badly": True}, HELPS_NOT, False),
    ({"goes_well": True}, HELPS, False),
    ({"goes_badly": True}, HELPS_NOT, True),
    ({"goes_badly": True}, WORSE, False),
    ({"may_try": False}, None, False),
    ({"may_try": False, "fitted": False}, HELPS, False),
    ({"may_try": False, "goes_badly": True}, None, True),
    ({"may_try": False, "goes_badly": True, "fitted": False}, None, True),
]


@pytest.mark.parametrize(("known", "outcome", "bad"), JUDGED, ids=str)
def test_when_a_scale_is_a_problem(known: dict[str, Any], outcome: Any, bad: bool, tried: Tried) -> None:
    tried.gives = [outcome]
    found = scales.inputs(case(x=LARGE, **known))
    remark = 0.55 if known.get("goes_badly") else 0.45
    assert (found.level, found.weight) == (("problem", 0.8) if bad else ("remark", remark))
    found = scales.targets(with_targets(**known))
    remark = 0.5 if known.get("goes_badly") else 0.3
    assert (found.level, found.weight) == (("problem", 0.78) if bad else ("remark", remark))


def test_whether_a_net_learns_with_a_change() -> None:
    def learns(before: float, after: float) -> bool:
        return scales._learns(Experiment("it", (1.0,), (1.0,), (before, after)), case())

    assert scales._learns(None, case())
    assert learns(0.5, 0.49)
    assert learns(0.0, -0.02)
    assert not learns(0.0, -0.021)
    assert learns(nan, -5.0)
    assert not learns(nan, nan)
    assert not learns(0.0, nan)
    assert learns(0.0, inf) is False


def with_targets(values: Any = ((10.0,), (-2.0,), (4.0,), (0.0,)), kind: str = "numbers", **known: Any) -> Any:
    values = np.array(values, float)
    usual = {"truth": TruthFacts(kind, None, values), "y": values, "first_output": np.array([[3.0], [4.0]] * 2)}
    return case(**usual | known)


def test_large_targets(tried: Tried) -> None:
    tried.gives = [HELPS]
    seen = f"the targets go from -2 to 10, with root mean square {np.sqrt(30):.3g}; the new net gives "
    seen += f"{np.sqrt(12.5):.3g}"
    why = "The gradient grows with the distance to the targets: SGD overshoots, and a rule like Adam, whose step has a "
    why += "fixed size, needs very many steps to get there."
    fix = "y = (y - y_train.mean()) / y_train.std()  # and back: predicted * y_train.std() + y_train.mean()"
    expected = Diagnosis("out-scale", "problem", 0.78, seen, why, fix, experiment=HELPS)
    assert scales.targets(with_targets()) == expected
    assert tried.asked == [("standardised targets", "first", False)]
    y = tried.changes[0].y(np.array([[3.0], [3.0 + np.sqrt(21)]]))
    np.testing.assert_allclose(y, [[0], [1]], atol=1e-12)
    assert scales.targets(with_targets(loss_facts=facts(takes=""))) == expected


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (with_targets(kind="classes"), False),
        (with_targets(truth=TruthFacts("numbers", None, None)), False),
        (with_targets(loss_facts=facts(takes="logits")), False),
        (with_targets([[4.0], [-4.0]], first_output=np.zeros((2, 1))), False),
        (with_targets([[4.1], [-4.1]], first_output=np.zeros((2, 1))), True),
        (with_targets([[5.0], [5.0]], first_output=np.zeros((2, 1))), False),
        (with_targets(loss=lambda p, y: (-inf if y.min() < 0 else 1.0, p)), False),
    ],
)
def test_the_edges_of_large_targets(made: Any, said: bool, tried: Tried) -> None:
    assert (scales.targets(made) is not None) is said


def validation(x: Any, other: Any, **known: Any) -> Diagnosis | None:
    return scales.validation(case(x=x, valid_sample=(other, None), **known))


def test_validation_data_of_another_scale() -> None:
    x = features(1.0, 1.0)
    seen = "training inputs have mean 0 and spread 1, validation inputs 0 and 5"
    why = "The net is asked about numbers that it has never seen, so validation says nothing about what it learned."
    fix = "valid = Dataset((x_valid - x_train.mean(0)) / x_train.std(0), y_valid)  # the same steps, with the same "
    fix += "numbers"
    problem = Diagnosis("eval-prep", "problem", 0.85, seen, why, fix)
    assert validation(x, 5 * x) == problem
    assert validation(x, 5 * x, goes_well=True, valid_skill=0.51) == Diagnosis(
        "eval-prep", "remark", 0.4, seen, why, fix
    )
    assert validation(x, 5 * x, goes_well=True, valid_skill=0.5) == problem
    assert validation(x, 5 * x, valid_skill=0.9) == problem
    assert validation(2 * x, 2 * x + 4).seen == ("training inputs have mean 0 and spread 2, validation inputs 4 and 2")


@pytest.mark.parametrize(
    ("x", "other", "said"),
    [
        (features(1.0), features(2.9), False),
        (features(1.0), features(3.0), True),
        (features(1.0), features(0.34), False),
        (features(1.0), features(0.33), True),
        (features(2.0), features(2.0) + 2.9, False),
        (features(2.0), features(2.0) + 3.0, True),
        (features(2.0), features(2.0) - 3.0, True),
        (features(1.0, 2.0), features(9.0), False),
        (features(1.0), features(9.0)[:3], False),
        (features(1.0)[:3], features(9.0), False),
        (features(1.0)[:, :, None], features(9.0), True),
        (features(1.0), features(9.0)[:, :, None], True),
        (features(0.0), features(1.0), True),
    ],
)
def test_the_edges_of_another_scale(x: np.ndarray, other: np.ndarray, said: bool) -> None:
    assert (validation(x, other) is not None) is said


def test_validation_data_that_are_not_one_array() -> None:
    x = features(1.0)
    assert scales.validation(case(x=None, valid_sample=(9 * x, None))) is None
    assert scales.validation(case(x=x)) is None
    assert validation(x, (9 * x, x)) is None


def test_the_spread_and_the_place() -> None:
    x = np.array([[1.0, 10.0], [3.0, 10.0]], np.float32)
    assert scales._spread_and_place(x) == (pytest.approx(np.sqrt(0.5)), 6.0)
    assert scales._spread_and_place(np.ones((2, 2), np.float32)) == (pytest.approx(1e-15), 1.0)
    many = np.full((2_000_00, 1), 0.1, np.float32)
    assert scales._spread_and_place(many)[1] == pytest.approx(np.float64(np.float32(0.1)), rel=1e-12)


def test_the_moments_of_features_of_pixels_and_of_places() -> None:
    mean, spread = scales._moments(np.array([[1.0, 5.0], [3.0, 5.0]], np.float32))
    assert (mean.tolist(), spread.tolist()) == ([[2, 5]], [[1, 5]])
    assert mean.dtype == spread.dtype == np.float64
    mean, spread = scales._moments(np.array([[0.0], [0.0]]))
    assert (mean.tolist(), spread.tolist()) == ([[0]], [[1]])
    mean, spread = scales._moments(np.array([[-8.0], [-8.0]]))
    assert (mean.tolist(), spread.tolist()) == ([[-8]], [[8]])
    mean, spread = scales._moments(np.array([[100.0], [100.0 + 3e-4]]))
    assert spread[0, 0] == pytest.approx(1.5e-4)
    assert scales._moments(np.array([[100.0], [100.0 + 1e-4]]))[1][0, 0] == pytest.approx(100)
    mean, spread = scales._moments(np.arange(16.0).reshape(2, 2, 2, 2))
    assert (mean.ravel().tolist(), mean.shape) == ([5.5, 9.5], (1, 2, 1, 1))
    np.testing.assert_allclose(spread.ravel(), np.arange(16.0).reshape(2, 2, 4).std(axis=(0, 2)))
    mean, spread = scales._moments(np.arange(8.0).reshape(2, 2, 2))
    assert (mean.tolist(), spread.shape) == ([[[3, 4]]], (1, 1, 2))
    mean, _ = scales._moments(np.array([1.0, 3.0]))
    assert mean.tolist() == [2]


def test_inputs_and_targets_on_a_line() -> None:
    x = np.array([[2.0], [4.0]], np.float32)
    for given in (x, (x, x)):
        found = scales._standardised(given, np.array([[3.0]]), np.array([[0.5]]))
        assert (found.tolist(), found.dtype) == ([[-2], [2]], np.float32)
    found = scales._line(np.array([2.0, 4.0]), 3.0, 0.5)
    assert (found.tolist(), found.dtype) == ([-2, 2], np.float64)
    found = scales._line(np.array([2, 4]), 3.0, 0.5)
    assert (found.tolist(), found.dtype) == ([-2, 2], np.float32)
