"""Adam and its descendants."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import flag, number, two_fractions
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
        amsgrad: If True, v̂ uses the largest v so far, so that steps never grow again: Reddi et al. 2018.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> weight = Parameter(np.ones(1)); weight.accumulate([20.0])
        >>> Adam(lr=0.1).update(weight); weight.tensor  # the first step has the size of lr
        array([0.9], dtype=float32)
    """

    betas: tuple[float, float]
    eps: float
    weight_decay: float
    amsgrad: bool

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(lr, **options)
        checks.arguments(self, locals(), betas=two_fractions, eps=number(0), weight_decay=number(0), amsgrad=flag)

    def update(self, parameter: Parameter) -> None:
        w, g = parameter.tensor, parameter.gradient
        if self.weight_decay:
            g = g + self.weight_decay * w
        w -= self.adaptive_step(parameter, g)

    def adaptive_step(self, parameter: Parameter, g: np.ndarray) -> np.ndarray:
        """ε m̂ / (√v̂ + eps), after m and v have moved towards g and g²."""
        (beta1, beta2), t = self.betas, self.count(parameter)
        m, v = self.slot("m", parameter), self.slot("v", parameter)
        m += (1 - beta1) * (g - m)
        v += (1 - beta2) * (g * g - v)
        if self.amsgrad:
            largest_v = self.slot("largest_v", parameter)
            v = largest_v[...] = np.maximum(largest_v, v)
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        return self.learning_rate * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamW(Adam):
    """Adam with a decay of the weights that does not pass through the adaptive step: Loshchilov and Hutter 2019.

    Equation:
        w ← (1 − ε λ) w
        w ← w − ε m̂ / (√v̂ + eps), with m̂ and v̂ of the plain gradient as in Adam

    Args:
        lr: The learning rate ε, or a schedule.
        betas: β₁ and β₂ of Adam.
        eps: As in Adam.
        weight_decay: λ.
        amsgrad: As in Adam.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> weight = Parameter(np.ones(1))
        >>> AdamW(lr=0.1, weight_decay=0.5).update(weight); weight.tensor  # only the decay: no gradient
        array([0.95], dtype=float32)
    """

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(lr, betas, eps, weight_decay, amsgrad, **options)

    def update(self, parameter: Parameter) -> None:
        w, g = parameter.tensor, parameter.gradient
        w *= 1 - self.learning_rate * self.weight_decay
        w -= self.adaptive_step(parameter, g)


class NAdam(Adam):
    """Adam with Nesterov's look ahead: Dozat 2016, with the momentum schedule of that paper.

    Equation:
        μₜ = β₁ (1 − ½ 0.96^(t ψ)),   Πₜ = μ₁ μ₂ … μₜ
        m and v as in Adam
        w ← w − ε ((1 − μₜ) g / (1 − Πₜ) + μₜ₊₁ m / (1 − Πₜ₊₁)) / (√v̂ + eps)

    Args:
        lr: The learning rate ε, or a schedule.
        betas: β₁ and β₂ of Adam.
        eps: As in Adam.
        weight_decay: λ, the strength of an L2 penalty.
        momentum_decay: ψ, how fast the momentum grows to β₁.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> weight = Parameter(np.ones(1)); weight.accumulate([1.0])
        >>> NAdam(lr=0.1).update(weight); bool(weight.tensor[0] < 1)
        True
    """

    momentum_decay: float

    def __init__(
        self,
        lr: float | Schedule = 0.002,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 0.004,
        **options: Any,
    ) -> None:
        super().__init__(lr, betas, eps, weight_decay, amsgrad=False, **options)  # NAdam has no such variant
        checks.arguments(self, locals(), momentum_decay=number(0))
        self._products = [1.0]  # Π₀, Π₁, …, as far as they were needed

    def adaptive_step(self, parameter: Parameter, g: np.ndarray) -> np.ndarray:
        """What is taken from w, after m and v have moved towards g and g²."""
        (beta1, beta2), t = self.betas, self.count(parameter)
        m, v = self.slot("m", parameter), self.slot("v", parameter)
        m += (1 - beta1) * (g - m)
        v += (1 - beta2) * (g * g - v)
        now, ahead = self.shares(t)
        return self.learning_rate * (now * g + ahead * m) / (np.sqrt(v / (1 - beta2**t)) + self.eps)

    def shares(self, t: int) -> tuple[float, float]:
        """How much of g and of m is in step t: (1 − μₜ) / (1 − Πₜ) and μₜ₊₁ / (1 − Πₜ₊₁)."""
        products = self._products
        while len(products) < t + 2:
            products.append(products[-1] * self._mu(len(products)))
        return (1 - self._mu(t)) / (1 - products[t]), self._mu(t + 1) / (1 - products[t + 1])

    def _mu(self, t: int) -> float:
        return self.betas[0] * (1 - 0.5 * 0.96 ** (t * self.momentum_decay))
