"""Adamax: Adam with the largest gradient instead of the mean square."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import number, two_fractions
from tinynet.optimizers.optimizer import Optimizer
from tinynet.optimizers.schedules import Schedule


class Adamax(Optimizer):
    """Mean gradient over the largest recent one, so no step is longer than ε: Kingma and Ba 2015, algorithm 2.

    Equation:
        g = ∇ + λ w
        m ← β₁ m + (1 − β₁) g           m̂ = m / (1 − β₁ᵗ)
        u ← max(β₂ u, |g| + eps)
        w ← w − ε m̂ / u

    Args:
        lr: The learning rate ε, or a schedule.
        betas: β₁, how slowly the mean forgets, and β₂, how slowly the largest does; each at least 0 and below 1.
        eps: Keeps the division finite where the gradient is zero.
        weight_decay: λ, the strength of an L2 penalty.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> weight = Parameter(np.ones(1)); weight.accumulate([20.0])
        >>> Adamax(lr=0.1).update(weight); weight.tensor  # the first step has the size of lr
        array([0.9], dtype=float32)
    """

    betas: tuple[float, float]
    eps: float
    weight_decay: float

    def __init__(
        self,
        lr: float | Schedule = 0.002,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(lr, **options)
        checks.arguments(self, locals(), betas=two_fractions, eps=number(0), weight_decay=number(0))

    def update(self, parameter: Parameter) -> None:
        w, g, (beta1, beta2), t = parameter.tensor, parameter.gradient, self.betas, self.count(parameter)
        if self.weight_decay:
            g = g + self.weight_decay * w
        m, u = self.slot("m", parameter), self.slot("u", parameter)
        m += (1 - beta1) * (g - m)
        u[...] = np.maximum(beta2 * u, np.abs(g) + self.eps)
        w -= self.learning_rate * (m / (1 - beta1**t)) / u
