"""RAdam: Adam that waits until it can trust its variance."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import flag
from tinynet.optimizers.adam import Adam
from tinynet.optimizers.schedules import Schedule


class RAdam(Adam):
    """Adam whose first steps are plain, because a mean of few squares says little: Liu et al. 2020, algorithm 2.

    Equation:
        g = ∇ + λ w, or g = ∇ after w ← (1 − ε λ) w if the decay is decoupled
        m and v as in Adam,   m̂ = m / (1 − β₁ᵗ)
        ρ∞ = 2 / (1 − β₂) − 1,   ρₜ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)
        w ← w − ε m̂ where ρₜ ≤ 5, else w ← w − ε m̂ rₜ √(1 − β₂ᵗ) / (√v + eps)
        with rₜ = √((ρₜ − 4) (ρₜ − 2) ρ∞ / ((ρ∞ − 4) (ρ∞ − 2) ρₜ))

    Args:
        lr: The learning rate ε, or a schedule.
        betas: β₁ and β₂ of Adam.
        eps: Keeps the division finite where the gradient is zero.
        weight_decay: λ, the strength of an L2 penalty.
        decoupled_weight_decay: If True, λ is a decay of the weights as in AdamW.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> weight = Parameter(np.ones(1)); weight.accumulate([20.0])
        >>> RAdam(lr=0.01).update(weight); weight.tensor  # the first step is that of SGD
        array([0.8], dtype=float32)
    """

    decoupled_weight_decay: bool

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(lr, betas, eps, weight_decay, amsgrad=False, **options)  # RAdam has no such variant
        checks.arguments(self, locals(), decoupled_weight_decay=flag)

    def update(self, parameter: Parameter) -> None:
        w, g = parameter.tensor, parameter.gradient
        if self.decoupled_weight_decay:
            w *= 1 - self.learning_rate * self.weight_decay
        elif self.weight_decay:
            g = g + self.weight_decay * w
        w -= self.adaptive_step(parameter, g)

    def adaptive_step(self, parameter: Parameter, g: np.ndarray) -> np.ndarray:
        """What is taken from w, after m and v have moved towards g and g²."""
        (beta1, beta2), t = self.betas, self.count(parameter)
        m, v = self.slot("m", parameter), self.slot("v", parameter)
        m += (1 - beta1) * (g - m)
        v += (1 - beta2) * (g * g - v)
        step = self.learning_rate * (m / (1 - beta1**t))
        trust = self.trust(t)
        return step if trust is None else step * trust / (np.sqrt(v) + self.eps)

    def trust(self, t: int) -> float | None:
        """rₜ √(1 − β₂ᵗ) at step t; None where ρₜ is at most 5."""
        beta2 = self.betas[1]
        rho_inf = 2 / (1 - beta2) - 1  # ρ∞
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        if rho <= 5:
            return None
        r = sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
        return r * sqrt(1 - beta2**t)
