"""RAdam: steps by hand, before and after its variance is used."""

import math

import numpy as np
import pytest

from tests.optimizers.steps import parameter, rosenbrock, trajectory
from tinynet.optimizers import SGD, RAdam


def test_the_first_steps_are_those_of_sgd():
    # Without memory, m̂ is the gradient. With β₂ = 0.5 the variance is never used: ρ∞ = 3.
    gradients = [1.0, -2.0, 300.0, 0.5, 1.0, 1.0, 1.0]
    rule = RAdam(lr=0.1, betas=(0.0, 0.5))
    assert trajectory(rule, 2.0, gradients) == pytest.approx(trajectory(SGD(lr=0.1), 2.0, gradients))


def test_the_first_step_that_uses_the_variance():
    # With β₂ = 0.8, ρ∞ = 9, and ρ₇ is the first above 5. All gradients are 2, so m̂ = 2 and √v = 2 √(1 − β₂ᵗ).
    rho = [9 - 2 * t * 0.8**t / (1 - 0.8**t) for t in range(1, 8)]
    assert max(rho[:6]) <= 5 < rho[6]
    r = math.sqrt((rho[6] - 4) * (rho[6] - 2) * 9 / (5 * 7 * rho[6]))
    expected = [10 - 0.2 * t for t in range(1, 7)]
    expected.append(expected[-1] - 0.1 * r)
    assert trajectory(RAdam(lr=0.1, betas=(0.9, 0.8), eps=0.0), 10.0, [2.0] * 7) == pytest.approx(expected)


def test_eps_stands_beside_the_root_of_v_itself():
    rule = RAdam(lr=1.0, betas=(0.0, 0.8), eps=3.0)
    plain = [20 - 2.0 * t for t in range(1, 7)]
    trust = rule.trust(7)
    step = 2 * trust / (2 * math.sqrt(1 - 0.8**7) + 3)
    assert trajectory(rule, 20.0, [2.0] * 7) == pytest.approx([*plain, plain[-1] - step])


def test_the_penalty_goes_into_the_gradient():
    one, other = RAdam(lr=0.1, weight_decay=0.5), RAdam(lr=0.1)
    assert trajectory(one, 2.0, [1.0]) == pytest.approx(trajectory(other, 2.0, [2.0]))


def test_a_decoupled_decay_shrinks_the_weight_apart_from_the_step():
    rule = RAdam(lr=0.1, weight_decay=0.5, decoupled_weight_decay=True)
    assert trajectory(rule, 2.0, [3.0]) == pytest.approx([2 * 0.95 - 0.3])


def test_it_has_the_defaults_of_pytorch():
    rule = RAdam()
    assert (rule.lr, rule.betas, rule.eps, rule.weight_decay) == (0.001, (0.9, 0.999), 1e-8, 0)
    assert not rule.decoupled_weight_decay


def test_goes_on_from_its_state():
    gradients = [[1.0], [2.0], [-1.0], [0.5]] * 3
    whole = trajectory(RAdam(lr=0.1, betas=(0.9, 0.8)), [0.0], gradients)
    first, resumed, w = RAdam(lr=0.1, betas=(0.9, 0.8)), RAdam(lr=0.1, betas=(0.9, 0.8)), parameter([0.0])
    for rule, part in ((first, gradients[:5]), (resumed, gradients[5:])):
        if rule is resumed:
            resumed.load_state(first.state({"w": w}), {"w": w})
        for gradient in part:
            w.accumulate(np.array(gradient))
            rule.step({"w": w})
    np.testing.assert_array_equal(w.tensor, whole[-1])


def test_crosses_the_valley_of_rosenbrock():
    np.testing.assert_allclose(rosenbrock(RAdam(0.01, betas=(0.9, 0.9)), 4000), [1, 1], atol=0.02)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: RAdam(lr=-1), ValueError, r"RAdam: lr must be at least 0, got -1"),
        (lambda: RAdam(betas=(0.9, 1.0)), ValueError, r"RAdam: betas\[1\] must be at least 0 and below 1, got 1\."),
        (lambda: RAdam(eps=-1), ValueError, r"RAdam: eps must be at least 0, got -1\."),
        (lambda: RAdam(weight_decay=-1), ValueError, r"RAdam: weight_decay must be at least 0, got -1\."),
        (lambda: RAdam(decoupled_weight_decay=1), TypeError, r"RAdam: decoupled_weight_decay must be True or False"),
        (lambda: RAdam(amsgrad=True), TypeError, r".*amsgrad"),
    ],
)
def test_bad_arguments(make, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        make()
