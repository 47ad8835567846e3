"""Lion: steps by hand, after Chen et al. 2023, algorithm 2."""

import numpy as np
import pytest

from tests.optimizers.steps import parameter, rosenbrock, trajectory
from tinynet.optimizers import Lion


def test_every_step_has_the_size_of_the_rate():
    values = trajectory(Lion(lr=0.5), [0.0, 0.0, 0.0], [[100.0, -1e-6, 0.0]])
    np.testing.assert_array_equal(values[0], [-0.5, 0.5, 0])


def test_the_sign_is_that_of_a_mix_and_the_momentum_remembers_longer():
    # With β₁ = ½: u = sign(½ m + ½ g). With β₂ = ¾: m = 1, then ¾ · 1 − ¼ · 0.9 = 0.525, then ¾ · 0.525 − ¼ · 0.5 …
    rule = Lion(lr=1.0, betas=(0.5, 0.75))
    assert trajectory(rule, 0.0, [4.0, -0.9, -0.5, -0.4]) == [-1, -2, -3, -2]


def test_the_momentum_is_taken_after_the_step():
    # ½ · 1 − ½ · 0.9 is above zero; with m updated first, ½ · 0.525 − ½ · 0.9 would be below.
    rule = Lion(lr=1.0, betas=(0.5, 0.75))
    assert trajectory(rule, 0.0, [4.0, -0.9])[-1] == -2
    rule, w = Lion(lr=1.0, betas=(0.5, 0.75)), parameter([0.0])
    w.accumulate(np.array([4.0]))
    rule.step({"w": w})
    assert rule.state({"w": w})["slots"]["w"]["m"] == [1.0]


def test_decay_is_decoupled_from_the_sign():
    # 2 − 0.1 (1 + 0.5 · 2)
    assert trajectory(Lion(lr=0.1, weight_decay=0.5), 2.0, [3.0]) == pytest.approx([1.8])
    assert trajectory(Lion(lr=0.1, weight_decay=0.5), 2.0, [0.0]) == pytest.approx([1.9])


def test_follows_the_formula_of_the_paper_for_fifty_steps():
    rng = np.random.default_rng(0)
    w, gradients = rng.normal(size=12), rng.normal(size=(50, 12))
    found = trajectory(Lion(lr=0.01, betas=(0.9, 0.99), weight_decay=0.1), w, list(gradients))
    theta, m = w.copy(), np.zeros(12)
    for g, value in zip(gradients, found, strict=True):
        c = 0.9 * m + (1 - 0.9) * g
        theta = theta - 0.01 * (np.sign(c) + 0.1 * theta)
        m = 0.99 * m + (1 - 0.99) * g
        np.testing.assert_allclose(value, theta, rtol=0, atol=1e-9)


def test_crosses_the_valley_of_rosenbrock():
    np.testing.assert_allclose(rosenbrock(Lion(lambda step: 0.003 * 0.999**step), 6000), [1, 1], atol=0.01)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Lion(betas=(0.9, 1)), ValueError, r"Lion: betas\[1\] must be at least 0 and below 1, got 1\."),
        (lambda: Lion(betas="ab"), TypeError, r"Lion: betas must be a pair of numbers, got 'ab'\."),
        (lambda: Lion(weight_decay=-1), ValueError, r"Lion: weight_decay must be at least 0, got -1\."),
        (lambda: Lion(lr=-1), ValueError, r"Lion: lr must be at least 0, got -1\."),
    ],
)
def test_bad_arguments(make, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        make()
