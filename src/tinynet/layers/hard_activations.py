"""Activations made of straight pieces: they cost no exponential, and are exactly flat or exactly linear outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import number
from tinynet.core.faster import faster
from tinynet.layers.layer import Layer


class ReLU6(Layer):
    """A ReLU that stops at 6: Krizhevsky 2010. MobileNet uses it, because its numbers fit into few bits.

    Equation:
        y = min(max(x, 0), 6)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy where 0 < y < 6, else 0

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ReLU6().forward(np.array([-1.0, 2.0, 9.0]))
        array([0., 2., 6.])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = np.clip(x, 0, 6)
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return np.where((y > 0) & (y < 6), dy, 0)  # dx


class Hardtanh(Layer):
    """Let numbers between two bounds pass, and hold the others at the bound: Collobert 2004.

    Equation:
        y = min(max(x, min_val), max_val)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy where min_val < y < max_val, else 0

    Args:
        min_val: The least number that comes out.
        max_val: The greatest, above min_val.

    Raises:
        ValueError: max_val is not above min_val.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Hardtanh(-2.0, 2.0).forward(np.array([-3.0, 0.5, 9.0]))
        array([-2. ,  0.5,  2. ])
    """

    min_val: float
    max_val: float

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        checks.arguments(self, locals(), min_val=number(), max_val=_above_min_val)

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = np.clip(x, self.min_val, self.max_val)
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return np.where((y > self.min_val) & (y < self.max_val), dy, 0)  # dx


class Hardsigmoid(Layer):
    """A sigmoid of three straight pieces: Courbariaux et al. 2015, with the slope of Howard et al. 2019 (MobileNetV3).

    Equation:
        y = min(max(x + 3, 0), 6) / 6

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy / 6 where −3 < x < 3, else 0

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Hardsigmoid().forward(np.array([-9.0, -1.5, 0.0, 9.0]))
        array([0.  , 0.25, 0.5 , 1.  ])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        self.remember(x=x)
        return hard_sigmoid(x)

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        return np.where((x > -3) & (x < 3), dy / 6, 0)  # dx


class Hardswish(Layer):
    """Scale each number by its own hard sigmoid: a swish of a parabola between straight lines, Howard et al. 2019.

    Equation:
        y = x h(x), where h(x) = min(max(x + 3, 0), 6) / 6: 0 below −3, x above 3, and x (x + 3) / 6 between

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = 0 where x ≤ −3, dy (x / 3 + ½) where −3 < x < 3, else dy

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Hardswish().forward(np.array([-9.0, -1.5, 0.0, 9.0]))
        array([-0.   , -0.375,  0.   ,  9.   ])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        self.remember(x=x)
        return np.maximum(x, -3) * hard_sigmoid(x)  # from −3 on down h is 0, and infinity times 0 would be NaN

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        slope = np.where(x < 3, np.maximum(x, -3) / 3 + 0.5, 1)
        return np.where(x <= -3, 0, dy * slope)  # dx


def hard_sigmoid(x: np.ndarray) -> np.ndarray:
    """h(x) = min(max(x + 3, 0), 6) / 6.

    Example:
        >>> hard_sigmoid(np.array([-9.0, 0.0, 9.0]))
        array([0. , 0.5, 1. ])
    """
    return np.clip(x + 3, 0, 6) / 6


def _above_min_val(who: str, name: str, value: Any, others: Mapping[str, Any]) -> float:
    """A number above the argument min_val."""
    highest, lowest = checks.number(who, name, value), others["min_val"]
    if highest <= lowest:
        checks.fail(who, f"{name} must be greater than min_val={lowest}, got {highest}.", "name the lower bound first.")
    return highest
