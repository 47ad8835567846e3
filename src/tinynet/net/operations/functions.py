"""Functions of each number by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import number, optional, word
from tinynet.net.operations.operation import Operation

FUNCTIONS: Mapping[str, tuple[Callable, Callable]] = {  # f(x), and f′ as a function of x and y
    "abs": (np.abs, lambda x, y: np.sign(x)),
    "atan": (np.arctan, lambda x, y: 1 / (1 + x**2)),
    "ceil": (np.ceil, lambda x, y: np.zeros_like(x)),
    "cos": (np.cos, lambda x, y: -np.sin(x)),
    "cosh": (np.cosh, lambda x, y: np.sinh(x)),
    "erf": (lambda x: _erf(x), lambda x, y: (2 / math.sqrt(math.pi)) * np.exp(-(x**2))),
    "exp": (np.exp, lambda x, y: y),
    "floor": (np.floor, lambda x, y: np.zeros_like(x)),
    "log": (np.log, lambda x, y: 1 / x),
    "negative": (np.negative, lambda x, y: -np.ones_like(x)),
    "reciprocal": (lambda x: 1 / x, lambda x, y: -(y**2)),
    "round": (np.round, lambda x, y: np.zeros_like(x)),
    "sign": (np.sign, lambda x, y: np.zeros_like(x)),
    "sin": (np.sin, lambda x, y: np.cos(x)),
    "sinh": (np.sinh, lambda x, y: np.cosh(x)),
    "sqrt": (np.sqrt, lambda x, y: 0.5 / y),
    "tan": (np.tan, lambda x, y: 1 + y**2),
}


class Elementwise(Operation):
    """A function of each number by itself.

    Equation:
        y = f(x)

    Gradients (given dy = ∂L/∂y):
        dx = dy f′(x)

    Args:
        function: "abs", "atan", "ceil", "cos", "cosh", "erf", "exp", "floor", "log", "negative", "reciprocal",
            "round", "sign", "sin", "sinh", "sqrt" or "tan".

    Example:
        >>> Elementwise("sqrt").forward(np.array([4.0, 9.0]))
        array([2., 3.])
    """

    function: str

    def __init__(self, function: str) -> None:
        checks.arguments(self, locals(), function=word(*FUNCTIONS))

    def forward(self, x: np.ndarray) -> np.ndarray:
        y = FUNCTIONS[self.function][0](x)
        self.remember(x=x, y=y)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        x, y = self.recall()
        with np.errstate(over="ignore"):  # of a square that is too large, as in 1 / (1 + x²)
            return dy * FUNCTIONS[self.function][1](x, y)


class Power(Operation):
    """Each number to a fixed power.

    Equation:
        y = xᵖ

    Gradients (given dy = ∂L/∂y):
        dx = dy p xᵖ⁻¹

    Args:
        exponent: p.

    Example:
        >>> Power(2.0).forward(np.array([3.0]))
        array([9.])
    """

    exponent: float

    def __init__(self, exponent: float) -> None:
        checks.arguments(self, locals(), exponent=number())

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        self.remember(x=x)
        return x**self.exponent

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        if self.exponent == 0:  # y is 1 everywhere, and 0 · 0⁻¹ would be NaN
            return np.zeros_like(dy)
        return dy * self.exponent * x ** (self.exponent - 1)


class Clip(Operation):
    """Bring numbers into a range that may be open to one side; with two bounds it is `Hardtanh`.

    Equation:
        y = min(max(x, low), high)

    Gradients (given dy = ∂L/∂y):
        dx = dy where low < x < high, else 0

    Args:
        low: The least number that comes out; None if there is none.
        high: The greatest; None if there is none.

    Example:
        >>> Clip(low=0.5).forward(np.array([-1.0, 2.0, 9.0]))
        array([0.5, 2. , 9. ])
    """

    low: float | None
    high: float | None

    def __init__(self, low: float | None = None, high: float | None = None) -> None:
        checks.arguments(self, locals(), low=optional(number()), high=optional(number()))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.remember(x=x)
        y = x.copy() if self.low is None else np.maximum(x, self.low)
        return y if self.high is None else np.minimum(y, self.high)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        dx = dy if self.low is None else np.where(x > self.low, dy, 0)
        return dx if self.high is None else np.where(x < self.high, dx, 0)


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf  # imported here, because SciPy takes longer to load than NumPy

    return erf(x)
