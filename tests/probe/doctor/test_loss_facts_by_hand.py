"""What a loss is asked, question by question, with losses of one line."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest

from tinynet.losses import binary_cross_entropy, cross_entropy, mean_absolute_error, mean_squared_error
from tinynet.probe.doctor import loss_facts
from tinynet.probe.doctor.loss_facts import LossFacts, _Asked, facts_about

RNG = np.random.default_rng(1)
P = RNG.uniform(0.2, 0.6, (6, 3))
LABELS = np.array([0, 1, 2, 1, 0, 0])
HOT = np.eye(3)[LABELS]
NUMBERS = RNG.normal(size=(6, 3))


class Answers:
    """Answers one after the other, and what was asked."""

    def __init__(self, *values: float, y: Any = HOT) -> None:
        self.values, self.y = list(values), y
        self.asked: list[np.ndarray] = []

    def __call__(self, predicted: np.ndarray) -> float:
        self.asked.append(predicted)
        return self.values.pop(0)


def value(function: Any) -> Any:
    """A loss of a value alone."""

    def loss(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        with np.errstate(all="ignore"):
            return float(function(p, y)), np.zeros_like(p)

    return loss


def test_facts_of_what_is_no_array() -> None:
    nothing = facts_about(cross_entropy, [1.0], LABELS)
    assert str(nothing) == str(LossFacts("", False, False, None, False, False, nan))
    assert str(facts_about(cross_entropy, P, [1])) == str(facts_about(cross_entropy, P[:, 0], LABELS)) == str(nothing)


def test_all_facts_at_once() -> None:
    assert facts_about(cross_entropy, P, LABELS) == LossFacts("logits", True, False, False, False, False, 1.0)
    summed = facts_about(lambda p, y: (float(np.sum((p - y) ** 2)), 2 * (p - y)), P, NUMBERS)
    assert summed == LossFacts("numbers", False, False, True, False, False, 1.0)
    signs = facts_about(mean_absolute_error, P, NUMBERS)
    assert (signs.takes, signs.only_signs) == ("numbers", True)
    seen: list = []
    facts_about(value(lambda p, y: seen.append((p.shape, len(y))) or 0.0), np.zeros((40, 2)), np.zeros((40, 2)))
    assert set(seen) <= {((16, 2), 16), ((32, 2), 32)}
    assert ((16, 2), 16) in seen


@pytest.mark.parametrize(
    ("loss", "y", "expected"),
    [
        (lambda p, y: np.mean((p - y) ** 2), NUMBERS, ("numbers", False)),
        (lambda p, y: np.sum(np.abs(p - y)), NUMBERS, ("numbers", False)),
        (lambda p, y: np.mean((p - y) ** 2), 1000 * NUMBERS, ("numbers", False)),
        (lambda p, y: np.mean((p - y) ** 4), NUMBERS, ("numbers", False)),
        (lambda p, y: -np.mean((p - y) ** 4), NUMBERS, ("", False)),
        (lambda p, y: nan, NUMBERS, ("", False)),
        (lambda p, y: cross_entropy(p, y)[0], LABELS, ("logits", True)),
        (lambda p, y: -np.mean(p[np.arange(6), y]), LABELS, ("log-probabilities", True)),
        (lambda p, y: -np.mean(np.log(p[np.arange(6), y])), LABELS, ("probabilities", True)),
        (
            lambda p, y: -np.mean(np.log((p / p.sum(axis=1, keepdims=True))[np.arange(6), y])),
            LABELS,
            ("probabilities", True),
        ),
        (lambda p, y: binary_cross_entropy(p, y)[0], HOT, ("probabilities", False)),
        (lambda p, y: np.mean(np.logaddexp(0, p) - y * p), HOT, ("logits", False)),
        (lambda p, y: np.mean(np.sin(7 * p)), LABELS[:5], ("", False)),
        (lambda p, y: 1.0, HOT, ("", False)),
    ],
)
def test_what_a_loss_takes(loss: Any, y: Any, expected: tuple) -> None:
    p = P[: len(y)]
    assert loss_facts._takes(_Asked(value(loss), y), p, y) == expected


def test_the_shape_of_a_loss() -> None:
    def has_shape(loss: Any, formula: Any = lambda q: q**2) -> bool:
        return loss_facts._has_shape(_Asked(value(loss), None), P, formula)

    assert has_shape(lambda p, y: np.sum(p**2))
    assert has_shape(lambda p, y: 5 - np.mean(p**2))
    assert not has_shape(lambda p, y: np.sum(p**3))
    assert not has_shape(lambda p, y: 1.0)
    assert not has_shape(lambda p, y: nan)
    assert not has_shape(lambda p, y: np.sum(p**2), lambda q: 0 * q)
    answers = Answers(1.0, 3.0, 2.0, 1.5)
    sums = iter([np.array(10.0), np.array(14.0), np.array(12.0), np.array(11.0)])
    assert loss_facts._has_shape(answers, P, lambda q: next(sums))
    np.testing.assert_allclose(answers.asked, [P, 0.5 * P + 0.4, 0.3 * P + 0.05, P[::-1]])
    for last, fits in ((1.503, True), (1.51, False)):
        four = iter([np.array(10.0), np.array(14.0), np.array(12.0), np.array(11.0)])
        assert loss_facts._has_shape(Answers(1.0, 3.0, 2.0, last), P, lambda q, four=four: next(four)) is fits


@pytest.mark.parametrize(
    ("answers", "least"),
    [((1, 2, 3), True), ((1, 1, 3), False), ((1, 3, 1), False), ((2, 1, 3), False), ((2, 3, 1), False)],
)
def test_where_a_loss_is_least(answers: tuple, least: bool) -> None:
    asked = Answers(*answers)
    assert loss_facts._is_least_at(asked, HOT) is least
    np.testing.assert_array_equal(asked.asked, [HOT, HOT + 1, HOT - 1])


@pytest.mark.parametrize("changed", range(6))
def test_whether_a_loss_ignores_predictions(changed: int) -> None:
    for y, far in ((HOT * 0.5, 1.0), (-4 * HOT, 4.0), (np.zeros((0, 3)), 1.0)):
        values = [2.0] * 5
        if changed < 5:
            values[changed] = 3.0
        asked = Answers(*values, y=y)
        assert loss_facts._ignores_output(asked, P) is (changed == 5)
        np.testing.assert_allclose(asked.asked, [P, P[::-1], 3 * P, P - 2, (P + 1) * far])
        values[min(changed, 4)] = inf
        assert not loss_facts._ignores_output(Answers(*values, y=y), P)


@pytest.mark.parametrize(
    ("factor", "sums"),
    [(1.0, True), (0.991, True), (0.98, None), (0.5, False), (0.46, False), (0.54, False), (0.44, None), (0.56, None)],
)
def test_whether_a_loss_sums(factor: float, sums: bool | None) -> None:
    def loss(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        if len(p) == len(P):
            np.testing.assert_array_equal(p, P)
            return 1.0, p.copy()
        np.testing.assert_array_equal(p, np.concatenate([P, P]))
        np.testing.assert_array_equal(y, np.concatenate([HOT, HOT]))
        return 1.0, np.concatenate([factor * P, 9 * P])

    assert loss_facts._sums(loss, P, HOT) is sums


def test_what_has_no_gradient_to_sum() -> None:
    assert loss_facts._sums(value(lambda p, y: 1.0), P, HOT) is None
    assert loss_facts._sums(lambda p, y: (1.0, "none"), P, HOT) is None

    def once(p: np.ndarray, y: np.ndarray) -> tuple[float, Any]:
        return 1.0, (p if len(p) == len(P) else None)

    assert loss_facts._sums(once, P, HOT) is None
    assert loss_facts._gradient(lambda p, y: 1 / 0, P, HOT) is None
    assert loss_facts._gradient(lambda p, y: (1.0, p.astype(np.float32)), P, HOT).dtype == np.float64


def test_whether_a_loss_compares_all_with_all() -> None:
    t, p = NUMBERS[:, 0], P[:, :1]

    def exchanged(loss: Any, y: Any = t) -> bool:
        return loss_facts._same_when_exchanged(value(loss), p, y)

    assert exchanged(lambda p, y: np.mean((p - y) ** 2))
    assert not exchanged(lambda p, y: np.mean((p[:, 0] - y) ** 2))
    assert not exchanged(lambda p, y: 1.0)
    assert not exchanged(lambda p, y: np.mean((p - y) ** 2), np.ones(6))
    assert not exchanged(lambda p, y: np.mean((p - y) ** 2), np.array([1.0, 2.0] * 3))  # by two rows it is the same
    assert not exchanged(lambda p, y: np.mean((p - y) ** 2) + 1e-6 * y[0])
    assert exchanged(lambda p, y: np.mean((p - y) ** 2) + 1e-11 * y[0])
    assert loss_facts._compares_all(value(lambda p, y: np.mean((p - y) ** 2)), p, t)
    far = value(lambda p, y: np.mean((p - y) ** 2) + (np.abs(p).max() > 0.7) * y[0])
    assert not loss_facts._compares_all(far, p, t)
    near = value(lambda p, y: np.mean((p - y) ** 2) + (np.abs(p).max() < 0.7) * y[0])
    assert not loss_facts._compares_all(near, p, t)


def test_whether_a_gradient_has_only_signs() -> None:
    def signs(gradient: Any) -> bool:
        return loss_facts._only_signs(lambda p, y: (1.0, gradient(p)), P, -3 * HOT)

    assert signs(np.sign)
    assert signs(lambda p: np.where(p > 0.4, 0.5, 0))
    assert not signs(lambda p: p)
    assert not signs(lambda p: 0 * p)
    assert not signs(lambda p: np.where(p > 11, 2.0, 1.0))  # P + 2 · 3 + 5
    assert not signs(lambda p: np.where(p < -14, 2.0, 1.0))  # P − 2 · 3 − 9
    assert signs(lambda p: np.where(p > 11.7, 2.0, 1.0))
    assert signs(lambda p: np.where(p < -14.9, 2.0, 1.0))
    assert not signs(lambda p: np.where(p < 1, 2.0, 1.0))
    assert not signs(lambda p: None if p.max() > 1 else np.sign(p))
    assert not signs(lambda p: 1 + 1e-8 * (p > 0.4))
    assert signs(lambda p: 1 + 1e-10 * (p > 0.4))


def test_the_slope_of_a_loss() -> None:
    def slope(factor: float = 1.0, y: Any = NUMBERS) -> float:
        return loss_facts._slope(lambda p, y: (float(np.sum((p - y) ** 2)), factor * 2 * (p - y)), P, y)

    assert slope() == 1
    assert slope(2.0) == 0.5
    assert slope(-1.0) == -1
    assert slope(1 / 1.2346) == 1.235
    for gradient in (None, np.zeros((6, 3)), np.ones(3), np.full((6, 3), nan)):
        assert np.isnan(loss_facts._slope(lambda p, y, gradient=gradient: (1.0, gradient), P, HOT))
    asked: list = []

    def watched(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        asked.append(p)
        return 1.0, -4 * np.ones_like(p)

    loss_facts._slope(watched, P, HOT)
    np.testing.assert_allclose([asked[1] - P, asked[2] - P], [np.full((6, 3), -1e-5), np.full((6, 3), 1e-5)], rtol=1e-6)


def test_the_truth_in_the_shape_of_the_predictions() -> None:
    np.testing.assert_array_equal(loss_facts._spread(LABELS, P), HOT)
    assert loss_facts._spread(NUMBERS.reshape(-1), P).shape == (6, 3)
    assert loss_facts._spread(LABELS.astype(float), P) is None
    assert loss_facts._spread(LABELS[:5], P) is None
    assert loss_facts._spread(LABELS[:, None], P[:, :1]).dtype == np.float64
    images = np.array([[[0, 1], [2, 1]]])
    found = loss_facts._regions(images, np.zeros((1, 3, 2, 2)))
    assert found.argmax(axis=1).tolist() == images.tolist()
    assert found.shape == (1, 3, 2, 2)
    assert found.dtype == np.float64
    assert loss_facts._regions(images, np.zeros((1, 2, 2, 3))).argmax(axis=-1).tolist() == images.tolist()
    assert loss_facts._regions(images.astype(float), np.zeros((1, 3, 2, 2))) is None
    np.testing.assert_array_equal(loss_facts._regions(LABELS, P), HOT)


def test_predictions_as_large_as_the_targets() -> None:
    p = np.array([[0.2], [0.4], [0.6]])
    np.testing.assert_allclose(loss_facts._as_large(p, np.array([[-5.0], [3.0], [1.0]])), [[-5], [-1], [3]])
    np.testing.assert_allclose(loss_facts._as_large(p, np.full((3, 1), -7.0)), 7 * p)
    np.testing.assert_allclose(loss_facts._as_large(p, np.full((3, 1), 0.5)), p)
    assert loss_facts._as_large(p, np.ones(2)) is p


def test_numbers_that_are_the_same() -> None:
    assert loss_facts._same(2.0, 1.0, tolerance=0.5)
    assert not loss_facts._same(2.0, 0.99, tolerance=0.5)
    assert loss_facts._same(1.0, -2.0, tolerance=1.5)
    assert loss_facts._same(-2.0, 1.0, tolerance=1.5)
    assert loss_facts._same(1.0, 2.0, size=-10.0, tolerance=0.1)
    assert not loss_facts._same(1.0, 2.0, tolerance=0.1)
    assert loss_facts._same(0.0, 1e-13, tolerance=0.1)
    assert not loss_facts._same(0.0, 2e-13, tolerance=0.1)
    assert loss_facts._same(1.0, 1.0 + 1e-5)
    assert not loss_facts._same(1.0, 1.0 + 3e-5)
    assert not loss_facts._same(inf, inf)
    assert not loss_facts._same(1.0, nan)


MASK = np.array([[1.0, 0.0, 0.0, 1.0, 0.0]])
Q = np.array([[0.3, 0.5, 0.2, 0.4, 0.25]])


def dice(p: np.ndarray, t: np.ndarray) -> float:
    return 1 - 2 * (p * t).sum() / (p.sum() + t.sum())


@pytest.mark.parametrize(
    ("loss", "overlaps"),
    [
        (dice, True),
        (lambda p, t: dice(p, t) - 1, True),
        (lambda p, t: dice(p, t) + 0.1, False),
        (lambda p, t: -dice(p, t), False),
        (lambda p, t: np.mean((p - t) ** 2), False),
        (lambda p, t: np.sqrt(np.mean((p - t) ** 2)), False),
        (lambda p, t: 1 - (p * t).sum() / np.sqrt((p * p).sum() * (t * t).sum()), False),  # half is as good
        (lambda p, t: 0.0, False),
    ],
)
def test_whether_a_loss_is_an_overlap(loss: Any, overlaps: bool) -> None:
    assert loss_facts._overlaps(_Asked(value(loss), MASK), Q, MASK) is overlaps


def test_what_is_no_region() -> None:
    for t in (np.ones((1, 5)), np.zeros((1, 5)), 2 * MASK, MASK[:, :3]):
        assert not loss_facts._overlaps(_Asked(value(dice), t), Q, t)


def test_what_an_overlap_is_asked() -> None:
    answers = Answers(0.0, 0.5, 0.6, 1.0, 0.2, 0.3, 0.35, 0.5, 0.15, 0.2, y=MASK)
    assert loss_facts._overlaps(answers, Q, MASK)
    only_yes, only_no = [[1, 0.5, 0.2, 1, 0.25]], [[0.3, 0, 0, 0.4, 0]]
    missed, found = [[0.5, 0, 0, 0.5, 0]], [[1, 0.5, 0.5, 1, 0]]
    expected = [MASK, Q, 1 - Q, 1 - MASK, MASK / 2, only_yes, only_no, Q, missed, found]
    np.testing.assert_allclose(answers.asked, expected)
    assert not loss_facts._overlaps(Answers(0.0, 0.5, 0.6, 1.0, 0.2, 0.3, 0.35, 0.65, 0.15, 0.2, y=MASK), Q, MASK)
    assert not loss_facts._overlaps(Answers(0.0, 0.5, 0.6, 1.0, 0.2, 0.3, 0.35, 0.5, 0.2, 0.2, y=MASK), Q, MASK)
    assert not loss_facts._overlaps(Answers(0.0, 0.5, 0.6, 1.0, 1e-5, y=MASK), Q, MASK)
    for place in (1, 2, 3):
        values = [0.0, 0.5, 0.6, 1.0, 0.2, 0.3, 0.35, 0.5, 0.15, 0.2]
        values[place] = 0.0
        assert not loss_facts._overlaps(Answers(*values, y=MASK), Q, MASK)
    for at, is_one in ((0.0019, True), (0.0021, False), (-0.999, True), (-0.997, False), (1.0, False)):
        answers = Answers(at, at + 0.5, at + 0.6, at + 1, at + 0.2, at + 0.3, at + 0.35, at + 0.5, at + 0.15, at + 0.2)
        assert loss_facts._overlaps(answers, Q, MASK) is is_one


def test_the_squared_error_of_whole_pictures_is_none() -> None:
    assert not facts_about(mean_squared_error, np.zeros((6, 3)), HOT).overlaps
