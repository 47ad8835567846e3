"""Adamax: steps by hand."""

import numpy as np
import pytest

from tests.optimizers.steps import rosenbrock, trajectory
from tinynet.optimizers import Adamax


def test_by_hand():
    # m = 2, then 0; u = 4, then max(0.75 · 4, |−2|) = 3.
    rule = Adamax(lr=1.0, betas=(0.5, 0.75), eps=0.0)
    first = 10 - (2 / 0.5) / 4
    assert trajectory(rule, 10.0, [4.0, -2.0]) == pytest.approx([first, first])
    rule = Adamax(lr=1.0, betas=(0.0, 0.75), eps=0.0)
    assert trajectory(rule, 10.0, [4.0, -2.0]) == pytest.approx([9, 9 + 2 / 3])


def test_eps_is_added_to_the_size_of_the_gradient():
    assert trajectory(Adamax(lr=1.0, betas=(0.0, 0.5), eps=1.0), 10.0, [4.0]) == pytest.approx([10 - 4 / 5])
    assert trajectory(Adamax(lr=1.0), 10.0, [0.0]) == [10]


def test_no_step_is_longer_than_the_rate_times_the_start():
    assert trajectory(Adamax(lr=0.1), 2.0, [1e15]) == pytest.approx([1.9])


def test_the_penalty_goes_into_the_gradient():
    one, other = Adamax(lr=0.1, weight_decay=0.5, eps=1.0), Adamax(lr=0.1, eps=1.0)
    assert trajectory(one, 2.0, [1.0]) == pytest.approx(trajectory(other, 2.0, [2.0]))


def test_it_has_the_defaults_of_pytorch():
    rule = Adamax()
    assert (rule.lr, rule.betas, rule.eps, rule.weight_decay) == (0.002, (0.9, 0.999), 1e-8, 0)


def test_crosses_the_valley_of_rosenbrock():
    np.testing.assert_allclose(rosenbrock(Adamax(0.02, betas=(0.9, 0.99)), 4000), [1, 1], atol=0.02)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Adamax(lr=-1), ValueError, r"Adamax: lr must be at least 0, got -1"),
        (
            lambda: Adamax(betas=(-0.1, 0.9)),
            ValueError,
            r"Adamax: betas\[0\] must be at least 0 and below 1",
        ),
        (lambda: Adamax(betas=0.9), TypeError, r"Adamax: betas must be a pair of numbers, got 0\.9"),
        (lambda: Adamax(eps=-1), ValueError, r"Adamax: eps must be at least 0, got -1\."),
        (lambda: Adamax(weight_decay=-1), ValueError, r"Adamax: weight_decay must be at least 0, got -1\."),
    ],
)
def test_bad_arguments(make, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        make()
