"""Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter, Run, checks
from tinynet.optimizers.optimizer import Optimizer
from tinynet.optimizers.schedules import Schedule


class Adam(Optimizer):
    """A step whose size adapts to each number: mean gradient over root mean square. Kingma and Ba 2015, algorithm 1.

    Equation:
        g = ∇ + λ w
        m ← β₁ m + (1 − β₁) g           m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²          v̂ = v / (1 − β₂ᵗ)
        w ← w − ε m̂ / (√v̂ + eps)

    Args:
        lr: The learning rate ε, or a schedule.
        betas: β₁ and β₂, how slowly the two means forget; each at least 0 and below 1.
        eps: Keeps the division finite where the gradient is zero.
        weight_decay: λ, the strength of an L2 penalty (not the decoupled decay of AdamW).
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> weight = Parameter(np.ones(1)); weight.accumulate([20.0])
        >>> Adam(lr=0.1).update(weight); weight.tensor  # the first step has the size of lr
        array([0.9], dtype=float32)
    """

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(lr, **options)
        self.betas = checks.fractions("Adam", "betas", betas, count=2)
        self.eps = checks.number("Adam", "eps", eps, above=0)
        self.weight_decay = checks.number("Adam", "weight_decay", weight_decay, minimum=0)

    def update(self, parameter: Parameter | Run) -> None:
        beta1, beta2 = self.betas
        t = self.count(parameter)
        g = parameter.gradient
        if self.weight_decay:
            g = g + self.weight_decay * parameter.tensor
        m, v = self.slot("m", parameter), self.slot("v", parameter)
        m += (1 - beta1) * (g - m)
        v += (1 - beta2) * (g * g - v)
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        parameter.tensor -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.eps)
