"""Adagrad, Adadelta and RMSProp: steps by hand."""

import math

import numpy as np
import pytest

from tests.optimizers.steps import parameter, rosenbrock, trajectory
from tinynet.core import Parameter
from tinynet.optimizers import Adadelta, Adagrad, RMSProp

# Adagrad.


def test_adagrad_divides_by_the_root_of_all_squares():
    # s = 9, then 9 + 16 = 25
    assert trajectory(Adagrad(lr=1.0, eps=0.0), 0.0, [3.0, 4.0]) == pytest.approx([-1, -1 - 4 / 5])


def test_adagrad_starts_from_an_accumulator():
    assert trajectory(Adagrad(1.0, initial_accumulator_value=7.0, eps=1.0), 0.0, [3.0]) == pytest.approx([-3 / (4 + 1)])


def test_adagrad_decays_its_rate():
    rule = Adagrad(lr=1.0, lr_decay=0.5, eps=0.0)
    assert trajectory(rule, 0.0, [3.0, 4.0]) == pytest.approx([-1, -1 - 4 / 5 / 1.5])


def test_adagrad_puts_the_penalty_into_the_gradient():
    rule = Adagrad(lr=1.0, weight_decay=0.5, initial_accumulator_value=7.0, eps=0.0)
    assert trajectory(rule, 4.0, [1.0]) == pytest.approx([4 - 3 / 4])  # g = 1 + 0.5 · 4


def test_the_accumulator_of_adagrad_starts_once():
    rule, w = Adagrad(1.0, initial_accumulator_value=7.0, eps=0.0), parameter([0.0])
    w.accumulate(np.array([3.0]))
    rule.step({"w": w})
    resumed = Adagrad(1.0, initial_accumulator_value=7.0, eps=0.0)
    resumed.load_state(rule.state({"w": w}), {"w": w})
    w.accumulate(np.array([3.0]))
    resumed.step({"w": w})
    assert w.tensor.item() == pytest.approx(-3 / 4 - 3 / 5)  # s = 7 + 9 + 9


# Adadelta.


def test_adadelta_measures_steps_by_past_steps():
    rule = Adadelta(rho=0.5, eps=1.0)
    s, u = 0.5 * 16, 0.0
    d = math.sqrt(u + 1) / math.sqrt(s + 1) * 4
    first = -d
    s, u = 0.5 * s + 0.5 * 4, 0.5 * d * d
    d = math.sqrt(u + 1) / math.sqrt(s + 1) * 2
    assert trajectory(rule, 0.0, [4.0, 2.0]) == pytest.approx([first, first - d])


def test_adadelta_has_a_factor_and_a_penalty():
    rule = Adadelta(lr=0.5, rho=0.0, eps=1.0, weight_decay=0.5)
    assert trajectory(rule, 2.0, [1.0]) == pytest.approx([2 - 0.5 * 2 / math.sqrt(5)])  # g = 2, s = 4


# RMSProp.


def test_rmsprop_divides_by_the_root_of_the_mean_square():
    # s = 0.5 · 16 = 8, then 4 + 0.5 · 16 = 12
    rule = RMSProp(lr=1.0, alpha=0.5, eps=0.0)
    assert trajectory(rule, 0.0, [4.0, 4.0]) == pytest.approx(
        [-4 / math.sqrt(8), -4 / math.sqrt(8) - 4 / math.sqrt(12)]
    )


def test_centered_rmsprop_divides_by_the_standard_deviation():
    # s = 8 and a = 2, so σ² = 4; then s = 6 and a = 0, so σ² = 6
    rule = RMSProp(lr=1.0, alpha=0.5, eps=0.0, centered=True)
    assert trajectory(rule, 0.0, [4.0, -2.0]) == pytest.approx([-2, -2 + 2 / math.sqrt(6)])


def test_momentum_of_rmsprop_adds_up_divided_gradients():
    rule = RMSProp(lr=0.5, alpha=0.0, eps=0.0, momentum=0.5)  # each divided gradient is its sign
    assert trajectory(rule, 0.0, [3.0, 7.0, -2.0]) == pytest.approx([-0.5, -0.5 - 0.75, -1.25 + 0.125])


def test_eps_of_rmsprop_stands_beside_the_root():
    assert trajectory(RMSProp(lr=1.0, alpha=0.0, eps=2.0), 0.0, [2.0]) == pytest.approx([-0.5])


def test_rmsprop_puts_the_penalty_into_the_gradient():
    assert trajectory(RMSProp(lr=1.0, alpha=0.0, eps=1.0, weight_decay=0.5), 2.0, [2.0]) == pytest.approx([2 - 3 / 4])


def test_centered_rmsprop_stays_finite_where_the_gradient_never_changes():
    w, rule = Parameter(np.zeros(500)), RMSProp(lr=1e-12, alpha=0.5, centered=True)
    for _ in range(100):  # the variance sinks to what rounding leaves, on either side of zero
        w.accumulate(np.linspace(0.1, 1.0, 500))
        rule.step({"w": w})
    assert np.isfinite(w.tensor).all()


@pytest.mark.parametrize(
    ("rule", "n_steps"),
    [
        (Adagrad(lr=0.5), 6000),
        (Adadelta(lambda step: 0.999**step, eps=1e-4), 6000),
        (RMSProp(lambda step: 0.01 * 0.999**step), 6000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_crosses_the_valley_of_rosenbrock(rule, n_steps):
    np.testing.assert_allclose(rosenbrock(rule, n_steps), [1, 1], atol=0.05)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Adagrad(lr=-1), ValueError, r"Adagrad: lr must be at least 0, got -1\."),
        (lambda: Adagrad(lr_decay=-1), ValueError, r"Adagrad: lr_decay must be at least 0, got -1\."),
        (
            lambda: Adagrad(initial_accumulator_value=-1),
            ValueError,
            r"Adagrad: initial_accumulator_value must be at least 0, got -1\.",
        ),
        (lambda: Adagrad(eps="no"), TypeError, r"Adagrad: eps must be a number, got 'no'\."),
        (lambda: Adagrad(weight_decay=-1), ValueError, r"Adagrad: weight_decay must be at least 0, got -1\."),
        (lambda: Adadelta(rho=1), ValueError, r"Adadelta: rho must be at least 0 and below 1, got 1\."),
        (lambda: Adadelta(eps=0), ValueError, r"Adadelta: eps must be greater than 0, got 0\."),
        (lambda: Adadelta(weight_decay=-1), ValueError, r"Adadelta: weight_decay must be at least 0, got -1\."),
        (lambda: RMSProp(alpha=1.5), ValueError, r"RMSProp: alpha must be at least 0 and below 1, got 1\.5\."),
        (lambda: RMSProp(eps=-1), ValueError, r"RMSProp: eps must be at least 0, got -1\."),
        (lambda: RMSProp(momentum=1), ValueError, r"RMSProp: momentum must be at least 0 and below 1, got 1\."),
        (lambda: RMSProp(weight_decay=-1), ValueError, r"RMSProp: weight_decay must be at least 0, got -1\."),
    ],
)
def test_bad_arguments(make, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        make()
