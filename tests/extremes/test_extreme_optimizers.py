"""Optimizers in float32 at gradients of zero, of next to nothing and of 1e15."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tinynet.core import Parameter
from tinynet.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, Lion, Muon, NAdam, Optimizer, RAdam, RMSProp

RULES: dict[str, Callable[[], Optimizer]] = {
    "SGD": lambda: SGD(0.1, momentum=0.9, nesterov=True),
    "Adagrad": lambda: Adagrad(0.1),
    "Adadelta": Adadelta,
    "RMSProp": lambda: RMSProp(0.1, momentum=0.9),
    "centered RMSProp": lambda: RMSProp(0.1, centered=True),
    "Adam": lambda: Adam(0.1),
    "AMSGrad": lambda: Adam(0.1, amsgrad=True),
    "AdamW": lambda: AdamW(0.1, weight_decay=0.0),
    "NAdam": lambda: NAdam(0.1),
    "RAdam": lambda: RAdam(0.1, betas=(0.9, 0.5)),
    "RAdam that trusts": lambda: RAdam(0.1, betas=(0.9, 0.9)),
    "Adamax": lambda: Adamax(0.1),
    "Lion": lambda: Lion(0.1),
    "Muon": lambda: Muon(0.1),
}


def after(rule: Optimizer, gradient: float, n_steps: int = 5) -> np.ndarray:
    weight = Parameter(np.ones((2, 2)))
    for _ in range(n_steps):
        weight.accumulate(np.full((2, 2), gradient, np.float32))
        rule.step({"weight": weight})
    return weight.tensor


@pytest.mark.parametrize("rule", RULES)
def test_a_gradient_of_zero_moves_nothing(rule: str) -> None:
    np.testing.assert_array_equal(after(RULES[rule](), 0.0), np.ones((2, 2)))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("gradient", [1e-30, -1e-12, 1e15])
def test_any_gradient_gives_finite_weights(rule: str, gradient: float) -> None:
    weights = after(RULES[rule](), gradient)
    assert np.isfinite(weights).all()
    assert (np.sign(1 - weights) == np.sign(gradient)).all() or np.allclose(weights, 1)


@pytest.mark.parametrize("rule", ["Adagrad", "Adam", "AMSGrad", "AdamW", "Lion"])
def test_the_size_of_a_large_gradient_does_not_matter(rule: str) -> None:
    np.testing.assert_allclose(after(RULES[rule](), 1e15), after(RULES[rule](), 1.0), rtol=1e-4)
