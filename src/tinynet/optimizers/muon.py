"""Muon: steps that are orthogonal matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.arrays import norm_of
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, flag, fraction, number
from tinynet.optimizers.optimizer import Optimizer
from tinynet.optimizers.schedules import Schedule

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the polynomial that drives singular values towards 1: Jordan et al. 2024


class Muon(Optimizer):
    """Momentum, made orthogonal before each step: Jordan et al. 2024, "Muon: an optimizer for hidden layers".

    The momentum of a weight matrix is close to low rank, so a few directions take nearly all of a plain step.
    Replacing its singular values by about 1 lets all directions learn at the same rate. It is for the matrices (and
    convolutions) inside a net; use `ParameterGroups` to give embeddings, the last layer, biases and norms to AdamW.

    Equation:
        m ← μ m + ∇
        u = ∇ + μ m with Nesterov, else m
        X₀ = u / ‖u‖;  five times X ← a X + (b A + c A²) X with A = X Xᵀ
        w ← (1 − ε λ) w − ε √max(1, rows / columns) X

    Args:
        lr: The learning rate ε, or a schedule.
        momentum: μ.
        nesterov: Whether to look ahead along the momentum.
        weight_decay: λ.
        ns_steps: How often the polynomial is applied.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A parameter has fewer than two axes, or a number is out of range.

    Example:
        >>> weight = Parameter(np.zeros((2, 2))); weight.accumulate([[3.0, 0.0], [0.0, 0.1]])
        >>> Muon(lr=1.0).update(weight); np.diag(weight.tensor).round(1)  # both directions move about as far
        array([-0.7, -1.1], dtype=float32)
    """

    momentum: float
    nesterov: bool
    weight_decay: float
    ns_steps: int

    def __init__(
        self,
        lr: float | Schedule = 0.02,
        momentum: float = 0.95,
        nesterov: bool = True,
        weight_decay: float = 0.0,
        ns_steps: int = 5,
        **options: Any,
    ) -> None:
        super().__init__(lr, **options)
        checks.arguments(self, locals(), momentum=fraction, nesterov=flag, weight_decay=number(0), ns_steps=at_least(1))

    def update(self, parameter: Parameter) -> None:
        w, g = parameter.tensor, parameter.gradient
        _check_matrix(g)
        m = self.slot("momentum", parameter)
        m[...] = self.momentum * m + g
        u = g + self.momentum * m if self.nesterov else m
        rows = u.reshape(len(u), -1)  # a convolution's (out, in, kh, kw) is a matrix (out, in · kh · kw)
        step = orthogonalize(rows, self.ns_steps) * math.sqrt(max(1.0, rows.shape[0] / rows.shape[1]))
        w *= 1 - self.learning_rate * self.weight_decay
        w -= self.learning_rate * step.reshape(g.shape)


def orthogonalize(u: np.ndarray, steps: int) -> np.ndarray:
    """Drive the singular values of a matrix towards 1 by Newton-Schulz steps, its singular vectors kept.

    Example:
        >>> np.linalg.svd(orthogonalize(np.diag([3.0, 1.0]), 5)).S.round(1)
        array([1.1, 0.8])
    """
    a, b, c = COEFFICIENTS
    wide = u if u.shape[0] <= u.shape[1] else u.T  # so that X Xᵀ is the smaller product
    X = (wide / (norm_of(wide, (0, 1)) + 1e-7)).astype(u.dtype)
    for _ in range(steps):
        A = X @ X.T
        X = a * X + (b * A + c * (A @ A)) @ X
    return X if u.shape[0] <= u.shape[1] else X.T


def _check_matrix(g: np.ndarray) -> None:
    if g.ndim < 2:
        checks.fail(
            "Muon",
            f"expected a parameter with at least two axes, got shape {shape_text(g.shape)}.",
            "give biases and norms to another rule: "
            "ParameterGroups([(lambda path, p: len(p.shape) > 1, Muon()), ('*', AdamW())]).",
        )
