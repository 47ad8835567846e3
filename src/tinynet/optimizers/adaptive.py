"""Adagrad, Adadelta and RMSProp: rates that adapt to the size of past gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import flag, fraction, number
from tinynet.optimizers.optimizer import Optimizer
from tinynet.optimizers.schedules import Schedule


class Adagrad(Optimizer):
    """Divide each step by the root of the sum of all squared gradients so far: Duchi et al. 2011.

    Equation:
        g = ∇ + λ w
        s ← s + g²
        w ← w − ε / (1 + (t − 1) η) · g / (√s + eps)

    Args:
        lr: The learning rate ε, or a schedule.
        lr_decay: η.
        weight_decay: λ, the strength of an L2 penalty.
        initial_accumulator_value: s before the first step.
        eps: Keeps the division finite.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> weight = Parameter(np.ones(1)); weight.accumulate([5.0])
        >>> Adagrad(lr=0.1).update(weight); weight.tensor
        array([0.9], dtype=float32)
    """

    lr_decay: float
    weight_decay: float
    initial_accumulator_value: float
    eps: float

    def __init__(
        self,
        lr: float | Schedule = 0.01,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        **options: Any,
    ) -> None:
        super().__init__(lr, **options)
        checks.arguments(
            self,
            locals(),
            lr_decay=number(0),
            weight_decay=number(0),
            initial_accumulator_value=number(0),
            eps=number(0),
        )

    def update(self, parameter: Parameter) -> None:
        w, g, t = parameter.tensor, parameter.gradient, self.count(parameter)
        if self.weight_decay:
            g = g + self.weight_decay * w
        s = self.slot("sum", parameter, start=self.initial_accumulator_value)
        s += g * g
        w -= self.learning_rate / (1 + (t - 1) * self.lr_decay) * g / (np.sqrt(s) + self.eps)


class Adadelta(Optimizer):
    """Steps in the unit of the weights, from the ratio of past steps to past gradients: Zeiler 2012, algorithm 1.

    Equation:
        g = ∇ + λ w
        s ← ρ s + (1 − ρ) g²
        d = √(u + eps) / √(s + eps) · g
        u ← ρ u + (1 − ρ) d²
        w ← w − ε d

    Args:
        lr: A factor ε on the steps, or a schedule.
        rho: ρ, how slowly the two means forget.
        eps: Lets the first steps begin.
        weight_decay: λ, the strength of an L2 penalty.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> weight = Parameter(np.ones(1)); weight.accumulate([5.0])
        >>> Adadelta().update(weight); bool(0.99 < weight.tensor[0] < 1)
        True
    """

    rho: float
    eps: float
    weight_decay: float

    def __init__(
        self,
        lr: float | Schedule = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(lr, **options)
        checks.arguments(self, locals(), rho=fraction, eps=number(above=0), weight_decay=number(0))

    def update(self, parameter: Parameter) -> None:
        w, g = parameter.tensor, parameter.gradient
        if self.weight_decay:
            g = g + self.weight_decay * w
        s, u = self.slot("squares", parameter), self.slot("steps", parameter)
        s += (1 - self.rho) * (g * g - s)
        d = np.sqrt(u + self.eps) / np.sqrt(s + self.eps) * g
        u += (1 - self.rho) * (d * d - u)
        w -= self.learning_rate * d


class RMSProp(Optimizer):
    """Divide each step by the root of a moving mean of squared gradients: Tieleman and Hinton 2012, lecture 6e.

    Equation:
        g = ∇ + λ w
        s ← α s + (1 − α) g²,   a ← α a + (1 − α) g
        σ = √s, or √(s − a²) if centered
        w ← w − ε g / (σ + eps), or with momentum v ← μ v + g / (σ + eps), w ← w − ε v

    Args:
        lr: The learning rate ε, or a schedule.
        alpha: α, how slowly the means forget.
        eps: Keeps the division finite.
        weight_decay: λ, the strength of an L2 penalty.
        momentum: μ.
        centered: If True, divide by the standard deviation: Graves 2013.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> weight = Parameter(np.ones(1)); weight.accumulate([5.0])
        >>> RMSProp(lr=0.01, alpha=0.99).update(weight); weight.tensor
        array([0.9], dtype=float32)
    """

    alpha: float
    eps: float
    weight_decay: float
    momentum: float
    centered: bool

    def __init__(
        self,
        lr: float | Schedule = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(lr, **options)
        checks.arguments(
            self,
            locals(),
            alpha=fraction,
            eps=number(0),
            weight_decay=number(0),
            momentum=fraction,
            centered=flag,
        )

    def update(self, parameter: Parameter) -> None:
        w, g = parameter.tensor, parameter.gradient
        if self.weight_decay:
            g = g + self.weight_decay * w
        s = self.slot("squares", parameter)
        s += (1 - self.alpha) * (g * g - s)
        variance = s
        if self.centered:
            a = self.slot("mean", parameter)
            a += (1 - self.alpha) * (g - a)
            variance = np.maximum(s - a * a, 0)  # rounding can take it below 0 where gradients hardly change
        step = g / (np.sqrt(variance) + self.eps)
        if self.momentum:
            v = self.slot("velocity", parameter)
            v[...] = self.momentum * v + step
            step = v
        w -= self.learning_rate * step
