"""Parameters in float64, and what a rule makes of them step by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter
from tinynet.optimizers import Optimizer


def parameter(values: Any) -> Parameter:
    return Parameter(np.array(values, float), dtype=np.float64)


def trajectory(rule: Optimizer, start: Any, gradients: list[Any]) -> list[Any]:
    """The values after each step; numbers if they start as a number."""
    w = parameter(np.atleast_1d(np.array(start, float)))
    values = []
    for gradient in gradients:
        w.accumulate(np.atleast_1d(np.array(gradient, float)))
        rule.step({"w": w})
        values.append(w.tensor.copy() if np.ndim(start) else w.tensor.item())
    return values


def rosenbrock(rule: Optimizer, n_steps: int) -> np.ndarray:
    """Where a rule comes to in the bent valley of (1 − x)² + 100 (y − x²)², whose lowest point is (1, 1)."""
    w = parameter([[-1.0, 1.0]])  # a matrix, for rules that want one
    for _ in range(n_steps):
        x, y = w.tensor[0]
        w.accumulate(np.array([[-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]]))
        rule.step({"w": w})
    return w.tensor[0]
