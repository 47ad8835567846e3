"""Lion: steps of one size, in the direction of a sign."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import number, two_fractions
from tinynet.optimizers.optimizer import Optimizer
from tinynet.optimizers.schedules import Schedule


class Lion(Optimizer):
    """Follow the sign of a mix of gradient and momentum: Chen et al. 2023, algorithm 2.

    Equation:
        u = sign(β₁ m + (1 − β₁) ∇)
        w ← w − ε (u + λ w)
        m ← β₂ m + (1 − β₂) ∇

    Args:
        lr: The learning rate ε, or a schedule; 3 to 10 times smaller than for Adam.
        betas: β₁ and β₂.
        weight_decay: λ, decoupled from the gradient.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> weight = Parameter(np.ones(2)); weight.accumulate([5.0, -0.1])
        >>> Lion(lr=0.1).update(weight); weight.tensor
        array([0.9, 1.1], dtype=float32)
    """

    betas: tuple[float, float]
    weight_decay: float

    def __init__(
        self,
        lr: float | Schedule = 0.0001,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(lr, **options)
        checks.arguments(self, locals(), betas=two_fractions, weight_decay=number(0))

    def update(self, parameter: Parameter) -> None:
        w, g, m = parameter.tensor, parameter.gradient, self.slot("m", parameter)
        beta1, beta2 = self.betas
        u = np.sign(beta1 * m + (1 - beta1) * g)
        w -= self.learning_rate * (u + self.weight_decay * w)
        m += (1 - beta2) * (g - m)
